"""What a summary tells beside its incidents: silence, flags that are held, action items overdue, corrections.

Nothing of what is private: everybody reads it.
"""

from __future__ import annotations

import json
from datetime import date, datetime

from bot.domain.incident import Incident
from bot.domain.metrics.daily import Beside, Correction, Held, Overdue
from bot.domain.vocabulary import FIREBREAK, Milestone
from bot.storage.engine import Row, Transaction
from bot.storage.timeline import moment, stamp

OVERDUE_MOST = 50  # incidents; a summary names five items and counts the rest


def beside(transaction: Transaction, team_id: str, start: datetime, end: datetime, today: date) -> Beside:
    """Everything but the month, as it is now; corrections are those that were made in [start, end)."""
    return Beside(
        heard=_heard(transaction, team_id),
        held=_held(transaction, team_id),
        overdue=_overdue(transaction, team_id, today),
        corrections=_corrections(transaction, team_id, start, end),
    )


def _heard(transaction: Transaction, team_id: str) -> dict[int, datetime]:
    """When a person last did anything in each open incident."""
    # `number > 0` has SQLite take the index of the open ones instead of one of all
    still_open = "select number from incident where team_id = :team_id and number > 0 and phase <> 'closed'"
    rows = transaction.all(
        "select incident, max(recorded_at) as heard from timeline where team_id = :team_id and by <> :bot"  # noqa: S608
        f" and incident in ({still_open}) group by incident",
        team_id=team_id,
        bot=FIREBREAK,
    )
    return {int(row["incident"]): moment(row["heard"]) for row in rows}


def _held(transaction: Transaction, team_id: str) -> list[Held]:
    rows = transaction.all(
        "select key, incident, created from flag_override where team_id = :team_id and incident is not null"
        " and created <> ''"
        " and exists (select 1 from incident where incident.team_id = flag_override.team_id"
        " and incident.number = flag_override.incident and incident.private = 0) order by created, key",
        team_id=team_id,
    )
    return [Held(row["key"], int(row["incident"]), moment(row["created"])) for row in rows]


def _overdue(transaction: Transaction, team_id: str, today: date) -> list[Overdue]:
    rows = transaction.all(
        "select state from incident where team_id = :team_id and items_due is not null and items_due < :today"
        " order by items_due, number limit :most",
        team_id=team_id,
        today=today.isoformat(),
        most=OVERDUE_MOST,
    )
    known = (Incident.model_validate_json(row["state"]) for row in rows)
    found = [
        Overdue(incident.number, item.text, item.owner, item.due)
        for incident in known
        for item in incident.action_items
        if not incident.private and item.is_overdue(today)
    ]
    return sorted(found, key=lambda each: (each.due, each.incident))


def _corrections(transaction: Transaction, team_id: str, start: datetime, end: datetime) -> list[Correction]:
    rows = transaction.all(
        "select timeline.incident, timeline.version, timeline.type, timeline.data, incident.declared_at"
        " from timeline join incident on incident.team_id = timeline.team_id"
        " and incident.number = timeline.incident and incident.private = 0 where timeline.team_id = :team_id"
        " and timeline.type in ('milestone_corrected', 'incident_reopened', 'phase_returned')"
        " and timeline.recorded_at >= :start and timeline.recorded_at < :end order by timeline.id",
        team_id=team_id,
        start=stamp(start),
        end=stamp(end),
    )
    found = (_correction(transaction, team_id, row) for row in rows)
    return [each for each in found if each is not None]


def _correction(transaction: Transaction, team_id: str, row: Row) -> Correction | None:
    number, declared, data = int(row["incident"]), moment(row["declared_at"]), json.loads(row["data"])
    if row["type"] == "milestone_corrected":
        if data["previous"] is None:
            return None
        milestone, previous = Milestone(data["milestone"]), datetime.fromisoformat(data["previous"])
        return Correction(number, milestone, declared, previous, datetime.fromisoformat(data["time"]))
    repaired = _repaired_before(transaction, team_id, number, row["version"])
    return None if repaired is None else Correction(number, Milestone.REPAIRED, declared, repaired, None)


def _repaired_before(transaction: Transaction, team_id: str, number: int, version: int) -> datetime | None:
    """When it had been repaired as far as was known then; None when it had not."""
    rows = transaction.all(
        "select type, at, data from timeline where team_id = :team_id and incident = :number"
        " and version < :version order by version desc",
        team_id=team_id,
        number=number,
        version=version,
    )
    for row in rows:
        if row["type"] in ("incident_reopened", "phase_returned", "incident_cancelled"):
            return None
        if row["type"] == "phase_entered" and json.loads(row["data"])["left"] == "repair":
            return moment(row["at"])
    return None
