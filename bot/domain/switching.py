"""How the flags that an incident holds change with its events. Total, as all of `evolve` is."""

from __future__ import annotations

from typing import assert_never

from bot.domain.away import FlagNotSwitched, FlagSwitching
from bot.domain.events import (
    ContainmentEnded,
    ContainmentExtended,
    ContainmentLost,
    FlagAsked,
    FlagContained,
    FlagRestored,
    ReminderSent,
)
from bot.domain.incident import Containment, FlagRequest, Incident
from bot.domain.reminders import reviewed

Switched = (
    FlagContained
    | FlagRestored
    | FlagAsked
    | ContainmentExtended
    | ContainmentLost
    | ContainmentEnded
    | FlagSwitching
    | FlagNotSwitched
)


def switched(incident: Incident, event: Switched) -> dict[str, object]:
    """What a flag's event changes."""
    place = (event.flag, event.environment)
    others = tuple(held for held in incident.containments if held.place != place)
    requests = tuple(each for each in incident.flag_requests if (each.flag, each.environment) != place)
    waiting = tuple(each for each in incident.switching if (each.flag, each.environment) != place)
    match event:
        case FlagContained():
            held = (*others, _held(event))
            return {"containments": held, "flag_requests": requests, "switching": waiting}
        case FlagRestored() | ContainmentEnded():
            return {"containments": others, "switching": waiting}
        case FlagSwitching():
            return {"switching": (*waiting, event)}
        case FlagNotSwitched():
            return {"switching": waiting}
        case FlagAsked():
            return {"flag_requests": (*requests, _request(event))}
        case ContainmentExtended():
            answers = {"owner": event.owner} if event.owner else {}
            return _with(incident, event, review_at=event.review_at, reminded=0, reminded_at=None, **answers)
        case ContainmentLost():
            return _with(incident, event, lost=event.serves)
        case _:
            assert_never(event)


def reminded(incident: Incident, event: ReminderSent) -> dict[str, object]:
    """A reminder is sent once; to look at a flag comes again the next day."""
    held = reviewed(incident, event.name)
    if held is None:
        return {"reminded": (*incident.reminded, event.name)}
    return {
        "containments": _changed(
            incident, held.place, {"reminded": held.reminded + 1, "reminded_at": event.at}
        )
    }


def _with(
    incident: Incident, event: ContainmentExtended | ContainmentLost, **changes: object
) -> dict[str, object]:
    return {"containments": _changed(incident, (event.flag, event.environment), changes)}


def _changed(
    incident: Incident, place: tuple[str, str], changes: dict[str, object]
) -> tuple[Containment, ...]:
    return tuple(
        held.model_copy(update=changes) if held.place == place else held for held in incident.containments
    )


def _held(event: FlagContained) -> Containment:
    return Containment(
        flag=event.flag,
        environment=event.environment,
        safe=event.safe,
        before=event.before,
        by=event.by,
        at=event.at,
        reason=event.reason,
        review_at=event.review_at,
    )


def _request(event: FlagAsked) -> FlagRequest:
    return FlagRequest(
        flag=event.flag,
        environment=event.environment,
        by=event.by,
        at=event.at,
        reason=event.reason,
        minutes=event.minutes,
    )
