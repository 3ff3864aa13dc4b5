"""The dispatcher: what was promised reaches Slack, in order, once, whatever Slack answers and however we stop."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.commands import AddNote, ChangeSeverity, Command, LinkChannel
from bot.domain.effects import Draw, Effect, OpenChannel, Tell
from bot.domain.events import NoteAdded
from bot.domain.incident import Incident
from bot.domain.vocabulary import FIREBREAK, Severity, Surface
from bot.services.delivery import (
    AT_ONCE,
    LAST_CALLS,
    LEASE,
    LONGEST_BACKOFF,
    Delivery,
    Failed,
    Hopeless,
    Wait,
)
from bot.storage.engine import Engine
from bot.storage.outbox import GRACE, Promise
from bot.storage.sqlite import SqliteEngine
from tests.domain.samples import ANA, CHANNEL, NOON
from tests.storage.doing import asks, claims, declares, found, rows, unfinished

Answer = Exception | Command | None | Callable[[], Awaitable[Command | None]]


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = NOON

    def __call__(self) -> datetime:
        return self.moment


class FakeSlack:
    """The outside world by a script: for each kind of effect what comes next, and then success."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.script: dict[str, list[Answer]] = defaultdict(list)
        self.asked: list[tuple[Promise, datetime]] = []
        self.states: list[Incident | None] = []
        self.at_once = 0
        self.most_at_once = 0

    def answers(self, kind: type[Effect], *answers: Answer) -> None:
        self.script[kind.__name__] += answers

    def attempts(self, kind: type[Effect]) -> list[Promise]:
        return [promise for promise, _ in self.asked if isinstance(promise.effect, kind)]

    def waits(self, kind: type[Effect]) -> list[float]:
        """Seconds between the attempts."""
        times = [at for promise, at in self.asked if isinstance(promise.effect, kind)]
        return [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(times)]

    async def deliver(self, promise: Promise, incident: Incident | None) -> Command | None:
        self.asked.append((promise, self._clock()))
        self.states.append(incident)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await self._next(type(promise.effect).__name__)
        finally:
            self.at_once -= 1

    async def _next(self, kind: str) -> Command | None:
        answer = self.script[kind].pop(0) if self.script[kind] else None
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            return await answer()
        return answer


def held_until(event: asyncio.Event) -> Callable[[], Awaitable[None]]:
    """A call that Slack does not answer before `event`."""

    async def held() -> None:
        await event.wait()

    return held


