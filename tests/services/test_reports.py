"""Figures on request."""

from __future__ import annotations

from datetime import time

import pytest

from bot.domain.commands import CloseIncident, EnterNextPhase, SkipStep
from bot.domain.language import English
from bot.domain.metrics.asking import Asked, asked
from bot.domain.vocabulary import Phase, Refused, Severity
from bot.services.likenesses import Likenesses
from bot.services.reports import Reports
from bot.services.summaries import Schedule
from bot.storage.sqlite import SqliteEngine
from tests.domain.samples import ANSWERS
from tests.services.conftest import ANA, BERLIN, Wall, incidents_on


def reports_on(engine: SqliteEngine, wall: Wall, *, enabled: bool = True) -> Reports:
    schedule = Schedule(zone=BERLIN, post_time=time(9), channel="incidents", enabled=enabled)
    return Reports(engine, team_id="T1", schedule=schedule, t=English(), now=wall)


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


async def test_only_a_thorough_study_looks_for_repeats_and_a_private_incident_is_in_none(
    engine: SqliteEngine, wall: Wall
) -> None:
    incidents, reports = incidents_on(engine, wall), reports_on(engine, wall)
    for number, private in enumerate((False, False, True), start=1):
        await incidents.declare(
            ANA, title="checkout returns 500", severity=Severity.P1, private=private, key=f"d{number}"
        )
        for step, phase in (("stabilize-1", Phase.STABILIZE), ("repair-1", Phase.REPAIR)):
            skip = SkipStep(by=ANA.id, step=step, reason="not needed here")
            await incidents.carry_out(ANA, number, skip, key=f"s{number}{step}")
            wall.on(minutes=5)
            leave = EnterNextPhase(by=ANA.id, leaving=phase, answers=ANSWERS[phase])
            await incidents.carry_out(ANA, number, leave, key=f"n{number}{step}")
    assert (await reports.study("28d")).report.repeats is None
    found = (await reports.study("28d", thorough=True)).report.repeats
    assert found is not None
    assert (found.n, found.of) == (1, 2)
    assert [(each.number, each.earlier) for each in found.found] == [(2, 1)]


async def test_what_looks_like_an_incident_is_read_once_a_minute_and_never_itself_private(
    engine: SqliteEngine, wall: Wall
) -> None:
    incidents, likenesses = incidents_on(engine, wall), Likenesses(engine, team_id="T1", now=wall)
    for number, private in enumerate((True, False), start=1):
        await incidents.declare(
            ANA, title="checkout returns 500", severity=Severity.P1, private=private, key=f"d{number}"
        )
        wall.on(minutes=2)
        cancelled = CloseIncident(by=ANA.id, answers=ANSWERS[Phase.PREVENT])
        for step, phase in (
            ("stabilize-1", Phase.STABILIZE),
            ("repair-1", Phase.REPAIR),
            ("prevent-1", None),
        ):
            skip = SkipStep(by=ANA.id, step=step, reason="not needed here")
            await incidents.carry_out(ANA, number, skip, key=f"s{number}{step}")
            then = (
                cancelled
                if phase is None
                else EnterNextPhase(by=ANA.id, leaving=phase, answers=ANSWERS[phase])
            )
            await incidents.carry_out(ANA, number, then, key=f"n{number}{step}")
    wall.on(minutes=2)
    third = await incidents.declare(ANA, title="checkout returns 500!", severity=Severity.P1, key="d3")
    found = await likenesses.of(third.incident)
    assert found is not None
    assert [(each.number, each.worked) for each in found.earlier] == [(2, "release 3.14 sends a key")]
