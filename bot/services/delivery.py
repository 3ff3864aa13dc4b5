"""Keep what was promised: take effects from the database one lane at a time and carry them out in Slack.

Woken at once by a commit; otherwise asleep until the next effect is due.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

from bot.domain.commands import Command
from bot.domain.effects import REDRAW_SECONDS, Draw
from bot.domain.incident import Incident
from bot.domain.vocabulary import Surface
from bot.storage import incidents, outbox, parked
from bot.storage.engine import Body, Engine, StorageError, Transaction
from bot.storage.incidents import Outcome
from bot.storage.outbox import GRACE, LONGEST_WAIT, NOBODY, Promise

log = logging.getLogger(__name__)

T = TypeVar("T")

LEASE = LONGEST_WAIT  # seconds that whoever claimed an effect has for it; then it is in doubt, and anybody's
MARGIN = 10.0  # seconds before the lease ends that we give up: a call still made then might be a second one
LAST_CALLS = 3.0  # seconds that calls under way have left when we stop; what is unanswered then is in doubt
AT_ONCE = 64  # effects under way side by side: what thirty declarations at once keep waiting for Slack
BEGUN_AT_ONCE = 6  # effects of one command that are begun when it is stored; the most that one promises
FIRST_BACKOFF = 0.5  # seconds after the first failure, doubled each time
LONGEST_BACKOFF = LONGEST_WAIT
PARKED_AGAIN = timedelta(minutes=10)  # between two tries of what cannot succeed: somebody may have mended it
WHEN_STORAGE_FAILS = 1.0  # seconds before asking a database again that did not answer
# Seconds between two looks at a database that others write to: what they cannot take, we take. Who promises wakes
# its own delivery at once, so nothing waits for this unless that one is full or dead. PostgreSQL's NOTIFY would
# tell sooner, but makes the commits of all processes wait in one line.
LOOK_AGAIN = 1.0


class Wait(Exception):
    """Slack asks us to come back in `seconds`. The call was not carried out."""

    def __init__(self, seconds: float, reason: str) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Failed(Exception):
    """It did not work this time. `in_doubt`: it may have been carried out all the same."""

    def __init__(self, reason: str, *, in_doubt: bool) -> None:
        super().__init__(reason)
        self.in_doubt = in_doubt


class Hopeless(Exception):
    """It cannot succeed as things are: the channel is gone, a scope is missing. The reason is in words."""


class Outside(Protocol):
    """Where effects happen. `deliver` answers the command that carries the result home, or None.

    Raises Wait, Failed or Hopeless. When `promise.in_doubt`, it looks first whether the effect has happened.
    """

    async def deliver(self, promise: Promise, incident: Incident | None) -> Command | None: ...


@dataclass(frozen=True)
class _Begun:
    """What was claimed in the transaction that promised it, the state to draw it from, and whether more waits."""

    promises: list[Promise]
    state: Incident | None
    more: bool


class Delivery:
    """One dispatcher. Commands are stored through `write`; `wake` is called when anything else was promised."""

    def __init__(
        self,
        engine: Engine,
        outside: Outside,
        *,
        now: Callable[[], datetime],
        chance: random.Random | None = None,
    ) -> None:
        self._engine = engine
        self._outside = outside
        self._now = now
        self._chance = chance or random.Random()
        self._wake = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        self._open = False
        self._full = False  # whether something that was due had to be left
        self._beginning = 0  # places kept for what is claimed by commands that are being stored
        self._looked = now()
        self._parked_again = now() + PARKED_AGAIN

    def wake(self) -> None:
        """Something was promised: look at once."""
        self._wake.set()

    async def write(self, team_id: str, body: Body[Outcome]) -> Outcome:
        """Store what `body` does, and begin at once with what it promised.

        It is claimed in the very transaction that promises it: so a call to Slack has one commit before it.
        """
        room = self._room()
        self._beginning += room
        try:
            outcome, begun = await self._engine.write(partial(self._stored, team_id, body, room, self._now()))
        finally:
            self._beginning -= room
        if begun is not None:
            self._begin(begun)
        return outcome

    def _stored(
        self, team_id: str, body: Body[Outcome], room: int, now: datetime, transaction: Transaction
    ) -> tuple[Outcome, _Begun | None]:
        outcome = body(transaction)
        if not outcome.events:
            return outcome, None
        return outcome, self._claim(transaction, team_id, outcome.incident.number, room, now)

    def _room(self) -> int:
        """How many effects a command that is stored now may begin with."""
        free = AT_ONCE - len(self._under_way) - self._beginning
        return max(0, min(free, BEGUN_AT_ONCE)) if self._open else 0

    def _claim(self, transaction: Transaction, team_id: str, number: int, room: int, now: datetime) -> _Begun:
        claimed = []
        if room:
            others = self._engine.shared
            claimed = outbox.claim(
                transaction, now=now, lease=LEASE, limit=room, others=others, of=(team_id, number)
            )
        state = incidents.load(transaction, team_id, number) if claimed and number != NOBODY else None
        return _Begun(claimed, state, outbox.any_waits(transaction))

    def _begin(self, begun: _Begun) -> None:
        for promise in begun.promises:
            self._start(promise, begun.state)
        if begun.more:
            self._wake.set()

    def _start(self, promise: Promise, state: Incident | None) -> None:
        task = asyncio.create_task(self._deliver(promise, state), name=f"effect-{promise.id}")
        self._under_way.add(task)
        task.add_done_callback(self._finished)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Delivery]:
        """Deliver for as long as the context is open; on leaving, finish the calls that are under way.

        What the last process left unanswered is taken up first: where no other may work, it is gone. On a shared
        database it may be another that lives, so there the lease decides.
        """
        now, crashed = self._now(), not self._engine.shared
        await self._engine.write(lambda transaction: outbox.clock_went_back(transaction, now=now))
        await self._engine.write(lambda transaction: outbox.release(transaction, now=now, crashed=crashed))
        await self._engine.write(lambda transaction: parked.try_again(transaction, now=now))
        self._open = True
        loop = asyncio.create_task(self._run(), name="delivery")
        try:
            yield self
        finally:
            # not cancelled: what it is just claiming would be left in doubt, with nobody to carry it out
            self._open = False
            self._wake.set()
            await loop
            await self._last_calls()

    async def _last_calls(self) -> None:
        """Let the calls under way come to an end; one that takes too long is left in doubt, for the next start."""
        if not self._under_way:
            return
        _, late = await asyncio.wait(self._under_way, timeout=LAST_CALLS)
        for task in late:
            task.cancel()
        if late:
            log.warning("%d calls had no answer yet", len(late), extra={"action": "stop"})
            await asyncio.wait(late)

    async def idle(self, within: float = REDRAW_SECONDS) -> None:
        """Wait until nothing is left that is due now or `within` seconds: for tests, and to end in good order."""
        busy = True
        while busy:
            await asyncio.sleep(0.005)
            busy = bool(self._under_way) or await self._engine.read(partial(self._has_due, within))

    def _has_due(self, within: float, transaction: Transaction) -> bool:
        return outbox.has_due(transaction, now=self._now() + timedelta(seconds=within))

    async def _run(self) -> None:
        while self._open:
            self._wake.clear()
            try:
                sleep = await self._take_some()
            except StorageError as error:
                log.warning("delivery waits: %s", error, extra={"action": "delivery_waits"})
                sleep = WHEN_STORAGE_FAILS
            except Exception:  # a mistake of ours must not leave a bot that listens and never answers
                log.exception("delivery broke", extra={"action": "delivery_broke"})
                sleep = WHEN_STORAGE_FAILS
            if self._engine.shared:
                look = LOOK_AGAIN * (0.5 + self._chance.random())  # or all would look at the same moment
                sleep = look if sleep is None else min(sleep, look)
            if sleep is not None and sleep <= 0:
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), sleep)

    async def _take_some(self) -> float | None:
        """Start what can start now; answers how many seconds to sleep, None for: until woken."""
        free = max(0, AT_ONCE - len(self._under_way) - self._beginning)
        now, others = self._now(), self._engine.shared
        went_back, self._looked = now < self._looked, now
        again = now >= self._parked_again
        if again:
            self._parked_again = now + PARKED_AGAIN

        def body(transaction: Transaction) -> tuple[list[Promise], float | None]:
            if went_back:
                outbox.clock_went_back(transaction, now=now)
            outbox.release(transaction, now=now)
            if again:
                parked.try_again(transaction, now=now)
            due = outbox.claim(transaction, now=now, lease=LEASE, limit=free, others=others) if free else []
            return due, outbox.next_due(transaction, now=now)

        claimed, due = await self._engine.write(body)
        self._full = len(claimed) == free
        for promise in claimed:
            self._start(promise, None)
        return None if due is None else max(0.0, due - self._now().timestamp())

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if self._full:
            self._wake.set()

    async def _deliver(self, promise: Promise, state: Incident | None) -> None:
        """Carry one out and store how it went. `state` is that of the claim; None: it is read."""
        try:
            state = state or await self._state(promise)
            async with asyncio.timeout(LEASE - MARGIN):
                command = await self._outside.deliver(promise, state)
            await self._done(promise, command)
        except Wait as wait:
            await self._again(
                promise, wait.seconds, str(wait), in_doubt=False, counts=False, level=logging.DEBUG
            )
        except TimeoutError:
            seconds = self._backoff(promise, in_doubt=True)
            await self._again(promise, seconds, "Slack took too long", in_doubt=True)
        except Failed as failed:
            seconds = self._backoff(promise, in_doubt=failed.in_doubt)
            await self._again(promise, seconds, str(failed), in_doubt=failed.in_doubt)
        except StorageError as error:  # what it is drawn from could not be read
            await self._again(promise, WHEN_STORAGE_FAILS, str(error), in_doubt=True, counts=False)
        except Hopeless as hopeless:
            reason = str(hopeless)
            log.error(
                "effect parked: %s",
                reason,
                extra={
                    "action": "effect_parked",
                    "effect": promise.effect.type,
                    "incident": promise.incident,
                },
            )
            await self._report(partial(self._park, promise, reason))
            self._wake.set()
        except Exception:  # the one place: a mistake of ours must not stop what the other lanes deliver
            log.exception("effect broke", extra={"action": "effect_broke", "effect": promise.effect.type})
            seconds = self._backoff(promise, in_doubt=True)
            await self._again(promise, seconds, "a mistake in Firebreak; see its log", in_doubt=True)

    def _park(self, promise: Promise, reason: str, transaction: Transaction) -> None:
        """Put it aside, and have the card say so, unless it is the card that cannot be drawn."""
        parked.aside(transaction, promise, error=reason)
        card = Draw(surface=Surface.CARD)
        incident = incidents.load(transaction, promise.team_id, promise.incident)
        if incident is not None and incident.channel and promise.effect != card:
            outbox.promise(
                transaction, card, team_id=promise.team_id, incident=promise.incident, now=self._now()
            )

    async def _state(self, promise: Promise) -> Incident | None:
        if promise.incident == NOBODY:
            return None
        return await self._engine.read(
            lambda transaction: incidents.load(transaction, promise.team_id, promise.incident)
        )

    async def _done(self, promise: Promise, command: Command | None) -> None:
        """Store the result, and begin with what it was waited for."""
        now, room = self._now(), self._room() + int(self._open)  # its own place becomes free
        self._beginning += room

        def body(transaction: Transaction) -> _Begun:
            if outbox.done(transaction, promise) and command is not None:
                incidents.execute(
                    transaction,
                    team_id=promise.team_id,
                    number=promise.incident,
                    command=command,
                    now=now,
                )
            return self._claim(transaction, promise.team_id, promise.incident, room, now)

        try:
            begun = await self._report(body)
        finally:
            self._beginning -= room
        if begun is not None:
            self._begin(begun)

    async def _again(
        self,
        promise: Promise,
        seconds: float,
        error: str,
        *,
        in_doubt: bool,
        counts: bool = True,
        level: int = logging.WARNING,
    ) -> None:
        at = self._now() + timedelta(seconds=seconds)
        log.log(
            level,
            "effect again in %.1f s: %s",
            seconds,
            error,
            extra={"action": "effect_again", "effect": promise.effect.type, "incident": promise.incident},
        )
        await self._report(
            lambda transaction: outbox.retry(
                transaction, promise, at=at, error=error, in_doubt=in_doubt, counts=counts
            )
        )
        self._wake.set()

    async def _report(self, body: Body[T]) -> T | None:
        """Store how it went, as soon as the database takes it: what Slack answered is known nowhere else.

        None when we stop before. Then the row is in doubt, and who takes it up looks whether it has happened. If
        somebody else has it by now, because the lease is over, its attempt's number says so, and nothing is stored.
        """
        while True:
            try:
                return await self._engine.write(body)
            except StorageError as error:
                log.warning(
                    "delivery could not store a result: %s", error, extra={"action": "delivery_waits"}
                )
            if not self._open:
                return None
            await asyncio.sleep(WHEN_STORAGE_FAILS)

    def _backoff(self, promise: Promise, *, in_doubt: bool) -> float:
        longest: float = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0**promise.failures)
        seconds = longest * (0.5 + self._chance.random() / 2)
        return max(seconds, GRACE) if in_doubt else seconds