class Stage:
    """A database, the script and the dispatcher over them."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self.engine, self.clock = engine, clock
        self.slack = FakeSlack(clock)
        self.delivery = Delivery(engine, self.slack, now=clock, chance=random.Random(7))

    async def settles(self) -> None:
        """Everything that is due now has been tried."""
        self.delivery.wake()
        await asyncio.wait_for(self.delivery.idle(within=0), 5)

    async def passes(self, seconds: float) -> None:
        self.clock.moment += timedelta(seconds=seconds)
        await self.settles()

    async def says(self, *texts: str) -> None:
        for text in texts:
            await asks(self.engine, AddNote(by=ANA, text=text), now=self.clock())
        self.delivery.wake()

    async def reaches(self, kind: type[Effect], attempts: int) -> None:
        """So many attempts have begun; they may still be under way."""
        for _ in range(5000):
            if len(self.slack.attempts(kind)) >= attempts:
                return
            self.delivery.wake()
            await asyncio.sleep(0.001)
        raise AssertionError(f"there were {len(self.slack.attempts(kind))}")

    def told(self) -> list[str]:
        said = []
        for promise in self.slack.attempts(Tell):
            assert isinstance(promise.effect, Tell)
            assert isinstance(promise.effect.event, NoteAdded)
            said.append(promise.effect.event.text)
        return said


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """INC-1 with its channel, everything about it delivered."""
    async with SqliteEngine.open(":memory:") as engine:
        stage = Stage(engine, Clock())
        await declares(engine)
        async with stage.delivery.running():
            stage.slack.answers(OpenChannel, CHANNEL)
            await stage.settles()
            stage.slack.asked.clear()
            stage.slack.states.clear()
            stage.clock.moment += timedelta(minutes=10)
            yield stage


async def states(stage: Stage) -> list[str]:
    return [row["state"] for row in await unfinished(stage.engine)]


# The way of one effect


async def test_a_declaration_opens_the_channel_and_what_slack_answers_brings_the_rest() -> None:
    async with SqliteEngine.open(":memory:") as engine:
        stage = Stage(engine, Clock())
        stage.slack.answers(OpenChannel, CHANNEL)
        async with stage.delivery.running():
            await declares(engine)
            await stage.settles()
            await stage.passes(60)  # surfaces are not drawn twice in a second
        kinds = [promise.effect.type for promise, _ in stage.slack.asked]
        assert kinds[:2] == ["open_channel", "draw"]
        assert sorted(kinds[2:]) == ["draw", "draw", "draw", "invite"]  # the checklist follows the card
        incident = await found(engine)
        assert incident is not None
        assert incident.channel == "C1"
        assert await states(stage) == []


async def test_a_surface_is_drawn_from_the_state_at_that_moment(stage: Stage) -> None:
    await asks(stage.engine, ChangeSeverity(by=ANA, severity=Severity.P0), now=stage.clock())
    await stage.settles()
    assert stage.slack.attempts(Draw)
    assert {incident.severity for incident in stage.slack.states if incident} == {Severity.P0}


async def test_twenty_clicks_while_a_draw_is_under_way_become_one_more_draw(stage: Stage) -> None:
    hold = asyncio.Event()
    stage.slack.answers(Draw, *([held_until(hold)] * 3))  # card, announcement, topic
    for number in range(20):
        severity = Severity.P1 if number % 2 else Severity.P0
        await asks(stage.engine, ChangeSeverity(by=ANA, severity=severity), now=stage.clock())
        await stage.reaches(Draw, 3)
    hold.set()
    await stage.settles()
    await stage.passes(60)
    drawn = [promise.effect for promise in stage.slack.attempts(Draw)]
    assert drawn.count(Draw(surface=Surface.CARD)) == 2
    last = stage.slack.states[-1]
    assert last is not None
    assert last.severity is Severity.P1


async def test_lanes_run_side_by_side_and_one_that_waits_holds_back_no_other(stage: Stage) -> None:
    hold = asyncio.Event()
    stage.slack.answers(Draw, *([held_until(hold)] * 3))
    await asks(stage.engine, ChangeSeverity(by=ANA, severity=Severity.P0), now=stage.clock())
    await stage.says("still here")
    await stage.reaches(Tell, 2)
    assert await states(stage) == ["sending"] * 3
    hold.set()
    await stage.settles()
    assert await states(stage) == []


async def test_no_more_are_under_way_than_slack_would_take_anyway() -> None:
    async with SqliteEngine.open(":memory:") as engine:
        stage = Stage(engine, Clock())
        hold = asyncio.Event()
        stage.slack.answers(OpenChannel, *([held_until(hold)] * 99))
        for _ in range(AT_ONCE + 5):
            await declares(engine)
        async with stage.delivery.running():
            await stage.reaches(OpenChannel, AT_ONCE)
            await asyncio.sleep(0.02)
            assert stage.slack.most_at_once == AT_ONCE
            assert len(stage.slack.attempts(OpenChannel)) == AT_ONCE
            hold.set()
            await stage.settles()
        assert len(stage.slack.attempts(OpenChannel)) == AT_ONCE + 5


# What Slack may answer


async def test_when_slack_asks_to_wait_it_is_waited_that_long_and_in_order(stage: Stage) -> None:
    stage.slack.answers(Tell, Wait(30, "Slack asked the bot to slow down"))
    await stage.says("one", "two")
    await stage.settles()
    await stage.passes(29)
    assert stage.told() == ["one"]
    await stage.passes(1)
    assert stage.told() == ["one", "one", "two"]
    again = stage.slack.attempts(Tell)[1]
    assert (again.failures, again.in_doubt) == (0, False)
    assert stage.slack.waits(Tell)[0] == 30


async def test_each_failure_is_waited_for_longer_and_never_longer_than_a_minute(stage: Stage) -> None:
    stage.slack.answers(Tell, *(Failed("it broke", in_doubt=False) for _ in range(12)))
    await stage.says("one")
    await stage.settles()
    for _ in range(12):
        (due,) = await rows(stage.engine, "select not_before from effect where state = 'pending'")
        stage.clock.moment = datetime.fromtimestamp(due["not_before"], UTC)
        await stage.settles()
    waits = stage.slack.waits(Tell)
    assert len(waits) == 12
    for failures, waited in enumerate(waits):
        longest = min(LONGEST_BACKOFF, 0.5 * 2**failures)
        assert longest / 2 <= waited + 0.001 <= longest + 0.002
    assert len(set(waits[-4:])) > 1, "all bots would come back at the same moment"
    assert [promise.failures for promise in stage.slack.attempts(Tell)] == list(range(13))


async def test_what_may_have_happened_is_looked_for_and_not_before_slack_is_through_with_it(
    stage: Stage,
) -> None:
    stage.slack.answers(Tell, Failed("the connection broke", in_doubt=True))
    await stage.says("one")
    await stage.settles()
    await stage.passes(GRACE - 0.1)
    assert len(stage.slack.attempts(Tell)) == 1
    await stage.passes(0.2)
    first, second = stage.slack.attempts(Tell)
    assert (first.in_doubt, second.in_doubt, second.id) == (False, True, first.id)
    assert await states(stage) == []


async def test_what_is_hopeless_is_parked_with_its_reason_and_the_rest_goes_on(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.slack.answers(Tell, Hopeless("The channel is archived. Unarchive it."))
    with caplog.at_level(logging.ERROR):
        await stage.says("one", "two")
        await stage.settles()
    assert stage.told() == ["one", "two"]
    (left,) = await unfinished(stage.engine)
    assert (left["state"], left["error"]) == ("parked", "The channel is archived. Unarchive it.")
    assert "effect parked: The channel is archived." in caplog.text


async def test_a_mistake_of_ours_stops_nothing_but_its_own_lane(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.slack.answers(Tell, KeyError("ts"))
    with caplog.at_level(logging.ERROR):
        await asks(stage.engine, ChangeSeverity(by=ANA, severity=Severity.P0), now=stage.clock())
        await stage.settles()
    assert len(stage.slack.attempts(Draw)) == 3
    assert "KeyError" in caplog.text
    await stage.passes(GRACE)
    assert [promise.in_doubt for promise in stage.slack.attempts(Tell)] == [False, True]
    assert await states(stage) == []


async def test_what_slack_answered_and_that_it_is_done_are_stored_together_or_not_at_all(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A channel that we forget would be made a second time."""
    async with SqliteEngine.open(":memory:") as engine:
        stage = Stage(engine, Clock())
        await declares(engine)
        await declares(engine)
        await asks(engine, CHANNEL, number=2)
        stage.slack.answers(OpenChannel, CHANNEL)  # the same for INC-1: a rule of the database forbids it
        with caplog.at_level(logging.ERROR):
            async with stage.delivery.running():
                await stage.settles()
                incident = await found(engine)
                assert incident is not None
                assert incident.channel is None
                opening = [row for row in await unfinished(engine) if "open_channel" in row["body"]]
                assert [row["state"] for row in opening] == ["pending"]
                stage.slack.answers(OpenChannel, LinkChannel(by=FIREBREAK, channel="C9", name="inc-1"))
                await stage.passes(60)
        assert "effect broke" in caplog.text
        incident = await found(engine)
        assert incident is not None
        assert incident.channel == "C9"


