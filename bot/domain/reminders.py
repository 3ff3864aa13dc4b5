"""What an incident will want to be reminded of, and when. Drawn from its state after every event; pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.incident import Containment, Incident
from bot.domain.vocabulary import Severity

NOBODY_LEADS = "nobody_leads"  # stored: the names of reminders
FLAG_REVIEW = "flag_review:"  # and then the environment, the flag, and how often it was asked before

# A P0 or P1 that nobody leads is the first thing to go wrong; five minutes is what people need to sit down.
LEAD_WITHIN = {Severity.P0: timedelta(minutes=5), Severity.P1: timedelta(minutes=5)}


def wanted(incident: Incident) -> dict[str, datetime]:
    """Name and time of every reminder still to come; one that was sent is not wanted again."""
    coming = _reviews(incident)  # of a closed incident too: a flag is not let go of because nobody looks
    if incident.is_closed or not incident.version or incident.origin is not None:
        return coming
    within = LEAD_WITHIN.get(incident.severity)
    if within is not None and incident.commander is None:
        coming[NOBODY_LEADS] = incident.declared_at + within
    return {name: at for name, at in coming.items() if name not in incident.reminded}


def review_name(held: Containment) -> str:
    """The reminder to look at a flag that is held."""
    return f"{FLAG_REVIEW}{held.environment}/{held.flag}#{held.reminded}"


def reviewed(incident: Incident, name: str) -> Containment | None:
    """Which flag this reminder is about; None when it is about none that is held."""
    return next((held for held in incident.containments if review_name(held) == name), None)


def _reviews(incident: Incident) -> dict[str, datetime]:
    return {
        review_name(held): held.next_review
        for held in incident.containments
        if held.next_review is not None and not held.lost
    }
