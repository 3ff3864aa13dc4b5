"""The outbox under everything that can happen to it: lost answers, waits, lapsed leases, crashes, in any order.

Whatever the sequence, once Slack is well again: what was promised has happened, nothing has happened twice, each
lane kept its order, and every surface shows the latest state.
"""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlite_utils import Database

from bot.domain.effects import Draw, Tell, lane
from bot.domain.events import NoteAdded
from bot.domain.vocabulary import Surface
from bot.storage import outbox
from bot.storage.engine import Body
from bot.storage.migrations import migrations
from bot.storage.outbox import Promise
from bot.storage.sqlite import SqliteTransaction
from tests.domain.samples import ANA, NOON
from tests.storage.doing import LEASE, claims, finishes, promises, releases, rows, tries_again, unfinished

T = TypeVar("T")
Spot = tuple[int, Surface]  # a surface of an incident

INCIDENTS = st.sampled_from([1, 1, 2])
SURFACES = st.sampled_from([Surface.CARD, Surface.CARD, Surface.CHECKLIST])
WHICH = st.integers(min_value=0, max_value=5)


class AtOnce:
    """An engine that runs each body where it is called: ten times as many sequences in the same time."""

    shared = False
    trouble: str | None = None

    def __init__(self, path: Path) -> None:
        connection = sqlite3.connect(path)
        connection.execute("pragma synchronous = off")  # a crash of the process loses nothing even so
        self._database = Database(connection)
        migrations.apply(self._database)

    async def write(self, body: Body[T]) -> T:
        self._database.execute("begin immediate")
        result = body(SqliteTransaction(self._database.conn))
        self._database.execute("commit")
        return result

    async def read(self, body: Body[T]) -> T:
        return body(SqliteTransaction(self._database.conn))

    def close(self) -> None:
        self._database.close()


def do(work: Coroutine[Any, Any, T]) -> T:
    """The result of work that never has to wait for anything."""
    try:
        work.send(None)
    except StopIteration as finished:
        result: T = finished.value
        return result
    raise AssertionError("it waited")


@dataclass
class Slack:
    """What people see: messages with the number of the effect that made them, and what each surface shows."""

    told: list[int] = field(default_factory=list)
    posted: dict[Spot, list[int]] = field(default_factory=dict)
    shows: dict[Spot, int] = field(default_factory=dict)


@dataclass
class Call:
    """An attempt that is under way: the state that it drew from, and how long it is alone with its effect."""

    promise: Promise
    state: int
    lease_ends: datetime
    carried_out: bool = False