# Stopping, crashing, and a database that does not answer


async def test_stopping_finishes_the_calls_that_are_under_way(stage: Stage) -> None:
    hold = asyncio.Event()
    stage.slack.answers(Tell, held_until(hold))
    async with Delivery(stage.engine, stage.slack, now=stage.clock).running() as second:
        await stage.says("one")
        second.wake()
        await stage.reaches(Tell, 1)
        asyncio.get_running_loop().call_later(0.05, hold.set)
    assert await states(stage) == []


async def test_stopping_at_any_moment_leaves_nothing_in_doubt() -> None:
    """What is not done is still pending: nobody was about to send it."""
    async with SqliteEngine.open(":memory:") as engine:
        for turns in range(12):
            stage = Stage(engine, Clock())
            async with stage.delivery.running():
                await declares(engine)
                stage.delivery.wake()
                for _ in range(turns):
                    await asyncio.sleep(0)
            assert "sending" not in await states(stage)


async def test_stopping_does_not_wait_for_a_call_that_is_never_answered(stage: Stage) -> None:
    """It is cut off and looked up at the next start."""
    stage.slack.answers(Tell, held_until(asyncio.Event()))
    async with asyncio.timeout(LAST_CALLS + 2):
        async with Delivery(stage.engine, stage.slack, now=stage.clock).running() as second:
            await stage.says("one")
            second.wake()
            await stage.reaches(Tell, 1)
    assert await states(stage) == ["sending"]


