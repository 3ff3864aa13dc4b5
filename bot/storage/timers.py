"""Reminders as rows: kept equal to what the incident's state wants, and fired once when their time has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.incident import Incident
from bot.domain.reminders import wanted
from bot.storage.engine import Transaction


@dataclass(frozen=True)
class Timer:
    """One reminder that is due."""

    team_id: str
    incident: int
    name: str


def keep(transaction: Transaction, team_id: str, before: Incident, after: Incident) -> None:
    """Make the incident's rows follow a change of its state; called in the transaction of that change."""
    there, coming = wanted(before), wanted(after)
    for name in there.keys() - coming.keys():
        remove(transaction, Timer(team_id, after.number, name))
    for name, at in coming.items():
        if there.get(name) != at:
            transaction.run(
                "insert into timer (team_id, incident, name, due) values (:team_id, :incident, :name, :due)"
                " on conflict (team_id, incident, name) do update set due = excluded.due",
                team_id=team_id,
                incident=after.number,
                name=name,
                due=at.timestamp(),
            )


def due(transaction: Transaction, *, now: datetime, limit: int) -> list[Timer]:
    """The reminders whose time has come, the longest overdue first."""
    rows = transaction.all(
        "select team_id, incident, name from timer where due <= :now order by due limit :limit",
        now=now.timestamp(),
        limit=limit,
    )
    return [Timer(row["team_id"], int(row["incident"]), row["name"]) for row in rows]


def remove(transaction: Transaction, timer: Timer) -> bool:
    """Take one away; False when somebody else has."""
    return bool(
        transaction.run(
            "delete from timer where team_id = :team_id and incident = :incident and name = :name",
            team_id=timer.team_id,
            incident=timer.incident,
            name=timer.name,
        )
    )


def next_due(transaction: Transaction) -> float | None:
    """When the first reminder is due (seconds since the epoch), or None."""
    row = transaction.one("select min(due) as due from timer")
    return None if row is None or row["due"] is None else float(row["due"])
