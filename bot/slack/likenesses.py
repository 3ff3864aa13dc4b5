"""What is said below the card when an incident looks like an earlier one: a hint with reasons, never a claim."""

from __future__ import annotations

from bot.domain.likeness import Earlier, LikenessFound, because_words
from bot.domain.vocabulary import incident_name
from bot.slack import blocks
from bot.slack.face import Drawing, Face
from bot.slack.text import quoted

TITLE_SHOWN = 200  # characters, escaped
NAME_SHOWN = 150  # of a service, path or cause
FIX_SHOWN = 600  # of what worked then; its channel has the whole of it
ITEM_SHOWN = 200


def likeness(event: LikenessFound, face: Face) -> Drawing:
    """A section for each earlier incident."""
    t = face.t
    drawn = [blocks.lines(*_told(each, face)) for each in event.earlier]
    guess = t("A guess from service, critical path, cause and title: it may be something else.")
    names = ", ".join(incident_name(each.number) for each in event.earlier)
    return Drawing([*drawn, blocks.context(guess)], t("Looks like {earlier}", earlier=names))


def _told(earlier: Earlier, face: Face) -> list[str]:
    t, name = face.t, incident_name(earlier.number)
    where = f"<#{earlier.channel}>" if earlier.channel else ""
    if earlier.url.startswith(("https://", "http://")) and not set("<>| ") & set(earlier.url):
        where = f"<{earlier.url}|{name}>"
    told = [
        t(
            "*Looks like {earlier}* {where} {title}, because {reasons}.",
            earlier=name,
            where=where,
            title=quoted(earlier.title, TITLE_SHOWN),
            reasons=because_words(earlier.because, t, lambda text: quoted(text, NAME_SHOWN)),
        )
    ]
    if earlier.worked:
        told.append(t("What worked then: {fix}", fix=quoted(earlier.worked, FIX_SHOWN)))
    told += [t("Still open from then: {item}", item=quoted(item, ITEM_SHOWN)) for item in earlier.still_open]
    return told
