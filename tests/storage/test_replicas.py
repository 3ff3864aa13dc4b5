"""Two replicas on one PostgreSQL, step by step: what each sees while the other has not committed yet."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import Any, TypeVar

import psycopg
import pytest
import pytest_asyncio

from bot.domain.commands import AddNote, TakeRole
from bot.domain.effects import Draw, Effect, PostSummary, Tell
from bot.domain.events import NoteAdded
from bot.domain.vocabulary import Refused, Role, Surface
from bot.storage import daily, flags, incidents, outbox
from bot.storage.address import PostgresAddress, parse_address
from bot.storage.engine import Row, Transaction
from bot.storage.flags import Flag
from bot.storage.migrations import STEPS
from bot.storage.opening import open_engine
from bot.storage.outbox import GRACE, NOBODY, Promise
from bot.storage.postgres import PostgresEngine
from tests.domain.samples import ANA, BO, NOON, declare, later
from tests.postgres import Server, own_schema
from tests.storage.doing import (
    LEASE,
    TEAM,
    asks,
    claims,
    contains,
    declares,
    defines,
    finishes,
    promises,
    releases,
    rows,
    tries_again,
    unfinished,
)

T = TypeVar("T")
Body = Callable[[Transaction], T]

CARD = Draw(surface=Surface.CARD)
ENDS_BY = 10.0  # seconds for anything here to happen, on a busy machine
STILL = 0.2  # seconds in which whoever does not wait would have come back


def tell(text: str) -> Tell:
    return Tell(event=NoteAdded(at=NOON, by=ANA, text=text))


class Replica:
    """A replica whose transaction stays open until `commit`; its body runs at once."""

    def __init__(self, engine: PostgresEngine) -> None:
        self._engine = engine
        self._may_commit = threading.Event()
        self._work: asyncio.Future[Any] | None = None

    async def begins(self, body: Body[T]) -> T:
        """Run `body`, and hold everything that it has locked and not committed."""
        ran, outcome = asyncio.Event(), []
        loop = asyncio.get_running_loop()

        def held(transaction: Transaction) -> T:
            result = body(transaction)
            outcome.append(result)
            loop.call_soon_threadsafe(ran.set)
            self._may_commit.wait(ENDS_BY)
            return result

        self._work = asyncio.ensure_future(self._engine.write(held))
        await asyncio.wait_for(ran.wait(), ENDS_BY)
        return outcome[0]

    async def commits(self) -> Any:
        self._may_commit.set()
        assert self._work is not None
        return await asyncio.wait_for(self._work, ENDS_BY)


@contextlib.asynccontextmanager
async def two(url: str) -> AsyncIterator[tuple[Replica, PostgresEngine]]:
    address = parse_address(url)
    assert isinstance(address, PostgresAddress)
    async with PostgresEngine.open(address) as one, PostgresEngine.open(address) as other:
        yield Replica(one), other


@pytest_asyncio.fixture
async def replicas(postgres_url: str) -> AsyncIterator[tuple[Replica, PostgresEngine]]:
    """One that can be stopped before its commit, and another."""
    async with two(postgres_url) as both:
        yield both


async def still_waits(work: asyncio.Future[Any]) -> bool:
    await asyncio.wait([work], timeout=STILL)
    return not work.done()


def claiming(limit: int = 99) -> Body[list[Promise]]:
    return lambda transaction: outbox.claim(transaction, now=NOON, lease=LEASE, limit=limit)


def promising(*effects: Effect, number: int = 1) -> Body[None]:
    def body(transaction: Transaction) -> None:
        for effect in effects:
            outbox.promise(transaction, effect, team_id=TEAM, incident=number, now=NOON)

    return body


async def sending(engine: PostgresEngine) -> int:
    return len([row for row in await unfinished(engine) if row["state"] == "sending"])


Both = tuple[Replica, PostgresEngine]

# Claiming


async def test_what_one_is_claiming_the_other_leaves_alone_without_waiting(replicas: Both) -> None:
    one, other = replicas
    for number in range(1, 7):
        await promises(other, tell("x"), tell("after it"), number=number)
    first = await one.begins(claiming(limit=4))
    second = await claims(other)
    assert sorted(promise.incident for promise in first + second) == [1, 2, 3, 4, 5, 6]
    assert len(first) == 4
    await one.commits()
    assert await claims(other) == []


async def test_a_lane_that_two_would_begin_is_begun_by_one(replicas: Both) -> None:
    """Each is right by what it can see: only the index knows of both."""
    one, other = replicas
    await promises(other, tell("parked"), tell("next"))
    (parked,) = await claims(other)
    await other.write(lambda transaction: outbox.park(transaction, parked, error="no channel"))
    (following,) = await one.begins(claiming())
    assert following.effect == tell("next")
    await other.write(
        lambda transaction: transaction.run(
            "update effect set state = 'pending' where id = :id", id=parked.id
        )
    )
    claiming_too = asyncio.ensure_future(
        claims(other)
    )  # sees an earlier one that waits, and none that is sent
    assert await still_waits(claiming_too)
    await one.commits()
    assert await claiming_too == []
    assert await sending(other) == 1
    await finishes(other, following)
    assert [promise.id for promise in await claims(other)] == [parked.id]


async def test_many_claims_at_once_take_each_lane_once_and_in_order(postgres_url: str) -> None:
    async with two(postgres_url) as (one, other):
        engines = [one._engine, other]
        for _ in range(5):
            for number in range(1, 9):
                await promises(other, tell("x"), number=number)
        told: dict[int, list[int]] = {number: [] for number in range(1, 9)}

        async def replica(engine: PostgresEngine) -> None:
            while any(len(done) < 5 for done in told.values()):
                for promise in await claims(engine, limit=3):
                    told[promise.incident].append(promise.id)
                    await finishes(engine, promise)

        await asyncio.wait_for(asyncio.gather(*(replica(engine) for engine in engines * 3)), 30)
        assert all(done == sorted(set(done)) for done in told.values())


# A change while its card is being drawn


async def test_a_change_that_is_not_committed_yet_is_drawn_after_it_is(replicas: Both) -> None:
    one, other = replicas
    await promises(other, CARD)
    await one.begins(promising(CARD))
    assert await claims(other) == [], (
        "it would draw the state before the change, and nobody would draw it again"
    )
    await one.commits()
    assert [promise.effect for promise in await claims(other)] == [CARD]


async def test_a_change_that_comes_while_its_card_is_being_claimed_is_drawn_again(replicas: Both) -> None:
    one, other = replicas
    await promises(other, CARD)
    (first,) = await one.begins(claiming())
    changing = asyncio.ensure_future(other.write(promising(CARD)))
    assert await still_waits(changing)
    await one.commits()
    await changing
    await finishes(other, first)
    (second,) = await claims(other, now=later(1))
    assert (second.effect, second.id != first.id) == (CARD, True)


@pytest.mark.parametrize("first", ["the failure", "the change"])
async def test_a_draw_that_fails_while_it_is_asked_for_again_is_one_draw(replicas: Both, first: str) -> None:
    one, other = replicas
    await promises(other, CARD)
    (promise,) = await claims(other)

    def failing(transaction: Transaction) -> None:
        outbox.retry(transaction, promise, at=later(1), error="it broke", in_doubt=True, counts=True)

    begins, follows = (failing, promising(CARD)) if first == "the failure" else (promising(CARD), failing)
    await one.begins(begins)
    following = asyncio.ensure_future(other.write(follows))
    await still_waits(following)
    await one.commits()
    await following
    (row,) = await rows(other, "select id, state, in_doubt from effect where state <> 'done'")
    assert row == {"id": promise.id, "state": "pending", "in_doubt": 1}


# Leases


async def test_what_a_dead_replica_left_is_taken_over_by_one(replicas: Both) -> None:
    one, other = replicas
    await promises(other, tell("x"), tell("y"), number=1)
    await promises(other, tell("x"), number=2)
    claimed = await claims(other)
    assert len(claimed) == 2
    over = later(LEASE / 60)
    assert await one.begins(lambda transaction: outbox.release(transaction, now=over)) == 2
    assert await releases(other, now=over) == 0
    await one.commits()
    again = await claims(other, now=later((LEASE + GRACE) / 60))
    assert [(promise.id, promise.attempt, promise.in_doubt) for promise in again] == [
        (promise.id, 2, True) for promise in claimed
    ]


class Paused:
    """A transaction that waits after its first statement."""

    def __init__(self, transaction: Transaction, pause: Callable[[], None]) -> None:
        self.for_update, self.skip_locked = transaction.for_update, transaction.skip_locked
        self.all, self.run, self.many = transaction.all, transaction.run, transaction.many
        self.joined, self.lock = transaction.joined, transaction.lock
        self._one, self._pause = transaction.one, pause

    def one(self, sql: str, **values: Any) -> Row | None:
        row = self._one(sql, **values)
        self._pause()
        return row


async def test_who_has_begun_to_report_is_not_taken_for_dead(replicas: Both) -> None:
    one, other = replicas
    await promises(other, CARD)
    (slow,) = await claims(other)
    asked, go_on = threading.Event(), threading.Event()

    def pause() -> None:
        asked.set()
        go_on.wait(ENDS_BY)

    def reports(transaction: Transaction) -> None:
        outbox.retry(
            Paused(transaction, pause), slow, at=later(9), error="it broke", in_doubt=False, counts=True
        )

    reporting = asyncio.ensure_future(one.begins(reports))
    await asyncio.to_thread(asked.wait, ENDS_BY)
    await releases(other, now=later(LEASE / 60))
    again = await claims(other, now=later(5))
    go_on.set()
    await reporting
    await one.commits()
    assert again == []
    assert [row["state"] for row in await unfinished(other)] == ["pending"]


async def test_one_that_reports_too_late_changes_nothing(replicas: Both) -> None:
    one, other = replicas
    await promises(other, CARD)
    (slow,) = await claims(other)
    await one.begins(lambda transaction: outbox.release(transaction, now=later(LEASE / 60)))
    late = asyncio.ensure_future(tries_again(other, slow, at=later(1)))
    assert await still_waits(late)
    await one.commits()
    await late
    (again,) = await claims(other, now=later(5))
    await promises(other, CARD)
    await tries_again(other, slow, at=later(1))
    assert not await finishes(other, slow)
    assert {row["state"] for row in await unfinished(other)} == {"sending", "pending"}
    assert await finishes(other, again)


# Commands


async def test_two_commands_on_one_incident_follow_each_other(replicas: Both) -> None:
    one, other = replicas
    await declares(other)
    await declares(other)

    def leads(transaction: Transaction) -> incidents.Outcome:
        command = TakeRole(by=ANA, role=Role.COMMANDER)
        return incidents.execute(transaction, team_id=TEAM, number=1, command=command, now=NOON)

    def leads_too(transaction: Transaction) -> incidents.Outcome:
        runs.append(BO)
        command = TakeRole(by=BO, role=Role.COMMANDER)
        return incidents.execute(transaction, team_id=TEAM, number=1, command=command, now=NOON)

    runs: list[str] = []
    await one.begins(leads)
    second = asyncio.ensure_future(other.write(leads_too))
    assert await still_waits(second)
    assert (await asks(other, AddNote(by=ANA, text="x"), number=2)).events
    await one.commits()
    (taken,) = (await second).events
    assert taken.type == "role_taken"
    assert taken.previous == ANA
    assert runs == [BO], "it did not wait its turn, and was run again after the clash"


async def test_one_request_that_reaches_two_replicas_is_carried_out_once(replicas: Both) -> None:
    one, other = replicas
    first = await one.begins(
        lambda transaction: incidents.execute(
            transaction, team_id=TEAM, number=None, command=declare(), now=NOON, key="trigger-1"
        )
    )
    second = asyncio.ensure_future(declares(other, key="trigger-1"))
    assert await still_waits(second)
    await one.commits()
    assert (await second).repeated
    assert (await second).incident == first.incident


async def test_a_flag_that_two_incidents_would_hold_is_held_by_one(replicas: Both) -> None:
    one, other = replicas
    await declares(other)
    await declares(other)
    await defines(other, "checkout-v2")

    def kill(transaction: Transaction) -> incidents.Outcome:
        return flags.contain(
            transaction, team_id=TEAM, number=1, flag="checkout-v2", reason="x", by=ANA, now=NOON, key="a"
        )

    await one.begins(kill)
    second = asyncio.ensure_future(contains(other, "checkout-v2", number=2, request="b"))
    redefined = asyncio.ensure_future(defines(other, "checkout-v2", safe="maybe"))
    assert await still_waits(second)
    await one.commits()
    for waiting, refusal in ((second, "already held at `off`"), (redefined, "is held by INC-1")):
        with pytest.raises(Refused, match=refusal):
            await waiting
    assert await other.read(lambda transaction: flags.find(transaction, TEAM, "checkout-v2")) == Flag(
        "checkout-v2", "", "on", "off", 1, holder="INC-1", held_at="off"
    )


async def test_a_daily_job_is_promised_by_one(replicas: Both) -> None:
    one, other = replicas

    def once(transaction: Transaction) -> bool:
        return daily.once(
            transaction,
            team_id=TEAM,
            job="summary",
            day=date(2026, 11, 21),
            covered_to=NOON,
            effects=lambda previous, _: [PostSummary(day=date(2026, 11, 21), previous=previous, channel="x")],
            now=NOON,
        )

    await other.write(
        lambda transaction: daily.begin(transaction, team_id=TEAM, job="summary", day=date(2026, 11, 20))
    )
    assert await one.begins(once)
    second = asyncio.ensure_future(other.write(once))
    assert await still_waits(second)
    await one.commits()
    assert not await second
    assert [row["incident"] for row in await unfinished(other)] == [NOBODY]


async def test_two_firebreaks_in_one_server_do_not_wait_for_each_other(
    replicas: Both, postgres: Server
) -> None:
    one, _ = replicas
    with own_schema(postgres) as url:
        async with two(url) as (_, elsewhere):
            await one.begins(lambda transaction: transaction.lock("a"))
            await asyncio.wait_for(elsewhere.write(lambda transaction: transaction.lock("a")), 1)
            await one.commits()


# Starting and growing


async def test_replicas_that_start_at_once_make_the_tables_once(postgres_url: str) -> None:
    async with contextlib.AsyncExitStack() as stack:
        opening = [stack.enter_async_context(open_engine(parse_address(postgres_url))) for _ in range(6)]
        engines = await asyncio.gather(*opening)
        applied = await rows(engines[0], "select name from firebreak_migration order by name")
    assert [row["name"] for row in applied] == [name for name, _ in STEPS]


async def test_an_old_replica_works_on_while_a_newer_one_adds_to_the_tables(postgres_url: str) -> None:
    """What it has prepared no longer fits, and its inserts do not know of the new columns."""
    async with two(postgres_url) as (_, old):
        for number in range(1, 41):  # often enough for the driver to prepare its statements
            await declares(old)
            await promises(old, tell("x"), number=number)
            for promise in await claims(old, now=later(60)):
                await finishes(old, promise)
        with psycopg.connect(postgres_url) as newer:
            newer.execute("create table gadget (id bigint primary key)")
            for table in ("timeline", "incident", "effect", "flag_definition", "request"):
                newer.execute(f"alter table {table} add column gadget text not null default 'x'".encode())
            newer.execute("insert into firebreak_migration (name) values ('9999_gadgets')")
        assert (await declares(old)).incident.number == 41
        assert (await asks(old, AddNote(by=ANA, text="x"))).events
        for number in range(50, 60):  # on each of its connections
            await promises(old, tell("x"), number=number)
            assert number in [promise.incident for promise in await claims(old)]
        assert await old.read(lambda transaction: flags.everything(transaction, TEAM)) == []


async def test_what_only_a_newer_replica_knows_is_left_to_it_until_the_rollout_is_over(
    replicas: Both,
) -> None:
    _, old = replicas
    await promises(old, tell("strange"), tell("after it"))
    await old.write(
        lambda transaction: transaction.run(
            """update effect set body = '{"type":"play_music"}' where body like '%strange%'"""
        )
    )

    async def claim(minutes: float) -> list[Promise]:
        return await old.write(
            lambda transaction: outbox.claim(
                transaction, now=later(minutes), lease=LEASE, limit=9, others=True
            )
        )

    assert await claim(0) == []
    assert [(row["state"], row["in_doubt"]) for row in await unfinished(old)] == [("pending", 0)] * 2
    assert await claim(59) == []
    assert await claim(60) == []
    assert [row["state"] for row in await unfinished(old)] == ["parked", "pending"]
    assert [promise.effect for promise in await claim(60)] == [tell("after it")]