async def test_a_clock_set_back_an_hour_stops_no_lane(stage: Stage) -> None:
    stage.slack.answers(Tell, Wait(5, "slow down"), Failed("it broke", in_doubt=True))
    await stage.says("one", "two")
    await stage.settles()
    stage.clock.moment -= timedelta(hours=1)
    await stage.settles()
    for _ in range(3):
        await stage.passes(GRACE)
    assert stage.told() == ["one", "one", "one", "two"]


async def test_a_clock_set_back_while_nobody_was_there_stops_no_lane() -> None:
    async with SqliteEngine.open(":memory:") as engine:
        stage = Stage(engine, Clock())
        stage.slack.answers(OpenChannel, Wait(5, "slow down"))
        await declares(engine)
        async with stage.delivery.running():
            await stage.settles()
        stage.clock.moment -= timedelta(hours=1)
        again = Delivery(engine, stage.slack, now=stage.clock)
        async with again.running():
            stage.clock.moment += timedelta(seconds=GRACE)
            again.wake()
            await stage.reaches(OpenChannel, 2)


async def test_what_the_last_process_left_unanswered_is_taken_up_in_doubt_at_the_start() -> None:
    async with SqliteEngine.open(":memory:") as engine:
        stage = Stage(engine, Clock())
        await declares(engine)
        left = await claims(engine)
        assert len(left) == 2
        async with stage.delivery.running():
            await stage.settles()
            assert stage.slack.asked == []
            await stage.passes(GRACE)
        again = [promise for promise, _ in stage.slack.asked]
        assert [(promise.id, promise.in_doubt, promise.attempt) for promise in again] == [
            (promise.id, True, 2) for promise in left
        ]


async def test_an_answer_that_comes_after_the_lease_is_dropped() -> None:
    """Somebody else owns the effect by then, and will find out what has happened."""
    async with SqliteEngine.open(":memory:") as engine:
        stage = Stage(engine, Clock())
        hold = asyncio.Event()

        async def late() -> LinkChannel:
            await hold.wait()
            return CHANNEL

        stage.slack.answers(OpenChannel, late, Wait(3600, "later"))
        await declares(engine)
        async with stage.delivery.running():
            await stage.reaches(OpenChannel, 1)
            stage.clock.moment += timedelta(seconds=LEASE)
            stage.delivery.wake()
            await asyncio.sleep(0.01)
            stage.clock.moment += timedelta(seconds=GRACE)
            await stage.reaches(OpenChannel, 2)
            hold.set()
            await stage.settles()
            incident = await found(engine)
            assert incident is not None
            assert incident.channel is None
        first, second = stage.slack.attempts(OpenChannel)
        assert (first.in_doubt, second.in_doubt, second.id) == (False, True, first.id)


async def test_a_database_that_does_not_answer_is_asked_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with SqliteEngine.open(tmp_path / "firebreak.db", busy_seconds=0.02) as engine:
        stage = Stage(engine, Clock())
        async with stage.delivery.running():
            await declares(engine)
            other = sqlite3.connect(tmp_path / "firebreak.db", isolation_level=None)
            other.execute("begin immediate")
            stage.delivery.wake()
            await said(caplog, "delivery waits: The database did not take it")
            other.execute("rollback")
            other.close()
            await stage.reaches(OpenChannel, 1)


async def said(caplog: pytest.LogCaptureFixture, words: str) -> None:
    for _ in range(1000):
        if words in caplog.text:
            return
        await asyncio.sleep(0.005)
    raise AssertionError(f"never said: {words}")
