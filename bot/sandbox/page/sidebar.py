"""The list of conversations, and how far each person has read them."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.sandbox.page.place import Place, direct
from bot.sandbox.page.reader import Reader
from bot.sandbox.page.rows import TOLD, in_channel, visible
from bot.sandbox.workspace import Channel, Message, Person


class ReadMarks:
    """The ts up to which each person has read each channel. The page keeps it; Slack's API never shows it."""

    def __init__(self) -> None:
        self._marks: dict[tuple[str, str], str] = {}

    def until(self, person: str, channel: Channel) -> str:
        """The newest message that this person saw here; empty when there is none."""
        return self._marks.get((person, channel.id), "")

    def read(self, person: str, channel: Channel) -> bool:
        """This person has now seen all that is here. Says whether anything was new."""
        latest = max(channel.messages, default="")
        if latest <= self.until(person, channel):
            return False
        self._marks[person, channel.id] = latest
        return True


@dataclass(frozen=True)
class Entry:
    """One line of the sidebar."""

    name: str
    href: str
    kind: str  # channel, private, person, app
    current: bool = False
    unread: bool = False
    mentions: int = 0
    archived: bool = False
    person: Person | None = None


@dataclass(frozen=True)
class Sidebar:
    """All lines, by group."""

    joined: list[Entry] = field(default_factory=list)
    others: list[Entry] = field(default_factory=list)
    archived: list[Entry] = field(default_factory=list)
    chats: list[Entry] = field(default_factory=list)
    app: Entry | None = None

    @property
    def unread(self) -> int:
        """How many conversations have something new, for the window's title."""
        return sum(entry.unread for entry in [*self.joined, *self.chats, *([self.app] if self.app else [])])


def sidebar_of(place: Place, marks: ReadMarks) -> Sidebar:
    """The sidebar that this person sees here."""
    reader, workspace = place.reader, place.reader.workspace
    sidebar = Sidebar(app=_app_entry(place, marks))
    channels = [c for c in workspace.channels.values() if reader.sees(c)]
    for channel in sorted(channels, key=lambda c: c.name):
        if channel.is_im:
            continue
        entry = _entry(place, channel, marks)
        if channel.archived:
            sidebar.archived.append(entry)
        elif reader.person.id in channel.members:
            sidebar.joined.append(entry)
        else:
            sidebar.others.append(entry)
    for person in workspace.people.values():
        if person.id != reader.person.id and not person.is_bot and not person.deleted:
            sidebar.chats.append(_chat(place, person, marks))
    return sidebar


def _entry(place: Place, channel: Channel, marks: ReadMarks) -> Entry:
    reader = place.reader
    unread, mentions = _new(reader, channel, marks)
    member = reader.person.id in channel.members
    return Entry(
        channel.name,
        reader.url(channel=channel.id),
        "private" if channel.is_private else "channel",
        current=channel is place.channel,
        unread=unread and member,
        mentions=mentions if member else 0,
        archived=channel.archived,
    )


def _chat(place: Place, person: Person, marks: ReadMarks) -> Entry:
    reader = place.reader
    channel = direct(reader.workspace, reader.person.id, person.id)
    href = reader.url(channel=channel.id) if channel else reader.url(chat=person.handle)
    unread, count = _new(reader, channel, marks) if channel else (False, 0)
    current = channel is not None and channel is place.channel
    return Entry(person.real_name, href, "person", current, unread, count, person=person)


def _app_entry(place: Place, marks: ReadMarks) -> Entry:
    reader, app = place.reader, place.reader.workspace.app
    bot = reader.workspace.people[app.bot_user]
    channel = direct(reader.workspace, reader.person.id, app.bot_user)
    unread, count = _new(reader, channel, marks) if channel else (False, 0)
    current = place.home or (channel is not None and channel is place.channel)
    href = reader.url(channel=channel.id) if channel and unread else reader.url(app="home")
    return Entry(app.name, href, "app", current, unread, count, person=bot)


def _new(reader: Reader, channel: Channel, marks: ReadMarks) -> tuple[bool, int]:
    """Whether there is something new, and how much of it is meant for this person."""
    mark = marks.until(reader.person.id, channel)
    fresh = [
        message
        for message in visible(channel, reader)
        if message.ts > mark
        and message.user != reader.person.id
        and in_channel(message)
        and message.subtype not in TOLD
    ]
    return bool(fresh), sum(channel.is_im or _names(message, reader) for message in fresh)


def _names(message: Message, reader: Reader) -> bool:
    """Whether a message calls this person, alone or with everybody."""
    calls = (f"<@{reader.person.id}", "<!here", "<!channel", "<!everyone")
    words = message.text + str(message.blocks or "")
    return any(call in words for call in calls)
