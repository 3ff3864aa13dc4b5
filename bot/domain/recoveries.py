"""From an incident to what the figures need to know of it: which times, which severity, whether it counts."""

from __future__ import annotations

from datetime import datetime

from bot.domain.incident import Incident
from bot.domain.metrics.recovery import Recovery
from bot.domain.questions import Proof
from bot.domain.vocabulary import Kind, Milestone, Phase


def recovery_of(incident: Incident) -> Recovery:
    """The incident as the figures see it: with what it absorbed, by its worst severity."""
    reached = incident.milestones
    absorbed = incident.absorbed.values()
    impacts = [each.impact_started for each in absorbed if each.impact_started is not None]
    return Recovery(
        number=incident.number,
        title="" if incident.private else incident.title,
        private=incident.private,
        severity=incident.peak.value,
        declared=min([incident.declared_at, *(each.declared for each in absorbed)]),
        acknowledged=reached.get(Milestone.ACKNOWLEDGED),
        stabilized=reached.get(Milestone.STABILIZED),
        repaired=reached.get(Milestone.REPAIRED),
        closed=reached.get(Milestone.CLOSED),
        impact_started=min(filter(None, [reached.get(Milestone.IMPACT_STARTED), *impacts]), default=None),
        impact_ended=reached.get(Milestone.IMPACT_ENDED),
        detected=reached.get(Milestone.DETECTED),
        excluded=_excluded(incident),
        services=() if incident.private else incident.services,
        paths=() if incident.private else incident.paths,
        cause=_cause(incident),
    )


def last_heard_of(incident: Incident) -> datetime:
    """When those who wait were last told something, or else when it last got any further."""
    told = [] if incident.update is None else [incident.update.at]
    return max([*told, *incident.milestones.values()])


def _excluded(incident: Incident) -> str | None:
    """Why it does not count: metrics.md 3.3. A drill that was cancelled is a drill."""
    if incident.kind is not Kind.REAL:
        return incident.kind.value
    if incident.merged_into is not None or (incident.origin and incident.origin.duplicate_of):
        return "duplicate"
    return "cancelled" if incident.cancelled is not None else None


def _cause(incident: Incident) -> str | None:
    """The category that was named when the repair ended."""
    answers = incident.answers.get(Phase.REPAIR, ())
    named = [answer.about for answer in answers if answer.question is Proof.ROOT_CAUSE and answer.about]
    if incident.origin is not None:
        return incident.origin.cause or None
    return named[-1] if named else None
