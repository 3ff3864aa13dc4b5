"""The narrow rows that reports read say the same of an incident as its state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.commands import CancelIncident, ChangeSeverity, CorrectMilestone, MeasureFigure
from bot.domain.metrics import GROUPED_BY, Recovery, Tally, Window, grouped_by
from bot.domain.recoveries import recovery_of
from bot.domain.vocabulary import Milestone, Severity
from bot.services.gathering import gather
from bot.storage import figures
from bot.storage.engine import Engine, Transaction
from tests.domain.samples import MEASURE, TO_THE_END, later
from tests.storage.doing import TEAM, asks, declares, found, imports

UTC_ZONE = ZoneInfo("UTC")
ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


async def read(engine: Engine, after: figures.Place = figures.BEGINNING, most: int = 50) -> list[Recovery]:
    return await engine.read(
        lambda transaction: figures.declared_between(transaction, TEAM, *ALWAYS, after, most=most)
    )


async def test_they_follow_everything_that_moves_a_figure(engine: Engine) -> None:
    for number in (1, 2, 3):
        await declares(engine, now=later(number))
    for minute, command in enumerate(TO_THE_END):
        await asks(engine, command, number=1, now=later(10 + minute))
    await asks(engine, ChangeSeverity(by="U1", severity=Severity.P0), number=2, now=later(40))
    started = CorrectMilestone(
        by="U1", milestone=Milestone.IMPACT_STARTED, time=later(-30), reason="the graph says so"
    )
    await asks(engine, started, number=2, now=later(41))
    await asks(engine, CancelIncident(by="U1", reason="a test alert"), number=3, now=later(42))
    states = [await found(engine, number) for number in (1, 2, 3)]
    told = [recovery_of(state) for state in states if state is not None]
    assert await read(engine) == told
    assert [each.excluded for each in told] == [None, None, "cancelled"]
    assert told[0].cause


async def test_pages_follow_each_other_without_a_gap_or_a_repetition(engine: Engine) -> None:
    for number in range(7):
        await declares(engine, now=later(number // 3))  # three in the same moment
    seen: list[int] = []
    page = await read(engine, most=2)
    while page:
        seen += [recovery.number for recovery in page]
        page = await read(engine, figures.place_of(page[-1]), most=2)
    assert seen == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("services", [True, False])
async def test_a_long_history_makes_the_same_report_column_by_column(engine: Engine, services: bool) -> None:
    groupings = [grouped_by(name, UTC_ZONE) for name in GROUPED_BY if services or name != "service"]
    for minute in range(5):
        await declares(engine, now=later(minute))
    for minute, command in enumerate(TO_THE_END):
        await asks(engine, command, number=2, now=later(10 + minute))
    await asks(engine, CancelIncident(by="U1", reason="a test alert"), number=3, now=later(42))
    await imports(engine)
    window = Window(later(-1), later(900), UTC_ZONE)
    plain, joined = Tally(window, later(100), groupings), Tally(window, later(100), groupings)
    shown = await gather(engine, TEAM, plain, window, services=services)
    assert await gather(engine, TEAM, joined, window, services=services, few=5) == []
    assert joined.report() == plain.report()
    assert plain.report().population.declared == len(shown) == 6
    assert {group.by for group in joined.report().groups} > {"severity", "cause", "month"}


async def test_causes_and_services_are_told_apart_whatever_they_are_called(engine: Engine) -> None:
    for number, name in enumerate(('a, "b"', "\\", "ünï – cødé", "a|b,c"), start=1):
        await imports(engine, str(number), services=(name, f"{name}, too"), cause=f"{name}, at night")
    groupings = [grouped_by(name, UTC_ZONE) for name in ("service", "cause")]
    window = Window(*ALWAYS, UTC_ZONE)
    plain, joined = Tally(window, later(100), groupings), Tally(window, later(100), groupings)
    await gather(engine, TEAM, plain, window, services=True)
    await gather(engine, TEAM, joined, window, services=True, few=0)
    assert joined.report() == plain.report()
    assert len(joined.report().by("service")) == 8


async def test_rows_of_an_older_version_are_filled_in_and_then_equal(engine: Engine) -> None:
    for number in range(3):
        await declares(engine, now=later(number))
    before = await read(engine)

    def as_an_older_one_left_it(transaction: Transaction) -> None:
        transaction.run("update incident set declared_ms = null, excluded = 'drill' where number > 1")

    await engine.write(as_an_older_one_left_it)
    assert len(await read(engine)) == 1
    assert await engine.read(figures.has_unfilled)
    assert await engine.write(lambda transaction: figures.refill(transaction, 1)) == 1
    assert await engine.write(figures.refill) == 1
    assert not await engine.read(figures.has_unfilled)
    assert await read(engine) == before


async def test_the_first_of_all_is_known(engine: Engine) -> None:
    assert await engine.read(lambda transaction: figures.first_declared(transaction, TEAM)) is None
    await declares(engine, now=later(5))
    first = await engine.read(lambda transaction: figures.first_declared(transaction, TEAM))
    assert first == later(5)


@pytest.mark.parametrize("offset", [timedelta(), timedelta(microseconds=1)])
async def test_bounds_are_half_open_to_the_microsecond(engine: Engine, offset: timedelta) -> None:
    await declares(engine, now=later(0))

    def body(transaction: Transaction) -> list[int]:
        start = later(0) + offset
        known = figures.declared_between(transaction, TEAM, start, start + timedelta(hours=1))
        return [recovery.number for recovery in known]

    assert await engine.read(body) == ([] if offset else [1])


async def test_measured_incidents_are_found_by_their_window_and_private_or_cancelled_ones_are_not(
    engine: Engine,
) -> None:
    for number in (1, 2, 3):
        await declares(engine, now=later(number))
        if number < 3:
            await asks(engine, MeasureFigure(by="U1", measure=MEASURE), number=number, now=later(10))
    await asks(engine, CancelIncident(by="U1", reason="a test alert"), number=2, now=later(42))
    found_ = await engine.read(lambda transaction: figures.measured_between(transaction, TEAM, *ALWAYS))
    assert [(each.number, each.measures) for each in found_] == [(1, (MEASURE,))]
    outside = (later(2), later(60))
    assert not await engine.read(lambda transaction: figures.measured_between(transaction, TEAM, *outside))


async def test_the_newest_come_first_with_what_they_are_compared_by(engine: Engine) -> None:
    for number in (1, 2, 3):
        await declares(engine, now=later(number))
    found_ = await engine.read(lambda transaction: figures.newest(transaction, TEAM, *ALWAYS, 2))
    assert [each.number for each in found_] == [3, 2]
    state = await found(engine, 3)
    assert state is not None
    assert found_[0] == recovery_of(state)
