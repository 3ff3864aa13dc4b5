"""Flagsmith's adapter against a strict fake, without and with feature versioning."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.flags.flagsmith import Flagsmith
from bot.flags.protocol import ApprovalRequired, BackendError, Conflict, Unavailable, Unsupported
from tests.flags.conformance import WHO, Conformance, Fault, OverHttp, Rig, contained, restored
from tests.flags.fakes.flagsmith import BO, KEY, PRO, PROJECT, READER, WRITER, FakeFlagsmith

PATIENCE = 10.0  # seconds; the fake answers at once, but the machine may be busy
IMPATIENCE = 1.0  # seconds, where it never answers


class FlagsmithRig(Rig):
    project = PROJECT

    def __init__(
        self, fake: FakeFlagsmith, session: aiohttp.ClientSession, serving: contextlib.AsyncExitStack
    ) -> None:
        self.fake, self._session, self._serving = fake, session, serving
        self.backend = self.with_token(WRITER)

    def with_token(self, token: str, *, patience: float = PATIENCE) -> Flagsmith:
        environments = {"production": KEY}
        return Flagsmith(
            "flagsmith", self._session, self.fake.url, token, environments=environments, patience=patience
        )

    async def make(self, key: str) -> None:
        self.fake.make(key)

    async def edit(self, key: str) -> None:
        state = self.fake.state(key, PRO)
        self.fake.change(key, state, by=BO, feature_state_value=f"{state['feature_state_value']}x")

    async def switch_on(self, key: str) -> None:
        self.fake.change(key, self.fake.state(key), by=BO, enabled=True)

    async def decides(self, key: str) -> Any:
        states = self.fake.features[key]["states"]
        return [(each["feature_segment"], each["enabled"], each["feature_state_value"]) for each in states]

    async def go_down(self) -> None:
        await self._serving.aclose()

    async def fail(self, fault: Fault) -> None:
        self.fake.fault = fault
        if fault is Fault.LATE:
            self.backend = self.with_token(WRITER, patience=IMPATIENCE)

    async def with_bad_token(self) -> Flagsmith:
        return self.with_token("wrong-token")

    async def with_reading_token(self) -> Flagsmith:
        return self.with_token(READER)

    async def want_approval(self, key: str) -> None:
        self.fake.approvals = 1


@contextlib.asynccontextmanager
async def flagsmith(*, versions: bool) -> AsyncIterator[FlagsmithRig]:
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        serving = contextlib.AsyncExitStack()
        stack.push_async_callback(serving.aclose)
        fake = await serving.enter_async_context(FakeFlagsmith(versions=versions).serving())
        yield FlagsmithRig(fake, session, serving)
        assert fake.surprises == []


@pytest.fixture(params=[False, True], ids=["without versions", "with versions"])
async def both(request: pytest.FixtureRequest) -> AsyncIterator[FlagsmithRig]:
    async with flagsmith(versions=request.param) as rig:
        yield rig


@pytest.fixture
async def older() -> AsyncIterator[FlagsmithRig]:
    async with flagsmith(versions=False) as rig:
        yield rig


class TestFlagsmith(Conformance, OverHttp):
    not_allowed: type[BackendError] = Unsupported
    conflict: type[BackendError] = Conflict

    @pytest.fixture
    async def rig(self, both: FlagsmithRig) -> FlagsmithRig:
        return both

    async def test_done_without_an_answer_is_in_doubt_until_it_is_read_again(self, rig: Rig) -> None:
        """Without versions only the first of two writes was done then: in doubt, and held when asked again."""
        await rig.make("gateway")
        await rig.fail(Fault.LATE)
        with pytest.raises(Unavailable) as error:
            await contained(rig, "gateway")
        assert error.value.maybe_applied
        assert (await contained(rig, "gateway", "op-again")).after.contained


async def test_those_with_an_override_do_not_keep_it_and_get_it_back_with_the_rest(
    both: FlagsmithRig,
) -> None:
    """The trap of this vendor: off in the environment alone leaves it on for them."""
    both.fake.make("gateway")
    assert (both.fake.serves("gateway", pro=True), both.fake.serves("gateway", pro=False)) == (True, True)
    both.fake.change("gateway", both.fake.state("gateway"), by=BO, enabled=False)
    state = await both.backend.get(both.ref("gateway"))
    assert (state.contained, state.serving) == (False, "OFF, segment 5 ON")
    receipt = await contained(both, "gateway")
    assert (both.fake.serves("gateway", pro=True), both.fake.serves("gateway", pro=False)) == (False, False)
    await restored(both, receipt)
    assert (both.fake.serves("gateway", pro=True), both.fake.serves("gateway", pro=False)) == (True, False)


async def test_with_versions_all_of_it_is_one_write(both: FlagsmithRig) -> None:
    both.fake.make("gateway")
    await contained(both, "gateway")
    assert len(both.fake.writes) == (1 if both.fake.versions else 2)


async def test_a_change_that_is_taken_half_way_is_in_doubt_and_is_finished_when_asked_again(
    older: FlagsmithRig,
) -> None:
    older.fake.make("gateway")
    older.fake.fails_after = 1
    with pytest.raises(Unavailable, match="took a part of the change") as error:
        await contained(older, "gateway")
    assert error.value.maybe_applied
    assert not (await older.backend.get(older.ref("gateway"))).contained
    assert (await contained(older, "gateway", "op-again")).after.contained


async def test_a_review_that_its_older_routes_would_not_enforce_is_kept_all_the_same(
    both: FlagsmithRig,
) -> None:
    both.fake.make("gateway")
    receipt = await contained(both, "gateway")
    both.fake.approvals = 0  # change requests are on, and need nobody's approval: still not ours to pass by
    with pytest.raises(ApprovalRequired):
        await restored(both, receipt)
    assert not both.fake.serves("gateway", pro=True)
    with pytest.raises(Unsupported):
        await both.backend.request_approval(both.ref("gateway"), **WHO)


async def test_what_cannot_be_reached_is_warned_of(both: FlagsmithRig) -> None:
    both.fake.make("gateway")
    both.fake.features["gateway"]["num_identity_overrides"] = 3
    both.fake.state("gateway")["feature_state_value"] = "s3cr3t"
    state = await both.backend.get(both.ref("gateway"))
    assert "single identities stay as they are: 3" in str(state.warnings[0])
    assert "it has a value" in str(state.warnings[1])
    assert "s3cr3t" not in state.serving
    both.fake.features["gateway"]["is_archived"] = True
    with pytest.raises(Unsupported, match="archived"):
        await contained(both, "gateway")


async def test_a_flag_says_who_owns_it_and_where_it_is(both: FlagsmithRig) -> None:
    both.fake.make("gateway")
    state = await both.backend.get(both.ref("gateway"))
    assert (state.owner, state.serving) == ("bo@example.com", "ON, segment 5 ON")
    assert state.changed_by == ("user 12" if both.fake.versions else "")
    assert f"/project/1/environment/{KEY}/features?feature=" in state.url
    health = await both.backend.health()
    assert (health.reachable, health.environments) == (True, ("production",))
