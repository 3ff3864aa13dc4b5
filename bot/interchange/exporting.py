"""Every incident as a record that `firebreak import` reads: JSONL, one JSON document, or a CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

from bot.domain.cells import quoted
from bot.domain.elsewhere import ImportRestated, IncidentImported, UpdateImported
from bot.domain.incident import Incident
from bot.domain.language import English, Who
from bot.domain.recoveries import recovery_of
from bot.domain.story import line
from bot.domain.told import Told, told
from bot.domain.vocabulary import Milestone, incident_name
from bot.interchange.formats import FIELDS, SERVICES_JOINED
from bot.storage import exported
from bot.storage.engine import Engine, Transaction
from bot.storage.imported import own_source
from bot.storage.timeline import Entry, stamp

PAGE = 200  # incidents read at once, so that a bot at work hardly waits
SAID_IN = English()  # a record is data: its words do not change with the language of a workspace


def record(incident: Incident, entries: list[Entry], team_id: str, who: Who) -> dict[str, Any]:
    """One incident as the figures see it, and what was said of it in order. An imported one says where from."""
    recovery, origin = recovery_of(incident), incident.origin
    times = {milestone.value: getattr(recovery, milestone.value) for milestone in Milestone}
    duplicate_of = origin.duplicate_of if origin else None
    if incident.merged_into is not None:
        duplicate_of = incident_name(incident.merged_into)
    return {
        "source": origin.source if origin else own_source(team_id),
        "id": origin.id if origin else incident.name,
        "title": incident.title,
        "severity": incident.severity.value,
        "peak": incident.peak.value,
        "kind": incident.kind.value,
        **{name: None if at is None else stamp(at) for name, at in times.items()},
        "services": list(recovery.services),
        "cause": recovery.cause,
        "cancelled": incident.cancelled,
        "duplicate_of": duplicate_of,
        "reopened": incident.reopened,
        "url": origin.url if origin else "",
        "updates": [_update(entry, who) for entry in told(entries) if not _is_header(entry)],
    }


def _is_header(entry: Told) -> bool:
    return isinstance(entry.event, IncidentImported | ImportRestated)


def _update(entry: Told, who: Who) -> dict[str, str]:
    event = entry.event
    if isinstance(event, UpdateImported):
        return {"at": stamp(entry.at), "status": event.status, "text": event.text}
    return {"at": stamp(entry.at), "status": event.type, "text": line(event, SAID_IN, who)}


async def records(engine: Engine, team_id: str, who: Who) -> AsyncIterator[dict[str, Any]]:
    """All of them by their numbers, a page at a time."""
    after = 0

    def next_page(transaction: Transaction) -> list[tuple[Incident, list[Entry]]]:
        return exported.page(transaction, team_id, after, PAGE)

    while page := await engine.read(next_page):
        for incident, entries in page:
            yield record(incident, entries, team_id, who)
        after = page[-1][0].number


async def written(
    engine: Engine, team_id: str, form: str, *, who: Who, now: datetime, write: Callable[[str], Any]
) -> int:
    """Hand all incidents as text to `write`, piece by piece; answers how many they were."""
    count = 0
    if form == "csv":
        write(_row(FIELDS))
    elif form == "json":
        write(f'{{"exported_at": {json.dumps(stamp(now))}, "incidents": [')
    async for each in records(engine, team_id, who):
        if form == "csv":
            write(_row([_cell(each[name]) for name in FIELDS]))
        elif form == "json":
            write((",\n" if count else "\n") + json.dumps(each, ensure_ascii=False))
        else:
            write(json.dumps(each, ensure_ascii=False) + "\n")
        count += 1
    if form == "json":
        write("\n]}\n")
    return count


def _cell(value: object) -> str:
    if value is None:
        return ""
    return quoted(SERVICES_JOINED.join(value) if isinstance(value, list) else str(value))


def _row(values: list[str] | tuple[str, ...]) -> str:
    row = io.StringIO()
    csv.writer(row).writerow(values)
    return row.getvalue()
