"""What was seen in the channel: does the timeline have it already? Closed incidents go on listening."""

from __future__ import annotations

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
)
from bot.domain.commands import Capture
from bot.domain.events import Event
from bot.domain.incident import Incident


def capture(incident: Incident, command: Capture) -> list[Event]:
    """What was seen, unless the timeline has it already."""
    return [command.seen] if _is_new(incident, command.seen) else []


def _is_new(incident: Incident, seen: Captured) -> bool:
    match seen:
        case MessageCaptured():
            return not has_message(incident, seen.ts, seen.kept)
        case PinRemoved():
            return seen.ts in incident.pinned
        case MessageEdited():
            return seen.ts in incident.captured and seen.text != seen.before
        case MessageDeleted():
            return seen.ts in incident.captured
        case FileShared():
            return f"{seen.ts} {seen.file}" not in incident.files
        case FileHashed() | FileLeftOut():
            return seen.file not in incident.files_read
        case PersonJoined(is_bot=True):  # that it is there from the beginning is nothing new
            return incident.is_bot_away
        case PersonLeft(is_bot=True):
            return not incident.is_bot_away
        case PersonJoined() | PersonLeft() | TopicSet():
            return True
        case _:
            assert_never(seen)


def has_message(incident: Incident, ts: str, kept: Kept) -> bool:
    """Whether a message is in the timeline already. One that was pinned, let go of and pinned anew is told anew."""
    if kept is Kept.PIN and ts in incident.unpinned:
        return False
    return ts in incident.captured
