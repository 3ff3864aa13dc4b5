"""What was promised is claimed in order, reported once, and never lost."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

from bot.domain.effects import REDRAW_SECONDS, Draw, Effect, Invite, OpenChannel, Pin, PostSummary, Tell
from bot.domain.events import NoteAdded
from bot.domain.vocabulary import Surface
from bot.storage import outbox
from bot.storage.engine import Engine
from bot.storage.outbox import GRACE, NOBODY, Promise
from tests.domain.samples import ANA, BO, NOON, later
from tests.storage.doing import (
    LEASE,
    claims,
    finishes,
    promises,
    releases,
    tries_again,
    unfinished,
)

CARD, CHECKLIST = Draw(surface=Surface.CARD), Draw(surface=Surface.CHECKLIST)
SUMMARY = PostSummary(day=date(2026, 11, 21), previous=date(2026, 11, 20), channel="incidents")


def tell(text: str) -> Tell:
    return Tell(event=NoteAdded(at=NOON, by=ANA, text=text))


def effects(claimed: list[Promise]) -> list[Effect]:
    return [promise.effect for promise in claimed]


async def next_due(engine: Engine, minutes: float = 0) -> float | None:
    """Minutes from noon until something wants attention, as seen at `minutes` after noon."""
    due = await engine.read(lambda transaction: outbox.next_due(transaction, now=later(minutes)))
    return None if due is None else (due - NOON.timestamp()) / 60


async def has_due(engine: Engine, minutes: float = 0) -> bool:
    return await engine.read(lambda transaction: outbox.has_due(transaction, now=later(minutes)))


async def park(engine: Engine, promise: Promise) -> None:
    await engine.write(lambda transaction: outbox.park(transaction, promise, error="the channel is gone"))


# Claiming


async def test_effects_of_one_lane_are_claimed_one_after_the_other_in_the_order_of_their_promises(
    engine: Engine,
) -> None:
    await promises(engine, OpenChannel(), tell("one"), tell("two"))
    order = []
    while claimed := await claims(engine):
        assert len(claimed) == 1
        order += effects(claimed)
        await finishes(engine, claimed[0])
    assert order == [OpenChannel(), tell("one"), tell("two")]


async def test_lanes_and_incidents_do_not_wait_for_each_other(engine: Engine) -> None:
    await promises(engine, tell("one"), tell("two"), CARD, CHECKLIST, Invite(person=ANA), Invite(person=BO))
    await promises(engine, tell("other"), CARD, number=2)
    await promises(engine, SUMMARY, number=NOBODY)
    first = [
        tell("one"),
        CARD,
        CHECKLIST,
        Invite(person=ANA),
        Invite(person=BO),
        tell("other"),
        CARD,
        SUMMARY,
    ]
    assert effects(await claims(engine)) == first


async def test_no_more_are_claimed_than_asked_for_and_the_longest_waiting_come_first(engine: Engine) -> None:
    for minute, number in ((3, 1), (1, 2), (2, 3)):
        await promises(engine, tell("x"), number=number, now=later(minute))
    claimed = await claims(engine, now=later(5), limit=2)
    assert sorted(promise.incident for promise in claimed) == [2, 3]


async def test_what_is_being_sent_is_not_claimed_again(engine: Engine) -> None:
    await promises(engine, CARD, tell("x"))
    assert len(await claims(engine)) == 2
    assert await claims(engine) == []


async def test_twenty_claims_at_once_take_each_effect_once(engine: Engine) -> None:
    for number in range(1, 31):
        await promises(engine, tell("x"), number=number)
    claimed = await asyncio.gather(*(claims(engine, limit=3) for _ in range(20)))
    taken = [promise.id for some in claimed for promise in some]
    assert len(taken) == len(set(taken)) == 30


async def test_a_claim_says_all_that_the_delivery_needs_to_know(engine: Engine) -> None:
    await promises(engine, tell("x"), number=3, now=later(1))
    (promise,) = await claims(engine, now=later(2))
    assert (promise.team_id, promise.incident, promise.effect) == ("T1", 3, tell("x"))
    assert (promise.attempt, promise.failures, promise.in_doubt) == (1, 0, False)
    assert promise.created == later(1).timestamp()


# Coalescing


async def test_twenty_draws_that_wait_are_one(engine: Engine) -> None:
    for _ in range(20):
        await promises(engine, CARD)
    assert len(await unfinished(engine)) == 1
    assert effects(await claims(engine)) == [CARD]


async def test_a_draw_that_is_under_way_does_not_cover_a_later_change(engine: Engine) -> None:
    """It may have read the state already."""
    await promises(engine, CARD)
    (first,) = await claims(engine)
    for _ in range(20):
        await promises(engine, CARD)
    assert await claims(engine) == []
    await finishes(engine, first)
    assert await claims(engine) == []  # redraws keep their distance
    (second,) = await claims(engine, now=NOON + timedelta(seconds=REDRAW_SECONDS))
    assert second.id != first.id
    await finishes(engine, second)
    assert await unfinished(engine) == []


async def test_draws_of_other_surfaces_and_incidents_are_their_own_and_so_is_a_pin(engine: Engine) -> None:
    await promises(engine, CARD, CHECKLIST, Pin(surface=Surface.CARD), CARD)
    await promises(engine, CARD, number=2)
    assert len(await unfinished(engine)) == 4


async def test_what_people_are_told_is_never_one_for_two(engine: Engine) -> None:
    await promises(engine, tell("same"), tell("same"), Invite(person=ANA), Invite(person=ANA))
    assert len(await unfinished(engine)) == 4


# Reporting


async def test_a_done_effect_is_over(engine: Engine) -> None:
    await promises(engine, tell("x"))
    (promise,) = await claims(engine)
    assert await finishes(engine, promise)
    assert not await finishes(engine, promise)
    assert await unfinished(engine) == []
    assert await claims(engine, now=later(999)) == []


async def test_only_the_latest_attempt_may_report(engine: Engine) -> None:
    await promises(engine, tell("x"))
    (old,) = await claims(engine)
    await releases(engine, now=later(2))
    (new,) = await claims(engine, now=later(3))
    assert (new.id, new.attempt) == (old.id, 2)
    assert not await finishes(engine, old)
    await tries_again(engine, old, at=later(4))
    await park(engine, old)
    assert [row["state"] for row in await unfinished(engine)] == ["sending"]
    assert await finishes(engine, new)


async def test_a_failure_is_tried_again_when_its_time_comes_and_counted(engine: Engine) -> None:
    await promises(engine, tell("x"))
    (promise,) = await claims(engine)
    await tries_again(engine, promise, at=later(5))
    assert await claims(engine, now=later(4.99)) == []
    (again,) = await claims(engine, now=later(5))
    assert (again.id, again.attempt, again.failures, again.in_doubt) == (promise.id, 2, 1, False)
    assert (await unfinished(engine))[0]["error"] == "it broke"


async def test_a_wait_that_slack_asked_for_is_no_failure(engine: Engine) -> None:
    await promises(engine, tell("x"))
    (promise,) = await claims(engine)
    await tries_again(engine, promise, at=later(1), counts=False)
    (again,) = await claims(engine, now=later(1))
    assert again.failures == 0


async def test_a_doubt_lasts_until_it_is_settled(engine: Engine) -> None:
    await promises(engine, tell("x"))
    (promise,) = await claims(engine)
    await tries_again(engine, promise, at=later(1), in_doubt=True)
    (again,) = await claims(engine, now=later(1))
    assert again.in_doubt
    await tries_again(engine, again, at=later(2), in_doubt=False, counts=False)  # 429 while looking
    (last,) = await claims(engine, now=later(2))
    assert last.in_doubt


async def test_what_waits_in_a_lane_does_not_overtake_what_failed_before_it(engine: Engine) -> None:
    await promises(engine, tell("one"), tell("two"))
    (one,) = await claims(engine)
    await tries_again(engine, one, at=later(5))
    assert await claims(engine, now=later(4)) == []
    assert effects(await claims(engine, now=later(5))) == [tell("one")]


async def test_a_parked_effect_is_kept_with_its_reason_and_stands_in_nobody_s_way(engine: Engine) -> None:
    await promises(engine, tell("one"), tell("two"))
    (one,) = await claims(engine)
    await park(engine, one)
    assert effects(await claims(engine)) == [tell("two")]
    parked = [row for row in await unfinished(engine) if row["state"] == "parked"]
    assert [(row["error"], row["incident"]) for row in parked] == [("the channel is gone", 1)]
    assert await claims(engine, now=later(999)) == []


# A draw that fails while a newer one waits


async def test_a_newer_draw_joins_the_one_that_failed_and_waits_with_it(engine: Engine) -> None:
    await promises(engine, CARD)
    (first,) = await claims(engine)
    await promises(engine, CARD)
    await tries_again(engine, first, at=later(1), counts=False)  # Slack said when to come back
    assert await claims(engine, now=later(0.5)) == []
    (again,) = await claims(engine, now=later(1))
    assert again.id == first.id
    await finishes(engine, again)
    assert await unfinished(engine) == []


async def test_a_draw_in_doubt_keeps_its_number_because_it_is_looked_up_by_it(engine: Engine) -> None:
    await promises(engine, CARD)
    (first,) = await claims(engine)
    await promises(engine, CARD)
    await tries_again(engine, first, at=later(1), in_doubt=True)
    await promises(engine, CARD)
    (again,) = await claims(engine, now=later(1))
    assert (again.id, again.in_doubt, again.created) == (first.id, True, first.created)
    await promises(engine, CARD)
    await tries_again(engine, again, at=later(2), in_doubt=False, counts=False)
    (last,) = await claims(engine, now=later(2))
    assert (last.id, last.in_doubt) == (first.id, True)


# Processes that end


async def test_what_a_process_left_behind_is_taken_up_in_doubt_when_its_lease_is_over(engine: Engine) -> None:
    await promises(engine, tell("x"))
    (promise,) = await claims(engine)
    assert await releases(engine, now=later(LEASE / 60 - 0.01)) == 0
    assert await releases(engine, now=later(LEASE / 60)) == 1
    (again,) = await claims(engine, now=later(2))
    assert (again.id, again.in_doubt, again.failures) == (promise.id, True, 1)


async def test_after_a_crash_nobody_waits_for_leases_but_for_what_slack_may_still_be_doing(
    engine: Engine,
) -> None:
    await promises(engine, tell("x"), CARD)
    await claims(engine)
    await promises(engine, CARD)
    assert await releases(engine, now=NOON, crashed=True) == 2
    assert await claims(engine, now=later((GRACE - 0.1) / 60)) == []
    again = await claims(engine, now=later(GRACE / 60))
    assert [(promise.effect, promise.in_doubt) for promise in again] == [(tell("x"), True), (CARD, True)]


async def test_an_effect_of_another_version_is_parked_and_the_others_go_on(engine: Engine) -> None:
    await promises(engine, tell("strange"), tell("after it"), CARD)
    await engine.write(
        lambda transaction: transaction.run(
            """update effect set body = '{"type":"play_music"}' where body like '%strange%'"""
        )
    )
    assert effects(await claims(engine)) == [CARD]
    assert effects(await claims(engine)) == [tell("after it")]
    assert [row["state"] for row in await unfinished(engine)] == ["parked", "sending", "sending"]


# When to look again


async def test_the_dispatcher_sleeps_until_something_wants_attention(engine: Engine) -> None:
    assert await next_due(engine) is None
    await promises(engine, tell("one"), tell("two"))
    assert (await has_due(engine), await next_due(engine)) == (True, None)
    (one,) = await claims(engine)
    assert (await has_due(engine), await next_due(engine)) == (True, LEASE / 60)
    await tries_again(engine, one, at=later(5))
    assert (await has_due(engine), await next_due(engine)) == (False, 5)
    assert (await has_due(engine, 5), await next_due(engine, 5)) == (True, None)


async def test_what_stands_behind_one_that_waits_is_not_due(engine: Engine) -> None:
    """Otherwise waiting for idleness would never end."""
    await promises(engine, tell("one"), tell("two"))
    (one,) = await claims(engine)
    await tries_again(engine, one, at=later(5))
    assert not await has_due(engine, 1)


async def test_parked_and_done_effects_want_nothing(engine: Engine) -> None:
    await promises(engine, tell("one"), CARD)
    one, card = await claims(engine)
    await park(engine, one)
    await finishes(engine, card)
    assert (await has_due(engine, 999), await next_due(engine)) == (False, None)


async def test_redraws_of_one_surface_keep_a_second_apart_and_the_first_is_not_held_back(
    engine: Engine,
) -> None:
    """Twenty clicks in a second are two redraws, and the last one shows them all."""
    drawn = []
    for click in range(20):
        at = NOON + timedelta(seconds=click / 20)
        await promises(engine, CARD, now=at)
        for promise in await claims(engine, now=at):
            drawn.append(at)
            await finishes(engine, promise)
    (last,) = await claims(engine, now=NOON + timedelta(seconds=REDRAW_SECONDS))
    await finishes(engine, last)
    assert drawn == [NOON]
    assert await unfinished(engine) == []


async def test_what_is_drawn_seldom_is_drawn_at_once(engine: Engine) -> None:
    await promises(engine, CARD)
    (first,) = await claims(engine)
    await finishes(engine, first)
    await promises(engine, CARD, now=later(5))
    assert len(await claims(engine, now=later(5))) == 1
