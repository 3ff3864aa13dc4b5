"""What stays with an incident after a phase: what was left unverified, and the action items."""

from __future__ import annotations

from datetime import datetime

from bot.domain.incident import Incident, Update
from bot.domain.story import marks
from bot.domain.story_gates import action_item_line, unverified_words
from bot.domain.vocabulary import incident_name
from bot.slack.face import Face
from bot.slack.text import ago, clock, code, quoted

ITEMS_SHOWN = 5  # action items on the card; `/incident action` lists them all
UPDATE_SHOWN = 400  # characters of the last update; the channel has the whole of it
ITEM_SHOWN = 200  # characters of each


def unverified(incident: Incident, face: Face) -> str | None:
    """For the card: which phases were left without proof, and why."""
    if not incident.unverified:
        return None
    why = "; ".join(quoted(reason, ITEM_SHOWN) for reason in incident.unverified.values())
    return f"*⚠️ {unverified_words(incident, face.t).capitalize()}* ({why})"


def standing(incident: Incident, face: Face) -> list[str]:
    """For the card: everything that makes this incident another one than it looks like."""
    t, told = face.t, []
    kind = marks(incident.model_copy(update={"unverified": {}}), t)
    if kind:
        why = f" ({quoted(incident.cancelled, ITEM_SHOWN)})" if incident.cancelled else ""
        told.append(f"*⚠️ {kind[:1].upper()}{kind[1:]}*{why}")
    told.append(unverified(incident, face) or "")
    if incident.absorbed:
        children = ", ".join(incident_name(child) for child in list(incident.absorbed)[:ITEMS_SHOWN])
        told.append(t("*Duplicates of this one:* {children}", children=children))
    if incident.reopened:
        told.append(t.n("*Reopened* once", "*Reopened* {count} times", incident.reopened))
    return [line for line in told if line]


def last_update(update: Update, face: Face, now: datetime) -> str:
    """What those who wait were told last, and how long ago."""
    t = face.t
    said = t(
        "*Last update* {ago} by {who}: {text}",
        ago=ago(update.at, now, t),
        who=face.person(update.by),
        text=quoted(update.text, UPDATE_SHOWN),
    )
    if update.next_at is None:
        return said
    return said + " " + t("_Next: {when}_", when=clock(update.next_at))


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
