"""A few of the kills of `make bench-flags`: what was confirmed stays held, whoever reads and whatever happens."""

from __future__ import annotations

from chaos.flag_kills import survive


async def test_a_kill_that_was_confirmed_survives_the_bot_and_no_reader_sees_it_come_back() -> None:
    found = await survive(2, seed=3)
    assert (found.kills, found.lost, found.came_back) == (2, [], [])
