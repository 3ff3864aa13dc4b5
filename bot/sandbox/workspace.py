"""The state of one workspace: people, channels, messages, views, and the feed of changes. No HTTP in here."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.sandbox.clock import Clock, RealClock
from bot.sandbox.errors import SlackError
from bot.sandbox.spotlight import Spotlight

LOG_LENGTH = 2000  # entries the inspector keeps; older ones are of no use to a person looking


@dataclass
class Person:
    """Somebody in the workspace. `handle` is what people type after @; bots are people with `is_bot`."""

    id: str
    handle: str
    real_name: str
    email: str
    title: str = ""
    tz: str = "Europe/Berlin"
    is_bot: bool = False
    deleted: bool = False
    color: str = "#3f6ad8"


@dataclass
class Group:
    """A user group, written @handle."""

    id: str
    handle: str
    name: str
    users: list[str]


@dataclass
class Message:
    """One message as Slack stores it. `ephemeral_for` names the only person who sees it."""

    ts: str
    channel: str
    user: str
    text: str = ""
    blocks: list[dict[str, Any]] | None = None
    attachments: list[dict[str, Any]] | None = None
    subtype: str | None = None
    bot_id: str | None = None
    app_id: str | None = None
    username: str | None = None
    icon_emoji: str | None = None
    thread_ts: str | None = None
    metadata: dict[str, Any] | None = None
    edited: dict[str, str] | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    ephemeral_for: str | None = None
    client_msg_id: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)  # what a subtype adds: topic, inviter, item, …


@dataclass
class Channel:
    """A conversation: public, private, or a direct message (`is_im`)."""

    id: str
    name: str
    creator: str
    created: int
    is_private: bool = False
    is_im: bool = False
    archived: bool = False
    topic: dict[str, Any] = field(default_factory=lambda: {"value": "", "creator": "", "last_set": 0})
    purpose: dict[str, Any] = field(default_factory=lambda: {"value": "", "creator": "", "last_set": 0})
    members: list[str] = field(default_factory=list)
    previous_names: list[str] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    pins: list[dict[str, Any]] = field(default_factory=list)
    bookmarks: list[dict[str, Any]] = field(default_factory=list)
    canvas: str | None = None
    is_mpim: bool = False

    def standing_messages(self) -> list[Message]:
        """What everybody here can read, oldest first: no ephemerals."""
        return [self.messages[ts] for ts in sorted(self.messages) if self.messages[ts].ephemeral_for is None]


@dataclass
class File:
    """An uploaded file; `content` is None between getUploadURLExternal and the upload itself."""

    id: str
    name: str
    title: str
    user: str
    created: int
    mimetype: str = "application/octet-stream"
    alt_text: str = ""
    content: bytes | None = None
    completed: bool = False
    channels: list[str] = field(default_factory=list)
    length: int = 0  # as announced to getUploadURLExternal; the upload must have as many bytes
    ticket: str = ""  # the secret part of the upload URL
    shares: dict[str, list[str]] = field(default_factory=dict)  # channel -> ts of the messages that carry it


@dataclass
class ScheduledMessage:
    """A message that chat.scheduleMessage will post at `post_at`; `content` is what chat.postMessage takes."""

    id: str
    channel: str
    post_at: int
    created: int
    content: dict[str, Any]


@dataclass
class View:
    """A modal on somebody's stack, or a Home tab. `raw` is what the app sent; `state` is what was typed."""

    id: str
    user: str
    kind: Literal["modal", "home"]
    raw: dict[str, Any]
    hash: str
    root_id: str
    previous_id: str | None = None
    state: dict[str, dict[str, Any]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


@dataclass
class App:
    """The one app that is installed here, with its tokens. Without a manifest it may do everything."""

    id: str = "A0FIREBREAK"
    name: str = "Sandbox app"
    bot_user: str = "U0BOT"
    bot_id: str = "B0BOT"
    bot_token: str = "xoxb-sandbox"
    app_token: str = "xapp-sandbox"
    signing_secret: str = "sandbox-signing-secret"
    request_url: str | None = None  # signed HTTP goes here; None means Socket Mode
    manifest: dict[str, Any] | None = None
    first: str = (
        ""  # what a newcomer should type first; the page offers it until the app has posted something
    )

    @property
    def scopes(self) -> set[str] | None:
        """Bot scopes the manifest asks for, or None when no manifest is loaded (then nothing is refused)."""
        if self.manifest is None:
            return None
        return set(self.manifest.get("oauth_config", {}).get("scopes", {}).get("bot", []))


@dataclass(frozen=True)
class LogEntry:
    """One line of the inspector: a delivery to the app (`in`), or a Web API call by it (`out`).

    `ms` is how long the app took to acknowledge, or the sandbox to answer; `request` ties calls to a delivery
    when that is known; `detail` is the payload or the arguments, as they were.
    """

    number: int
    at: float
    direction: Literal["in", "out"]
    name: str
    outcome: str
    ms: float
    detail: dict[str, Any]
    answer: Any = None


@dataclass(frozen=True)
class Change:
    """Something that a viewer may want to redraw. `kind` is `message`, `channel`, `view`, `home`, `log`, …"""

    kind: str
    channel: str | None = None
    user: str | None = None
    ts: str | None = None


SIX_PEOPLE = (
    ("U01ANA", "ana", "Ana Ruiz", "Payments engineer", "#7a4fbf"),
    ("U02BO", "bo", "Bo Lindqvist", "Platform engineer", "#2f7f86"),
    ("U03CHI", "chi", "Chi Nakamura", "Head of engineering", "#b3541e"),
    ("U04DEE", "dee", "Dee Okafor", "Customer support", "#3b7a3b"),
    ("U05ELI", "eli", "Eli Moreau", "Database engineer", "#a13b5b"),
    ("U06FAY", "fay", "Fay Novak", "Product manager", "#46608f"),
)


class Workspace:
    """Everything that a workspace knows. Methods change it and tell the feed; none talks to the network."""

    def __init__(self, *, clock: Clock | None = None, app: App | None = None) -> None:
        self.clock: Clock = clock or RealClock()
        self.app = app or App()
        self.team_id = "T0SANDBOX"
        self.team_name = "Sandbox"
        self.domain = "sandbox"
        self.people: dict[str, Person] = {}
        self.groups: dict[str, Group] = {}
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, File] = {}
        self.canvases: dict[str, dict[str, Any]] = {}
        self.views: dict[str, View] = {}
        self.modal_stacks: dict[str, list[str]] = {}
        self.homes: dict[str, str] = {}
        self.scheduled: dict[str, ScheduledMessage] = {}
        self.base_url = ""  # where this sandbox is reached; URLs in answers and events start with it
        self.log: deque[LogEntry] = deque(maxlen=LOG_LENGTH)
        self.spotlight = Spotlight(lambda: self.changed(Change("spotlight")))
        self._counter = itertools.count(1)
        self._last_ts = 0
        self._watchers: set[asyncio.Queue[Change]] = set()
        self._listeners: list[Callable[[str, dict[str, Any]], None]] = []
        self._furnish()

    def _furnish(self) -> None:
        for id_, handle, name, title, color in SIX_PEOPLE:
            email = f"{handle}@sandbox.example"
            self.people[id_] = Person(id_, handle, name, email, title=title, color=color)
        bot = self.app
        self.people[bot.bot_user] = Person(bot.bot_user, "firebreak", bot.name, "", is_bot=True, color="#444")
        everyone = list(self.people)
        for name in ("general", "incidents", "payments"):
            members = everyone if name != "payments" else [p for p in everyone if p != bot.bot_user]
            self.add_channel(name, creator="U03CHI", members=members)
        self.groups["S01PAYMENTS"] = Group(
            "S01PAYMENTS", "payments-oncall", "Payments on call", ["U01ANA", "U02BO"]
        )
        self.groups["S02PLATFORM"] = Group(
            "S02PLATFORM", "platform-oncall", "Platform on call", ["U02BO", "U05ELI"]
        )

    # ids and time ------------------------------------------------------

    def new_id(self, prefix: str) -> str:
        """A fresh id such as `C0000012`, unique in this workspace."""
        return f"{prefix}{next(self._counter):08d}"

    def new_ts(self) -> str:
        """A message timestamp in Slack's form, strictly increasing even when the clock stands still."""
        micros = max(int(self.clock.now() * 1_000_000), self._last_ts + 1)
        self._last_ts = micros
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    # looking things up ---------------------------------------------

    def person(self, id_or_handle: str) -> Person:
        """A person by id, handle, @handle or e-mail address; SlackError `user_not_found` otherwise."""
        wanted = id_or_handle.removeprefix("@")
        for person in self.people.values():
            if wanted in (person.id, person.handle, person.email) and wanted:
                return person
        raise SlackError("user_not_found")

    def channel(self, id_or_name: str) -> Channel:
        """A channel by id, name or #name; SlackError `channel_not_found` otherwise."""
        wanted = id_or_name.removeprefix("#")
        found = self.channels.get(wanted)
        if found is None:
            found = next((c for c in self.channels.values() if c.name == wanted and not c.is_im), None)
        if found is None:
            raise SlackError("channel_not_found")
        return found

    def add_channel(
        self,
        name: str,
        *,
        creator: str,
        members: Iterable[str] = (),
        is_private: bool = False,
        is_im: bool = False,
    ) -> Channel:
        """Make a channel without any of the checks of `conversations.create`."""
        id_ = self.new_id("D" if is_im else "C")
        channel = Channel(
            id_,
            name,
            creator,
            int(self.clock.now()),
            is_private=is_private,
            is_im=is_im,
            members=list(members),
        )
        self.channels[id_] = channel
        self.changed(Change("channel", channel=id_))
        return channel

    # the feed ------------------------------------------------------

    def changed(self, change: Change) -> None:
        """Tell everybody who watches that something may have to be drawn again."""
        for queue in self._watchers:
            queue.put_nowait(change)

    @contextlib.asynccontextmanager
    async def watch(self) -> AsyncIterator[asyncio.Queue[Change]]:
        """A queue of changes for as long as the context is open."""
        queue: asyncio.Queue[Change] = asyncio.Queue()
        self._watchers.add(queue)
        try:
            yield queue
        finally:
            self._watchers.discard(queue)

    def on_event(self, listener: Callable[[str, dict[str, Any]], None]) -> None:
        """Have `listener(type, event)` called for everything that the Events API would tell an app."""
        self._listeners.append(listener)

    def emit(self, event: dict[str, Any]) -> None:
        """Something happened that Slack's Events API knows: `event` is the inner event, `type` included."""
        for listener in self._listeners:
            listener(event["type"], event)

    def record(
        self,
        direction: Literal["in", "out"],
        name: str,
        outcome: str,
        ms: float,
        detail: dict[str, Any],
        answer: Any = None,
    ) -> LogEntry:
        """Write one line into the inspector's log."""
        entry = LogEntry(next(self._counter), self.clock.now(), direction, name, outcome, ms, detail, answer)
        self.log.append(entry)
        self.changed(Change("log"))
        return entry
