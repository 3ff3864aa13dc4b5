"""The exit gates: when a phase may be left."""

from __future__ import annotations

from datetime import datetime

from bot.domain.commands import CloseIncident, EnterNextPhase
from bot.domain.events import Event, IncidentClosed, PhaseEntered
from bot.domain.incident import Incident
from bot.domain.vocabulary import Phase, Refused


def enter_next_phase(incident: Incident, command: EnterNextPhase, now: datetime) -> list[Event]:
    if incident.phase is not command.leaving:
        return []
    _gate(incident)
    if incident.phase.next is Phase.CLOSED:
        return [IncidentClosed(at=now, by=command.by)]
    return [PhaseEntered(at=now, by=command.by, phase=incident.phase.next, left=incident.phase)]


def close(incident: Incident, command: CloseIncident, now: datetime) -> list[Event]:
    if incident.phase.next is not Phase.CLOSED:
        raise Refused(
            "{incident} is in phase {phase}. Go on with *Next phase* on the card; an incident closes from "
            "prevent, so that nobody forgets to make it impossible.",
            incident=incident.name,
            phase=incident.phase.value,
        )
    _gate(incident)
    return [IncidentClosed(at=now, by=command.by)]


def _gate(incident: Incident) -> None:
    """Refuse to leave a phase whose required steps are open, naming them."""
    blocking = incident.blocking()
    if blocking:
        raise Refused(
            "{phase} is not over. Press *Done* on each of these, or *Skip…* with a reason:\n{steps}",
            phase=incident.phase.value.capitalize(),
            steps="\n".join(f"• {item.step.text}" for item in blocking),
        )
