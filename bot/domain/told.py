"""The timeline as people read it: what is told of it, in the order in which it really was, corrected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.events import Event, IncidentClosed, IncidentDeclared, PhaseEntered, RoleTaken
from bot.domain.evolving import REACHED_BY_LEAVING
from bot.domain.happened import EntryCorrected
from bot.domain.story import is_told
from bot.domain.vocabulary import Milestone, Role

LATE = timedelta(minutes=1)  # what is written down later than that says so


class Recorded(Protocol):
    """An event with its number and the moment we learned of it, as storage keeps it."""

    @property
    def version(self) -> int: ...

    @property
    def event(self) -> Event: ...

    @property
    def recorded_at(self) -> datetime: ...


@dataclass(frozen=True)
class Told:
    """An entry: `at` is when it really was, `first_at` when it was thought to be before anybody corrected that."""

    number: int
    event: Event
    at: datetime
    recorded_at: datetime
    correction: EntryCorrected | None = None

    @property
    def first_at(self) -> datetime:
        return self.event.at

    @property
    def is_late(self) -> bool:
        """Whether it was written down well after it happened, or another time was written first."""
        return abs(self.recorded_at - self.at) >= LATE


def told(entries: Iterable[Recorded]) -> list[Told]:
    """What people read, oldest first. Of several corrections of one entry the last counts."""
    known = list(entries)
    corrections = {each.event.entry: each.event for each in known if isinstance(each.event, EntryCorrected)}
    read = [
        Told(
            number=each.version,
            event=each.event,
            at=corrections[each.version].time if each.version in corrections else each.event.at,
            recorded_at=each.recorded_at,
            correction=corrections.get(each.version),
        )
        for each in known
        if is_told(each.event)
    ]
    return sorted(read, key=lambda entry: (entry.at, entry.number))


def milestone_of(event: Event) -> Milestone | None:
    """The milestone that is reached with this event: its time is corrected as the milestone's, for the figures."""
    match event:
        case IncidentDeclared():
            return Milestone.DECLARED
        case RoleTaken(role=Role.COMMANDER, previous=None):
            return Milestone.ACKNOWLEDGED
        case PhaseEntered():
            return REACHED_BY_LEAVING.get(event.left)
        case IncidentClosed():
            return Milestone.CLOSED
        case _:
            return None
