"""Who answers for what: claiming a role, giving it to somebody, handing it over."""

from __future__ import annotations

from datetime import datetime

from bot.domain.commands import AssignRole, HandOver, TakeRole
from bot.domain.events import Event, RoleTaken
from bot.domain.incident import Incident
from bot.domain.vocabulary import Refused, Role


def assign(incident: Incident, command: TakeRole | AssignRole, now: datetime) -> list[Event]:
    """Take a role, or give it to somebody. There may be many responders, and one holder of each other role."""
    person = command.by if isinstance(command, TakeRole) else command.person
    if person in incident.holders(command.role):
        return []
    return [_taken(incident, command.by, command.role, person, now)]


def hand_over(incident: Incident, command: HandOver, now: datetime) -> list[Event]:
    """Give away a role that one holds oneself; without a name the lead, or the only role one holds."""
    held = [role for role, person in incident.roles.items() if person == command.by]
    role = command.role or _meant(held)
    if role is not None and incident.roles.get(role) == command.person:
        return []
    if not held:
        raise Refused(
            "You hold no role in {incident}, so there is nothing to hand over. To give somebody a role: "
            "`/incident assign lead @name`.",
            incident=incident.name,
        )
    if role is None or role not in held:
        raise Refused(
            "Which role? You hold: {roles}. Type `/incident handover {first} @name`.",
            roles=", ".join(each.value for each in held),
            first=held[0].value,
        )
    return [_taken(incident, command.by, role, command.person, now)]


def _meant(held: list[Role]) -> Role | None:
    if Role.COMMANDER in held:
        return Role.COMMANDER
    return held[0] if len(held) == 1 else None


def _taken(incident: Incident, by: str, role: Role, person: str, now: datetime) -> RoleTaken:
    return RoleTaken(
        at=now,
        by=by,
        role=role,
        person=person,
        previous=incident.roles.get(role),
        since=incident.held_since.get(role),
    )
