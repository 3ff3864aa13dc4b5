"""The flag table: what is held, by whom, and what is served when it is let go."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.domain.commands import ExtendContainment
from bot.domain.vocabulary import Refused
from bot.storage import flags
from bot.storage.engine import Engine
from tests.domain.samples import BO, TO_THE_END
from tests.storage.doing import (
    TEAM,
    asks,
    contains,
    declares,
    defines,
    everything,
    flag,
    found,
    restores,
    rows,
)

GATEWAY = "payments-new-gateway"


async def refusal(engine: Engine, key: str, *, number: int = 1) -> str:
    """Why the flag is not contained; nothing has changed."""
    before = await everything(engine)
    with pytest.raises(Refused) as refused:
        await contains(engine, key, number=number)
    assert await everything(engine) == before
    return str(refused.value)


async def test_a_contained_flag_serves_its_safe_value_and_says_who_holds_it(engine: Engine) -> None:
    await declares(engine)
    await defines(engine, GATEWAY, serves="25 %")
    outcome = await contains(engine, GATEWAY)
    assert [event.type for event in outcome.events] == ["flag_contained"]
    held = await flag(engine, GATEWAY)
    assert (held.now, held.serves, held.held_by) == ("off", "25 %", 1)


async def test_a_flag_that_is_let_go_serves_exactly_what_it_did_before(engine: Engine) -> None:
    await declares(engine)
    await defines(engine, GATEWAY, serves="25 %")
    before = await flag(engine, GATEWAY)
    await contains(engine, GATEWAY)
    outcome = await restores(engine, GATEWAY)
    assert [event.type for event in outcome.events] == ["flag_restored"]
    assert await flag(engine, GATEWAY) == before


async def test_the_same_press_twice_contains_once(engine: Engine) -> None:
    await declares(engine)
    await defines(engine, GATEWAY)
    await contains(engine, GATEWAY, request="trigger-1")
    assert (await contains(engine, GATEWAY, request="trigger-1")).repeated
    assert (await contains(engine, GATEWAY, request="trigger-2")).events == ()


async def test_a_kill_that_is_delivered_again_after_the_undo_does_not_kill_again(engine: Engine) -> None:
    await declares(engine)
    await defines(engine, GATEWAY)
    await contains(engine, GATEWAY, request="trigger-1")
    await restores(engine, GATEWAY)
    assert (await contains(engine, GATEWAY, request="trigger-1")).repeated
    assert (await flag(engine, GATEWAY)).held_by is None


async def test_a_flag_can_be_held_again_after_it_was_let_go(engine: Engine) -> None:
    await declares(engine)
    await defines(engine, GATEWAY)
    for time in ("1", "2"):
        await contains(engine, GATEWAY, request=f"kill {time}")
        await restores(engine, GATEWAY, request=f"undo {time}")
    incident = await found(engine)
    assert incident is not None
    assert incident.containments == ()


async def test_one_incident_holds_a_flag_and_the_others_are_told_which(engine: Engine) -> None:
    await declares(engine)
    await declares(engine)
    await defines(engine, GATEWAY)
    await contains(engine, GATEWAY, number=1, request="a")
    before = await everything(engine)
    with pytest.raises(Refused, match="already held at `off`, so it is contained"):
        await contains(engine, GATEWAY, number=2, request="b")
    with pytest.raises(Refused, match="INC-2 does not hold"):
        await restores(engine, GATEWAY, number=2)
    assert await everything(engine) == before


async def test_two_incidents_that_contain_at_once_do_not_both_hold_it(engine: Engine) -> None:
    await declares(engine)
    await declares(engine)
    await defines(engine, GATEWAY)
    outcomes = await asyncio.gather(
        *(contains(engine, GATEWAY, number=number, request=f"{number}") for number in (1, 2)),
        return_exceptions=True,
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert [type(outcome) for outcome in refused] == [Refused]
    assert len(await rows(engine, "select * from flag_override")) == 1


async def test_a_misspelt_flag_is_not_switched_and_the_near_ones_are_named(engine: Engine) -> None:
    await declares(engine)
    for key in (GATEWAY, "payments-old-gateway", "search"):
        await defines(engine, key)
    said = await refusal(engine, "payment-new-gatway")
    assert (
        "There is no flag `payment-new-gatway`. Did you mean `payments-new-gateway`, `payments-old-gateway`?"
        in said
    )
    assert "`search`" not in said


async def test_a_flag_like_no_other_points_to_the_list(engine: Engine) -> None:
    await declares(engine)
    await defines(engine, GATEWAY)
    assert "`/flag show` lists the flags there are" in await refusal(engine, "<!channel> {x}")


async def test_a_flag_is_not_held_because_of_an_incident_that_is_closed_or_never_was(engine: Engine) -> None:
    await declares(engine)
    await defines(engine, GATEWAY)
    assert "There is no INC-9" in await refusal(engine, GATEWAY, number=9)
    for command in TO_THE_END:
        await asks(engine, command)
    assert "INC-1 is closed" in await refusal(engine, GATEWAY)


async def test_a_closed_incident_can_still_let_go(engine: Engine) -> None:
    await declares(engine)
    await defines(engine, GATEWAY)
    await contains(engine, GATEWAY)
    kept = ExtendContainment(by=BO, flag=GATEWAY, review=timedelta(days=1), owner=BO)
    for command in [kept, *TO_THE_END]:
        await asks(engine, command)
    await restores(engine, GATEWAY)
    assert (await flag(engine, GATEWAY)).held_by is None


async def test_held_flags_are_listed_first_and_then_all_by_name(engine: Engine) -> None:
    await declares(engine)
    for key in ("c", "a", "b"):
        await defines(engine, key)
    await contains(engine, "b")
    listed = await engine.read(lambda transaction: flags.everything(transaction, TEAM))
    assert [each.key for each in listed] == ["b", "a", "c"]
    assert await engine.read(lambda transaction: flags.everything(transaction, "T2")) == []


async def test_a_definition_can_be_changed_while_nobody_holds_the_flag(engine: Engine) -> None:
    await declares(engine)
    await defines(engine, GATEWAY)
    await defines(engine, GATEWAY, serves="50 %", safe="0 %")
    await contains(engine, GATEWAY)
    before = await flag(engine, GATEWAY)
    assert (before.now, before.serves) == ("0 %", "50 %")
    with pytest.raises(Refused, match="held by INC-1, so its definition was not changed"):
        await defines(engine, GATEWAY, serves="100 %")
    assert await flag(engine, GATEWAY) == before
