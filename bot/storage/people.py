"""People, as Slack last told of them: names for exports and the command line, and who has left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.storage.engine import Transaction
from bot.storage.timeline import stamp


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


def unknown(transaction: Transaction, team_id: str, named: Sequence[str]) -> list[str]:
    """Those of them whose names nobody has told yet."""
    return [
        person
        for person in named
        if transaction.one(
            "select id from person where team_id = :team_id and id = :id", team_id=team_id, id=person
        )
        is None
    ]


def left(transaction: Transaction, team_id: str, person: str, name: str, at: datetime) -> None:
    """Their account is switched off since then."""
    transaction.run(
        "insert into person (team_id, id, name, left_at) values (:team_id, :id, :name, :at)"
        " on conflict (team_id, id) do update set left_at = coalesce(person.left_at, excluded.left_at)",
        team_id=team_id,
        id=person,
        name=name,
        at=stamp(at),
    )


def came_back(transaction: Transaction, team_id: str, person: str) -> None:
    """Their account is in use, whatever it was before."""
    transaction.run(
        "update person set left_at = null where team_id = :team_id and id = :id and left_at is not null",
        team_id=team_id,
        id=person,
    )


def gone(transaction: Transaction, team_id: str, people: Sequence[str]) -> list[str]:
    """The names of those among `people` whose accounts are switched off, in their order."""
    found = []
    for person in people:  # one or two: whom a command names
        row = transaction.one(
            "select name from person where team_id = :team_id and id = :id and left_at is not null",
            team_id=team_id,
            id=person,
        )
        if row is not None:
            found.append(str(row["name"]))
    return found
