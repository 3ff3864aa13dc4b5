"""How an incident changes by what was seen in its channel. Total, as all of `evolve` is."""

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
from bot.domain.incident import Incident


def captured(incident: Incident, event: Captured) -> dict[str, object]:
    """Only what tells later whether something is new: the timeline has the rest."""
    match event:
        case MessageCaptured():
            pinned = incident.pinned if event.kept is not Kept.PIN else _with(incident.pinned, event.ts)
            return {
                "captured": _with(incident.captured, event.ts),
                "pinned": pinned,
                "unpinned": _without(incident.unpinned, event.ts),
            }
        case PinRemoved():
            return {
                "pinned": _without(incident.pinned, event.ts),
                "unpinned": _with(incident.unpinned, event.ts),
            }
        case MessageDeleted():
            return {
                "captured": _without(incident.captured, event.ts),
                "pinned": _without(incident.pinned, event.ts),
                "unpinned": _without(incident.unpinned, event.ts),
            }
        case FileShared():
            return {
                "captured": _with(incident.captured, event.ts),
                "files": _with(incident.files, f"{event.ts} {event.file}"),
            }
        case FileHashed() | FileLeftOut():
            return {"files_read": _with(incident.files_read, event.file)}
        case PersonJoined(is_bot=True) | PersonLeft(is_bot=True):
            return {"is_bot_away": isinstance(event, PersonLeft)}
        case MessageEdited() | PersonJoined() | PersonLeft() | TopicSet():
            return {}
        case _:
            assert_never(event)


def _with(known: tuple[str, ...], one: str) -> tuple[str, ...]:
    return known if one in known else (*known, one)


def _without(known: tuple[str, ...], one: str) -> tuple[str, ...]:
    return tuple(each for each in known if each != one)
