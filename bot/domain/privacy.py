"""Who may see an incident: everybody, or the people of its channel where it is private. The one place that decides.

Whoever declared it, was called because of it, was given something to do in it, or came into its channel belongs to
it, until Slack says that they have left the channel. Pure; the state of the incident carries the list.
"""

from __future__ import annotations

from bot.domain.captured import PersonJoined, PersonLeft
from bot.domain.events import ActionItemAdded, Event, IncidentDeclared, RoleTaken, StepAssigned
from bot.domain.incident import Incident


def may_see(incident: Incident, person: str) -> bool:
    """Whether anything of the incident may be shown to this person outside its channel."""
    return not incident.private or person in incident.insiders


def insiders(incident: Incident, event: Event) -> dict[str, object]:
    """How the circle of a private incident changes by an event; a public one keeps no list."""
    match event:
        case IncidentDeclared(private=True):
            there = () if event.adopts is None else event.adopts.members
            return {"insiders": tuple(dict.fromkeys([event.by, *event.invited, *there]))}
        case _ if not incident.private:
            return {}
        case RoleTaken() | StepAssigned():
            return _with(incident, event.person)
        case ActionItemAdded():
            return _with(incident, event.owner)
        case PersonJoined():
            return _with(incident, event.by)
        case PersonLeft():
            return {"insiders": tuple(each for each in incident.insiders if each != event.by)}
        case _:
            return {}


def _with(incident: Incident, person: str) -> dict[str, object]:
    return {} if person in incident.insiders else {"insiders": (*incident.insiders, person)}
