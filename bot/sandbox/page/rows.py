"""Messages as one person sees them, in the order and the grouping in which the page draws them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from markupsafe import Markup

from bot.sandbox import looking
from bot.sandbox.page import mrkdwn
from bot.sandbox.page.drawing import Drawing, file_url, is_picture
from bot.sandbox.page.emoji import character
from bot.sandbox.page.place import Place
from bot.sandbox.page.reader import Reader, ago
from bot.sandbox.page.richtext import dicts, text_of
from bot.sandbox.workspace import Channel, File, Message, Person, Workspace

CLOSE = 300.0  # seconds: within these, a second message of one author goes without avatar and name
# Slack tells these itself, in grey: nobody wrote them.
TOLD = {
    *("channel_join", "channel_leave", "channel_topic", "channel_purpose", "channel_name", "channel_archive"),
    *("channel_unarchive", "group_join", "group_leave", "group_topic", "group_purpose", "group_name"),
    *("group_archive", "group_unarchive", "pinned_item", "unpinned_item", "reminder_add", "bot_add"),
    *("bot_remove", "tombstone", "channel_convert_to_private"),
}
NOBODY = Person("USLACKBOT", "slackbot", "Slackbot", "", is_bot=True, color="#5b6270")


@dataclass(frozen=True)
class Author:
    """How a message's author is drawn: apps may bring a name and an emoji of their own."""

    id: str
    real_name: str
    color: str
    is_bot: bool
    emoji: str = ""


@dataclass(frozen=True)
class Reaction:
    """One emoji below a message."""

    name: str
    html: Markup
    count: int
    mine: bool
    who: str


@dataclass(frozen=True)
class Thread:
    """What the message that began a thread says about it."""

    count: int
    repliers: list[Person]
    latest: str


@dataclass(frozen=True)
class Attachment:
    """An attachment of the old kind, with its coloured bar."""

    raw: dict[str, Any]
    drawing: Drawing
    color: str


@dataclass(frozen=True)
class Shown:
    """A file below a message."""

    file: File
    url: str
    picture: bool
    size: str


@dataclass(frozen=True)
class Row:
    """One message, ready to be drawn."""

    message: Message
    author: Author
    when: datetime | None
    drawing: Drawing
    day: str = ""  # the name of the day when this is its first message
    compact: bool = False
    unread: bool = False  # the line "New" stands above
    pinned_by: str = ""
    own: bool = False
    told: bool = False
    reactions: list[Reaction] = field(default_factory=list)
    thread: Thread | None = None
    broadcast: str = ""  # the thread's ts when this is an answer that was also sent to the channel
    attachments: list[Attachment] = field(default_factory=list)
    files: list[Shown] = field(default_factory=list)

    @property
    def source(self) -> str:
        """The text as it was typed, to be edited."""
        return as_typed(self.message.text, self.drawing.reader.workspace)

    @property
    def text(self) -> Markup:
        return mrkdwn.mrkdwn(self.message.text, self.drawing.reader)


@dataclass(frozen=True)
class Rows:
    """A stretch of messages, and whether there are earlier ones."""

    rows: list[Row]
    more: bool = False


def visible(channel: Channel, reader: Reader) -> list[Message]:
    """Everything in a channel that this person sees, oldest first."""
    return looking.shown(channel, reader.person)


def as_typed(text: str, workspace: Workspace) -> str:
    """A message's text as its author typed it: `<@U01ANA>` was `@ana`."""

    def typed(match: re.Match[str]) -> str:
        target, _, label = match[1].partition("|")
        if target[:1] == "@":
            person = workspace.people.get(target[1:])
            return f"@{person.handle}" if person else match[0]
        if target[:1] == "#":
            channel = workspace.channels.get(target[1:])
            return f"#{channel.name}" if channel else match[0]
        return label or (f"@{target[1:]}" if target[:1] == "!" else target)

    return mrkdwn.unescape(re.sub(r"<([^<>\n]+)>", typed, text))


def in_channel(message: Message) -> bool:
    """Whether a message stands in the channel itself and not only in its thread."""
    return message.thread_ts in (None, message.ts) or message.subtype == "thread_broadcast"


def channel_rows(place: Place, channel: Channel, read_until: str, values: Any) -> Rows:
    """The newest messages of a channel."""
    everything = visible(channel, place.reader)
    top = [m for m in everything if in_channel(m)]
    shown = top[-place.shown :]
    replies: dict[str, list[Message]] = {}
    for message in everything:
        if message.thread_ts and message.thread_ts != message.ts:
            replies.setdefault(message.thread_ts, []).append(message)
    return Rows(_rows(shown, channel, place.reader, replies, read_until, values), len(shown) < len(top))


