"""Declaring an incident, changing its runbook, and what Slack answers about its channel and messages."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.commands import ChangeRunbook, DeclareIncident, LinkChannel, LinkSurface, PointOut
from bot.domain.events import ChannelOpened, Event, IncidentDeclared, RunbookChosen, SurfacePosted
from bot.domain.incident import Incident
from bot.domain.likeness import LikenessFound
from bot.domain.rules.words import can_be_seen
from bot.domain.vocabulary import TITLE_MAX, Kind, Refused, incident_name

SPAN_MAX = timedelta(days=40)  # longer is a slip of the finger


class Misdated(Refused):
    """The beginning that was stated cannot be. The form shows the sentence below its input."""


def declare(incident: Incident, command: DeclareIncident, now: datetime) -> list[Event]:
    if incident.version:
        raise Refused("{incident} exists already.", incident=incident.name)
    if command.adopts is not None and command.taken_by is not None:
        raise Refused(
            "This channel belongs to {incident} already, so nothing was declared. For another one leave out "
            "`adopt`: `/incident P1 <title>`.",
            incident=incident_name(command.taken_by),
        )
    private = command.private or (command.adopts is not None and command.adopts.private)
    title = " ".join(command.title.split())
    if not can_be_seen(title):
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
    elif command.impact_started is not None:
        _has_begun(command.impact_started, now)
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
            services=command.affected.services,
            paths=command.affected.paths,
            # nobody hears of a private one because they happen to be on call
            on_call=() if private else command.affected.on_call,
            invited=command.affected.confidants if private else command.affected.invited,
            private=private,
            customs=command.customs,
            source=command.source,
            adopts=command.adopts,
        ),
        RunbookChosen.of(command.runbook, at=now, by=command.by),
    ]


def change_runbook(incident: Incident, command: ChangeRunbook, now: datetime) -> list[Event]:
    if incident.runbook == command.runbook.id:
        return []
    return [RunbookChosen.of(command.runbook, at=now, by=command.by, previous=incident.runbook_title)]


def _has_begun(started: datetime, now: datetime) -> None:
    """An incident that is declared has begun, and not long ago."""
    if started > now:
        raise Misdated(
            "{time} is in the future. Write when it began, or leave it empty.", time=_shown(started)
        )
    if now - started > SPAN_MAX:
        raise Misdated(
            "{time} is more than 40 days ago. Is the day right? Leave it empty if nobody knows.",
            time=_shown(started),
        )


def _shown(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"


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
        if incident.channel == command.channel and incident.channel_name is not None:
            return []
        adopted = incident.channel == command.channel
        return [
            ChannelOpened(at=now, by=command.by, channel=command.channel, name=command.name, adopted=adopted)
        ]
    place = incident.surfaces.get(command.surface)
    if place is not None and (place.channel, place.ts) == (command.channel, command.ts):
        return []
    return [
        SurfacePosted(at=now, by=command.by, surface=command.surface, channel=command.channel, ts=command.ts)
    ]


def point_out(incident: Incident, command: PointOut, now: datetime) -> list[Event]:
    """Once: what it looks like was looked up when it began."""
    if incident.alike or not command.earlier:
        return []
    return [LikenessFound(at=now, by=command.by, earlier=command.earlier)]
