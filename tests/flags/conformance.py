"""What every flag back-end promises, as one suite that each of them is put through by a rig of its own.

A test module subclasses `Conformance` (and `OverHttp`, where there is a server with tokens) and gives it a `rig`
fixture. A rig makes real flags, changes them behind our back, and breaks the server.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from datetime import timedelta
from enum import StrEnum
from typing import Any

import pytest

from bot.flags.protocol import (
    ApprovalRequired,
    Backend,
    BackendError,
    Conflict,
    Denied,
    FlagRef,
    NotFound,
    RateLimited,
    Receipt,
    Unavailable,
)

WHO = {"actor": "ana", "reason": "INC-1: errors began with it"}


class Fault(StrEnum):
    """How the server answers the next write (once), or every request until it is up again."""

    UNAUTHORISED = "401"
    FORBIDDEN = "403"
    NOT_ALLOWED = "405"
    CONFLICT = "409"
    TOO_MANY = "429 without Retry-After"
    BROKEN = "500, and nothing was done"
    HALF = "half a JSON body, to the next read"
    LATE = "done, but the answer never comes"
    DOWN = "nobody listens"


class Rig(ABC):
    """One back-end with its own flags. `project` and `env` are where the suite works."""

    backend: Backend
    project: str = ""
    env: str = "production"

    def ref(self, key: str, env: str | None = None) -> FlagRef:
        return FlagRef(self.backend.name, self.project, self.env if env is None else env, key)

    @abstractmethod
    async def make(self, key: str) -> None:
        """A flag that serves its risky value to some, by a rule, and can be held."""

    @abstractmethod
    async def edit(self, key: str) -> None:
        """Somebody else changes what the flag would serve, while it is held or not."""

    @abstractmethod
    async def switch_on(self, key: str) -> None:
        """Somebody else brings a held flag back."""

    @abstractmethod
    async def decides(self, key: str) -> Any:
        """Everything that decides what this flag serves, as the back-end itself has it."""

    @abstractmethod
    async def go_down(self) -> None:
        """From now on nobody answers."""

    async def fail(self, fault: Fault) -> None:
        """Answer the next request like this."""
        raise NotImplementedError

    async def with_bad_token(self) -> Backend:
        raise NotImplementedError

    async def with_reading_token(self) -> Backend:
        raise NotImplementedError

    async def want_approval(self, key: str) -> None:
        """The vendor wants changes of this flag approved from now on."""
        raise NotImplementedError


async def contained(rig: Rig, key: str, op_id: str = "op-1") -> Receipt:
    return await rig.backend.contain(rig.ref(key), **WHO, op_id=op_id)


async def restored(rig: Rig, receipt: Receipt, *, force: bool = False) -> Receipt:
    return await rig.backend.restore(receipt, **WHO, op_id="op-2", force=force)


class Conformance:
    """The cases that hold everywhere."""

    @pytest.fixture
    async def rig(self) -> Rig:
        raise NotImplementedError("a subclass says which back-end")

    async def test_a_flag_is_found_by_a_part_of_its_key(self, rig: Rig) -> None:
        await rig.make("risky-gateway")
        await rig.make("other")
        found = await rig.backend.search(rig.project, rig.env, "gateway")
        assert [(each.ref, each.contained) for each in found] == [(rig.ref("risky-gateway"), False)]
        assert len(await rig.backend.search(rig.project, rig.env, "", 1)) == 1

    async def test_a_flag_is_read_with_what_decides_it_and_reading_changes_nothing(self, rig: Rig) -> None:
        await rig.make("gateway")
        first, second = await rig.backend.get(rig.ref("gateway")), await rig.backend.get(rig.ref("gateway"))
        assert (first.version, first.fingerprint) == (second.version, second.fingerprint)
        assert first.ref == rig.ref("gateway")
        assert (first.contained, first.cannot) == (False, None)
        assert first.serving
        await rig.edit("gateway")
        edited = await rig.backend.get(rig.ref("gateway"))
        assert edited.version != first.version
        assert edited.fingerprint != first.fingerprint

    async def test_an_unknown_flag_is_not_found_and_a_near_one_is_not_taken_for_it(self, rig: Rig) -> None:
        await rig.make("gateway")
        before = await rig.decides("gateway")
        for attempt in (rig.backend.get(rig.ref("gatewai")), contained(rig, "gatewai")):
            with pytest.raises(NotFound, match="gatewai"):
                await attempt
        assert await rig.decides("gateway") == before

    async def test_an_unknown_environment_is_not_found(self, rig: Rig) -> None:
        await rig.make("gateway")
        with pytest.raises(NotFound):
            await rig.backend.get(rig.ref("gateway", "no-such-place"))
        with pytest.raises(NotFound):
            await rig.backend.contain(rig.ref("gateway", "no-such-place"), **WHO, op_id="op")

    async def test_a_held_flag_reads_back_as_contained(self, rig: Rig) -> None:
        await rig.make("gateway")
        receipt = await contained(rig, "gateway")
        assert (receipt.changed, receipt.raced, receipt.op_id) == (True, False, "op-1")
        assert (receipt.before.contained, receipt.after.contained) == (False, True)
        assert (await rig.backend.get(rig.ref("gateway"))).contained

    async def test_to_hold_it_again_changes_nothing(self, rig: Rig) -> None:
        await rig.make("gateway")
        first = await contained(rig, "gateway")
        held = await rig.decides("gateway")
        again = await contained(rig, "gateway", "op-again")
        assert (again.changed, again.after.version) == (False, first.after.version)
        assert await rig.decides("gateway") == held

    async def test_letting_go_brings_back_exactly_what_was_there(self, rig: Rig) -> None:
        await rig.make("gateway")
        before = await rig.decides("gateway")
        receipt = Receipt.model_validate_json((await contained(rig, "gateway")).model_dump_json())
        assert await rig.decides("gateway") != before
        back = await restored(rig, receipt)
        assert back.changed
        assert back.after.fingerprint == receipt.before.fingerprint
        assert await rig.decides("gateway") == before

    async def test_letting_go_again_changes_nothing(self, rig: Rig) -> None:
        await rig.make("gateway")
        receipt = await contained(rig, "gateway")
        first = await restored(rig, receipt)
        again = await restored(rig, receipt)
        assert (again.changed, again.after.version) == (False, first.after.version)

    async def test_a_flag_that_was_changed_since_is_not_let_go_unless_by_force(self, rig: Rig) -> None:
        await rig.make("gateway")
        receipt = await contained(rig, "gateway")
        await rig.edit("gateway")
        drifted = await rig.decides("gateway")
        with pytest.raises(Conflict, match="gateway") as error:
            await restored(rig, receipt)
        assert error.value.current is not None
        assert error.value.current.fingerprint != receipt.after.fingerprint
        assert await rig.decides("gateway") == drifted
        assert (await restored(rig, receipt, force=True)).changed
        assert not (await rig.backend.get(rig.ref("gateway"))).contained

    async def test_a_flag_that_somebody_brought_back_is_seen_and_can_be_held_again(self, rig: Rig) -> None:
        await rig.make("gateway")
        receipt = await contained(rig, "gateway")
        await rig.switch_on("gateway")
        seen = await rig.backend.get(rig.ref("gateway"))
        assert not seen.contained
        assert seen.fingerprint != receipt.after.fingerprint
        again = await contained(rig, "gateway", "op-3")
        assert (again.changed, again.after.contained) == (True, True)

    async def test_of_four_who_hold_it_at_once_one_switches_and_the_others_join(self, rig: Rig) -> None:
        await rig.make("gateway")
        receipts = await asyncio.gather(*(contained(rig, "gateway", f"op-{each}") for each in range(4)))
        assert sorted(receipt.changed for receipt in receipts) == [False, False, False, True]
        assert all(receipt.after.contained for receipt in receipts)

    async def test_the_history_says_that_something_changed_where_there_is_one(self, rig: Rig) -> None:
        await rig.make("gateway")
        receipt = await contained(rig, "gateway")
        since = (receipt.after.changed_at or receipt.before.changed_at) if rig.backend.caps.history else None
        if since is None:
            return
        changes = await rig.backend.history(rig.ref("gateway"), since - timedelta(seconds=1))
        assert changes
        assert changes == sorted(changes, key=lambda change: change.at, reverse=True)

    async def test_a_back_end_that_is_down_is_unavailable_and_nothing_was_done(self, rig: Rig) -> None:
        await rig.make("gateway")
        assert (await rig.backend.health()).reachable
        receipt = await rig.backend.get(rig.ref("gateway"))
        await rig.go_down()
        with pytest.raises(Unavailable) as read:
            await rig.backend.get(receipt.ref)
        with pytest.raises(Unavailable) as write:
            await contained(rig, "gateway")
        assert (read.value.maybe_applied, write.value.maybe_applied) == (False, False)
        health = await rig.backend.health()
        assert not health.reachable
        assert health.said


class WithTokens:
    """What else holds where a token says what may be done, and the vendor has reviews of its own."""

    async def test_a_wrong_token_is_denied_and_is_never_repeated(self, rig: Rig) -> None:
        await rig.make("gateway")
        backend = await rig.with_bad_token()
        for attempt in (
            backend.get(rig.ref("gateway")),
            backend.contain(rig.ref("gateway"), **WHO, op_id="op"),
        ):
            with pytest.raises(Denied) as error:
                await attempt
            assert "wrong-token" not in str(error.value)
        assert not (await backend.health()).reachable
        assert not (await rig.backend.get(rig.ref("gateway"))).contained

    async def test_a_token_that_may_only_read_is_denied_the_write(self, rig: Rig) -> None:
        await rig.make("gateway")
        backend = await rig.with_reading_token()
        with pytest.raises(Denied):
            await backend.contain(rig.ref("gateway"), **WHO, op_id="op")
        assert not (await rig.backend.get(rig.ref("gateway"))).contained

    async def test_where_approval_is_wanted_nothing_is_switched(self, rig: Rig) -> None:
        await rig.make("gateway")
        await rig.want_approval("gateway")
        before = await rig.decides("gateway")
        with pytest.raises(ApprovalRequired):
            await contained(rig, "gateway")
        assert await rig.decides("gateway") == before


class OverHttp(WithTokens):
    """And what holds when the vendor's server answers badly, which takes one that can be told to."""

    # Vendors differ in what these mean; a subclass says what its own does.
    not_allowed: type[BackendError] = BackendError
    conflict: type[BackendError] = BackendError

    @pytest.mark.parametrize("fault", [Fault.UNAUTHORISED, Fault.FORBIDDEN])
    async def test_a_refused_write_is_denied_and_not_done(self, rig: Rig, fault: Fault) -> None:
        await self.refused(rig, fault, Denied)

    async def test_not_allowed_is_said_and_not_done(self, rig: Rig) -> None:
        await self.refused(rig, Fault.NOT_ALLOWED, self.not_allowed)

    async def test_a_conflict_is_said_and_not_done(self, rig: Rig) -> None:
        await self.refused(rig, Fault.CONFLICT, self.conflict)

    async def test_asked_too_often_says_when_to_ask_again_though_the_vendor_does_not(self, rig: Rig) -> None:
        error = await self.refused(rig, Fault.TOO_MANY, RateLimited)
        assert isinstance(error, RateLimited)
        assert 0 < error.retry_after <= 600

    async def refused(self, rig: Rig, fault: Fault, wanted: type[BackendError]) -> BackendError:
        await rig.make("gateway")
        await rig.fail(fault)
        with pytest.raises(wanted) as error:
            await contained(rig, "gateway")
        assert not getattr(error.value, "maybe_applied", False)
        assert not (await rig.backend.get(rig.ref("gateway"))).contained
        return error.value

    async def test_a_server_error_leaves_it_in_doubt_until_it_is_read_again(self, rig: Rig) -> None:
        await rig.make("gateway")
        await rig.fail(Fault.BROKEN)
        with pytest.raises(Unavailable) as error:
            await contained(rig, "gateway")
        assert error.value.maybe_applied
        assert not (await rig.backend.get(rig.ref("gateway"))).contained

    async def test_done_without_an_answer_is_in_doubt_until_it_is_read_again(self, rig: Rig) -> None:
        await rig.make("gateway")
        await rig.fail(Fault.LATE)
        with pytest.raises(Unavailable) as error:
            await contained(rig, "gateway")
        assert error.value.maybe_applied
        assert (await rig.backend.get(rig.ref("gateway"))).contained
        assert not (await contained(rig, "gateway", "op-again")).changed

    async def test_half_an_answer_is_no_answer(self, rig: Rig) -> None:
        await rig.make("gateway")
        await rig.fail(Fault.HALF)
        with pytest.raises(Unavailable) as error:
            await rig.backend.get(rig.ref("gateway"))
        assert not error.value.maybe_applied
        assert not (await rig.backend.get(rig.ref("gateway"))).contained
