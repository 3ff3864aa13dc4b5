"""What one person's Home tab is about: what is open, what of it is theirs, what waits. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.incident import Incident, Item
from bot.domain.questions import ActionItem
from bot.domain.silence import is_too_long
from bot.domain.vocabulary import StepState


@dataclass(frozen=True)
class Facts:
    """`waiting` has the incident and the reason of each update that Slack does not take (0: of none);
    `broken` says which runbooks could not be read, a sentence each."""

    incidents: Sequence[Incident] = ()
    with_items: Sequence[Incident] = ()
    waiting: Sequence[tuple[int, str]] = ()
    broken: Sequence[str] = ()


def worst_first(incidents: Iterable[Incident]) -> list[Incident]:
    """The order in which they are looked at: by severity, then the oldest."""
    return sorted(incidents, key=lambda each: (each.severity, each.declared_at, each.number))


def last_word(incident: Incident) -> datetime:
    """When somebody last did something that the incident keeps."""
    moments = [*incident.milestones.values(), *incident.held_since.values()]
    moments += [item.at for item in incident.items if item.at is not None]
    moments += [remark.at for item in incident.items for remark in item.notes]
    if incident.update is not None:
        moments.append(incident.update.at)
    return max(moments)


def is_stale(incident: Incident, now: datetime) -> bool:
    """Whether nothing was heard of it for so long that somebody should ask."""
    return is_too_long(now - last_word(incident), incident.severity)


def steps_of(person: str, incidents: Iterable[Incident]) -> list[tuple[Incident, Item]]:
    """The open steps that this person was asked to do, in the phases that are under way."""
    return [
        (incident, item)
        for incident in worst_first(incidents)
        for item in incident.items_of(incident.phase)
        if item.assignee == person and item.state is StepState.OPEN
    ]


def items_of(person: str, incidents: Iterable[Incident]) -> list[tuple[Incident, ActionItem]]:
    """The open action items that this person owns, the first due first."""
    owned = [
        (incident, item)
        for incident in incidents
        for item in incident.action_items
        if item.owner == person and item.done_at is None
    ]
    return sorted(owned, key=lambda each: (each[1].due, each[0].number, each[1].number))
