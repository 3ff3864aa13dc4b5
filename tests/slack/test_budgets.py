"""Slack's tiers are kept by waiting ourselves, one by one; a 429 holds what it was about and nothing else."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.services.delivery import Wait
from bot.slack.budgets import CHANNEL_BURST, PER_MINUTE, Budgets, _Bucket

HOLDERS = itertools.count(1)


async def spent(budgets: Budgets, method: str, channel: str | None = None) -> int:
    """How many calls go through before we have to wait."""
    for calls in range(1000):
        try:
            budgets.take(method, next(HOLDERS), channel)
        except Wait:
            return calls
    raise AssertionError("there is no limit")


@pytest.mark.parametrize("method", sorted(PER_MINUTE))
async def test_a_minute_holds_as_many_calls_as_the_tier_says(method: str) -> None:
    assert await spent(Budgets(), method) == PER_MINUTE[method]


async def test_a_channel_takes_a_short_burst_and_another_channel_its_own() -> None:
    budgets = Budgets()
    assert await spent(budgets, "chat.postMessage", "C1") == CHANNEL_BURST
    assert await spent(budgets, "chat.postMessage", "C2") == CHANNEL_BURST


async def test_those_who_wait_come_back_one_by_one() -> None:
    budgets = Budgets()
    await spent(budgets, "conversations.create")
    waits = []
    for _ in range(5):
        with pytest.raises(Wait) as wait:
            budgets.take("conversations.create", next(HOLDERS))
        waits.append(wait.value.seconds)
    assert [round(later - sooner, 1) for sooner, later in itertools.pairwise(waits)] == [3.0] * 4


async def test_a_429_holds_its_method_and_no_other() -> None:
    budgets = Budgets()
    budgets.hold("chat.update", 0.05)
    with pytest.raises(Wait) as wait:
        budgets.take("chat.update", 1)
    budgets.take("pins.add", 1)
    await asyncio.sleep(wait.value.seconds + 0.01)
    budgets.take("chat.update", 1)


async def test_a_shorter_429_does_not_shorten_a_longer_one() -> None:
    budgets = Budgets()
    budgets.hold("chat.update", 30)
    budgets.hold("chat.update", 1)
    with pytest.raises(Wait) as wait:
        budgets.take("chat.update", 1)
    assert wait.value.seconds > 29


@given(
    arrivals=st.lists(st.floats(0, 20), min_size=1, max_size=120),
    seconds=st.floats(0.05, 2),
    burst=st.integers(1, 10),
)
def test_whoever_comes_back_when_told_is_let_in_and_the_rate_is_kept(
    arrivals: list[float], seconds: float, burst: int
) -> None:
    bucket = _Bucket(seconds=seconds, burst=burst)
    let_in: list[float] = []
    for holder, arrival in enumerate(sorted(arrivals)):
        wait = bucket.wait(holder, arrival)
        if wait:
            assert bucket.wait(holder, arrival + wait + 1e-9) == 0
        let_in.append(arrival + wait)
    let_in.sort()
    for first, last in zip(let_in, let_in[burst:], strict=False):
        assert last - first >= seconds - 1e-6  # never more than the burst within one interval


@given(st.integers(1, 30), st.floats(0.1, 60))
def test_a_hold_keeps_those_who_wait_in_order(waiting: int, until: float) -> None:
    bucket = _Bucket(seconds=1.0, burst=1)
    bucket.wait(0, 0.0)
    for holder in range(1, waiting + 1):
        bucket.wait(holder, 0.0)
    bucket.hold(until)
    places = [bucket.places[holder] for holder in range(1, waiting + 1)]
    assert places == sorted(places)
    assert places[0] >= until
