"""One incident as the metrics see it: its milestones, which of them make a duration, and who counts in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from bot.domain.vocabulary import Milestone

SECOND = timedelta(seconds=1)
RETROACTIVE = "retroactive"  # written down when it was over: no response times, but a customer impact


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What the metrics need to know of one incident, whoever ran it. Whoever builds it has already decided:

    `severity` is the peak severity; `stabilized` and `repaired` are the *last* time that phase was left, and
    None again after a reopening; the parent of a merge has the earliest start, its children are excluded.
    `excluded` says why it does not count: "drill", "test", "maintenance", "cancelled", "duplicate" or
    "retroactive". Times carry a zone and are kept in UTC; what is not known is None, never a guess.
    """

    number: int
    title: str
    severity: str
    declared: datetime
    acknowledged: datetime | None = None
    stabilized: datetime | None = None
    repaired: datetime | None = None
    closed: datetime | None = None
    impact_started: datetime | None = None
    impact_ended: datetime | None = None
    detected: datetime | None = None
    excluded: str | None = None
    services: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()  # critical ones
    cause: str | None = None
    private: bool = False  # counted like any other, and never named

    def __post_init__(self) -> None:
        """Two times of one zone compare by wall clock, which is wrong in autumn's doubled hour: so UTC."""
        for milestone in _MILESTONES:
            at = getattr(self, milestone)
            if at is None or at.tzinfo is UTC:
                continue
            if at.tzinfo is None:
                raise ValueError(f"{milestone}={at!r} of incident {self.number!r} has no zone")
            object.__setattr__(self, milestone, at.astimezone(UTC))


_MILESTONES = tuple(milestone.value for milestone in Milestone)


class Clock(StrEnum):
    """The durations. The value is the name in JSON; people read the two end points, never four bare letters."""

    TIME_TO_DETECT = "time_to_detect"
    TIME_TO_ACKNOWLEDGE = "time_to_acknowledge"
    TIME_TO_STABILIZE = "time_to_stabilize"
    TIME_TO_REPAIR = "time_to_repair"
    IMPACT = "impact"


class Elapsed(NamedTuple):
    """Whole seconds, rounded down. `still_open`: known only as "at least", up to the cut-off."""

    seconds: int
    still_open: bool = False


def not_counted(recovery: Recovery) -> str | None:
    """Why this incident is out of the response times; None when it counts.

    Declared when already over means written down afterwards: its response time is unknown, not 0 minutes.
    """
    over = recovery.repaired or recovery.closed
    if recovery.excluded is None and over is not None and over <= recovery.declared:
        return RETROACTIVE
    return recovery.excluded


def counts(recovery: Recovery, clock: Clock) -> bool:
    """Whether the incident belongs to this duration's population, its end known or not."""
    reason = not_counted(recovery)
    return reason is None or (clock is Clock.IMPACT and reason == RETROACTIVE)


def is_open(recovery: Recovery, as_of: datetime) -> bool:
    """Open is: neither repaired nor closed. Prevention after the repair keeps no customer waiting."""
    return _by(recovery.repaired, as_of) is None and _by(recovery.closed, as_of) is None


def elapsed(recovery: Recovery, clock: Clock, as_of: datetime) -> Elapsed | None:
    """The duration as it stood at `as_of`; None where an end point is not known, which lowers the coverage.

    Open incidents last "at least" until `as_of`. An end before its start is not used: nothing is imputed.
    """
    end = ended(recovery, clock, as_of)
    if clock in (Clock.TIME_TO_DETECT, Clock.IMPACT):
        return _between(recovery.impact_started, end, or_at_once=clock is Clock.TIME_TO_DETECT)
    if end is None and is_open(recovery, as_of):
        return Elapsed(max(0, (as_of - recovery.declared) // SECOND), still_open=True)
    # Who declares may take the lead in the same moment; nobody stabilizes in the moment of declaring.
    return _between(recovery.declared, end, or_at_once=clock is Clock.TIME_TO_ACKNOWLEDGE)


def ended(recovery: Recovery, clock: Clock, as_of: datetime) -> datetime | None:
    """The end point of a duration, if it was reached by `as_of`. What is repaired is stabilized, too."""
    match clock:
        case Clock.TIME_TO_DETECT:
            return _by(recovery.detected, as_of)
        case Clock.TIME_TO_ACKNOWLEDGE:
            return _by(recovery.acknowledged, as_of)
        case Clock.TIME_TO_STABILIZE:
            return _by(recovery.stabilized, as_of) or _by(recovery.repaired, as_of)
        case Clock.TIME_TO_REPAIR:
            return _by(recovery.repaired, as_of)
        case Clock.IMPACT:
            return _by(recovery.impact_ended, as_of)


def _between(start: datetime | None, end: datetime | None, *, or_at_once: bool) -> Elapsed | None:
    if start is None or end is None or end < start or (end == start and not or_at_once):
        return None
    return Elapsed((end - start) // SECOND)


def _by(milestone: datetime | None, as_of: datetime) -> datetime | None:
    """The milestone as it was known at `as_of`: what came later has not happened yet."""
    return milestone if milestone is not None and milestone <= as_of else None
