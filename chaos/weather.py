"""Slack on a bad day: calls that fail before or after their work was done, sockets that drop, drawn from a seed."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from typing import Any, get_args

from bot.sandbox.faults import FaultKind
from bot.sandbox.server import Sandbox

# What effects call. auth.test and apps.connections.open are left out: without them a bot says why and ends.
METHODS = (
    "conversations.create",
    "conversations.list",
    "conversations.info",
    "conversations.history",
    "conversations.invite",
    "conversations.setTopic",
    "chat.postMessage",
    "chat.update",
    "pins.add",
    "chat.getPermalink",
    "bookmarks.list",
    "bookmarks.add",
)
DELIVERIES = ("/incident", "/flag", "block_actions", "view_submission", "app_mention")
FRONT_SECONDS = 0.25  # between two changes of the weather, on average
LEFT_STANDING = 8  # faults that wait for their call; more would fail every call there is
KINDS_OF_WEATHER: tuple[tuple[FaultKind, dict[str, Any]], ...] = (
    ("rate_limited", {"retry_after": 1}),
    ("rate_limited", {"retry_after": None}),
    ("server_error", {"status": 500}),
    ("server_error", {"status": 503}),
    ("reset_before", {}),
    ("reset_after", {}),
    ("half_json", {}),
    ("latency", {"seconds": 0.3}),
    ("timeout_after", {"seconds": 0.6}),
)
ON_DELIVERIES: tuple[FaultKind, ...] = ("duplicate_delivery", "drop_socket")


@contextlib.asynccontextmanager
async def bad_weather(slack: Sandbox, chance: random.Random) -> AsyncIterator[None]:
    """Faults come for as long as the context is open; on leaving, Slack is well again."""
    changing = asyncio.create_task(_changes(slack, chance), name="weather")
    try:
        yield
    finally:
        changing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await changing
        slack.faults.clear()


async def _changes(slack: Sandbox, chance: random.Random) -> None:
    while True:
        await asyncio.sleep(chance.uniform(0.0, 2 * FRONT_SECONDS))
        faults = slack.faults
        faults.rules[:] = [rule for rule in faults.rules if not rule.spent]
        if len(faults.rules) >= LEFT_STANDING:
            continue
        if chance.random() < 0.25:
            faults.add(chance.choice(ON_DELIVERIES), chance.choice(DELIVERIES), after=chance.randrange(4))
        else:
            kind, settings = chance.choice(KINDS_OF_WEATHER)
            faults.add(kind, chance.choice(METHODS), after=chance.randrange(3), **settings)
        if slack.connections.open and chance.random() < 0.04:  # with whatever is on its way
            slack.connections.drop(chance.choice(slack.connections.open))
        if chance.random() < 0.02:
            await slack.connections.disconnect("refresh_requested")


def seen(slack: Sandbox) -> str:
    """Which faults happened, and how often."""
    counted = {kind: slack.faults.happened(kind) for kind in get_args(FaultKind)}
    return ", ".join(f"{kind} {count}" for kind, count in counted.items() if count)
