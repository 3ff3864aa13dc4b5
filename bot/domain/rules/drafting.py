"""The postmortem: who may ask for a draft, and which canvas has one."""

from __future__ import annotations

from datetime import datetime

from bot.domain.commands import AskPostmortem, LinkCanvas
from bot.domain.events import CanvasLinked, Event, PostmortemAsked
from bot.domain.incident import Incident
from bot.domain.vocabulary import Refused, incident_name


def draft(incident: Incident, command: AskPostmortem | LinkCanvas, now: datetime) -> list[Event]:
    """In any phase, and when it is closed; a duplicate has none of its own."""
    if isinstance(command, LinkCanvas):
        if incident.canvas == command.canvas:
            return []
        return [CanvasLinked(at=now, by=command.by, canvas=command.canvas)]
    if incident.merged_into is not None:
        raise Refused(
            "{incident} is a duplicate of {parent}, so it has no postmortem of its own. Ask for that of {parent} "
            "in its channel.",
            incident=incident.name,
            parent=incident_name(incident.merged_into),
        )
    return [PostmortemAsked(at=now, by=command.by)]
