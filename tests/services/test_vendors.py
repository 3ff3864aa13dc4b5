"""Flags in another back-end: written down before it is asked, read back, in doubt no longer than a look."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from bot.domain.away import GONE, FlagNotSwitched, Switch
from bot.domain.commands import EndContainment
from bot.domain.events import ContainmentLost, FlagContained, FlagRestored
from bot.domain.flags import Definition
from bot.domain.language import English
from bot.domain.vocabulary import Refused
from bot.flags.unleash import Unleash
from bot.services.containment import Containment
from bot.services.sites import Site
from bot.services.vendors import Vendors
from bot.storage import flag_definitions
from bot.storage.engine import Engine
from bot.storage.flag_audit import Step
from bot.storage.flag_vendor import State
from bot.storage.flags import NoSuchFlag, Terms
from bot.storage.sqlite import SqliteEngine
from bot.storage.verifying import Finding, verify
from tests.flags.conformance import Fault
from tests.flags.fakes.unleash import ADMIN, EDITOR, FakeUnleash
from tests.flags.serving import SWITCH
from tests.flags.test_safety_rules import ANA, BO, TEAM, Post
from tests.flags.test_unleash import PATIENCE

FLAG = "unleash:gateway"


class Away(Post):
    """A post whose flags are in an Unleash."""

    fake: FakeUnleash
    session: aiohttp.ClientSession

    def connect(self, fake: FakeUnleash, session: aiohttp.ClientSession, token: str = EDITOR) -> None:
        """As a process that has just started."""
        self.fake, self.session = fake, session
        backend = Unleash("unleash", session, fake.url, token, patience=PATIENCE)
        self.vendors = Vendors(
            {"unleash": Site(backend, "default", {"production": "production", "staging": "development"})},
            self.engine,
            self.incidents,
            team_id=TEAM,
            now=self.now,
            t=English(),
        )
        self.containment = Containment(
            self.engine,
            self.incidents,
            team_id=TEAM,
            now=self.now,
            places=self.containment.places,
            vendors=self.vendors,
        )

    async def does(self) -> None:
        """Whatever is due."""
        while await self.vendors.carry_out():
            pass

    async def later(self, seconds: float = 120) -> None:
        self.at += timedelta(seconds=seconds)
        await self.does()

    async def kinds(self) -> list[str]:
        return [event.type for event in await self.happened()]

    async def steps(self) -> list[Step]:
        return [line.step for line in reversed(await self.containment.audit(flag=FLAG))]

    async def holds(self) -> None:
        self.fake.make("gateway")
        await self.kills(flag=FLAG)
        await self.does()
        assert await self.containment.is_held(FLAG, "production")

    async def lets_go(self, **terms: Any) -> Any:
        return await self.containment.undo(
            BO,
            1,
            flag=FLAG,
            environment="production",
            key=self.key(),
            terms=Terms(**terms),
        )

    def is_on(self) -> bool:
        return bool(self.fake.here("gateway")["enabled"])

    async def last(self) -> Any:
        return (await self.happened())[-1]


@pytest_asyncio.fixture
async def post(tmp_path: Path) -> AsyncIterator[Away]:
    async with contextlib.AsyncExitStack() as stack:
        engine: Engine = await stack.enter_async_context(SqliteEngine.open(tmp_path / "firebreak.db"))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        fake = await stack.enter_async_context(FakeUnleash().serving())
        post = Away(engine)
        post.connect(fake, session)
        await post.declares()
        yield post
        assert fake.surprises == []
        wrong: list[Finding] = []
        await engine.read(lambda transaction: verify(transaction, wrong.append))
        assert wrong == []


async def test_it_is_written_down_before_the_back_end_is_asked_and_held_when_it_was_read_back(
    post: Away,
) -> None:
    post.fake.make("gateway")
    outcome = await post.kills(flag=FLAG)
    assert (await post.kinds(), await post.steps()) == (["flag_switching"], [Step.ASKED])
    assert post.is_on()
    assert not await post.containment.is_held(FLAG, "production")
    assert outcome.incident.being_switched(FLAG, "production") is not None
    post.at += timedelta(seconds=1.2)
    await post.does()
    held = await post.last()
    assert isinstance(held, FlagContained)
    assert (held.before, held.safe, held.by) == ("ON flexibleRollout 37%", "off", ANA.id)
    assert (held.at - held.asked_at).total_seconds() == 1.2  # type: ignore[operator]
    assert await post.containment.is_held(FLAG, "production")
    assert not post.is_on()
    lines = await post.containment.audit(flag=FLAG)
    assert [(line.step, line.backend, line.seconds) for line in lines] == [
        (Step.DONE, "unleash", 1.2),
        (Step.ASKED, "unleash", None),
    ]


async def test_letting_go_brings_back_what_was_there_by_a_second_person(post: Away) -> None:
    post.fake.make("gateway")
    before = str(post.fake.features["gateway"])
    await post.kills(flag=FLAG)
    await post.does()
    with pytest.raises(Refused, match="somebody else"):
        await post.containment.undo(ANA, 1, flag=FLAG, environment="production", key="mine")
    await post.lets_go()
    await post.does()
    restored = await post.last()
    assert isinstance(restored, FlagRestored)
    assert restored.serves == "ON flexibleRollout 37%"
    assert str(post.fake.features["gateway"]) == before
    assert (await post.incident()).containments == ()
    assert await post.vendors.everything() == []


async def test_of_four_clicks_one_asks_the_back_end_and_the_others_join(post: Away) -> None:
    post.fake.make("gateway")
    events = len(post.fake.events)
    await asyncio.gather(*(post.kills(flag=FLAG) for _ in range(4)))
    await asyncio.gather(*(post.vendors.carry_out() for _ in range(4)))
    await post.does()
    assert await post.kinds() == ["flag_switching", "flag_contained"]
    assert len(post.fake.events) == events + 1


async def test_done_without_an_answer_is_being_checked_and_found_done_by_reading(post: Away) -> None:
    post.fake.make("gateway")
    await post.kills(flag=FLAG)
    post.fake.fault = Fault.LATE
    await post.does()
    assert await post.kinds() == ["flag_switching"]
    assert await post.steps() == [Step.ASKED, Step.UNKNOWN]
    events = len(post.fake.events)
    await post.later()
    assert await post.kinds() == ["flag_switching", "flag_contained"]
    assert await post.steps() == [Step.ASKED, Step.UNKNOWN, Step.DONE]
    assert len(post.fake.events) == events  # read, not written again


async def test_a_server_error_is_read_again_and_holding_is_tried_again(post: Away) -> None:
    post.fake.make("gateway")
    await post.kills(flag=FLAG)
    post.fake.fault = Fault.BROKEN
    await post.does()
    assert post.is_on()
    await post.later()
    assert await post.kinds() == ["flag_switching", "flag_contained"]
    assert not post.is_on()


@pytest.mark.parametrize("fault", [Fault.UNAUTHORISED, Fault.FORBIDDEN, Fault.NOT_ALLOWED, Fault.CONFLICT])
async def test_what_the_back_end_refuses_is_said_and_nothing_is_held(post: Away, fault: Fault) -> None:
    post.fake.make("gateway")
    await post.kills(flag=FLAG)
    post.fake.fault = fault
    await post.does()
    failed = await post.last()
    assert isinstance(failed, FlagNotSwitched)
    assert "unleash" in failed.why
    assert (await post.incident()).switching == ()
    assert await post.steps() == [Step.ASKED, Step.FAILED]
    assert post.is_on()
    await post.kills(flag=FLAG)  # and may be asked for again
    await post.does()
    assert not post.is_on()


async def test_asked_too_often_is_tried_again_when_it_may_be(post: Away) -> None:
    post.fake.make("gateway")
    await post.kills(flag=FLAG)
    post.fake.fault = Fault.TOO_MANY
    await post.does()
    assert await post.kinds() == ["flag_switching"]
    await post.later(10)
    assert await post.kinds() == ["flag_switching", "flag_contained"]


async def test_a_process_that_dies_while_it_asks_leaves_a_question_that_the_next_one_answers(
    post: Away,
) -> None:
    post.fake.make("gateway")
    await post.kills(flag=FLAG)
    post.fake.fault = Fault.LATE
    dying = asyncio.create_task(post.vendors.carry_out())
    while post.is_on():  # noqa: ASYNC110 - it is another's server
        await asyncio.sleep(0.005)
    dying.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await dying
    assert not await post.vendors.carry_out()  # it is taken still
    events = len(post.fake.events)
    post.connect(post.fake, post.session)
    async with post.vendors.running():
        while "flag_contained" not in await post.kinds():  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.005)
    assert len(post.fake.events) == events  # read, not written again


async def test_letting_go_in_doubt_is_read_and_never_repeated(post: Away) -> None:
    await post.holds()
    await post.lets_go()
    post.fake.fault = Fault.BROKEN
    await post.does()
    assert await post.kinds() == ["flag_switching", "flag_contained", "flag_switching"]
    await post.later()
    failed = await post.last()
    assert isinstance(failed, FlagNotSwitched)
    assert (failed.act, post.is_on()) == (Switch.RESTORE, False)
    assert await post.containment.is_held(FLAG, "production")
    await post.lets_go()
    post.fake.fault = Fault.LATE
    await post.does()
    await post.later()
    assert isinstance(await post.last(), FlagRestored)
    assert post.is_on()


async def test_what_somebody_changed_while_it_was_held_is_let_go_by_force_alone(post: Away) -> None:
    await post.holds()
    post.fake.edit("gateway", by="dee")
    with pytest.raises(Refused, match="changed by dee"):
        await post.lets_go()
    await post.lets_go(force=True)
    await post.does()
    restored = await post.last()
    assert isinstance(restored, FlagRestored)
    assert restored.over == "dee"
    assert post.is_on()


async def test_a_flag_that_somebody_brings_back_is_missed_within_a_look_and_can_be_held_again(
    post: Away,
) -> None:
    await post.holds()
    assert await post.containment.look_after() == 0
    post.fake.switch("gateway", on=True, by="dee")
    assert await post.containment.look_after() == 1
    lost = await post.last()
    assert isinstance(lost, ContainmentLost)
    assert (lost.changed_by, lost.serves) == ("dee", "ON flexibleRollout 37%")
    assert await post.containment.look_after() == 0
    await post.kills(flag=FLAG)
    await post.does()
    assert not post.is_on()
    held = (await post.incident()).containment(FLAG, "production")
    assert held is not None
    assert not held.lost


async def test_a_review_of_the_vendor_is_asked_for_and_never_passed_by(post: Away) -> None:
    post.fake.make("gateway")
    post.fake.reviewed.add("production")
    await post.kills(flag=FLAG)
    await post.does()
    failed = await post.last()
    assert isinstance(failed, FlagNotSwitched)
    assert failed.url == f"{post.fake.url}/projects/default/change-requests/1"
    assert post.fake.requests[0]["state"] == "In review"
    assert post.is_on()


async def test_an_admins_token_switches_nothing(post: Away) -> None:
    post.fake.make("gateway")
    post.connect(post.fake, post.session, ADMIN)
    await post.kills(flag=FLAG)
    await post.does()
    failed = await post.last()
    assert isinstance(failed, FlagNotSwitched)
    assert "allow_admin_token" in failed.why
    assert post.is_on()


async def test_two_incidents_never_hold_one_flag(post: Away) -> None:
    await post.holds()
    await post.incidents.declare(
        BO, title="search is slow", severity=(await post.incident()).severity, key=post.key()
    )
    with pytest.raises(Refused, match="already held"):
        await post.containment.kill(
            BO, 2, flag=FLAG, environment="production", reason="errors", key=post.key()
        )


async def test_a_bare_key_finds_its_back_end_and_two_of_one_key_have_to_be_told_apart(post: Away) -> None:
    post.fake.make("gateway")
    assert await post.containment.named("gateway", "production") == FLAG
    with pytest.raises(NoSuchFlag, match="Did you mean `unleash:gateway`") as wrong:
        await post.containment.named("gatewai", "production")
    assert wrong.value.near == [FLAG]
    definition = Definition.read("gateway", SWITCH)
    await post.engine.write(
        lambda transaction: flag_definitions.define(
            transaction, TEAM, "production", [definition], by="cleo", now=post.at
        )
    )
    with pytest.raises(NoSuchFlag, match="several back-ends") as twice:
        await post.containment.named("gateway", "production")
    assert twice.value.near == ["embedded:gateway", FLAG]
    assert await post.containment.named("embedded:gateway", "production") == "gateway"
    assert post.is_on()


async def test_a_silent_back_end_does_not_keep_our_own_flags_from_being_held(post: Away) -> None:
    definition = Definition.read("ours", SWITCH)
    await post.engine.write(
        lambda transaction: flag_definitions.define(
            transaction, TEAM, "production", [definition], by="cleo", now=post.at
        )
    )
    post.fake.fault = Fault.HALF
    assert await post.containment.named("ours", "production") == "ours"
    post.fake.fault = Fault.HALF
    with pytest.raises(Refused, match="does not answer"):
        await post.containment.named("theirs", "production")


async def test_an_environment_that_is_not_kept_there_and_a_back_end_that_there_is_not_are_refused(
    post: Away,
) -> None:
    post.fake.make("gateway")
    with pytest.raises(Refused, match="no flag back-end 'split'"):
        await post.containment.look("split:gateway", "production")
    assert (await post.containment.look(FLAG, "staging")).facts.serves == "OFF"
    with pytest.raises(Refused, match="off for everyone already"):
        await post.kills(flag=FLAG, environment="staging")


async def test_an_answer_of_another_shape_is_no_answer(post: Away) -> None:
    post.fake.make("gateway")
    post.fake.features["gateway"]["environments"] = [{"name": "production"}]
    with pytest.raises(Refused, match="not understood"):
        await post.containment.look(FLAG, "production")
    assert await post.vendors.everything() == []


async def test_a_flag_that_is_deleted_there_while_it_is_held_is_missed_and_can_be_accepted(
    post: Away,
) -> None:
    await post.holds()
    del post.fake.features["gateway"]
    with pytest.raises(Refused, match="has no flag `gateway`"):
        await post.lets_go(force=True)
    assert await post.containment.look_after() == 1
    lost = await post.last()
    assert isinstance(lost, ContainmentLost)
    assert lost.serves == GONE
    assert await post.containment.look_after() == 0
    command = EndContainment(by=BO.id, flag=FLAG, reason="it is gone")
    await post.containment.change(BO, 1, command, key=post.key())
    assert (await post.incident()).containments == ()


async def test_a_token_that_expired_lets_go_of_nothing_and_its_successor_does(post: Away) -> None:
    await post.holds()
    post.connect(post.fake, post.session, "expired")
    assert await post.containment.look_after() == 0
    with pytest.raises(Refused, match="401"):
        await post.lets_go()
    assert len((await post.incident()).containments) == 1
    post.connect(post.fake, post.session)
    await post.lets_go()
    await post.does()
    assert isinstance(await post.last(), FlagRestored)
    assert post.is_on()


async def test_a_clock_that_goes_back_does_not_leave_a_flag_in_doubt(post: Away) -> None:
    post.fake.make("gateway")
    post.fake.fault = Fault.BROKEN
    await post.kills(flag=FLAG)
    await post.does()
    assert await post.steps() == [Step.ASKED, Step.UNKNOWN]
    await post.later(-3 * 3600)
    assert isinstance(await post.last(), FlagContained)
    assert not post.is_on()


async def test_a_flag_left_so_for_good_is_watched_no_more(post: Away) -> None:
    await post.holds()
    command = EndContainment(by=BO.id, flag="gateway", reason="the old gateway is gone")
    await post.containment.change(BO, 1, command, key=post.key())
    assert await post.vendors.everything() == []
    assert not post.is_on()


async def test_what_is_held_elsewhere_stands_in_the_overview(post: Away) -> None:
    await post.holds()
    held = (await post.containment.overview()).held
    assert [(each.key, each.holder, each.now) for each in held] == [(FLAG, "INC-1", "off")]
    assert [row.state for row in await post.vendors.everything()] == [State.HELD]
