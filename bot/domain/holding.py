"""Who had which role from when to when, and which files were shared: told by the events, not by the state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.captured import FileHashed, FileLeftOut, FileShared, Unread
from bot.domain.events import (
    Event,
    IncidentCancelled,
    IncidentClosed,
    IncidentMerged,
    IncidentReopened,
    IncidentUnmerged,
    RoleTaken,
)
from bot.domain.vocabulary import Role


@dataclass(frozen=True)
class Held:
    """A role and who had it; `until` None: they have it still."""

    role: Role
    person: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True)
class SharedFile:
    """A file, the first time that it was shared. Neither hash nor reason: it is not read yet."""

    shared: FileShared
    sha256: str = ""
    size: int = 0  # bytes that were read
    unread: Unread | None = None


def holdings(events: Iterable[Event]) -> list[Held]:
    """Every role from when to when, in the order in which they were taken. With the incident all of them end."""
    held: list[Held] = []
    for event in events:
        match event:
            case RoleTaken():
                others = event.role is not Role.RESPONDER  # of responders there are several at a time
                held = [
                    _ended(each, event.at) if others and each.role is event.role else each for each in held
                ]
                if not any(_same(each, event) for each in held):
                    held.append(Held(event.role, event.person, event.at))
            case IncidentClosed() | IncidentCancelled() | IncidentMerged():
                held = [_ended(each, event.at) for each in held]
            case IncidentReopened() | IncidentUnmerged():  # as it was: whoever had a role has it again
                last = max((each.until for each in held if each.until is not None), default=None)
                held = [replace(each, until=None) if each.until == last else each for each in held]
            case _:
                pass
    return held


def _ended(held: Held, at: datetime) -> Held:
    return held if held.until is not None else replace(held, until=at)


def _same(held: Held, event: RoleTaken) -> bool:
    return held.until is None and (held.role, held.person) == (event.role, event.person)


def shared_files(events: Iterable[Event]) -> list[SharedFile]:
    """Every file once, in the order in which they were shared."""
    files: dict[str, SharedFile] = {}
    for event in events:
        match event:
            case FileShared():
                files.setdefault(event.file, SharedFile(event))
            case FileHashed() if event.file in files:
                files[event.file] = replace(files[event.file], sha256=event.sha256, size=event.size)
            case FileLeftOut() if event.file in files:
                files[event.file] = replace(files[event.file], unread=event.reason)
            case _:
                pass
    return list(files.values())
