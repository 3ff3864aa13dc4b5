"""Figures on request, and the daily summary: once a day at its local time, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.domain.commands import EnterNextPhase, SkipStep
from bot.domain.effects import PostSummary
from bot.domain.language import English
from bot.domain.metrics.asking import Asked, asked
from bot.domain.runbook import Runbook, Step
from bot.domain.vocabulary import Phase, Refused, Severity
from bot.services.incidents import Actor, Incidents
from bot.services.reports import Reports, Schedule
from bot.storage import outbox
from bot.storage.sqlite import SqliteEngine
from tests.domain.samples import ANSWERS

BERLIN = ZoneInfo("Europe/Berlin")
ANA = Actor("U01ANA", "ana")
GENERAL = Runbook(
    id="general",
    title="General",
    phases={
        phase: (Step(id=f"{phase.value}-1", text="Do it", required=True),)
        for phase in (Phase.STABILIZE, Phase.REPAIR, Phase.PREVENT)
    },
)


class Wall:
    """A clock on the wall that the test sets."""

    def __init__(self, at: str) -> None:
        self.at = datetime.fromisoformat(at).astimezone(UTC)

    def __call__(self) -> datetime:
        return self.at

    def on(self, **ahead: float) -> None:
        self.at += timedelta(**ahead)


@pytest.fixture
def wall() -> Wall:
    return Wall("2026-11-20T08:00:00+01:00")


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[SqliteEngine]:
    async with SqliteEngine.open(tmp_path / "firebreak.db") as opened:
        yield opened


def reports_on(engine: SqliteEngine, wall: Wall, *, enabled: bool = True) -> Reports:
    schedule = Schedule(zone=BERLIN, post_time=time(9), channel="incidents", enabled=enabled)
    return Reports(engine, team_id="T1", schedule=schedule, t=English(), now=wall)


def incidents_on(engine: SqliteEngine, wall: Wall) -> Incidents:
    return Incidents(engine, team_id="T1", runbooks=lambda: [GENERAL], now=wall)


async def waiting(engine: SqliteEngine, wall: Wall) -> list[PostSummary]:
    """The summaries that were promised, taken and done with."""
    claimed = await engine.write(lambda tx: outbox.claim(tx, now=wall(), lease=60, limit=9))
    await engine.write(lambda tx: [outbox.done(tx, promise) for promise in claimed])
    return [promise.effect for promise in claimed if isinstance(promise.effect, PostSummary)]


async def test_a_fresh_install_does_not_post_at_once(engine: SqliteEngine, wall: Wall) -> None:
    wall.on(hours=6)
    async with reports_on(engine, wall).running():
        await asyncio.sleep(0.02)
    assert await waiting(engine, wall) == []


async def test_the_summary_is_posted_once_when_its_time_has_come(engine: SqliteEngine, wall: Wall) -> None:
    reports = reports_on(engine, wall)
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
    first, second = reports_on(engine, wall), reports_on(engine, wall)
    async with first.running(), second.running():
        await asyncio.sleep(0.02)  # each has looked at the clock once, and found yesterday's done
        wall.on(hours=2)
        posted = await asyncio.gather(*(each.post_due() for each in (first, second, first, second)))
    assert sorted(posted) == [False, False, False, True]
    async with reports_on(engine, wall).running():
        await asyncio.sleep(0.02)
    assert len(await waiting(engine, wall)) == 1


async def test_after_a_weekend_of_downtime_one_summary_covers_it_all(
    engine: SqliteEngine, wall: Wall
) -> None:
    async with reports_on(engine, wall).running():
        wall.on(hours=2)
    incidents = incidents_on(engine, wall)
    reports = reports_on(engine, wall)
    await reports.post_due()
    await waiting(engine, wall)
    wall.on(hours=5)
    await incidents.declare(ANA, title="checkout returns 500", severity=Severity.P0, key="1")
    wall.on(days=2, hours=20)  # Monday 11:00
    assert await reports.post_due()
    [summary] = await waiting(engine, wall)
    assert (summary.previous, summary.day) == (date(2026, 11, 20), date(2026, 11, 23))
    lines = await reports.summary(summary.day, summary.previous)
    assert "Fri 20 Nov 09:00 to Mon 23 Nov 09:00" in lines[0]
    assert "Opened 1 (1 P0), repaired 0, open at end 1" in lines[1]


async def test_a_quiet_day_has_two_lines(engine: SqliteEngine, wall: Wall) -> None:
    lines = await reports_on(engine, wall).summary(date(2026, 11, 20), date(2026, 11, 19))
    assert len(lines) == 2
    assert lines[1].startswith("No incidents declared")


async def test_a_summary_that_is_switched_off_never_posts(engine: SqliteEngine, wall: Wall) -> None:
    async with reports_on(engine, wall, enabled=False).running():
        wall.on(days=3)
        await asyncio.sleep(0.02)
    assert await waiting(engine, wall) == []


async def test_few_incidents_are_listed_and_not_averaged(engine: SqliteEngine, wall: Wall) -> None:
    incidents, reports = incidents_on(engine, wall), reports_on(engine, wall)
    for number, minutes in enumerate((48, 12), start=1):
        await incidents.declare(ANA, title=f"outage {number}", severity=Severity.P1, key=f"d{number}")
        wall.on(minutes=minutes)
        for step, phase in (("stabilize-1", Phase.STABILIZE), ("repair-1", Phase.REPAIR)):
            skip = SkipStep(by=ANA.id, step=step, reason="not needed here")
            await incidents.carry_out(ANA, number, skip, key=f"s{number}{step}")
            leave = EnterNextPhase(by=ANA.id, leaving=phase, answers=ANSWERS[phase])
            await incidents.carry_out(ANA, number, leave, key=f"n{number}{step}")
    lines = "\n".join(await reports.answer(Asked()))

    assert "too few for an average (2 incidents): 48 min, 12 min" in lines
    assert "median" not in lines.casefold()
    figures = (await reports.study("28d")).report.population
    assert (figures.declared, figures.open) == (2, 0)


@pytest.mark.parametrize("window", ["0d", "-3d", "13 months of Sundays", "2026-13", "9" * 400])
async def test_a_window_that_is_none_is_refused_in_a_sentence(
    engine: SqliteEngine, wall: Wall, window: str
) -> None:
    with pytest.raises(Refused) as refused:
        await reports_on(engine, wall).answer(asked(window))
    assert len(str(refused.value)) < 300
