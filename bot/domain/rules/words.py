"""What people type, before it becomes part of an event."""

from __future__ import annotations

from bot.domain.vocabulary import Refused


def written(text: str, most: int, when_empty: Refused) -> str:
    """The text without its outer blanks; refuses an empty one and one that is too long to be shown whole."""
    text = text.strip()
    if not text:
        raise when_empty
    if len(text) > most:
        raise Refused(
            "That text has {length} characters and at most {most} fit. Shorten it and send it again.",
            length=len(text),
            most=most,
        )
    return text
