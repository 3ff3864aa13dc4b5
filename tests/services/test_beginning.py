"""What a command promised is begun when it is stored: claimed in the same transaction, with no look in between."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import TypeVar

import pytest

from bot.domain.commands import AddNote, Command, LinkChannel
from bot.domain.effects import Draw, Effect, Invite, OpenChannel, Tell
from bot.domain.vocabulary import Refused
from bot.services.delivery import AT_ONCE, BEGUN_AT_ONCE, Delivery
from bot.storage import incidents
from bot.storage.engine import Body, Transaction
from bot.storage.incidents import Outcome
from bot.storage.outbox import GRACE
from bot.storage.sqlite import SqliteEngine
from tests.domain.samples import ANA, CHANNEL, NOON, RUNBOOK, declare
from tests.services.test_delivery import Clock, FakeSlack, Stage, held_until, said
from tests.storage.doing import TEAM, declares, found, unfinished

T = TypeVar("T")


class Counted:
    """An engine that counts the transactions it is asked for."""

    shared = False
    trouble: str | None = None

    def __init__(self, engine: SqliteEngine) -> None:
        self._engine = engine
        self.writes = self.reads = 0

    async def write(self, body: Body[T]) -> T:
        self.writes += 1
        return await self._engine.write(body)

    async def read(self, body: Body[T]) -> T:
        self.reads += 1
        return await self._engine.read(body)


def asked(command: Command, number: int | None = 1) -> Body[Outcome]:
    def body(transaction: Transaction) -> Outcome:
        return incidents.execute(transaction, team_id=TEAM, number=number, command=command, now=NOON)

    return body


class Watched(FakeSlack):
    """Counts what the database was asked for before each call."""

    def __init__(self, clock: Clock, engine: Counted) -> None:
        super().__init__(clock)
        self._engine = engine
        self.before: list[tuple[type[Effect], int, int]] = []

    async def _next(self, kind: str) -> Command | None:
        self.before.append((type(self.asked[-1][0].effect), self._engine.writes, self._engine.reads))
        return await super()._next(kind)


async def test_between_a_command_and_its_call_there_is_one_transaction_and_one_more_to_the_next_call() -> (
    None
):
    async with SqliteEngine.open(":memory:") as sqlite:
        engine, clock = Counted(sqlite), Clock()
        slack = Watched(clock, engine)
        slack.answers(OpenChannel, CHANNEL)
        delivery = Delivery(engine, slack, now=clock)
        async with delivery.running():
            await asyncio.sleep(0.05)  # it has looked for what was left behind
            before = engine.writes
            await delivery.write(TEAM, asked(declare(), None))
            for _ in range(1000):
                if slack.attempts(Invite):
                    break
                await asyncio.sleep(0.001)
        first = next(seen for seen in slack.before if seen[0] is OpenChannel)
        assert first[1:] == (before + 1, 0)
        invited = next(seen for seen in slack.before if seen[0] is Invite)
        assert invited[2] == 0  # the state came with the claim
        assert (
            invited[1] - before <= 3
        )  # the command, the channel, and at most one for the announcement beside it


async def test_what_a_command_promised_is_drawn_from_the_state_that_it_left() -> None:
    async with SqliteEngine.open(":memory:") as engine:
        stage = Stage(engine, Clock())
        async with stage.delivery.running():
            await stage.delivery.write(TEAM, asked(declare(), None))
            await stage.settles()
        assert {state.title for state in stage.slack.states if state is not None} == {declare().title}
        assert len(stage.slack.attempts(OpenChannel)) == 1


async def test_one_lane_stays_in_order_when_commands_come_while_a_call_is_under_way() -> None:
    async with SqliteEngine.open(":memory:") as engine:
        stage = Stage(engine, Clock())
        await declares(engine)
        hold = asyncio.Event()
        async with stage.delivery.running():
            stage.slack.answers(OpenChannel, CHANNEL)
            await stage.settles()
            stage.slack.answers(Tell, held_until(hold))
            for text in "abc":
                await stage.delivery.write(TEAM, asked(AddNote(by=ANA, text=text)))
            await stage.reaches(Tell, 1)
            assert stage.told() == ["a"]
            hold.set()
            await stage.settles()
        assert stage.told() == ["a", "b", "c"]


async def test_a_crowd_of_commands_begins_no_more_than_there_is_room_for() -> None:
    async with SqliteEngine.open(":memory:") as engine:
        stage = Stage(engine, Clock())
        hold = asyncio.Event()
        stage.slack.answers(OpenChannel, *[held_until(hold)] * 60)
        stage.slack.answers(Draw, *[held_until(hold)] * 60)
        async with stage.delivery.running():
            await asyncio.gather(
                *(
                    stage.delivery.write(TEAM, asked(declare(title=f"outage {number}"), None))
                    for number in range(60)
                )
            )
            await stage.reaches(Draw, 1)
            await asyncio.sleep(0.05)
            assert AT_ONCE - BEGUN_AT_ONCE <= stage.slack.at_once <= AT_ONCE
            hold.set()
            await stage.settles()
        assert len(stage.slack.attempts(OpenChannel)) == 60
        assert stage.slack.most_at_once <= AT_ONCE


async def test_without_a_dispatcher_that_runs_it_is_left_to_the_next() -> None:
    async with SqliteEngine.open(":memory:") as engine:
        stage = Stage(engine, Clock())
        await stage.delivery.write(TEAM, asked(declare(), None))
        assert {row["state"] for row in await unfinished(engine)} == {"pending"}
        async with stage.delivery.running():
            await stage.settles()
        assert len(stage.slack.attempts(OpenChannel)) == 1


async def test_a_refused_command_begins_nothing() -> None:
    async with SqliteEngine.open(":memory:") as engine:
        stage = Stage(engine, Clock())
        async with stage.delivery.running():
            with pytest.raises(Refused):
                await stage.delivery.write(TEAM, asked(AddNote(by=ANA, text="x"), 9))
            await stage.settles()
        assert stage.slack.asked == []


async def test_a_result_that_the_database_does_not_take_is_stored_as_soon_as_it_does(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And not after the lease, with a look in Slack for what was known already."""
    async with SqliteEngine.open(tmp_path / "firebreak.db", busy_seconds=0.02) as engine:
        stage = Stage(engine, Clock())
        other = sqlite3.connect(tmp_path / "firebreak.db", isolation_level=None)

        async def locks_the_database() -> LinkChannel:
            other.execute("begin immediate")
            return CHANNEL

        stage.slack.answers(OpenChannel, locks_the_database)
        await declares(engine)
        async with stage.delivery.running():
            await said(caplog, "delivery could not store a result")
            other.execute("rollback")
            other.close()
            await stage.reaches(Invite, 1)
            incident = await found(engine)
            assert incident is not None
            assert incident.channel == "C1"
            assert incident.runbook == RUNBOOK.id
        assert len(stage.slack.attempts(OpenChannel)) == 1


async def test_a_result_that_could_not_be_stored_before_the_end_is_looked_up_by_the_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with SqliteEngine.open(tmp_path / "firebreak.db", busy_seconds=0.02) as engine:
        stage = Stage(engine, Clock())
        other = sqlite3.connect(tmp_path / "firebreak.db", isolation_level=None)

        async def locks_the_database() -> LinkChannel:
            other.execute("begin immediate")
            return CHANNEL

        stage.slack.answers(OpenChannel, locks_the_database)
        await declares(engine)
        async with stage.delivery.running():
            await said(caplog, "delivery could not store a result")
        other.execute("rollback")
        other.close()
        again = Stage(engine, stage.clock)
        again.slack.answers(OpenChannel, CHANNEL)
        async with again.delivery.running():
            await again.passes(GRACE)
        assert [promise.in_doubt for promise in again.slack.attempts(OpenChannel)] == [True]
