"""Two dispatchers on one PostgreSQL: they share the work, and what one leaves behind the other takes up."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest_asyncio

from bot.domain.commands import Command
from bot.domain.effects import Draw, Invite, Tell, lane
from bot.domain.events import NoteAdded
from bot.domain.incident import Incident
from bot.domain.vocabulary import Surface
from bot.services.delivery import LEASE, LOOK_AGAIN, Delivery
from bot.storage.address import parse_address
from bot.storage.engine import Engine
from bot.storage.opening import open_engine
from bot.storage.outbox import GRACE, Promise
from tests.domain.samples import ANA, BO, NOON
from tests.storage.doing import claims, promises, unfinished

SURFACES = (Surface.CARD, Surface.CHECKLIST)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = NOON

    def __call__(self) -> datetime:
        return self.moment

    def passes(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class SharedSlack:
    """What both replicas call: it takes its time, and notes who was there at the same moment."""

    def __init__(self) -> None:
        self.delivered: list[tuple[str, Promise]] = []
        self.crowds: list[tuple[int, str]] = []  # lanes in which two calls were under way
        self.open = asyncio.Event()
        self.open.set()
        self._busy: Counter[tuple[int, str]] = Counter()
        self._chance = random.Random(3)

    def door(self, replica: str) -> Door:
        return Door(self, replica)

    async def called(self, replica: str, promise: Promise) -> None:
        where = (promise.incident, lane(promise.effect))
        self._busy[where] += 1
        if self._busy[where] > 1:
            self.crowds.append(where)
        await asyncio.sleep(self._chance.uniform(0, 0.01))
        await self.open.wait()
        self._busy[where] -= 1
        self.delivered.append((replica, promise))

    def times(self) -> Counter[int]:
        return Counter(promise.id for _, promise in self.delivered)


class Door:
    """The outside world as one replica sees it."""

    def __init__(self, slack: SharedSlack, replica: str) -> None:
        self._slack, self._replica = slack, replica

    async def deliver(self, promise: Promise, incident: Incident | None) -> Command | None:
        await self._slack.called(self._replica, promise)
        return None


@pytest_asyncio.fixture
async def engines(postgres_url: str) -> AsyncIterator[tuple[Engine, Engine]]:
    address = parse_address(postgres_url)
    async with open_engine(address) as one, open_engine(address) as other:
        yield one, other


def tell(number: int) -> Tell:
    return Tell(event=NoteAdded(at=NOON, by=ANA, text=str(number)))


async def all_is_done(engine: Engine) -> None:
    async with asyncio.timeout(20):
        while await unfinished(engine):  # noqa: ASYNC110 - another process's database tells nobody
            await asyncio.sleep(0.01)


async def test_two_share_the_work_and_do_nothing_twice_or_side_by_side(
    engines: tuple[Engine, Engine],
) -> None:
    slack, clock, chance = SharedSlack(), Clock(), random.Random(5)
    dispatchers = [Delivery(engine, slack.door(str(at)), now=clock) for at, engine in enumerate(engines)]
    async with contextlib.AsyncExitStack() as stack:
        for dispatcher in dispatchers:
            await stack.enter_async_context(dispatcher.running())
        for number, incident in itertools.product(range(6), range(1, 13)):
            at = chance.randrange(2)
            draws = [Draw(surface=surface) for surface in SURFACES]
            await promises(engines[at], tell(number), *draws, Invite(person=BO), number=incident)
            dispatchers[at].wake()
            clock.passes(0.2)
        for _ in range(3):
            clock.passes(10)
        await all_is_done(engines[0])
    assert slack.crowds == []
    assert set(slack.times().values()) == {1}
    told = defaultdict(list)
    for _, promise in slack.delivered:
        told[promise.incident, lane(promise.effect)].append(promise.id)
    assert all(ids == sorted(ids) for ids in told.values()), "a lane was not kept in order"
    assert len([promise for _, promise in slack.delivered if isinstance(promise.effect, Tell)]) == 6 * 12
    assert Counter(replica for replica, _ in slack.delivered).keys() == {"0", "1"}, "one did all the work"


async def test_what_one_has_promised_and_cannot_take_the_other_takes(engines: tuple[Engine, Engine]) -> None:
    busy, idle = engines
    slack = SharedSlack()
    async with Delivery(idle, slack.door("idle"), now=Clock()).running():
        await promises(busy, tell(1))
        async with asyncio.timeout(LOOK_AGAIN * 5):
            await all_is_done(busy)
    assert [replica for replica, _ in slack.delivered] == ["idle"]


async def test_a_new_replica_takes_nothing_from_those_that_work(engines: tuple[Engine, Engine]) -> None:
    one, other = engines
    slack, clock = SharedSlack(), Clock()
    slack.open.clear()
    async with Delivery(one, slack.door("one"), now=clock).running() as first:
        await promises(one, tell(1), Draw(surface=Surface.CARD))
        first.wake()
        async with asyncio.timeout(10):
            while [row["state"] for row in await unfinished(one)] != ["sending"] * 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        async with asyncio.timeout(10), Delivery(other, slack.door("other"), now=clock).running():
            await asyncio.sleep(LOOK_AGAIN * 1.6)  # it has looked by now
            slack.open.set()
            await all_is_done(one)
    assert sorted(replica for replica, _ in slack.delivered) == ["one", "one"]


async def test_a_dead_replica_s_work_is_taken_over_after_its_lease_without_a_restart(
    engines: tuple[Engine, Engine],
) -> None:
    dead, alive = engines
    slack, clock = SharedSlack(), Clock()
    await promises(dead, tell(1), tell(2), Draw(surface=Surface.CARD))
    begun = await claims(dead)
    async with Delivery(alive, slack.door("alive"), now=clock).running() as delivery:
        clock.passes(LEASE - 1)
        delivery.wake()
        await asyncio.sleep(LOOK_AGAIN * 1.6)
        assert slack.delivered == []
        for seconds in (2, GRACE):
            clock.passes(seconds)
            await asyncio.sleep(LOOK_AGAIN * 1.6)  # nobody wakes it
        await all_is_done(alive)
    assert slack.times() == Counter([*(promise.id for promise in begun), 2])
    doubted = {promise.id for _, promise in slack.delivered if promise.in_doubt}
    assert doubted == {promise.id for promise in begun}
