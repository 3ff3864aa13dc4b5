"""What stays with an incident after a phase: what was left unverified, and the action items."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.domain.story import action_item_line, unverified_words
from bot.slack.face import Face
from bot.slack.text import code, quoted

ITEMS_SHOWN = 5  # action items on the card; `/incident action` lists them all
ITEM_SHOWN = 200  # characters of each


def unverified(incident: Incident, face: Face) -> str | None:
    """For the card: which phases were left without proof, and why."""
    if not incident.unverified:
        return None
    why = "; ".join(quoted(reason, ITEM_SHOWN) for reason in incident.unverified.values())
    return f"*⚠️ {unverified_words(incident, face.t).capitalize()}* ({why})"


def action_lines(incident: Incident, face: Face, most: int = ITEMS_SHOWN) -> list[str]:
    """The action items, those that are open first."""
    ordered = sorted(incident.action_items, key=lambda item: item.done_at is not None)
    told = [
        action_item_line(item, face.t, face.person, lambda text: quoted(text, ITEM_SHOWN))
        for item in ordered[:most]
    ]
    if len(ordered) > most:
        told.append(
            face.t("and {count} more: {command}", count=len(ordered) - most, command=code("/incident action"))
        )
    return told
