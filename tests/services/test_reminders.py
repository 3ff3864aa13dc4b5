"""Reminders: once each, when their time has come, and only while they are wanted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.domain.commands import AddNote, ChangeSeverity, TakeRole
from bot.domain.reminders import NOBODY_LEADS, UPDATE_DUE, wanted
from bot.domain.vocabulary import Role, Severity
from bot.services.reminders import Reminders
from bot.storage.sqlite import SqliteEngine
from tests.services.conftest import ANA, Wall, incidents_on


async def reminded(engine: SqliteEngine, wall: Wall, number: int = 1) -> list[str]:
    """The reminders in the timeline of an incident."""
    entries = await incidents_on(engine, wall).timeline(number)
    return [entry.event.name for entry in entries if entry.event.type == "reminder_sent"]


async def declare(engine: SqliteEngine, wall: Wall, severity: Severity = Severity.P0) -> None:
    await incidents_on(engine, wall).declare(ANA, title="checkout returns 500", severity=severity, key="d1")


async def test_after_five_minutes_without_a_lead_the_channel_is_told_once(
    engine: SqliteEngine, wall: Wall
) -> None:
    await declare(engine, wall)
    reminders = Reminders(engine, now=wall)
    wall.on(minutes=4, seconds=59)
    assert await reminders.send_due() == 0
    wall.on(seconds=1)
    assert await reminders.send_due() == 1
    wall.on(minutes=20)
    assert await reminders.send_due() == 0
    assert await reminded(engine, wall) == [NOBODY_LEADS]


async def test_two_processes_and_a_restart_remind_once(engine: SqliteEngine, wall: Wall) -> None:
    await declare(engine, wall)
    wall.on(minutes=20)
    sent = await asyncio.gather(*(Reminders(engine, now=wall).send_due() for _ in range(4)))
    assert sum(sent) == 1
    async with Reminders(engine, now=wall).running():
        await asyncio.sleep(0.02)
    assert await reminded(engine, wall) == [NOBODY_LEADS]


async def test_whoever_leads_in_time_is_not_reminded(engine: SqliteEngine, wall: Wall) -> None:
    await declare(engine, wall)
    take = TakeRole(by=ANA.id, role=Role.COMMANDER)
    await incidents_on(engine, wall).carry_out(ANA, 1, take, key="lead")
    wall.on(minutes=29)
    assert await Reminders(engine, now=wall).send_due() == 0


@pytest.mark.parametrize("severity", [Severity.P2, Severity.P3, Severity.P4])
async def test_a_smaller_incident_may_wait_for_a_lead(
    engine: SqliteEngine, wall: Wall, severity: Severity
) -> None:
    await declare(engine, wall, severity)
    wall.on(days=1)
    assert await Reminders(engine, now=wall).send_due() == 0


async def test_an_incident_that_grows_worse_is_reminded_at_once(engine: SqliteEngine, wall: Wall) -> None:
    await declare(engine, wall, Severity.P3)
    wall.on(minutes=30)
    worse = ChangeSeverity(by=ANA.id, severity=Severity.P0)
    await incidents_on(engine, wall).carry_out(ANA, 1, worse, key="worse")
    assert await Reminders(engine, now=wall).send_due() == 1


async def test_after_downtime_each_incident_is_reminded_of_once(engine: SqliteEngine, wall: Wall) -> None:
    incidents = incidents_on(engine, wall)
    for number in range(120):
        await incidents.declare(ANA, title=f"outage {number}", severity=Severity.P1, key=f"d{number}")
    wall.on(days=2)
    assert await Reminders(engine, now=wall).send_due() == 120


async def test_the_rows_say_what_the_state_wants(engine: SqliteEngine, wall: Wall, tmp_path: Path) -> None:
    await declare(engine, wall)
    incident = await incidents_on(engine, wall).find(1)
    assert incident is not None
    rows = await engine.read(lambda tx: tx.all("select name, due from timer"))
    assert {row["name"]: row["due"] for row in rows} == {
        name: at.timestamp() for name, at in wanted(incident).items()
    }


async def test_after_downtime_one_message_says_all_that_was_missed(engine: SqliteEngine, wall: Wall) -> None:
    await declare(engine, wall)
    wall.on(hours=9, minutes=31)
    assert await Reminders(engine, now=wall).send_due() == 1
    (sent,) = [
        entry.event
        for entry in await incidents_on(engine, wall).timeline(1)
        if entry.event.type == "reminder_sent"
    ]
    assert [each.name for each in sent.everything] == [NOBODY_LEADS, UPDATE_DUE]
    assert sent.also[0].missed == 18
    wall.on(minutes=29)
    assert await Reminders(engine, now=wall).send_due() == 0
    wall.on(minutes=1)
    assert await Reminders(engine, now=wall).send_due() == 1


async def test_a_clock_set_back_reminds_of_nothing_twice(engine: SqliteEngine, wall: Wall) -> None:
    await declare(engine, wall)
    wall.on(minutes=6)
    assert await Reminders(engine, now=wall).send_due() == 1
    wall.on(hours=-1)
    await incidents_on(engine, wall).carry_out(ANA, 1, AddNote(by=ANA.id, text="it is late"), key="n1")
    assert await Reminders(engine, now=wall).send_due() == 0
    wall.on(hours=1)
    assert await Reminders(engine, now=wall).send_due() == 0
    assert await reminded(engine, wall) == [NOBODY_LEADS]


async def test_a_start_sets_the_reminders_that_a_version_before_did_not_know(
    engine: SqliteEngine, wall: Wall
) -> None:
    await declare(engine, wall)
    await engine.write(lambda tx: tx.run("delete from timer where name = :name", name=UPDATE_DUE))
    async with Reminders(engine, now=wall).running():
        rows = await engine.read(lambda tx: tx.all("select name from timer"))
    assert {row["name"] for row in rows} == {NOBODY_LEADS, UPDATE_DUE}
