"""Trigger ids (three seconds, once) and response_urls (30 minutes, five times): short-lived permissions."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TypeVar

from bot.sandbox.clock import Clock
from bot.sandbox.errors import SlackError

TRIGGER_SECONDS = 3.0  # https://docs.slack.dev/interactivity/handling-user-interaction: "within 3 seconds"
RESPONSE_SECONDS = 30 * 60.0  # the same page: response_urls live for 30 minutes ...
RESPONSE_USES = 5  # ... and take five answers
RESPONSE_PATH = "/response/"  # the sandbox's stand-in for https://hooks.slack.com/actions/
KEEP = 10_000  # spent permissions remembered, so that their refusal can say why; a demo needs a few hundred

Permission = TypeVar("Permission")


@dataclass
class Trigger:
    """One thing that a person did, which an app may answer with a view."""

    user: str
    issued: float
    used: bool = False


@dataclass
class ResponseTarget:
    """Where a response_url answers to: a conversation, a person, and the message they clicked in, if any."""

    channel: str
    user: str
    message_ts: str | None
    issued: float
    uses: int = 0


class Triggers:
    """Issues both kinds, and refuses the second use, the late use and the invented one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._triggers: dict[str, Trigger] = {}
        self._targets: dict[str, ResponseTarget] = {}

    def issue(self, user: str) -> str:
        """A trigger id for something that `user` just did."""
        trigger_id = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        _remember(self._triggers, trigger_id, Trigger(user, self._clock.now()))
        return trigger_id

    def redeem(self, trigger_id: str) -> str:
        """Whose action this was. Using it uses it up; three seconds later it is worth nothing."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self._clock.now() - trigger.issued > TRIGGER_SECONDS:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger.user

    def issue_response_url(
        self, base_url: str, *, channel: str, user: str, message_ts: str | None = None
    ) -> str:
        """An address that answers to `channel` (or in place of `message_ts`) for the next half hour."""
        token = secrets.token_hex(24)
        _remember(self._targets, token, ResponseTarget(channel, user, message_ts, self._clock.now()))
        return f"{base_url}{RESPONSE_PATH}{token}"

    def use_response_url(self, token: str) -> ResponseTarget:
        """Where that address answers to. Each call counts as one of its five uses."""
        target = self._targets.get(token)
        if target is None:
            raise SlackError("invalid_url", status=404)
        if self._clock.now() - target.issued > RESPONSE_SECONDS:
            raise SlackError("expired_url", status=404)
        if target.uses >= RESPONSE_USES:
            raise SlackError("used_url", status=404)
        target.uses += 1
        return target


def _remember(store: dict[str, Permission], key: str, value: Permission) -> None:
    store[key] = value
    if len(store) > KEEP:
        del store[next(iter(store))]
