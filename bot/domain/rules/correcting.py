"""When something really was: a time that people give afterwards, for a note or for any entry of the timeline."""

from __future__ import annotations

from datetime import datetime

from bot.domain.commands import CorrectEntry
from bot.domain.events import Event
from bot.domain.happened import EntryCorrected
from bot.domain.incident import Incident
from bot.domain.rules.words import written
from bot.domain.vocabulary import REASON_MAX, Refused


def correct_entry(incident: Incident, command: CorrectEntry, now: datetime) -> list[Event]:
    """Also of an incident that is closed. A milestone is corrected as one: the figures go by it."""
    entry, time = command.entry, command.time
    if entry.at is None:
        raise Refused(
            "{incident} has no entry #{number}, so nothing was changed. `/incident timeline` shows each with its "
            "number.",
            incident=incident.name,
            number=entry.number,
        )
    if entry.milestone is not None:
        raise Refused(
            "#{number} is a milestone, and the figures go by it: `/incident correct {milestone} {time} <reason>`.",
            number=entry.number,
            milestone=entry.milestone.value,
            time=f"{time:%H:%M}",
        )
    if entry.at == time:
        return []
    has_been(incident, time, now)
    verb = f"correct #{entry.number} {time:%H:%M}"
    empty = Refused("Say why, for those who read it later: `/incident {verb} <reason>`.", verb=verb)
    reason = written(command.reason, REASON_MAX, empty)
    return [
        EntryCorrected(at=now, by=command.by, entry=entry.number, time=time, previous=entry.at, reason=reason)
    ]


def has_been(incident: Incident, time: datetime, now: datetime) -> None:
    """Refuse a time that is before the incident, or still to come."""
    shown = f"{time:%Y-%m-%d %H:%M} UTC"
    if time > now:
        raise Refused("{time} is in the future. Write a time that has been.", time=shown)
    began = min(incident.milestones.values(), default=now)
    if time < began.replace(second=0, microsecond=0):
        raise Refused(
            "{time} is before {incident} began, {began}, so nothing was noted. If it began earlier, say so first: "
            "`/incident correct impact_started 14:05 <reason>`.",
            time=shown,
            incident=incident.name,
            began=f"{began:%Y-%m-%d %H:%M} UTC",
        )
