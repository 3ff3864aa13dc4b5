"""Going back: reopen, step back, cancel, merge a duplicate, correct a time. Each has a reason and a way back."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from bot.domain.commands import (
    Absorb,
    CancelIncident,
    CorrectMilestone,
    MergeIncident,
    ParentFacts,
    Release,
    ReopenIncident,
    StepBack,
    UnmergeIncident,
)
from bot.domain.events import (
    DuplicateAbsorbed,
    DuplicateReleased,
    Event,
    IncidentCancelled,
    IncidentMerged,
    IncidentReopened,
    IncidentUnmerged,
    MilestoneCorrected,
    PhaseReturned,
)
from bot.domain.incident import Incident
from bot.domain.rules import flags
from bot.domain.rules.words import written
from bot.domain.vocabulary import REASON_MAX, Kind, Milestone, Phase, Refused, incident_name

REOPEN_WITHIN = timedelta(hours=24)  # later it is another incident, which the figures count by itself
REHEARSED = (Kind.DRILL, Kind.TEST)  # they never enter the figures
SPAN_MAX = timedelta(days=40)  # a milestone farther from the declaration is a slip of the finger

# In the order in which they happen. Impact may end before or after the repair.
ORDERS = (
    (Milestone.IMPACT_STARTED, Milestone.DETECTED, Milestone.DECLARED, Milestone.ACKNOWLEDGED),
    (Milestone.DECLARED, Milestone.STABILIZED, Milestone.REPAIRED, Milestone.CLOSED),
    (Milestone.IMPACT_STARTED, Milestone.IMPACT_ENDED),
)
REACHED_BY_ACTS = (Milestone.STABILIZED, Milestone.REPAIRED, Milestone.CLOSED, Milestone.ACKNOWLEDGED)

Lifecycle = (
    ReopenIncident
    | StepBack
    | CancelIncident
    | MergeIncident
    | UnmergeIncident
    | Absorb
    | Release
    | CorrectMilestone
)


def change(incident: Incident, command: Lifecycle, now: datetime) -> list[Event]:
    """All of these may be asked of an incident that is closed, too."""
    match command:
        case ReopenIncident():
            return _reopen(incident, command, now)
        case StepBack():
            return _step_back(incident, command, now)
        case CancelIncident():
            return _cancel(incident, command, now)
        case MergeIncident():
            return _merge(incident, command, now)
        case UnmergeIncident():
            return _unmerge(incident, command, now)
        case Absorb():
            return _absorb(incident, command, now)
        case Release():
            if command.child not in incident.absorbed:
                return []
            return [DuplicateReleased(at=now, by=command.by, child=command.child, reason=command.reason)]
        case CorrectMilestone():
            return _correct(incident, command, now)


def _reopen(incident: Incident, command: ReopenIncident, now: datetime) -> list[Event]:
    if not incident.is_closed:
        return []
    if incident.merged_into is not None:
        raise Refused(
            "{incident} is a duplicate of {parent}, so it was not reopened. To take that back: "
            "`/incident unmerge <reason>`.",
            incident=incident.name,
            parent=incident_name(incident.merged_into),
        )
    closed = incident.milestones.get(Milestone.CLOSED, now)
    if incident.cancelled is None and now - closed > REOPEN_WITHIN:
        raise Refused(
            "{incident} was closed more than 24 hours ago, so this is a new one. Declare it: "
            "`/incident {severity} {title}`.",
            incident=incident.name,
            severity=incident.severity.value,
            title=incident.title,
        )
    reason = _reason(command.reason, "reopen")
    return [IncidentReopened(at=now, by=command.by, reason=reason)]


def _step_back(incident: Incident, command: StepBack, now: datetime) -> list[Event]:
    if incident.phase is not command.leaving:
        return []
    if incident.is_closed:
        raise Refused(
            "{incident} is closed. To go on with it: `/incident reopen <reason>`.", incident=incident.name
        )
    if incident.phase is Phase.STABILIZE:
        raise Refused(
            "Stabilize is the first phase, so there is nothing to go back to. Forward: `/incident next`."
        )
    before = list(Phase)[list(Phase).index(incident.phase) - 1]
    reason = _reason(command.reason, "back")
    return [PhaseReturned(at=now, by=command.by, phase=before, left=incident.phase, reason=reason)]


def _cancel(incident: Incident, command: CancelIncident, now: datetime) -> list[Event]:
    if incident.cancelled is not None:
        return []
    if incident.is_closed:
        raise Refused(
            "{incident} is closed, so it was not cancelled. `/incident reopen <reason>` comes first.",
            incident=incident.name,
        )
    flags.nothing_held(incident)
    return [IncidentCancelled(at=now, by=command.by, reason=_reason(command.reason, "cancel"))]


def _merge(incident: Incident, command: MergeIncident, now: datetime) -> list[Event]:
    parent = command.parent
    name = incident_name(parent.number)
    if incident.merged_into == parent.number:
        return []
    if not parent.exists or parent.number == incident.number:
        raise Refused(
            "There is no other incident {parent}, so nothing was merged. `/incident list` shows the open ones.",
            parent=name,
        )
    if parent.private != incident.private:
        raise Refused(
            "One of {incident} and {parent} is private and the other is not, so nothing was merged: each would be "
            "named in the other's channel. Close one with a note instead.",
            incident=incident.name,
            parent=name,
        )
    if incident.merged_into is not None:
        raise Refused(
            "{incident} is a duplicate of {other} already. Take that back first: `/incident unmerge <reason>`.",
            incident=incident.name,
            other=incident_name(incident.merged_into),
        )
    if parent.merged_into is not None:
        raise Refused(
            "{parent} is itself a duplicate of {other}. Type `/incident merge {other} <reason>`.",
            parent=name,
            other=incident_name(parent.merged_into),
        )
    if incident.absorbed:
        raise Refused(
            "{incident} has duplicates itself: {children}. Merge it the other way round, from {parent}'s channel.",
            incident=incident.name,
            children=", ".join(incident_name(child) for child in incident.absorbed),
            parent=name,
        )
    if incident.cancelled is not None:
        raise Refused(
            "{incident} was cancelled, so it counts nowhere already. To take that back: "
            "`/incident reopen <reason>`.",
            incident=incident.name,
        )
    _into_what_counts_alike(incident, parent)
    flags.nothing_held(incident)
    return [
        IncidentMerged(
            at=now, by=command.by, into=parent.number, reason=_reason(command.reason, f"merge {name}")
        )
    ]


def _into_what_counts_alike(incident: Incident, parent: ParentFacts) -> None:
    """A duplicate counts with its parent: nobody may make an incident vanish from the figures by merging it."""
    name = incident_name(parent.number)
    if parent.cancelled:
        raise Refused(
            "{parent} was cancelled and counts nowhere, so nothing was merged. If {incident} is none either, type "
            "`/incident cancel <reason>`; else reopen {parent} in its channel first.",
            incident=incident.name,
            parent=name,
        )
    if (parent.kind in REHEARSED) != (incident.kind in REHEARSED):
        raise Refused(
            "One of {incident} and {parent} is a drill or a test and the other is not, so nothing was merged: only "
            "the other one counts. Close it with a note instead.",
            incident=incident.name,
            parent=name,
        )


def _unmerge(incident: Incident, command: UnmergeIncident, now: datetime) -> list[Event]:
    if incident.merged_into is None:
        return []
    reason = _reason(command.reason, "unmerge")
    return [IncidentUnmerged(at=now, by=command.by, into=incident.merged_into, reason=reason)]


def _absorb(incident: Incident, command: Absorb, now: datetime) -> list[Event]:
    if command.child in incident.absorbed:
        return []
    return [
        DuplicateAbsorbed(
            at=now,
            by=command.by,
            child=command.child,
            declared=command.declared,
            impact_started=command.impact_started,
            reason=command.reason,
        )
    ]


def _correct(incident: Incident, command: CorrectMilestone, now: datetime) -> list[Event]:
    milestone, time = command.milestone, command.time
    before = incident.milestones.get(milestone)
    if before == time:
        return []
    if before is None and milestone in REACHED_BY_ACTS:
        raise Refused(
            "{incident} is not {milestone} yet, so there is no time to correct.",
            incident=incident.name,
            milestone=milestone,
        )
    if time > now:
        raise Refused("{time} is in the future. Write a time that has been.", time=_shown(time))
    if abs(time - incident.declared_at) > SPAN_MAX:
        raise Refused(
            "{time} is more than 40 days from {declared}, when {incident} was declared. Is the day right?",
            time=_shown(time),
            declared=_shown(incident.declared_at),
            incident=incident.name,
        )
    _in_order(incident.milestones | {milestone: time}, milestone)
    reason = _reason(command.reason, f"correct {milestone.value} {time:%H:%M}")
    return [
        MilestoneCorrected(
            at=now, by=command.by, milestone=milestone, previous=before, time=time, reason=reason
        )
    ]


def _in_order(reached: dict[Milestone, datetime], corrected: Milestone) -> None:
    """Refuse a time that would stand before what comes before it, with the two values."""
    for order in ORDERS:
        known = [milestone for milestone in order if milestone in reached]
        for first, second in pairwise(known):
            if corrected in (first, second) and reached[first] > reached[second]:
                raise Refused(
                    "{second} {then} would be before {first} {when}. Correct the other one first, or write "
                    "another time.",
                    second=second,
                    then=_shown(reached[second]),
                    first=first,
                    when=_shown(reached[first]),
                )


def _reason(text: str, verb: str) -> str:
    return written(
        text,
        REASON_MAX,
        Refused("Say why, for those who read it later: `/incident {verb} <reason>`.", verb=verb),
    )


def _shown(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"
