"""The workspaces this database belongs to. One is served today; every row names its own all the same."""

from __future__ import annotations

from bot.storage.engine import Row, Transaction


def remember(transaction: Transaction, team_id: str, name: str) -> None:
    """Note the workspace that the bot has connected to."""
    transaction.run(
        "insert into workspace (team_id, name) values (:team_id, :name)"
        " on conflict (team_id) do update set name = excluded.name",
        team_id=team_id,
        name=name,
    )


def everything(transaction: Transaction) -> list[Row]:
    """All of them: `team_id`, `name`."""
    return transaction.all("select team_id, name from workspace order by team_id")
