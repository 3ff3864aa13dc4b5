"""What happened elsewhere: events of incidents that were imported. Stored names are never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from bot.domain.happened import Happened
from bot.domain.runbook import Frozen
from bot.domain.vocabulary import Kind, Milestone, Severity


class IncidentImported(Happened):
    """Somebody else ran it, or another bot: what `source` says of it, under its own `source_id` there.

    `at` is when it was declared, `by` is `firebreak`. `milestones` are those that the source knows.
    """

    type: Literal["incident_imported"] = "incident_imported"
    number: int
    title: str
    severity: Severity
    peak: Severity
    source: str
    source_id: str
    milestones: dict[Milestone, datetime]
    kind: Kind = Kind.REAL
    url: str = ""
    services: tuple[str, ...] = ()
    cause: str = ""
    cancelled: str | None = None
    duplicate_of: str | None = None
    reopened: int = 0


class UpdateImported(Happened):
    """What the source said at that time; `status` in its own word."""

    type: Literal["update_imported"] = "update_imported"
    status: str
    text: str


class Restated(Frozen):
    """One field of ours, what the source said of it before and what it says now; empty where nothing was said."""

    field: str
    before: str
    now: str


class ImportRestated(Happened):
    """The source says otherwise by now. `said` takes the place of what it said before, which stays."""

    type: Literal["import_restated"] = "import_restated"
    said: IncidentImported
    restated: tuple[Restated, ...] = ()