class Outbox(RuleBasedStateMachine):
    """The bot, played by the rules: it claims, delivers as `slack/client.py` does, and reports or fails to."""

    @initialize()
    def start(self) -> None:
        self.stack = contextlib.ExitStack()
        self.database = Path(self.stack.enter_context(tempfile.TemporaryDirectory())) / "firebreak.db"
        self.engine = AtOnce(self.database)
        self.now = NOON
        self.slack = Slack()
        self.said: list[str] = []  # in the order they were promised
        self.wanted: Counter[Spot] = Counter()  # how often each surface has changed
        self.linked: set[Spot] = set()  # surfaces whose message the bot knows of
        self.parked: set[int] = set()
        self.calls: list[Call] = []  # that may still be alone with their effect
        self.late: list[Call] = []  # whose lease is over, and that hang

    # what happens in the incident

    @rule(incident=INCIDENTS)
    def somebody_says_something(self, incident: int) -> None:
        self.said.append(f"{len(self.said)}")
        tell = Tell(event=NoteAdded(at=NOON, by=ANA, text=self.said[-1]))
        do(promises(self.engine, tell, number=incident, now=self.now))

    @rule(incident=INCIDENTS, surface=SURFACES)
    def something_changes(self, incident: int, surface: Surface) -> None:
        self.wanted[incident, surface] += 1
        do(promises(self.engine, Draw(surface=surface), number=incident, now=self.now))

    # what the bot does

    @rule(limit=st.integers(min_value=1, max_value=6), seconds=st.sampled_from([0, 1, 3, 30]))
    def it_claims(self, limit: int, seconds: int) -> None:
        self._wait(seconds)
        before = do(
            rows(self.engine, "select id, incident, lane from effect where state in ('pending', 'sending')")
        )
        for promise in do(claims(self.engine, now=self.now, limit=limit)):
            place = (promise.incident, lane(promise.effect))
            ahead = [row["id"] for row in before if (row["incident"], row["lane"]) == place]
            assert promise.id == min(ahead), "it overtook another of its lane"
            assert promise.id not in [call.promise.id for call in self.calls], "it is claimed already"
            ends = self.now + timedelta(seconds=LEASE)
            self.calls.append(Call(promise, self._state(promise), ends))

    @precondition(lambda self: self.calls)
    @rule(which=WHICH)
    def it_works(self, which: int) -> None:
        call = self.calls.pop(which % len(self.calls))
        self._carry_out(call)
        assert self._report_done(call), "its lease is not over"

    @precondition(lambda self: self.calls)
    @rule(which=WHICH, carried_out=st.booleans(), in_doubt=st.booleans())
    def it_fails(self, which: int, carried_out: bool, in_doubt: bool) -> None:
        call = self.calls.pop(which % len(self.calls))
        if carried_out:
            self._carry_out(call)
        self._fail(call, in_doubt=in_doubt or call.carried_out)

    @precondition(lambda self: self.calls)
    @rule(which=WHICH, seconds=st.integers(min_value=0, max_value=40))
    def slack_asks_to_wait(self, which: int, seconds: int) -> None:
        call = self.calls.pop(which % len(self.calls))
        at = self.now + timedelta(seconds=seconds)
        do(tries_again(self.engine, call.promise, at=at, counts=False))

    @precondition(lambda self: any(isinstance(call.promise.effect, Tell) for call in self.calls))
    @rule()
    def it_is_hopeless(self) -> None:
        call = next(call for call in self.calls if isinstance(call.promise.effect, Tell))
        self.calls.remove(call)
        self.parked.add(call.promise.id)
        do(self.engine.write(lambda transaction: outbox.park(transaction, call.promise, error="gone")))

    @precondition(lambda self: self.late)
    @rule(which=WHICH)
    def what_hung_reports_after_all(self, which: int) -> None:
        call = self.late.pop(which % len(self.late))
        if call.carried_out:
            assert not self._report_done(call), "its lease was over"
        else:
            self._fail(call, in_doubt=True)

    # what happens to the bot

    @rule(carried_out=st.booleans())
    def calls_hang_beyond_their_lease(self, carried_out: bool) -> None:
        for call in self.calls:
            if carried_out:
                self._carry_out(call)
        self._wait(LEASE)

    @rule(carried_out=st.lists(st.booleans(), min_size=1, max_size=4))
    def it_crashes_and_starts_again(self, carried_out: list[bool]) -> None:
        for call, happened in zip(self.calls, carried_out, strict=False):
            if happened:
                self._carry_out(call)
        self.calls.clear()
        self.late.clear()
        self.engine.close()
        self.engine = AtOnce(self.database)
        do(releases(self.engine, now=self.now, crashed=True))

    # what must always be so

    @invariant()
    def nothing_is_told_twice_and_no_surface_has_two_messages(self) -> None:
        assert [number for number, times in Counter(self.slack.told).items() if times > 1] == []
        assert [spot for spot, numbers in self.slack.posted.items() if len(numbers) > 1] == []

    @invariant()
    def at_most_one_draw_of_a_surface_waits(self) -> None:
        sql = "select incident, coalesce_key from effect where state = 'pending' and coalesce_key is not null"
        waiting = Counter((row["incident"], row["coalesce_key"]) for row in do(rows(self.engine, sql)))
        assert [spot for spot, times in waiting.items() if times > 1] == []

    def teardown(self) -> None:
        try:
            self._recovers()
            self._is_whole()
        finally:
            self.engine.close()
            self.stack.close()

    def _recovers(self) -> None:
        """Slack is well again, and time enough passes."""
        self.it_crashes_and_starts_again([])
        for _ in range(1000):
            self.it_claims(limit=6, seconds=3600)
            if not self.calls:
                return
            while self.calls:
                self.it_works(0)
        raise AssertionError("it never ends")

    def _is_whole(self) -> None:
        left = do(unfinished(self.engine))
        assert {row["state"] for row in left} <= {"parked"}, "something was never delivered"
        assert len(left) == len(self.parked)
        told = do(rows(self.engine, "select id, incident from effect where lane = 'channel' order by id"))
        assert len(told) == len(self.said), "a promise is gone"
        assert {row["id"] for row in told} - self.parked <= set(self.slack.told), "something was not told"
        for incident in (1, 2):
            ours = {row["id"] for row in told if row["incident"] == incident} & set(self.slack.told)
            assert [number for number in self.slack.told if number in ours] == sorted(ours), "another order"
        assert self.slack.shows == dict(self.wanted), "a surface shows an old state"

    # the delivery

    def _wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        lapsed = [call for call in self.calls if call.lease_ends <= self.now]
        self.late += lapsed
        self.calls = [call for call in self.calls if call not in lapsed]
        assert do(releases(self.engine, now=self.now)) == len(lapsed)

    def _state(self, promise: Promise) -> int:
        effect = promise.effect
        return self.wanted[promise.incident, effect.surface] if isinstance(effect, Draw) else 0

    def _carry_out(self, call: Call) -> None:
        """What Slack does with the call; in doubt, the bot looks first by the number of its effect."""
        call.carried_out = True
        promise = call.promise
        if isinstance(promise.effect, Tell):
            if not (promise.in_doubt and promise.id in self.slack.told):
                self.slack.told.append(promise.id)
        elif isinstance(promise.effect, Draw):
            spot = (promise.incident, promise.effect.surface)
            posted = self.slack.posted.setdefault(spot, [])
            if spot not in self.linked and not (promise.in_doubt and promise.id in posted):
                posted.append(promise.id)
            self.slack.shows[spot] = call.state

    def _report_done(self, call: Call) -> bool:
        accepted = do(finishes(self.engine, call.promise))
        if accepted and isinstance(call.promise.effect, Draw):
            self.linked.add((call.promise.incident, call.promise.effect.surface))
        return accepted

    def _fail(self, call: Call, *, in_doubt: bool) -> None:
        at = self.now + timedelta(seconds=1)
        do(tries_again(self.engine, call.promise, at=at, in_doubt=in_doubt))


# Shrinking opens thousands of databases: add Phase.shrink when a failure is too long to read.
Outbox.TestCase.settings = settings(
    max_examples=80,
    stateful_step_count=40,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
TestTheOutbox = Outbox.TestCase
