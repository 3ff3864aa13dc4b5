"""Figures before and after: what may be kept of them. Also when the incident is closed: after needs its time."""

from __future__ import annotations

from datetime import datetime

from bot.domain.commands import MeasureFigure
from bot.domain.events import Event, FigureMeasured
from bot.domain.incident import Incident
from bot.domain.measures import FIGURES_MAX, found, refuse_impossible
from bot.domain.vocabulary import Refused


def measure(incident: Incident, command: MeasureFigure, now: datetime) -> list[Event]:
    """What is said of one side takes the place of what was said before; the timeline has both."""
    new = command.measure
    refuse_impossible(new, now)
    before = found(incident.measures, new.name, new.side)
    if before == new:
        return []
    names = {each.key for each in incident.measures} | {new.key}
    if len(names) > FIGURES_MAX:
        raise Refused(
            "{incident} has {most} figures already, so this one was not kept. Those that nobody reads help nobody.",
            incident=incident.name,
            most=FIGURES_MAX,
        )
    return [FigureMeasured(at=now, by=command.by, measure=new, previous=before)]