def thread_rows(place: Place, channel: Channel, thread: str, values: Any) -> Rows:
    """A thread: the message that began it, then every answer."""
    members = [m for m in visible(channel, place.reader) if thread in (m.ts, m.thread_ts)]
    return Rows(_rows(members, channel, place.reader, {}, "", values, key="t"))


def pinned_rows(place: Place, channel: Channel, values: Any) -> list[Row]:
    """The pinned messages, the newest pin first."""
    kept = [channel.messages[pin["ts"]] for pin in channel.pins if pin["ts"] in channel.messages]
    return [_row(message, channel, place.reader, [], values, key="p") for message in kept]


def _rows(
    messages: Iterable[Message],
    channel: Channel,
    reader: Reader,
    replies: dict[str, list[Message]],
    read_until: str,
    values: Any,
    key: str = "m",
) -> list[Row]:
    rows: list[Row] = []
    line_drawn = not read_until
    for message in messages:
        row = _row(message, channel, reader, replies.get(message.ts, []), values, key)
        before = rows[-1] if rows else None
        day = reader.day(row.when) if row.when else ""
        if before is not None and before.when and row.when and before.when.date() == row.when.date():
            day = ""
        unread = not line_drawn and message.ts > read_until and not row.own
        line_drawn = line_drawn or unread
        compact = not (day or unread) and before is not None and _continues(before, row)
        rows.append(_with(row, day=day, unread=unread, compact=compact))
    return rows


def _with(row: Row, **change: Any) -> Row:
    return Row(**{**row.__dict__, **change})


def _continues(before: Row, row: Row) -> bool:
    """Whether a message can go without its author's name, because the one above has it."""
    plain = not (
        before.told or row.told or row.broadcast or before.message.ephemeral_for or row.message.ephemeral_for
    )
    close = float(row.message.ts) - float(before.message.ts) < CLOSE
    return plain and close and before.author == row.author and not row.pinned_by


def _row(
    message: Message, channel: Channel, reader: Reader, replies: list[Message], values: Any, key: str = "m"
) -> Row:
    drawing = Drawing(reader, f"{key}{message.ts}", "message", values(reader.person.id, message))
    pin = next((pin for pin in channel.pins if pin["ts"] == message.ts), None)
    return Row(
        message,
        _author(message, reader),
        reader.local(float(message.ts)),
        drawing,
        pinned_by=(reader.user(pin["user"]) or pin["user"]) if pin else "",
        own=message.user == reader.person.id and message.ephemeral_for is None,
        told=message.subtype in TOLD,
        reactions=[_reaction(name, users, reader) for name, users in message.reactions.items()],
        thread=_thread(replies, reader),
        broadcast=message.thread_ts or "" if message.subtype == "thread_broadcast" else "",
        attachments=[
            _attachment(raw, drawing, number) for number, raw in enumerate(dicts(message.attachments))
        ],
        files=[_shown(reader.workspace.files[id_]) for id_ in message.files if id_ in reader.workspace.files],
    )


def _author(message: Message, reader: Reader) -> Author:
    person = reader.workspace.people.get(message.user, NOBODY)
    icon = character((message.icon_emoji or "").strip(":")) or ""
    return Author(
        person.id, message.username or person.real_name, person.color, person.is_bot and not icon, icon
    )


def _reaction(name: str, users: list[str], reader: Reader) -> Reaction:
    who = ", ".join("you" if user == reader.person.id else reader.user(user) or user for user in users)
    return Reaction(name, mrkdwn.emoji_html(name), len(users), reader.person.id in users, who)


def _thread(replies: list[Message], reader: Reader) -> Thread | None:
    if not replies:
        return None
    repliers = [reader.workspace.people.get(id_, NOBODY) for id_ in dict.fromkeys(m.user for m in replies)]
    return Thread(len(replies), repliers[:5], ago(reader.now - float(replies[-1].ts)))


def _attachment(raw: dict[str, Any], drawing: Drawing, number: int) -> Attachment:
    color = text_of(raw.get("color"))
    named = {"good": "#2e8b57", "warning": "#c98a1b", "danger": "#b3362b"}
    color = named.get(color, color if color.startswith("#") else f"#{color}" if color else "#9aa1ad")
    inner = Drawing(drawing.reader, f"{drawing.key}-{number}", drawing.where, drawing.state)
    return Attachment(raw, inner, color)


def _shown(file: File) -> Shown:
    size = len(file.content or b"")
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return Shown(file, file_url(file), is_picture(file), f"{size:.0f} {unit}")
        size = size // 1000
    return Shown(file, file_url(file), is_picture(file), f"{size} GB")
