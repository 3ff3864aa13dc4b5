"""What people type, before it becomes part of an event."""

from __future__ import annotations

import unicodedata

from bot.domain.vocabulary import Refused

# Letters and signs by their category, and empty to the eye: Hangul's fillers and Braille's cell without a dot.
FILLERS = "\u115f\u1160\u2800\u3164\uffa0"


def can_be_seen(text: str) -> bool:
    """Whether anything of it can: a reason of blanks and joiners is none."""
    return any(unicodedata.category(each)[0] not in "ZC" and each not in FILLERS for each in text)


def written(text: str, most: int, when_empty: Refused) -> str:
    """The text without its outer blanks; refuses an empty one and one that is too long to be shown whole."""
    text = text.strip()
    if not can_be_seen(text):
        raise when_empty
    if len(text) > most:
        raise Refused(
            "That text has {length} characters and at most {most} fit. Shorten it and send it again.",
            length=len(text),
            most=most,
        )
    return text
