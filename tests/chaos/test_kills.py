"""A short run of `make chaos`: the bot is killed under load and faults, and nothing is lost or doubled."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from chaos.bots import Transport
from chaos.crowd import Pace
from chaos.kills import Round, play

FEW = Pace(incidents=3, think=0.6)


@pytest.fixture(autouse=True)
def quiet_server() -> Iterator[None]:
    """The sandbox breaks connections on purpose, and aiohttp says so each time."""
    server = logging.getLogger("aiohttp.server")
    before = server.level
    server.setLevel(logging.CRITICAL)
    yield
    server.setLevel(before)


@pytest.mark.parametrize(("transport", "seed"), [("socket", 11), ("http", 12)])
async def test_whatever_was_accepted_happens_once_although_the_bot_is_killed(
    transport: Transport, seed: int
) -> None:
    result = await play(Round(seed, kills=4, transport=transport, pace=FEW))
    assert result.verdict.problems() == [], result.line
    assert result.verdict.tried > 10


async def test_a_bot_that_is_told_to_stop_keeps_what_it_accepted() -> None:
    result = await play(Round(13, kills=2, transport="socket", orderly=True, pace=FEW))
    assert result.verdict.problems() == [], result.line
