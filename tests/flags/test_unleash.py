"""Unleash's adapter against a strict fake: what every back-end promises, and the traps that are Unleash's own."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.flags.protocol import Conflict, Denied, Unsupported
from bot.flags.unleash import Unleash
from tests.flags.conformance import WHO, Conformance, Fault, OverHttp, Rig, contained, restored
from tests.flags.fakes.unleash import ADMIN, EDITOR, SDK, VIEWER, FakeUnleash

PATIENCE = 0.3  # seconds; the fake answers in a thousandth of that, or not at all


class UnleashRig(Rig):
    project = "default"

    def __init__(self, fake: FakeUnleash, session: aiohttp.ClientSession, serving: Any) -> None:
        self.fake, self._session, self._serving = fake, session, serving
        self.backend = self.with_token(EDITOR)

    def with_token(self, token: str, **settings: Any) -> Unleash:
        return Unleash("unleash", self._session, self.fake.url, token, patience=PATIENCE, **settings)

    async def make(self, key: str) -> None:
        self.fake.make(key)

    async def edit(self, key: str) -> None:
        self.fake.edit(key)

    async def switch_on(self, key: str) -> None:
        self.fake.switch(key, on=True, by="bo")

    async def decides(self, key: str) -> Any:
        return str(self.fake.features[key])

    async def go_down(self) -> None:
        await self._serving.aclose()

    async def fail(self, fault: Fault) -> None:
        self.fake.fault = fault

    async def with_bad_token(self) -> Unleash:
        return self.with_token("wrong-token")

    async def with_reading_token(self) -> Unleash:
        return self.with_token(VIEWER)

    async def want_approval(self, key: str) -> None:
        self.fake.reviewed.add(self.env)


@pytest.fixture
async def rig() -> AsyncIterator[UnleashRig]:
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        serving = contextlib.AsyncExitStack()
        stack.push_async_callback(serving.aclose)
        fake = await serving.enter_async_context(FakeUnleash().serving())
        yield UnleashRig(fake, session, serving)
        assert fake.surprises == []


class TestUnleash(Conformance, OverHttp):
    not_allowed = Unsupported
    conflict = Conflict

    @pytest.fixture
    async def rig(self, rig: UnleashRig) -> UnleashRig:
        return rig


async def test_an_admins_token_is_named_and_refused_unless_somebody_allows_it(rig: UnleashRig) -> None:
    """It would pass by the change requests of the company, without a word."""
    rig.fake.make("gateway")
    rig.fake.reviewed.add("production")
    admin = rig.with_token(ADMIN)
    health = await admin.health()
    assert (health.admin, health.token) == (True, "admin")
    with pytest.raises(Denied, match="allow_admin_token"):
        await admin.contain(rig.ref("gateway"), **WHO, op_id="op")
    assert rig.fake.here("gateway")["enabled"]
    allowed = rig.with_token(ADMIN, allow_admin=True)
    assert (await allowed.contain(rig.ref("gateway"), **WHO, op_id="op")).changed


async def test_what_a_token_may_do_is_said_before_it_is_needed(rig: UnleashRig) -> None:
    assert (await rig.backend.health()).token == "may switch"
    viewer = await rig.with_token(VIEWER).health()
    assert (viewer.reachable, viewer.warnings != ()) == (True, True)
    sdk = await rig.with_token(SDK).health()
    assert not sdk.reachable
    assert "different token type" in sdk.said


async def test_on_is_refused_where_unleash_would_make_a_strategy_for_everybody(rig: UnleashRig) -> None:
    rig.fake.make("gateway")
    receipt = await contained(rig, "gateway")
    rig.fake.here("gateway")["strategies"][0]["disabled"] = True
    with pytest.raises(Unsupported, match="no active strategy"):
        await restored(rig, receipt, force=True)
    assert not rig.fake.here("gateway")["enabled"]


async def test_a_flag_whose_safe_value_is_on_is_not_switched_off(rig: UnleashRig) -> None:
    rig.fake.make("disable-cache")
    inverted = rig.with_token(EDITOR, inverted=["disable-cache"])
    state = await inverted.get(rig.ref("disable-cache"))
    assert "inverted" in str(state.cannot)
    with pytest.raises(Unsupported, match="inverted"):
        await inverted.contain(rig.ref("disable-cache"), **WHO, op_id="op")
    assert rig.fake.here("disable-cache")["enabled"]


async def test_where_approval_is_wanted_a_change_request_is_made_and_put_into_review(rig: UnleashRig) -> None:
    rig.fake.make("gateway")
    link = await rig.backend.request_approval(rig.ref("gateway"), **WHO)
    assert link.url == f"{rig.fake.url}/projects/default/change-requests/1"
    asked = rig.fake.requests[0]
    assert (asked["environment"], asked["state"]) == ("production", "In review")
    assert "ana" in asked["comment"]
    assert rig.fake.here("gateway")["enabled"]
    rig.fake.enterprise = False
    with pytest.raises(Unsupported, match="edition"):
        await rig.backend.request_approval(rig.ref("gateway"), **WHO)


async def test_somebody_who_changes_it_at_the_same_moment_is_seen_in_the_history(rig: UnleashRig) -> None:
    rig.fake.make("gateway")

    class Hurried(Unleash):
        async def _switch(self, ref: Any, to: str) -> None:
            rig.fake.edit("gateway")
            await super()._switch(ref, to)

    async with aiohttp.ClientSession() as session:
        receipt = await Hurried("unleash", session, rig.fake.url, EDITOR).contain(
            rig.ref("gateway"), **WHO, op_id="op"
        )
    assert (receipt.changed, receipt.raced, receipt.after.contained) == (True, True, True)


async def test_a_flag_says_what_it_serves_who_depends_on_it_and_who_changed_it(rig: UnleashRig) -> None:
    rig.fake.make("gateway")
    rig.fake.features["gateway"]["children"] = ["child"]
    state = await rig.backend.get(rig.ref("gateway"))
    assert (state.serving, state.changed_by) == ("ON flexibleRollout 37%", "bo")
    assert state.dependents == ("child",)
    assert "child" in str(state.warnings[0])
    assert state.url.endswith("/projects/default/features/gateway")
