"""Declaring an incident, changing its runbook, and what Slack answers about its channel and messages."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.commands import ChangeRunbook, DeclareIncident, LinkChannel, LinkSurface
from bot.domain.events import ChannelOpened, Event, IncidentDeclared, RunbookChosen, SurfacePosted
from bot.domain.incident import Incident
from bot.domain.vocabulary import TITLE_MAX, Kind, Refused

SPAN_MAX = timedelta(days=40)  # longer is a slip of the finger


def declare(incident: Incident, command: DeclareIncident, now: datetime) -> list[Event]:
    if incident.version:
        raise Refused("{incident} exists already.", incident=incident.name)
    title = " ".join(command.title.split())
    if not title:
        raise Refused("What is broken? Type a title: `/incident P1 checkout returns 500`.")
    if len(title) > TITLE_MAX:
        raise Refused(
            "The title has {length} characters and at most {most} fit. Shorten it; the rest goes into "
            "`/incident note` once the incident is open.",
            length=len(title),
            most=TITLE_MAX,
        )
    if command.kind is Kind.RETROACTIVE:
        _was_over(command, now)
    return [
        IncidentDeclared(
            at=now,
            by=command.by,
            number=incident.number,
            title=title,
            severity=command.severity,
            kind=command.kind,
            impact_started=command.impact_started,
            impact_ended=command.impact_ended,
        ),
        RunbookChosen.of(command.runbook, at=now, by=command.by),
    ]


def change_runbook(incident: Incident, command: ChangeRunbook, now: datetime) -> list[Event]:
    if incident.runbook == command.runbook.id:
        return []
    return [RunbookChosen.of(command.runbook, at=now, by=command.by, previous=incident.runbook_title)]


def _was_over(command: DeclareIncident, now: datetime) -> None:
    """What is written down afterwards has a beginning and an end, both in the past."""
    started, ended = command.impact_started, command.impact_ended
    if started is None or ended is None or not started < ended <= now or ended - started > SPAN_MAX:
        raise Refused(
            "From when to when was it? The end must come after the beginning, and both must be over: "
            "`/incident retro P2 02:10 03:40 <title>`."
        )


def link(incident: Incident, command: LinkChannel | LinkSurface, now: datetime) -> list[Event]:
    if isinstance(command, LinkChannel):
        if incident.channel == command.channel:
            return []
        return [ChannelOpened(at=now, by=command.by, channel=command.channel, name=command.name)]
    place = incident.surfaces.get(command.surface)
    if place is not None and (place.channel, place.ts) == (command.channel, command.ts):
        return []
    return [
        SurfacePosted(at=now, by=command.by, surface=command.surface, channel=command.channel, ts=command.ts)
    ]
