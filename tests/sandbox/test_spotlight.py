"""Watching: the light falls on whoever acts next, with time to read, and costs nothing without an audience."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.sandbox.server import Sandbox
from bot.sandbox.spotlight import ACT_SECONDS, LONGEST_SECONDS, Spotlight


def light(speed: float) -> tuple[Spotlight, list[str]]:
    announced: list[str] = []
    found = Spotlight(lambda: announced.append("changed"))
    found.speed = speed
    return found, announced


async def test_without_an_audience_nobody_waits_and_nothing_is_announced() -> None:
    dark, announced = light(0)
    dark.say("Ana presses Done")
    await asyncio.wait_for(dark.falls_on("U01ANA", "C1"), timeout=0.01)
    assert announced == []
    assert dark.person == ""


async def test_a_sentence_is_read_once_and_a_long_one_has_its_limit() -> None:
    lit, announced = light(1000.0)
    lit.say("x" * 1000)
    assert lit._seconds() == LONGEST_SECONDS
    assert lit._seconds() == ACT_SECONDS
    await lit.falls_on("U01ANA", "C1", "block", "action")
    assert (lit.person, lit.place, lit.block, lit.action) == ("U01ANA", "C1", "block", "action")
    assert announced == ["changed"] * 2


@pytest.fixture
async def slack() -> AsyncIterator[Sandbox]:
    async with Sandbox.serve() as served:
        yield served


async def test_a_page_that_watches_is_told_where_to_go(slack: Sandbox) -> None:
    spot = slack.workspace.spotlight
    assert not spot.audience.is_set()
    spot.speed = 1000.0
    spot.say("Bo says hello")
    await slack.person("bo").types("hello", "payments")
    async with aiohttp.ClientSession() as session, session.get(f"{slack.url}/page/spotlight") as response:
        answer = await response.json()
    payments = slack.channel("payments").id
    assert answer["href"] == f"/?as=bo&channel={payments}&watch=1"
    assert answer["caption"] == "Bo says hello"
    assert spot.audience.is_set()
    await slack.person("bo").opens_home()
    async with aiohttp.ClientSession() as session, session.get(f"{slack.url}/page/spotlight") as response:
        assert (await response.json())["href"] == "/?as=bo&app=home&watch=1"
