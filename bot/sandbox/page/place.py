"""Where a person is in the page: the address bar as a value. Two windows can be two people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.sandbox import rooms
from bot.sandbox.errors import SlackError
from bot.sandbox.page.reader import Reader
from bot.sandbox.workspace import Channel, Person, Workspace

SHOWN = 80  # messages drawn at first; "Earlier messages" adds as many again
MOST_SHOWN = 2000  # more than this no browser redraws smoothly


@dataclass(frozen=True)
class Place:
    """What the address asks for, as far as it exists."""

    reader: Reader
    channel: Channel | None  # None: the app's Home tab, or nothing that this person can see
    home: bool = False
    thread: str | None = None  # ts of the message that began it
    at: str | None = None  # ts of a message to bring into view
    shown: int = SHOWN
    missing: str = ""  # what the address named and nobody here knows

    @property
    def writable(self) -> bool:
        """Whether this person can write here."""
        if self.channel is None or self.channel.archived:
            return False
        return self.reader.person.id in self.channel.members

    def url(self, **change: str | None) -> str:
        """This place's address with something changed."""
        here: dict[str, str | None] = {
            "channel": self.channel.id if self.channel else None,
            "app": "home" if self.home else None,
            "thread": self.thread,
        }
        return self.reader.url(**{**here, **change})


def place_of(workspace: Workspace, query: Mapping[str, str]) -> Place:
    """The place that an address names; a stranger becomes the first person, an unknown channel says so."""
    reader = Reader(workspace, _person(workspace, query.get("as", "")), workspace.clock.now())
    shown = _count(query.get("shown", ""))
    if query.get("app") == "home":
        return Place(reader, None, home=True)
    channel, missing = _channel(reader, query)
    thread = query.get("thread") or None
    if channel is None or (thread is not None and thread not in channel.messages):
        thread = None
    return Place(reader, channel, thread=thread, at=query.get("at") or None, shown=shown, missing=missing)


def people(workspace: Workspace) -> list[Person]:
    """Those whom one can act as."""
    return [person for person in workspace.people.values() if not person.is_bot and not person.deleted]


def direct(workspace: Workspace, one: str, other: str) -> Channel | None:
    """The direct messages of two people, if they ever opened them."""
    pair = {one, other}
    return next((c for c in workspace.channels.values() if c.is_im and set(c.members) == pair), None)


def _person(workspace: Workspace, name: str) -> Person:
    everyone = people(workspace)
    return next((p for p in everyone if name in (p.id, p.handle)), everyone[0])


def _channel(reader: Reader, query: Mapping[str, str]) -> tuple[Channel | None, str]:
    workspace = reader.workspace
    if query.get("app") == "messages":
        return rooms.open_im(workspace, reader.person.id)[0], ""
    wanted = query.get("channel", "")
    if wanted:
        try:
            channel = workspace.channel(wanted)
        except SlackError:
            return None, wanted
        return (channel, "") if reader.sees(channel) else (None, wanted)
    rooms_seen = [c for c in workspace.channels.values() if not c.is_im and reader.person.id in c.members]
    return (rooms_seen[0] if rooms_seen else None), ""


def _count(text: str) -> int:
    return (
        min(max(int(text), SHOWN), MOST_SHOWN)
        if text.isascii() and text.isdigit() and len(text) < 6
        else SHOWN
    )
