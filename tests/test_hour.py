"""The simulated hour: its clock jumps, its judge can find somebody guilty, and a small one is delivered in time."""

from __future__ import annotations

import asyncio

from benchmarks.hour.__main__ import simulated
from benchmarks.hour.judging import judged
from benchmarks.hour.slack import Admission
from benchmarks.hour.virtual_time import VirtualLoop


def test_an_hour_of_ten_workspaces_is_delivered_as_early_as_slack_allows() -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        line = runner.run(simulated(10, loop))
    assert line.acts > 24
    assert line.calls > line.acts
    assert line.turned_away == 0
    assert line.beyond < 0.01
    assert line.told["invited"][1] < 1.0


def test_a_call_that_waits_longer_than_the_limits_force_is_found() -> None:
    in_time = Admission("pins.add", None, asked=0.0, admitted=0.0)
    dawdling = Admission("pins.add", None, asked=0.0, admitted=2.5)
    assert [call.beyond for call in judged([in_time, dawdling])] == [0.0, 2.5]


def test_what_the_limits_force_is_not_held_against_anybody() -> None:
    """Twenty pins a minute: the twenty-first of those asked at once waits three seconds."""
    calls = [Admission("pins.add", None, asked=0.0, admitted=max(0.0, (n - 19) * 3.0)) for n in range(22)]
    verdict = judged(calls)
    assert [round(call.beyond, 6) for call in verdict] == [0.0] * 22
    assert [round(call.forced, 6) for call in verdict[-2:]] == [3.0, 6.0]


def test_time_that_is_slept_takes_none() -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        runner.run(asyncio.sleep(3600.0))
        assert loop.time() >= 3600.0
