"""One incident as a file for people and machines: Markdown, JSON, or a CSV with a line for each entry."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from bot.domain.captured import FileHashed, FileLeftOut, FileShared, MessageCaptured
from bot.domain.cells import quoted
from bot.domain.document import timeline_markdown
from bot.domain.events import Event
from bot.domain.holding import holdings, shared_files
from bot.domain.incident import Incident
from bot.domain.language import Translate, Who
from bot.domain.story import line
from bot.domain.told import Recorded, Told, told

MENTION = re.compile(r"<@([UW][A-Z0-9]{2,20})>")
COLUMNS = (
    *("number", "at", "recorded_at", "first_at", "corrected_because", "type", "by", "who", "text"),
    *("file", "size", "sha256", "link"),
)


class ExportForm(StrEnum):
    """What one incident is written as."""

    MARKDOWN = "md"
    JSON = "json"
    CSV = "csv"


class Stored(Recorded, Protocol):
    """As storage keeps an event: with the hash that chains it to those before."""

    @property
    def hash(self) -> str: ...


def written(
    incident: Incident, entries: Sequence[Stored], form: ExportForm, t: Translate, names: Mapping[str, str]
) -> str:
    """The whole incident: everything that was seen, with both times where one was corrected."""

    def who(person: str) -> str:
        return names.get(person, person)

    match form:
        case ExportForm.MARKDOWN:
            return timeline_markdown(incident, entries, t, who)
        case ExportForm.JSON:
            document = _document(incident, entries, t, who)
            spoken = json.dumps(document, ensure_ascii=False)
            people = {person: name for person, name in names.items() if person in spoken}
            return json.dumps({**document, "people": people}, ensure_ascii=False, indent=2) + "\n"
        case ExportForm.CSV:
            return _table(told(entries), t, who)


def _document(incident: Incident, entries: Sequence[Stored], t: Translate, who: Who) -> dict[str, Any]:
    events = [entry.event for entry in entries]
    return {
        "incident": incident.name,
        "title": incident.title,
        "severity": incident.severity.value,
        "peak": incident.peak.value,
        "kind": incident.kind.value,
        "phase": incident.phase.value,
        "private": incident.private,
        "services": list(incident.services),
        "paths": list(incident.paths),
        "channel": incident.channel_name,
        "runbook": incident.runbook_title,
        "cancelled": incident.cancelled,
        "merged_into": incident.merged_into,
        "milestones": {milestone.value: _utc(at) for milestone, at in incident.milestones.items()},
        "measures": [measure.model_dump(mode="json") for measure in incident.measures],
        "unverified": {phase.value: why for phase, why in incident.unverified.items()},
        "roles": [
            {
                "role": held.role.value,
                "person": held.person,
                "from": _utc(held.since),
                "until": None if held.until is None else _utc(held.until),
            }
            for held in holdings(events)
        ],
        "files": [
            {
                **each.shared.model_dump(
                    mode="json", include={"file", "name", "mimetype", "size", "permalink"}
                ),
                "by": each.shared.by,
                "at": _utc(each.shared.at),
                "sha256": each.sha256 or None,
                "not_read_because": None if each.unread is None else each.unread.value,
            }
            for each in shared_files(events)
        ],
        "action_items": [item.model_dump(mode="json") for item in incident.action_items],
        "entries": [_entry(entry, t, who) for entry in told(entries)],
        "timeline": [
            {
                "version": entry.version,
                "recorded_at": entry.recorded_at.isoformat(),
                "hash": entry.hash,
                **entry.event.model_dump(mode="json"),
            }
            for entry in entries
        ],
    }


def _entry(entry: Told, t: Translate, who: Who) -> dict[str, Any]:
    """As people read it: when it was, when it was written down, and what was thought before a correction."""
    correction = entry.correction
    return {
        "number": entry.number,
        "at": _utc(entry.at),
        "recorded_at": _utc(entry.recorded_at),
        "first_at": _utc(entry.first_at),
        "corrected": None
        if correction is None
        else {"by": correction.by, "at": _utc(correction.at), "reason": correction.reason},
        "type": entry.event.type,
        "by": entry.event.by,
        "text": _said(entry.event, t, who),
    }


def _table(entries: Iterable[Told], t: Translate, who: Who) -> str:
    sheet = io.StringIO()
    out = csv.writer(sheet)
    out.writerow(COLUMNS)
    for entry in entries:
        event, correction = entry.event, entry.correction
        row = (
            *(str(entry.number), _utc(entry.at), _utc(entry.recorded_at), _utc(entry.first_at)),
            *("" if correction is None else correction.reason, event.type, event.by, who(event.by)),
            *(_said(event, t, who), *_of_file(event)),
        )
        out.writerow([quoted(cell) for cell in row])
    return sheet.getvalue()


def _of_file(event: Event) -> tuple[str, str, str, str]:
    """File, size, SHA-256 and link, where the entry speaks of a file; the link of a message."""
    match event:
        case FileShared():
            return event.name, str(event.size), "", event.permalink
        case FileHashed():
            return event.name, str(event.size), event.sha256, ""
        case FileLeftOut():
            return event.name, "", "", ""
        case MessageCaptured():
            return "", "", "", event.permalink
        case _:
            return "", "", "", ""


def _said(event: Event, t: Translate, who: Who) -> str:
    return line(event, t, who, lambda text: MENTION.sub(lambda found: f"@{who(found[1])}", text))


def _utc(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
