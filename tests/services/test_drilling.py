"""A drill holds, sees, lets go and sees again; nowhere near production, and nothing stays behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot.domain.events import FlagContained
from bot.domain.flags import Definition
from bot.domain.vocabulary import Refused
from bot.services.containment import Places
from bot.services.drilling import Drilled, Drills, Seen, practice_place
from bot.storage import flag_definitions, flag_drills
from bot.storage.flag_audit import Act, Step, Switching
from bot.storage.flags import NoSuchFlag
from bot.storage.sqlite import SqliteEngine
from tests.flags.test_safety_rules import ANA, FLAG, TEAM, Post


class Practice:
    """Drills over a post, whose stopwatch moves by a tenth of a second with each look."""

    def __init__(self, post: Post) -> None:
        self.post = post
        self.seconds = 0.0
        self.never = False
        self.during: list[str] = []
        self.drills = Drills(
            post.engine,
            post.containment,
            team_id=TEAM,
            now=post.now,
            held=self._held,
            where=Seen.SERVED,
            stopwatch=self._stopwatch,
            seen_within=0.25,
        )

    async def runs(self, flag: str = FLAG, environment: str | None = "staging", key: str = "") -> Drilled:
        return await self.drills.run(ANA, flag, environment, key=key or self.post.key())

    def _stopwatch(self) -> float:
        self.seconds += 0.1
        return self.seconds

    async def _held(self, flag: str, environment: str) -> bool:
        held = await self.post.containment.is_held(flag, environment)
        if held:
            self.during.append(environment)
        if self.never:
            return False
        return held


@pytest_asyncio.fixture
async def practice(tmp_path: Path) -> AsyncIterator[Practice]:
    async with SqliteEngine.open(tmp_path / "firebreak.db") as engine:
        post = Post(engine)
        await post.defines()
        await post.defines(environment="staging")
        await post.declares()
        yield Practice(post)


async def token(post: Post, environment: str = "staging") -> str:
    return (await post.containment.look(FLAG, environment)).token


def begins(post: Post, environment: str = "staging", key: str = "left behind") -> Switching:
    return Switching(key, Act.DRILL, environment, FLAG, ANA.id, reason="drill")


async def leaves_one_behind(post: Post) -> flag_drills.Begun:
    """As a process that is killed in the middle of a drill."""
    return await post.engine.write(
        lambda transaction: flag_drills.begin(
            transaction, TEAM, begins(post), environments=("production", "staging"), now=post.at
        )
    )


async def test_a_drill_holds_and_lets_go_exactly_and_says_how_long_it_took(practice: Practice) -> None:
    before = await token(practice.post)
    done = await practice.runs()
    assert (done.flag, done.environment, done.safe, done.is_back) == (FLAG, "staging", "old", True)
    assert done.seconds == pytest.approx(0.2)
    assert practice.during == ["staging"]
    assert await token(practice.post) == before
    asked, ended = reversed(await practice.post.containment.audit(flag=FLAG))
    assert [(each.act, each.step, each.actor) for each in (asked, ended)] == [
        (Act.DRILL, Step.ASKED, ANA.id),
        (Act.DRILL, Step.DONE, ANA.id),
    ]
    assert ended.seconds == pytest.approx(0.2)
    assert (ended.mark, ended.detail) == (asked.mark, "served")


async def test_whoever_confirms_in_production_sees_what_the_last_drill_took(practice: Practice) -> None:
    assert (await practice.post.containment.look(FLAG, "production")).drill is None
    await practice.runs()
    seen = (await practice.post.containment.look(FLAG, "production")).drill
    assert seen is not None
    assert seen.env == "staging"
    assert seen.seconds == pytest.approx(0.2)


async def test_an_effect_that_is_not_seen_fails_the_drill_and_the_flag_serves_again(
    practice: Practice,
) -> None:
    practice.never = True
    before = await token(practice.post)
    done = await practice.runs()
    assert done.seconds is None
    assert await token(practice.post) == before
    last = (await practice.post.containment.look(FLAG, "production")).drill
    assert last is not None
    assert (last.step, last.seconds) == (Step.FAILED, None)


async def test_a_drill_is_refused_in_production(practice: Practice) -> None:
    with pytest.raises(Refused, match="production is production, and nobody practises there"):
        await practice.runs(environment="production")
    assert await practice.post.containment.audit() == []


@pytest.mark.parametrize("where", ["production", "staging"])
async def test_a_drill_is_refused_while_the_flag_is_held_anywhere(practice: Practice, where: str) -> None:
    await practice.post.kills(environment=where)
    with pytest.raises(Refused, match=f"is held in {where}, so this is no time to practise"):
        await practice.runs()
    assert await practice.post.is_held(where)


async def test_a_near_miss_is_offered_and_not_drilled(practice: Practice) -> None:
    with pytest.raises(NoSuchFlag, match="Did you mean"):
        await practice.runs("gatewy")


async def test_a_flag_that_is_kept_elsewhere_is_not_drilled_by_mistake(practice: Practice) -> None:
    with pytest.raises(Refused, match="is kept elsewhere"):
        await practice.runs("unleash:gateway")


async def test_a_request_that_comes_twice_is_carried_out_once(practice: Practice) -> None:
    await practice.runs(key="the same")
    with pytest.raises(Refused, match="is over already"):
        await practice.runs(key="the same")
    assert len(await practice.post.containment.audit(flag=FLAG)) == 2


async def test_two_who_drill_at_once_do_so_one_after_the_other_or_are_told(practice: Practice) -> None:
    before = await token(practice.post)
    went = await asyncio.gather(*(practice.runs() for _ in range(3)), return_exceptions=True)
    assert any(isinstance(each, Drilled) for each in went)
    assert all(isinstance(each, Drilled) or "is under way" in str(each) for each in went)
    assert await token(practice.post) == before


async def test_an_incident_takes_over_what_a_drill_holds(practice: Practice) -> None:
    post = practice.post
    begun = await leaves_one_behind(post)
    (event,) = (await post.kills(environment="staging")).events
    assert isinstance(event, FlagContained)
    exact = await post.engine.write(
        lambda transaction: flag_drills.end(transaction, TEAM, begun, seconds=0.1, detail="", now=post.at)
    )
    assert not exact
    assert await post.is_held("staging")
    assert (await post.containment.audit(flag=FLAG))[0].detail == flag_drills.TAKEN_OVER


async def test_what_an_interrupted_drill_left_behind_is_let_go_of_after_a_minute(practice: Practice) -> None:
    post = practice.post
    before = await token(post)
    await leaves_one_behind(post)
    await post.containment.look_after()
    assert await post.is_held("staging")  # it may be under way still
    post.at += timedelta(seconds=61)
    await post.containment.look_after()
    assert await token(post) == before
    last = (await post.containment.audit(flag=FLAG))[0]
    assert (last.operation, last.step, last.detail) == (
        "left behind",
        Step.FAILED,
        "interrupted; let go of afterwards",
    )


async def test_a_flag_that_is_at_its_safe_value_already_would_show_nothing(practice: Practice) -> None:
    idle = Definition.simple("idle", serves="off", safe="off")
    await practice.post.engine.write(
        lambda transaction: flag_definitions.define(
            transaction, TEAM, "staging", [idle], by="ana", now=practice.post.at
        )
    )
    with pytest.raises(Refused, match="already, so a drill would show nothing"):
        await practice.runs("idle")


@pytest.mark.parametrize(
    ("environments", "named", "told"),
    [
        (("production",), None, "all of them are production"),
        (("production", "staging", "test"), None, "Name one of these behind the flag: staging, test"),
        (("production", "staging"), "stagin", "Did you mean `staging`"),
    ],
)
def test_where_to_practise_is_never_guessed(
    environments: tuple[str, ...], named: str | None, told: str
) -> None:
    with pytest.raises(Refused, match=told):
        practice_place(Places(environments, frozenset({"production"})), named)


def test_the_only_place_to_practise_is_meant_where_none_is_named() -> None:
    assert practice_place(Places(("production", "staging"), frozenset({"production"})), None) == "staging"
