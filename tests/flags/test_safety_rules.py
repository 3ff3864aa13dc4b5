"""The thirteen rules that keep containment safe, each with a test: docs/flags.md, "What containment keeps to"."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.config.flags import Flags, flag_settings, flag_tokens
from bot.domain.commands import ExtendContainment, TakeRole
from bot.domain.containing import AT_MOST_A_MINUTE, Policy, for_how_long, policy_in, review_time
from bot.domain.events import Event, FlagAsked, FlagContained, FlagRestored
from bot.domain.flags import Definition
from bot.domain.incident import Incident
from bot.domain.reminders import wanted
from bot.domain.vocabulary import Refused, Role, Severity
from bot.services.containment import Containment, Places
from bot.services.incidents import Actor, Incidents
from bot.services.reminders import Reminders
from bot.storage import flag_definitions, flag_overrides
from bot.storage.engine import Engine
from bot.storage.flag_audit import Act, Step
from bot.storage.flag_overrides import FlagMoved
from bot.storage.flags import NoSuchFlag, Terms
from bot.storage.incidents import Outcome
from bot.storage.sqlite import SqliteEngine
from tests.domain.samples import NOON, RUNBOOK

TEAM = "T1"
ANA, BO, CLEO = Actor("U01ANA", "ana"), Actor("U02BO", "bo"), Actor("U03CLEO", "cleo")
FLAG = "gateway"
ROLLOUT: dict[str, Any] = {
    "state": "ENABLED",
    "variants": {"new": {"secret": "s3cr3t"}, "old": {"secret": "0ld"}},
    "defaultVariant": "new",
    "targeting": {"fractional": [["new", 37], ["old", 63]]},
    "metadata": {"safeVariant": "old", "description": "Card payments"},
}


@dataclass
class Post:
    """Where flags are switched: the service over a real database, and a clock that a test moves on."""

    engine: Engine
    at: datetime = NOON
    asked: int = field(default=0)

    def __post_init__(self) -> None:
        places = Places(("production", "staging"), frozenset({"production"}))
        self.incidents = Incidents(self.engine, team_id=TEAM, runbooks=lambda: [RUNBOOK], now=self.now)
        self.containment = Containment(self.engine, self.incidents, team_id=TEAM, now=self.now, places=places)

    def now(self) -> datetime:
        return self.at

    def key(self) -> str:
        self.asked += 1
        return f"request {self.asked}"

    async def defines(self, key: str = FLAG, environment: str = "production", **metadata: object) -> None:
        data = {**ROLLOUT, "metadata": {**ROLLOUT["metadata"], **metadata}}
        definition = Definition.read(
            key, {**data, "metadata": {k: v for k, v in data["metadata"].items() if v != ""}}
        )
        await self.engine.write(
            lambda transaction: flag_definitions.define(
                transaction, TEAM, environment, [definition], by="cleo", now=self.at
            )
        )

    async def declares(self) -> None:
        await self.incidents.declare(ANA, title="checkout is down", severity=Severity.P2, key=self.key())

    async def kills(
        self, actor: Actor = ANA, flag: str = FLAG, environment: str = "production", **terms: Any
    ) -> Outcome:
        return await self.containment.kill(
            actor,
            1,
            flag=flag,
            environment=environment,
            reason="errors began",
            key=self.key(),
            terms=Terms(**terms),
        )

    async def undoes(self, actor: Actor = BO, environment: str = "production", **terms: Any) -> Outcome:
        return await self.containment.undo(
            actor, 1, flag=FLAG, environment=environment, key=self.key(), terms=Terms(**terms)
        )

    async def leads(self, actor: Actor) -> None:
        command = TakeRole(by=actor.id, role=Role.COMMANDER)
        await self.incidents.carry_out(actor, 1, command, key=self.key())

    async def incident(self) -> Incident:
        found = await self.incidents.find(1)
        assert found is not None
        return found

    async def happened(self) -> list[Event]:
        return [entry.event for entry in await self.incidents.timeline(1)][2:]

    async def is_held(self, environment: str = "production") -> bool:
        return await self.containment.is_held(FLAG, environment)

    async def lets_go_by_hand(self) -> None:
        """As somebody would who works on the database, past the bot."""
        await self.engine.write(
            lambda transaction: flag_overrides.let_go(
                transaction, TEAM, env="production", key=FLAG, actor="dee", now=self.at, incident=None
            )
        )


@pytest_asyncio.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    async with SqliteEngine.open(tmp_path / "firebreak.db") as engine:
        built = Post(engine)
        await built.defines()
        await built.declares()
        yield built


async def refusal(asked: Awaitable[object]) -> str:
    with pytest.raises(Refused) as refused:
        await asked
    return str(refused.value)


async def test_1_a_safe_value_is_declared_and_never_guessed(post: Post) -> None:
    await post.defines("unsafe", safeVariant="")
    assert "does not say which of its variants is safe" in await refusal(post.kills(flag="unsafe"))
    (event,) = (await post.kills()).events
    assert isinstance(event, FlagContained)
    assert event.safe == "old"


async def test_2_held_is_said_only_when_it_was_read_back(post: Post) -> None:
    assert not await post.is_held()
    await post.kills()
    assert await post.is_held()
    await post.lets_go_by_hand()
    assert not await post.is_held()


async def test_3_what_is_switched_is_the_environment_that_was_named_and_no_other(post: Post) -> None:
    await post.defines(environment="staging")
    await post.kills(environment="staging")
    assert (await post.is_held("staging"), await post.is_held()) == (True, False)
    with pytest.raises(Refused, match="There is no environment `stagin`, so nothing"):
        post.containment.places.named("stagin")


async def test_4_a_near_miss_acts_on_nothing_and_a_stale_confirmation_neither(post: Post) -> None:
    with pytest.raises(NoSuchFlag) as wrong:
        await post.kills(flag="gatewy")
    assert wrong.value.near == [FLAG]
    seen = await post.containment.look(FLAG, "production")
    await post.defines(description="changed meanwhile")
    with pytest.raises(FlagMoved):
        await post.kills(expected=seen.token)
    assert not await post.is_held()


async def test_5_holding_wins_races_and_letting_go_loses_them(post: Post) -> None:
    await asyncio.gather(*(post.kills() for _ in range(4)))
    assert [event.type for event in await post.happened()] == ["flag_contained"]
    await post.lets_go_by_hand()
    said = await refusal(post.undoes())
    assert "is not as we left it, so nothing was switched" in said
    assert "changed by dee" in said
    (event,) = (await post.undoes(force=True)).events
    assert isinstance(event, FlagRestored)
    assert event.over == "dee"


@pytest.mark.parametrize("hours", [4, 5, 29, 24 * 400])
async def test_6_nothing_is_let_go_of_by_time_alone(post: Post, hours: int) -> None:
    await post.kills()
    post.at += timedelta(hours=hours)
    reminders = Reminders(post.engine, now=post.now)
    await reminders.send_due()
    await post.containment.look_after()
    assert await post.is_held()
    assert [event.type for event in await post.happened()] == ["flag_contained", "reminder_sent"]


async def test_6_a_review_that_nobody_answers_comes_again_each_day_and_keeping_puts_it_off(
    post: Post,
) -> None:
    await post.kills(review=timedelta(hours=2))
    (first,) = wanted(await post.incident()).values()
    assert first == NOON + timedelta(hours=2)
    post.at += timedelta(hours=2)
    await Reminders(post.engine, now=post.now).send_due()
    (again,) = wanted(await post.incident()).values()
    assert again == first + timedelta(days=1)
    command = ExtendContainment(by=BO.id, flag=FLAG, review=timedelta(hours=4))
    await post.containment.change(BO, 1, command, key=post.key())
    assert list(wanted(await post.incident()).values()) == [post.at + timedelta(hours=4)]


async def test_7_letting_go_in_production_takes_somebody_else_while_the_incident_is_open(post: Post) -> None:
    await post.kills(ANA)
    assert "somebody else lets go of it" in await refusal(post.undoes(ANA))
    assert "Only the lead may go on" in await refusal(post.undoes(ANA, alone="nobody is awake"))
    await post.leads(ANA)
    (event,) = (await post.undoes(ANA, alone="nobody is awake")).events
    assert isinstance(event, FlagRestored)
    assert event.alone == "nobody is awake"
    await post.kills(ANA)
    assert (await post.undoes(BO)).events


async def test_7_holding_takes_a_second_person_only_where_the_owner_says_so(post: Post) -> None:
    await post.defines("slow", killSwitch=False)
    await post.leads(BO)
    (asked,) = (await post.kills(ANA, "slow")).events
    assert isinstance(asked, FlagAsked)
    assert "You asked for it, so somebody else" in await refusal(post.kills(ANA, "slow"))
    assert "Somebody who takes part in INC-1 presses that" in await refusal(post.kills(CLEO, "slow"))
    (event,) = (await post.kills(BO, "slow")).events
    assert isinstance(event, FlagContained)
    assert (event.by, event.asked_by) == (BO.id, ANA.id)


async def test_7_a_flag_of_its_owner_is_held_by_its_owner_or_by_the_lead_with_a_reason(post: Post) -> None:
    await post.defines("mine", containPolicy="owner", owner=CLEO.id)
    assert isinstance((await post.kills(ANA, "mine")).events[0], FlagAsked)
    assert "is held by its owner alone, U03CLEO" in await refusal(post.kills(BO, "mine"))
    assert isinstance((await post.kills(CLEO, "mine")).events[0], FlagContained)
    await post.defines("mine-too", containPolicy="owner", owner=CLEO.id)
    await post.leads(BO)
    (event,) = (await post.kills(BO, "mine-too", alone="Cleo is on a plane")).events
    assert isinstance(event, FlagContained)
    assert event.alone == "Cleo is on a plane"


@pytest.mark.parametrize(
    ("metadata", "policy"),
    [
        ({}, Policy.RESPONDERS),
        ({"killSwitch": True}, Policy.RESPONDERS),
        ({"killSwitch": False}, Policy.SECOND_PERSON),
        ({"containPolicy": "owner"}, Policy.OWNER),
        ({"containPolicy": "everybody"}, Policy.SECOND_PERSON),
    ],
)
def test_7_who_may_hold_a_flag_is_what_its_owner_declared(
    metadata: dict[str, object], policy: Policy
) -> None:
    assert policy_in(metadata) is policy


async def test_8_every_switch_is_asked_and_done_in_the_audit_with_who_and_why(post: Post) -> None:
    await post.kills(ANA)
    await post.undoes(BO)
    lines = await post.containment.audit(flag=FLAG)
    assert [(line.act, line.step, line.actor) for line in reversed(lines)] == [
        (Act.CONTAIN, Step.ASKED, ANA.id),
        (Act.CONTAIN, Step.DONE, ANA.id),
        (Act.RESTORE, Step.ASKED, BO.id),
        (Act.RESTORE, Step.DONE, BO.id),
    ]
    held, before = lines[2], lines[3]
    assert (held.incident, held.reason) == (1, "errors began")
    assert held.mark != before.mark
    assert lines[0].mark == before.mark  # what is served is again exactly what it was


async def test_8_what_is_refused_leaves_no_trace_of_having_been_done(post: Post) -> None:
    await refusal(post.undoes())
    assert await post.containment.audit() == []


def test_9_a_read_token_is_never_shown() -> None:
    """Back-ends have their own: tests/flags and tests/config hold that they are named when too strong."""
    tokens, wrong = flag_tokens("production:" + "hidden" * 4, ["production"])
    assert wrong == []
    assert "hidden" not in repr(flag_settings(Flags(), Path(), tokens))


async def test_10_a_flag_that_is_held_can_be_neither_changed_nor_deleted(post: Post) -> None:
    await post.kills()
    assert "is held by INC-1" in await refusal(post.defines(description="other"))

    async def removes() -> None:
        await post.engine.write(
            lambda transaction: flag_definitions.remove(
                transaction, TEAM, "production", FLAG, by="cleo", now=post.at
            )
        )

    assert "is held by INC-1" in await refusal(removes())


async def test_11_the_command_line_holds_a_flag_with_the_same_rules_and_audit_and_no_slack(
    post: Post,
) -> None:
    console = Actor("ana (command line)", "ana (command line)")
    (event,) = (await post.kills(console, console=True)).events
    assert isinstance(event, FlagContained)
    assert event.alone == "command line"  # which the channel reads, once Slack is back
    assert "somebody else lets go of it" in await refusal(post.undoes(console, console=True))
    assert (await post.containment.audit())[0].actor == "ana (command line)"


async def test_12_nobody_holds_more_than_ten_flags_a_minute(post: Post) -> None:
    for number in range(AT_MOST_A_MINUTE + 1):
        await post.defines(f"flag-{number}")
    for number in range(AT_MOST_A_MINUTE):
        await post.kills(flag=f"flag-{number}")
    assert "within a minute, so this one was not switched" in await refusal(
        post.kills(flag=f"flag-{AT_MOST_A_MINUTE}")
    )
    await post.leads(BO)
    await post.kills(BO, flag=f"flag-{AT_MOST_A_MINUTE}")
    post.at += timedelta(minutes=1, seconds=1)
    await post.kills()


async def test_13_what_a_flag_serves_is_said_by_the_names_of_variants_alone(post: Post) -> None:
    await post.kills()
    await post.undoes()
    told = json.dumps([event.model_dump(mode="json") for event in await post.happened()])
    told += repr(await post.containment.audit()) + repr(await post.containment.history(FLAG, "production"))
    assert "s3cr3t" not in told
    assert "0ld" not in told
    assert "new, or what its rules say" in told


# Losing what is held


async def test_a_flag_that_somebody_switched_back_is_told_once_and_can_be_held_again(post: Post) -> None:
    await post.kills()
    assert await post.containment.look_after() == 0
    await post.lets_go_by_hand()
    assert await post.containment.look_after() == 1
    assert await post.containment.look_after() == 0
    assert (await post.incident()).containments[0].lost == "new, or what its rules say"
    await post.kills()
    assert await post.is_held()
    assert (await post.incident()).containments[0].lost == ""


# Times


@pytest.mark.parametrize(
    ("text", "length", "rest"),
    [
        ("for 2h errors began", timedelta(hours=2), "errors began"),
        ("for 30m", timedelta(minutes=30), ""),
        ("FOR 3D x", timedelta(days=3), "x"),
        ("for the rollout broke it", None, "for the rollout broke it"),
        ("errors for 2h", None, "errors for 2h"),
    ],
)
def test_a_time_is_read_where_it_stands_and_nowhere_else(
    text: str, length: timedelta | None, rest: str
) -> None:
    assert for_how_long(text) == (length, rest)


@pytest.mark.parametrize("text", ["-2h", "9y", "0m", "4m", "8d", "1e9h", "999999999999h", "2", "٢h", ""])
def test_a_time_that_is_none_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(Refused, match="is no time to hold a flag for, so nothing was changed"):
        review_time(text)
