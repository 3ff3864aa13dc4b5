"""Reminders as rows: kept equal to what the incident's state wants, and fired once when their time has come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.domain.incident import Incident
from bot.domain.reminders import wanted
from bot.storage.engine import Transaction


def keep(
    transaction: Transaction, team_id: str, there: Mapping[str, datetime], after: Incident
) -> Mapping[str, datetime]:
    """Make the incident's rows, which are `there`, follow a change of its state; answers what is there then.

    Called in the transaction of that change.
    """
    coming = wanted(after)
    if coming == there:
        return coming
    for name in there.keys() - coming.keys():
        remove(transaction, team_id, after.number, name)
    for name, at in coming.items():
        if there.get(name) != at:
            _set(transaction, team_id, after.number, name, at)
    return coming


def mend(transaction: Transaction, team_id: str, incident: Incident) -> None:
    """Make the rows what the state wants, whatever they were: a version before may not have known a reminder."""
    coming = wanted(incident)
    rows = transaction.all(
        "select name, due from timer where team_id = :team_id and incident = :incident",
        team_id=team_id,
        incident=incident.number,
    )
    there = {row["name"]: float(row["due"]) for row in rows}
    for name in there.keys() - coming.keys():
        remove(transaction, team_id, incident.number, name)
    for name, at in coming.items():
        if there.get(name) != at.timestamp():
            _set(transaction, team_id, incident.number, name, at)


def _set(transaction: Transaction, team_id: str, incident: int, name: str, at: datetime) -> None:
    transaction.run(
        "insert into timer (team_id, incident, name, due) values (:team_id, :incident, :name, :due)"
        " on conflict (team_id, incident, name) do update set due = excluded.due",
        team_id=team_id,
        incident=incident,
        name=name,
        due=at.timestamp(),
    )


def due(transaction: Transaction, *, now: datetime, limit: int) -> list[tuple[str, int]]:
    """The incidents of which something is due (workspace and number), the longest overdue first."""
    rows = transaction.all(
        "select team_id, incident, min(due) as first from timer where due <= :now"
        " group by team_id, incident order by first, incident limit :limit",
        now=now.timestamp(),
        limit=limit,
    )
    return [(row["team_id"], int(row["incident"])) for row in rows]


def take(transaction: Transaction, team_id: str, incident: int, *, now: datetime) -> tuple[str, ...]:
    """Take away what is due of an incident and answer its names; none when somebody else has."""
    rows = transaction.all(
        "select name from timer where team_id = :team_id and incident = :incident and due <= :now"
        " order by due, name",
        team_id=team_id,
        incident=incident,
        now=now.timestamp(),
    )
    return tuple(row["name"] for row in rows if remove(transaction, team_id, incident, row["name"]))


def remove(transaction: Transaction, team_id: str, incident: int, name: str) -> bool:
    """Take one away; False when somebody else has."""
    return bool(
        transaction.run(
            "delete from timer where team_id = :team_id and incident = :incident and name = :name",
            team_id=team_id,
            incident=incident,
            name=name,
        )
    )


def next_due(transaction: Transaction) -> float | None:
    """When the first reminder is due (seconds since the epoch), or None."""
    row = transaction.one("select min(due) as due from timer")
    return None if row is None or row["due"] is None else float(row["due"])
