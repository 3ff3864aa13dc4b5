"""The summaries: each once, at its local time, about all since the one before, whatever happens in between."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from bot.domain.commands import (
    ActionItemDraft,
    AddActionItem,
    CompleteActionItem,
    CorrectMilestone,
    EnterNextPhase,
    SkipStep,
    StepBack,
)
from bot.domain.effects import PostSummary, SendPicture
from bot.domain.language import English
from bot.domain.metrics import instant
from bot.domain.vocabulary import Milestone, Phase, Severity
from bot.services.reports import Reports
from bot.services.summaries import Schedule, Summaries
from bot.storage import flags, outbox
from bot.storage.flags import Flag
from bot.storage.sqlite import SqliteEngine
from tests.domain.samples import ANSWERS
from tests.services.conftest import ANA, BERLIN, Wall, incidents_on
from tests.storage.doing import imports


def summaries_on(engine: SqliteEngine, wall: Wall, *, enabled: bool = True) -> Summaries:
    schedule = Schedule(zone=BERLIN, post_time=time(9), channel="incidents", enabled=enabled)
    return Summaries(engine, team_id="T1", schedules=[schedule], t=English(), now=wall)


async def waiting(engine: SqliteEngine, wall: Wall) -> list[PostSummary]:
    """The summaries that were promised, taken and done with."""
    claimed = await engine.write(lambda tx: outbox.claim(tx, now=wall(), lease=60, limit=9))
    await engine.write(lambda tx: [outbox.done(tx, promise) for promise in claimed])
    return [promise.effect for promise in claimed if isinstance(promise.effect, PostSummary)]


async def test_a_fresh_install_does_not_post_at_once(engine: SqliteEngine, wall: Wall) -> None:
    wall.on(hours=6)
    async with summaries_on(engine, wall).running():
        await asyncio.sleep(0.02)
    assert await waiting(engine, wall) == []


async def test_the_summary_is_posted_once_when_its_time_has_come(engine: SqliteEngine, wall: Wall) -> None:
    reports = summaries_on(engine, wall)
    async with reports.running():
        assert not await reports.post_due()
        wall.on(hours=1)
        assert await reports.post_due()
        assert not await reports.post_due()
    day = date(2026, 11, 20)
    assert await waiting(engine, wall) == [
        PostSummary(day=day, previous=day - timedelta(days=1), channel="incidents")
    ]


async def test_two_processes_and_a_restart_post_it_once(engine: SqliteEngine, wall: Wall) -> None:
    first, second = summaries_on(engine, wall), summaries_on(engine, wall)
    async with first.running(), second.running():
        await asyncio.sleep(0.02)  # each has looked at the clock once, and found yesterday's done
        wall.on(hours=2)
        posted = await asyncio.gather(*(each.post_due() for each in (first, second, first, second)))
    assert sorted(posted) == [0, 0, 0, 1]
    async with summaries_on(engine, wall).running():
        await asyncio.sleep(0.02)
    assert len(await waiting(engine, wall)) == 1


async def test_after_a_weekend_of_downtime_one_summary_covers_it_all(
    engine: SqliteEngine, wall: Wall
) -> None:
    async with summaries_on(engine, wall).running():
        wall.on(hours=2)
    incidents = incidents_on(engine, wall)
    reports = summaries_on(engine, wall)
    await reports.post_due()
    await waiting(engine, wall)
    wall.on(hours=5)
    await incidents.declare(ANA, title="checkout returns 500", severity=Severity.P0, key="1")
    wall.on(days=2, hours=20)  # Monday 11:00
    assert await reports.post_due()
    [summary] = await waiting(engine, wall)
    assert (summary.previous, summary.day) == (date(2026, 11, 20), date(2026, 11, 23))
    lines = await reports.lines(summary)
    assert "Fri 20 Nov 09:00 to Mon 23 Nov 09:00" in lines[0]
    assert "Opened 1 (1 P0), repaired 0, open at end 1" in lines[1]


async def test_a_quiet_day_has_two_lines(engine: SqliteEngine, wall: Wall) -> None:
    lines = await summaries_on(engine, wall).lines(
        PostSummary(day=date(2026, 11, 20), previous=date(2026, 11, 19), channel="incidents")
    )
    assert len(lines) == 2
    assert lines[1].startswith("No incidents declared")


async def test_a_summary_that_is_switched_off_never_posts(engine: SqliteEngine, wall: Wall) -> None:
    async with summaries_on(engine, wall, enabled=False).running():
        wall.on(days=3)
        await asyncio.sleep(0.02)
    assert await waiting(engine, wall) == []


# What stands in one, from the database


def promised(day: date, previous: date, **more: object) -> PostSummary:
    return PostSummary(day=day, previous=previous, channel="incidents", **more)


async def test_what_needs_a_person_is_told(engine: SqliteEngine, wall: Wall) -> None:
    incidents = incidents_on(engine, wall)
    await incidents.declare(ANA, title="checkout returns 500", severity=Severity.P0, key="1")
    await engine.write(
        lambda tx: flags.define(tx, "T1", Flag("new-gateway", "", "on", "off", None), now=wall())
    )
    await engine.write(
        lambda tx: flags.contain(
            tx, team_id="T1", number=1, flag="new-gateway", reason="errors", by=ANA.id, now=wall(), key="2"
        )
    )
    item = ActionItemDraft(text="Alert on retries", owner=ANA.id, due=date(2026, 11, 21))
    await incidents.carry_out(ANA, 1, AddActionItem(by=ANA.id, item=item), key="3")
    wall.on(days=2, hours=3)
    lines = await summaries_on(engine, wall).so_far()
    assert "Stale, please confirm or close: INC-1 (no word for 2 d)" in lines
    assert "Flags held at their safe value: new-gateway by INC-1 for 2 d" in lines
    assert "Action items overdue: Alert on retries (INC-1, ana, due 2026-11-21)" in lines
    wall.on(minutes=5)
    await incidents.carry_out(ANA, 1, CompleteActionItem(by=ANA.id, number=1), key="4")
    lines = await summaries_on(engine, wall).so_far()
    assert not any(line.startswith(("Stale", "Action items")) for line in lines)


async def test_what_was_told_and_has_changed_is_restated_once(engine: SqliteEngine, wall: Wall) -> None:
    incidents = incidents_on(engine, wall)
    await incidents.declare(ANA, title="outage", severity=Severity.P1, key="d")
    wall.on(minutes=20)  # 08:20
    for step, phase in (("stabilize-1", Phase.STABILIZE), ("repair-1", Phase.REPAIR)):
        skip = SkipStep(by=ANA.id, step=step, reason="not needed here")
        await incidents.carry_out(ANA, 1, skip, key=f"s{step}")
        leave = EnterNextPhase(by=ANA.id, leaving=phase, answers=ANSWERS[phase])
        await incidents.carry_out(ANA, 1, leave, key=f"n{step}")
    wall.on(hours=4)
    later = CorrectMilestone(
        by=ANA.id, milestone=Milestone.REPAIRED, time=wall() - timedelta(hours=3), reason="the graph"
    )
    await incidents.carry_out(ANA, 1, later, key="c")
    wall.on(hours=1)
    await incidents.carry_out(ANA, 1, StepBack(by=ANA.id, leaving=Phase.PREVENT, reason="back"), key="b")
    summaries = summaries_on(engine, wall)
    told = await summaries.lines(promised(date(2026, 11, 21), date(2026, 11, 20)))
    assert any(
        line == "Corrected since the last summary: INC-1 repaired after 80 min instead of 20 min; "
        "INC-1 was told as repaired after 20 min and is open again"
        for line in told
    )
    after = await summaries.lines(promised(date(2026, 11, 22), date(2026, 11, 21)))
    assert not any(line.startswith("Corrected") for line in after)


async def test_what_was_imported_is_no_news(engine: SqliteEngine, wall: Wall) -> None:
    await imports(engine, source_id="17")
    lines = await summaries_on(engine, wall).lines(promised(date(2026, 11, 22), date(2026, 11, 20)))
    assert len(lines) == 2


async def test_each_channel_has_its_summary_by_its_own_clock_and_days(
    engine: SqliteEngine, wall: Wall
) -> None:
    weekly = Schedule(
        zone=ZoneInfo("America/New_York"),
        post_time=time(9),
        channel="chiefs",
        days=frozenset({1}),
        name="chiefs",
    )
    schedules = [
        Schedule(zone=BERLIN, post_time=time(9), channel="incidents", days=frozenset(range(1, 6))),
        weekly,
    ]
    summaries = Summaries(engine, team_id="T1", schedules=schedules, t=English(), now=wall)
    async with summaries.running():  # Friday, 08:00
        posted = []
        for _ in range(24 * 11):
            wall.on(hours=1)
            await summaries.post_due()
            posted += [(each.channel, each.day.isoformat()) for each in await waiting(engine, wall)]
    weekdays = [("incidents", f"2026-11-{day}") for day in (20, 23, 24, 25, 26, 27, 30)]
    assert [each for each in posted if each[0] == "incidents"] == weekdays
    assert [each for each in posted if each[0] == "chiefs"] == [
        ("chiefs", "2026-11-23"),
        ("chiefs", "2026-11-30"),
    ]
    week = promised(date(2026, 11, 30), date(2026, 11, 23), schedule="chiefs")
    [headline, *_] = await summaries.lines(week)
    assert "(Mon 23 Nov 09:00 to Mon 30 Nov 09:00, America/New_York)" in headline


async def test_a_weekly_summary_comes_with_the_chart_of_its_week(engine: SqliteEngine, wall: Wall) -> None:
    incidents = incidents_on(engine, wall)
    await incidents.declare(ANA, title="checkout returns 500", severity=Severity.P1, key="1")
    schedule = Schedule(zone=BERLIN, post_time=time(9), channel="chiefs", days=frozenset({1}))
    summaries = Summaries(engine, team_id="T1", schedules=[schedule], t=English(), now=wall)
    async with summaries.running():
        wall.on(days=3, hours=2)  # Monday, 10:00
        assert await summaries.post_due()
        assert not await summaries.post_due()
    kinds = []
    for _ in range(3):  # one after the other: the picture stands below the words
        claimed = await engine.write(lambda tx: outbox.claim(tx, now=wall(), lease=60, limit=9))
        await engine.write(lambda tx: [outbox.done(tx, promise) for promise in claimed])  # noqa: B023
        kinds += [promise.effect for promise in claimed if promise.incident == outbox.NOBODY]
    words, chart = kinds
    assert isinstance(words, PostSummary)
    assert isinstance(chart, SendPicture)
    assert (chart.channel, chart.until) == ("chiefs", datetime.fromisoformat("2026-11-23T09:00:00+01:00"))
    wall.on(days=30)  # delivered late, it shows the same week
    made = await Reports(engine, team_id="T1", schedule=schedule, t=English(), now=wall).picture(chart)
    assert made is not None
    assert made.png.startswith(b"\x89PNG")
    assert "23 Nov" in made.chart.subtitle


@pytest.mark.parametrize(
    ("begins", "hours"), [("2026-03-28T08:00:00+01:00", 23), ("2026-10-24T08:00:00+02:00", 25)]
)
async def test_the_clock_changes_and_no_hour_is_told_twice_or_never(
    engine: SqliteEngine, begins: str, hours: int
) -> None:
    wall = Wall(begins)
    summaries = summaries_on(engine, wall)
    told = []
    async with summaries.running():
        for _ in range(24 * 6):
            wall.on(minutes=30)
            await summaries.post_due()
            told += await waiting(engine, wall)
    bounds = [(each.since, instant(each.day, time(9), BERLIN)) for each in told]
    lengths = [(end - since).total_seconds() / 3600 for since, end in bounds if since is not None]
    assert lengths[:2] == [hours, 24]
    assert all(one[1] == other[0] for one, other in pairwise(bounds))


async def test_another_zone_from_tomorrow_on_leaves_nothing_out(engine: SqliteEngine, wall: Wall) -> None:
    first = summaries_on(engine, wall)
    async with first.running():
        wall.on(hours=2)
        await first.post_due()
    await waiting(engine, wall)
    wall.on(days=1)
    moved = [Schedule(zone=ZoneInfo("Asia/Tokyo"), post_time=time(9), channel="incidents")]
    second = Summaries(engine, team_id="T1", schedules=moved, t=English(), now=wall)
    await second.post_due()
    [effect] = await waiting(engine, wall)
    [headline, *_] = await second.lines(effect)
    assert (
        "(Fri 20 Nov 17:00 to Sat 21 Nov 09:00, Asia/Tokyo)" in headline
    )  # 17:00 in Tokyo is 09:00 in Berlin
