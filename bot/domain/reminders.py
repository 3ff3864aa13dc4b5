"""What an incident will want to be reminded of, and when. Drawn from its state after every event; pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.incident import Incident
from bot.domain.vocabulary import Severity

NOBODY_LEADS = "nobody_leads"  # stored: the names of reminders

# A P0 or P1 that nobody leads is the first thing to go wrong; five minutes is what people need to sit down.
LEAD_WITHIN = {Severity.P0: timedelta(minutes=5), Severity.P1: timedelta(minutes=5)}


def wanted(incident: Incident) -> dict[str, datetime]:
    """Name and time of every reminder still to come; one that was sent is not wanted again."""
    coming: dict[str, datetime] = {}
    if incident.is_closed or not incident.version or incident.origin is not None:
        return coming
    within = LEAD_WITHIN.get(incident.severity)
    if within is not None and incident.commander is None:
        coming[NOBODY_LEADS] = incident.declared_at + within
    return {name: at for name, at in coming.items() if name not in incident.reminded}
