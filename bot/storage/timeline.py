"""Append and read the events of an incident: one row each, chained by hashes."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from operator import itemgetter
from typing import Any

from bot.domain.events import Event, event_adapter
from bot.storage.engine import Row, Transaction

GENESIS = "0" * 64  # the hash before the first event
# Made once: json.dumps would make one each time. Their output is hashed, so they never change.
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
_canonical = json.JSONEncoder(ensure_ascii=False).encode
# What a hash covers, in this order.
_covered = itemgetter("team_id", "incident", "version", "at", "recorded_at", "type", "by", "data")
OWN_COLUMNS = {"type", "at", "by"}  # fields of an event that are not in its `data`
INSERT = (
    "insert into timeline (team_id, incident, version, at, recorded_at, type, by, data, previous, hash) values"
    " (:team_id, :incident, :version, :at, :recorded_at, :type, :by, :data, :previous, :hash)"
)


@dataclass(frozen=True)
class Entry:
    """One event as it is stored. `recorded_at` is when we learned of it; it never changes."""

    version: int
    recorded_at: datetime
    event: Event
    hash: str


@functools.lru_cache(maxsize=64)  # one command writes its moment into several rows
def stamp(moment: datetime) -> str:
    """A UTC time as it is stored: ISO 8601 with milliseconds and Z, so that text order is time order."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)  # nearly always it is
    return utc.isoformat(timespec="milliseconds")[:-6] + "Z"


def moment(stored: str) -> datetime:
    """The time that `stamp` wrote."""
    return datetime.fromisoformat(stored)


def append(
    transaction: Transaction,
    *,
    team_id: str,
    incident: int,
    version: int,
    previous: str,
    events: Sequence[Event],
    now: datetime,
) -> str:
    """Write `events` after `version`; answers the hash of the last one."""
    rows = linked(team_id, incident, version, previous, events, now)
    for row in rows:
        transaction.run(INSERT, **row)
    return str(rows[-1]["hash"]) if rows else previous


def linked(
    team_id: str, incident: int, version: int, previous: str, events: Sequence[Event], now: datetime
) -> list[Row]:
    """The rows of `events`, each chained to the one before it; the first to the hash `previous`."""
    rows = []
    recorded_at = stamp(now)
    for offset, event in enumerate(events, start=1):
        stored = event.model_dump(mode="json", exclude=OWN_COLUMNS)
        row: Row = {
            "team_id": team_id,
            "incident": incident,
            "version": version + offset,
            "at": recorded_at if event.at is now else stamp(event.at),
            "recorded_at": recorded_at,
            "type": event.type,
            "by": event.by,
            "data": _compact(stored),
        }
        row["previous"], row["hash"] = previous, chained(previous, row)
        rows.append(row)
        previous = row["hash"]
    return rows


def chained(previous: str, row: Row) -> str:
    """SHA-256 over the hash before and every stored column, so that no past row changes unseen."""
    return sha256(_canonical([previous, *_covered(row)]).encode()).hexdigest()


def entries(transaction: Transaction, team_id: str, incident: int) -> list[Entry]:
    """Every event of the incident, in the order it was recorded."""
    rows = transaction.all(
        "select * from timeline where team_id = :team_id and incident = :incident order by version",
        team_id=team_id,
        incident=incident,
    )
    return [
        Entry(
            version=row["version"],
            recorded_at=moment(row["recorded_at"]),
            event=loaded(row),
            hash=row["hash"],
        )
        for row in rows
    ]


def loaded(row: Row) -> Event:
    """The event in a row of the timeline."""
    data: dict[str, Any] = json.loads(row["data"])
    return event_adapter.validate_python({**data, "type": row["type"], "at": row["at"], "by": row["by"]})
