"""What was seen in the channel, told as sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from bot.domain.captured import (
    Captured,
    FileHashed,
    FileLeftOut,
    FileShared,
    Kept,
    MessageCaptured,
    MessageDeleted,
    MessageEdited,
    PersonJoined,
    PersonLeft,
    PinRemoved,
    TopicSet,
    Unread,
)
from bot.domain.language import Translate

SIZES = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3))  # as file managers count


def line(event: Captured, t: Translate, who: Callable[[str], str], quote: Callable[[str], str]) -> str:
    """One sentence, as `bot.domain.story.line` tells all others."""
    by = who(event.by)
    match event:
        case MessageCaptured() | PinRemoved() | MessageEdited() | MessageDeleted():
            return _message(event, t, who, quote)
        case FileShared() | FileHashed() | FileLeftOut():
            return _file(event, t, by, quote)
        case PersonJoined(is_bot=True):
            return t("Firebreak is back in the channel; what was said meanwhile it has not heard.")
        case PersonLeft(is_bot=True):
            return t(
                "Firebreak is not in the channel any more: it hears nothing there and can bring nobody in."
            )
        case PersonJoined(inviter=None):
            return t("{who} came into the channel.", who=by)
        case PersonJoined():
            return t(
                "{who} came into the channel, invited by {inviter}.", who=by, inviter=who(event.inviter or "")
            )
        case PersonLeft():
            return t("{who} is not in the channel any more.", who=by)
        case TopicSet() if event.topic:
            return t("{who} set the topic: {topic}", who=by, topic=quote(event.topic))
        case TopicSet():
            return t("{who} cleared the topic.", who=by)
        case _:
            assert_never(event)


def _message(
    event: MessageCaptured | PinRemoved | MessageEdited | MessageDeleted,
    t: Translate,
    who: Callable[[str], str],
    quote: Callable[[str], str],
) -> str:
    by, author, text = who(event.by), who(event.author) if event.author else t("somebody"), quote(event.text)
    match event:
        case MessageCaptured(kept=Kept.PIN):
            said = t("{author} wrote: {text} (pinned by {who})", author=author, text=text, who=by)
        case MessageCaptured(kept=Kept.SOURCE):
            said = t("{author} wrote: {text} ({who} declared from it)", author=author, text=text, who=by)
        case MessageCaptured():
            said = t("{author} wrote: {text} (marked by {who})", author=author, text=text, who=by)
        case PinRemoved():
            return t("{who} took the pin off what {author} wrote: {text}", who=by, author=author, text=text)
        case MessageEdited():
            return t(
                "{who} edited what {author} wrote: “{before}” became “{text}”",
                who=by,
                author=author,
                before=quote(event.before),
                text=text,
            )
        case MessageDeleted():
            return t("What {author} wrote was deleted. It said: {text}", author=author, text=text)
    return f"{said} {quote(event.permalink)}".rstrip()


def _file(
    event: FileShared | FileHashed | FileLeftOut, t: Translate, by: str, quote: Callable[[str], str]
) -> str:
    name = quote(event.name)
    match event:
        case FileShared():
            about = ", ".join(filter(None, [quote(event.mimetype), size_words(event.size)]))
            said = t("{who} shared the file {name} ({about})", who=by, name=name, about=about)
            told = [said, quote(event.text), quote(event.permalink)]
            return ": ".join(filter(None, told[:2])) + (f" {told[2]}" if told[2] else "")
        case FileHashed():
            return t(
                "The file {name} was read: {size} bytes, SHA-256 {digest}",
                name=name,
                size=event.size,
                digest=event.sha256,
            )
        case FileLeftOut():
            return t(
                "The file {name} has no SHA-256: {reason}", name=name, reason=unread_words(event.reason, t)
            )


def unread_words(reason: Unread, t: Translate) -> str:
    """Why a file was not read."""
    match reason:
        case Unread.TOO_LARGE:
            return t("it is larger than Firebreak reads.")
        case Unread.ELSEWHERE:
            return t("it does not lie in Slack, which only links to it.")
        case Unread.GONE:
            return t("it was deleted before it could be read.")


def size_words(size: int) -> str:
    """`2.4 MB`; empty where nobody said."""
    for unit, bytes_ in SIZES:
        if size >= bytes_:
            return f"{size / bytes_:.1f} {unit}"
    return f"{size} B" if size else ""
