"""Flags in other back-ends: written down, then asked for, then read back; what is in doubt is read, never repeated.

A row stands before every call to a vendor, so that a process that dies leaves a question and not a secret. Holding
may be asked for again, because it wins races and changes nothing the second time; letting go is never.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from bot.domain.away import BETWEEN, GONE, Switch, parts
from bot.domain.commands import FlagFacts, LoseContainment, SettleFlag
from bot.domain.language import Translate, marked
from bot.domain.naming import refusal_words
from bot.domain.spelling import meant
from bot.domain.vocabulary import FIREBREAK, Refused
from bot.flags.protocol import (
    ApprovalRequired,
    BackendError,
    FlagRef,
    FlagState,
    FlagSummary,
    NotFound,
    RateLimited,
    Receipt,
    Unavailable,
)
from bot.services.incidents import Actor, Incidents
from bot.services.sites import Site, asked_of, facts_of, seen_of
from bot.storage import flag_audit, flag_away, flag_vendor
from bot.storage.engine import Engine, StorageError, Transaction
from bot.storage.flag_audit import Line, Step
from bot.storage.flag_vendor import Away, State
from bot.storage.flags import AS_USUAL, NoSuchFlag, Terms
from bot.storage.incidents import Outcome

log = logging.getLogger(__name__)

T = TypeVar("T")

READ_WITHIN = 2.0  # seconds while a person waits: Slack gives us three for the whole answer
LEASE = timedelta(
    seconds=60
)  # longer than any write and its read-back; then whoever finds the row reads it again
AGAIN_FIRST = 2.0  # seconds until what is in doubt is read again, doubled each time
TRIES_MOST = 5  # of a back-end that says "too often"; then the person is told, and may ask again
LOOK_AGAIN = 0.2  # seconds between two looks whether another process is done
LOOKED_AT = 500  # flags among which a near miss is looked for
OURSELVES = Actor(FIREBREAK, "Firebreak")


class Vendors:
    """Raises Refused for what may not be; what a back-end does not do arrives in the incident's channel."""

    def __init__(
        self,
        sites: Mapping[str, Site],
        engine: Engine,
        incidents: Incidents,
        *,
        team_id: str,
        now: Callable[[], datetime],
        t: Translate,
    ) -> None:
        self._sites = dict(sites)
        self._engine = engine
        self._incidents = incidents
        self._team_id = team_id
        self._now = now
        self._t = t
        self._wake = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._sites)

    async def having(self, key: str, env: str) -> list[str]:
        """The full names of the flags of exactly this key. Raises Refused when some back-end does not say."""
        asked = {name: ref for name, site in self._sites.items() if (ref := site.ref(env, key)) is not None}
        answers = await asyncio.gather(
            *(self._there(self._sites[name], ref) for name, ref in asked.items()), return_exceptions=True
        )
        found = []
        for name, answer in zip(asked, answers, strict=True):
            if isinstance(answer, BaseException):
                raise answer
            if answer:
                found.append(f"{name}{BETWEEN}{key}")
        return found

    async def near(self, key: str, env: str) -> list[str]:
        """The full names of flags whose key is like this one; a back-end that does not answer is left out."""
        found: list[str] = []
        for name, site in self._sites.items():
            with contextlib.suppress(Refused):
                known = [each.ref.key for each in await self._searched(site, env, "", LOOKED_AT)]
                found += [f"{name}{BETWEEN}{each}" for each in meant(key, known)]
        return found[:3]

    async def search(self, words: str, env: str, limit: int) -> tuple[list[FlagSummary], list[str]]:
        """Flags of all back-ends with these words, and what those said that did not answer."""
        found: list[FlagSummary] = []
        silent: list[str] = []
        for site in self._sites.values():
            try:
                found += await self._searched(site, env, words, limit)
            except BackendError as error:
                silent.append(refusal_words(error, self._t))
        return found[:limit], silent

    async def look(self, flag: str, env: str, *, production: bool = False) -> tuple[FlagState, FlagFacts]:
        """The flag of this full name as it is now. Raises NoSuchFlag where others are near."""
        backend, key = parts(flag)
        site = self._site(backend)
        ref = site.ref(env, key)
        if ref is None:
            raise Refused(
                "{backend} does not keep the environment {environment}, so nothing was switched. It keeps: "
                "{others}.",
                backend=backend,
                environment=env,
                others=", ".join(site.environments) or "-",
            )
        try:
            state = await asked_of(site.backend.name, site.backend.get(ref), READ_WITHIN)
        except NotFound as error:
            near = [each for each in await self.near(key, env) if each != flag]
            if near:
                raise NoSuchFlag(near, error.text, **error.params) from error
            raise
        row = await self._engine.read(
            lambda transaction: flag_vendor.find(transaction, self._team_id, backend, env, key)
        )
        return state, facts_of(flag, env, state, row, production=production)

    async def kill(
        self,
        actor: Actor,
        number: int,
        *,
        flag: str,
        env: str,
        reason: str,
        key: str,
        terms: Terms = AS_USUAL,
    ) -> Outcome:
        """Write down that it is to be held, or ask for a second person; the back-end is asked at once after."""
        now = self._now()
        state, seen = await self.look(flag, env, production=terms.production)

        def body(transaction: Transaction) -> Outcome:
            return flag_away.contain(
                transaction,
                team_id=self._team_id,
                number=number,
                facts=seen,
                seen=seen_of(state),
                reason=reason,
                by=actor.id,
                now=now,
                key=key,
                terms=terms,
            )

        outcome = await self._incidents.write(actor, body)
        self.wake()
        return outcome

    async def undo(
        self, actor: Actor, number: int, *, flag: str, env: str, key: str, terms: Terms = AS_USUAL
    ) -> Outcome:
        """Write down that it is to be let go, unless somebody changed it since; the back-end is asked at once."""
        now = self._now()
        state, seen = await self.look(flag, env, production=terms.production)

        def body(transaction: Transaction) -> Outcome:
            return flag_away.restore(
                transaction,
                team_id=self._team_id,
                number=number,
                facts=seen,
                seen=seen_of(state),
                by=actor.id,
                now=now,
                key=key,
                terms=terms,
            )

        outcome = await self._incidents.write(actor, body)
        self.wake()
        return outcome

    async def held(self, flag: str, env: str) -> Away | None:
        """What is written down of it."""
        backend, key = parts(flag)
        return await self._engine.read(
            lambda transaction: flag_vendor.find(transaction, self._team_id, backend, env, key)
        )

    async def everything(self) -> list[Away]:
        """All that is held elsewhere, or is being switched."""
        return await self._engine.read(lambda transaction: flag_vendor.everything(transaction, self._team_id))

    def wake(self) -> None:
        """Something was asked: do it at once."""
        self._wake.set()

    # doing what was asked ----------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Ask the back-ends for as long as the context is open; what the last process began is read first."""
        if not self._engine.shared:
            await self._engine.write(
                lambda transaction: flag_vendor.give_up_leases(transaction, self._team_id)
            )
        self._start_task(self._introduce())
        loop = asyncio.create_task(self._run(), name="flag-back-ends")
        try:
            yield
        finally:
            loop.cancel()
            for task in [loop, *self._under_way]:
                task.cancel()  # what is unanswered is in doubt, and read again at the next start
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def carry_out(self, operation: str = "") -> bool:
        """Do one thing that is due, this operation or any; answers whether there was one."""
        away = await self._engine.write(
            lambda transaction: flag_vendor.take(
                transaction, self._team_id, now=self._now(), lease=LEASE, only=operation
            )
        )
        if away is None:
            return False
        await self._carry_out(away)
        return True

    async def outcome(self, flag: str, operation: str, *, within: float) -> Line | None:
        """What came of an operation, done here unless another process does it: the last row of its audit."""
        until = time.monotonic() + within
        while True:
            await self.carry_out(operation)
            lines = await self._engine.read(
                lambda transaction: flag_audit.lines(transaction, self._team_id, key=flag)
            )
            last = next((line for line in lines if line.operation == operation), None)
            if last is None or last.step in (Step.DONE, Step.FAILED) or time.monotonic() >= until:
                return last
            await asyncio.sleep(LOOK_AGAIN)

    async def look_after(self) -> int:
        """Read every flag that is held, and say which were lost; answers how many."""
        found = 0
        for away in await self.everything():
            if away.state is State.HELD:
                found += await self._look_after(away)
        return found

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                taken = await self._engine.write(
                    lambda transaction: flag_vendor.take(
                        transaction, self._team_id, now=self._now(), lease=LEASE
                    )
                )
            except StorageError as error:
                log.warning("flags elsewhere wait: %s", error, extra={"action": "flags_wait"})
                taken = None
            if taken is not None:
                self._start(taken)
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), AGAIN_FIRST)

    async def _introduce(self) -> None:
        """Say at start what each token may do, and loudly when it may do too much."""
        for name, site in self._sites.items():
            health = await site.backend.health()
            said = health.said or f"it answers; its token: {health.token or 'none'}"
            level = logging.WARNING if health.warnings or not health.reachable else logging.INFO
            text = "; ".join([said, *health.warnings])
            log.log(level, "flag back-end %s: %s", name, text, extra={"action": "flag_backend"})

    def _start(self, away: Away) -> None:
        self._start_task(self._try(away))

    def _start_task(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name="flag-back-end")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _try(self, away: Away) -> None:
        try:
            await self._carry_out(away)
        except StorageError as error:  # its lease ends, and whoever takes it then reads the flag first
            log.warning("flags elsewhere wait: %s", error, extra={"action": "flags_wait"})

    async def _carry_out(self, away: Away) -> None:
        site = self._sites.get(away.backend)
        ref = None if site is None else site.ref(away.env, away.key)
        if site is None or ref is None:
            await self._failed(
                away, self._t("{backend} is not in the settings any more.", backend=away.backend)
            )
            return
        try:
            receipt = await self._ask(site, ref, away)
        except ApprovalRequired as error:
            await self._wants_approval(site, ref, away, error)
        except RateLimited as error:
            if away.tries >= TRIES_MOST:
                await self._failed(away, refusal_words(error, self._t))
            else:
                await self._later(away, error.retry_after, doubt=False)
        except Unavailable as error:
            if error.maybe_applied or away.state is State.DOUBT or away.taken:
                await self._doubted(away, refusal_words(error, self._t))
            else:
                await self._failed(away, refusal_words(error, self._t))
        except BackendError as error:
            await self._failed(away, refusal_words(error, self._t))
        else:
            await self._done(away, receipt)

    async def _ask(self, site: Site, ref: FlagRef, away: Away) -> Receipt:
        """Do it; where it may have been done already, read first."""
        backend, before = site.backend, FlagState.model_validate_json(away.before)
        said = {"actor": away.actor, "reason": away.reason, "op_id": away.operation}
        in_doubt = away.state is State.DOUBT or away.taken
        if away.act is Switch.CONTAIN:
            if in_doubt:
                current = await asked_of(backend.name, backend.get(ref))
                if current.contained:
                    return Receipt(before=before, after=current, changed=True, op_id=away.operation)
            receipt = await asked_of(backend.name, backend.contain(ref, **said), writes=True)
            return receipt.model_copy(update={"before": before}) if in_doubt else receipt
        given = Receipt(
            before=before,
            after=FlagState.model_validate_json(away.after),
            changed=True,
            op_id=away.operation,
        )
        if in_doubt:
            current = await asked_of(backend.name, backend.get(ref))
            if current.fingerprint == given.after.fingerprint:
                raise BackendError(
                    marked("it was asked for, and read again it is still held. Undo it once more."),
                )
            return Receipt(before=given.after, after=current, changed=True, op_id=away.operation)
        return await asked_of(backend.name, backend.restore(given, **said, force=away.force), writes=True)

    async def _wants_approval(self, site: Site, ref: FlagRef, away: Away, error: ApprovalRequired) -> None:
        """Asked for in the vendor's own review, never passed by."""
        url, why = error.url, refusal_words(error, self._t)
        if not url and away.act is Switch.CONTAIN:
            try:
                asked = site.backend.request_approval(ref, actor=away.actor, reason=away.reason)
                url = (await asked_of(site.backend.name, asked, writes=True)).url
            except BackendError as refused:
                why = f"{why} {refusal_words(refused, self._t)}"
        await self._failed(away, why, url)

    async def _done(self, away: Away, receipt: Receipt) -> None:
        command = SettleFlag(
            by=FIREBREAK,
            flag=away.flag,
            environment=away.env,
            operation=away.operation,
            done=True,
            serves=receipt.after.serving,
        )
        await self._settle(away, command, receipt)

    async def _failed(self, away: Away, why: str, url: str = "") -> None:
        command = SettleFlag(
            by=FIREBREAK,
            flag=away.flag,
            environment=away.env,
            operation=away.operation,
            done=False,
            why=why,
            url=url,
        )
        await self._settle(away, command, None)

    async def _settle(self, away: Away, command: SettleFlag, receipt: Receipt | None) -> None:
        now = self._now()

        after = None if receipt is None else receipt.after
        before = receipt.before if receipt is not None and receipt.changed else None

        def body(transaction: Transaction) -> Outcome:
            return flag_away.settle(
                transaction,
                team_id=self._team_id,
                away=away,
                command=command,
                before=before.model_dump_json() if before is not None else "",
                after=after.model_dump_json() if after is not None else "",
                mark=after.fingerprint if after is not None else "",
                now=now,
            )

        await self._incidents.write(OURSELVES, body)

    async def _doubted(self, away: Away, why: str) -> None:
        log.warning(
            "a flag is in doubt: %s", why, extra={"action": "flag_in_doubt", "operation": away.operation}
        )
        await self._later(
            away,
            min(AGAIN_FIRST * 2**away.tries, flag_vendor.READ_AGAIN_MOST.total_seconds()),
            doubt=True,
            why=why,
        )

    async def _later(self, away: Away, seconds: float, *, doubt: bool, why: str = "") -> None:
        now = self._now()
        await self._engine.write(
            lambda transaction: flag_away.put_off(
                transaction,
                self._team_id,
                away,
                doubt=doubt,
                why=why,
                due=now + timedelta(seconds=seconds),
                now=now,
            )
        )

    async def _look_after(self, away: Away) -> int:
        """One flag that is held: is it still?"""
        site = self._sites.get(away.backend)
        ref = None if site is None else site.ref(away.env, away.key)
        if site is None or ref is None:
            return 0
        try:
            state = await asked_of(site.backend.name, site.backend.get(ref))
        except NotFound:
            state = None
        except BackendError as error:
            log.warning("%s is not looked at: %s", away.flag, error, extra={"action": "flags_wait"})
            return 0
        if state is not None and state.contained:
            return 0
        now = self._now()
        lost = FlagFacts(
            key=away.flag,
            environment=away.env,
            safe="",
            serves=GONE if state is None else state.serving,
            held_by=None,
            changed_by="" if state is None else state.changed_by,
        )
        command = LoseContainment(by=FIREBREAK, flag=lost)

        def body(transaction: Transaction) -> Outcome:
            return flag_away.lose(transaction, team_id=self._team_id, away=away, command=command, now=now)

        return len((await self._incidents.write(OURSELVES, body)).events)

    def _site(self, backend: str) -> Site:
        site = self._sites.get(backend)
        if site is None:
            raise Refused(
                "There is no flag back-end {backend}; there are: {others}. Nothing was switched.",
                backend=repr(backend),
                others=", ".join(self._sites) or "-",
            )
        return site

    async def _there(self, site: Site, ref: FlagRef) -> bool:
        try:
            await asked_of(site.backend.name, site.backend.get(ref), READ_WITHIN)
        except NotFound:
            return False
        return True

    async def _searched(self, site: Site, env: str, words: str, limit: int) -> list[FlagSummary]:
        named = site.environments.get(env)
        if named is None:
            return []
        asked = site.backend.search(site.project, named, words, limit)
        return await asked_of(site.backend.name, asked, READ_WITHIN)
