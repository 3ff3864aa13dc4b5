"""Slack's tiers are kept by waiting ourselves, and a 429 holds what it was about and nothing else."""

from __future__ import annotations

import asyncio

import pytest

from bot.services.delivery import Wait
from bot.slack.budgets import CHANNEL_BURST, PER_MINUTE, Budgets


async def spent(budgets: Budgets, method: str, channel: str | None = None) -> int:
    """How many calls go through before we have to wait."""
    for calls in range(1000):
        try:
            await budgets.take(method, channel)
        except Wait:
            return calls
    raise AssertionError("there is no limit")


@pytest.mark.parametrize("method", sorted(set(PER_MINUTE) - {"chat.postMessage"}))
async def test_a_minute_holds_as_many_calls_as_the_tier_says(method: str) -> None:
    assert await spent(Budgets(), method) == PER_MINUTE[method]


async def test_a_channel_takes_a_short_burst_and_another_channel_its_own() -> None:
    budgets = Budgets()
    assert await spent(budgets, "chat.postMessage", "C1") == CHANNEL_BURST
    assert await spent(budgets, "chat.postMessage", "C2") == CHANNEL_BURST


async def test_the_wait_is_as_long_as_one_call_takes_to_come_back() -> None:
    budgets = Budgets()
    await spent(budgets, "conversations.create")
    with pytest.raises(Wait) as wait:
        await budgets.take("conversations.create")
    assert wait.value.seconds == pytest.approx(3.0)


async def test_a_429_holds_its_method_and_no_other() -> None:
    budgets = Budgets()
    budgets.hold("chat.update", 0.05)
    with pytest.raises(Wait):
        await budgets.take("chat.update")
    await budgets.take("pins.add")
    await asyncio.sleep(0.06)
    await budgets.take("chat.update")


async def test_a_shorter_429_does_not_shorten_a_longer_one() -> None:
    budgets = Budgets()
    budgets.hold("chat.update", 30)
    budgets.hold("chat.update", 1)
    with pytest.raises(Wait) as wait:
        await budgets.take("chat.update")
    assert wait.value.seconds > 29
