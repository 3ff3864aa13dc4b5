"""Names of people, as Slack last told them: for exports and the command line, where `<@U…>` says nothing."""

from __future__ import annotations

from bot.storage.engine import Transaction


def remember(transaction: Transaction, team_id: str, person: str, name: str) -> None:
    """Keep the newest name of a person."""
    known = transaction.one(
        "select name from person where team_id = :team_id and id = :id", team_id=team_id, id=person
    )
    if (
        known is not None and known["name"] == name
    ):  # the usual: nothing to write, and no row that others wait for
        return
    transaction.run(
        "insert into person (team_id, id, name) values (:team_id, :id, :name)"
        " on conflict (team_id, id) do update set name = excluded.name",
        team_id=team_id,
        id=person,
        name=name,
    )


def names(transaction: Transaction, team_id: str) -> dict[str, str]:
    """Name by id."""
    rows = transaction.all("select id, name from person where team_id = :team_id", team_id=team_id)
    return {row["id"]: row["name"] for row in rows}
