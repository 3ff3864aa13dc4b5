"""One Web API call as its method sees it, and what a method declares about itself. No HTTP in here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from bot.sandbox.arguments import Arguments
from bot.sandbox.errors import SlackError
from bot.sandbox.workspace import App, Person, Workspace


class ResponseTarget(Protocol):
    """Where a response_url answers to: a conversation, a person, and the message they clicked in."""

    @property
    def channel(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def message_ts(self) -> str | None: ...


class Triggers(Protocol):
    """Trigger ids (three seconds, once) and response_urls (30 minutes, five times)."""

    def redeem(self, trigger_id: str) -> str: ...

    def use_response_url(self, token: str) -> ResponseTarget: ...


class Connections(Protocol):
    """Whoever hands out addresses for Socket Mode."""

    async def open_url(self) -> str: ...


@dataclass(frozen=True)
class Call:
    """The arguments of one call and everything a method may use to answer it."""

    workspace: Workspace
    arguments: Arguments
    app: App
    triggers: Triggers
    connections: Connections
    later: Callable[[Coroutine[Any, Any, None]], object]  # has work done after the answer, by an owner

    @property
    def bot(self) -> Person:
        """Who the call is made by: the app's bot user."""
        return self.workspace.people[self.app.bot_user]

    def need(self, *alternatives: str) -> None:
        """Refuse with `missing_scope` unless the app has one of these scopes."""
        granted = self.app.scopes
        if granted is None or not alternatives or granted.intersection(alternatives):
            return
        raise SlackError("missing_scope", needed=alternatives[0], provided=",".join(sorted(granted)))


@dataclass(frozen=True)
class Method:
    """A method of the Web API: what it does, who may call it, how often.

    `scopes` are alternatives: one of them is enough to be let in. `per_minute` is Slack's documented tier;
    `token` says which kind of token it takes; `json=False` says that it reads no arguments from a JSON body.
    """

    run: Callable[[Call], Awaitable[dict[str, Any]]]
    scopes: tuple[str, ...] = ()
    per_minute: int = 100
    token: Literal["bot", "app", "any", "none"] = "bot"
    json: bool = True
