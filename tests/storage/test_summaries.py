"""What a summary asks of the database, and whole incidents a page at a time, on every engine."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from datetime import date, timedelta
from pathlib import Path

from bot.domain.commands import AddActionItem, CorrectMilestone
from bot.domain.metrics.daily import Correction, Overdue
from bot.domain.vocabulary import Milestone
from bot.storage import exported, incidents, summaries
from bot.storage.engine import Engine
from bot.storage.sqlite import SqliteEngine, SqliteTransaction
from tests.domain.samples import BO, CLEO, ITEM, NOON, TO_PREVENT, later
from tests.storage.doing import TEAM, asks, contains, declares, defines, imports

TODAY = date(2026, 12, 2)


async def test_what_needs_a_person_and_what_was_corrected(engine: Engine) -> None:
    await declares(engine)
    for minute, command in enumerate(TO_PREVENT, start=1):
        await asks(engine, command, now=later(minute), key=f"{minute}")
    await asks(engine, AddActionItem(by=BO, item=ITEM), now=later(9))
    repaired = later(len(TO_PREVENT))
    earlier = repaired - timedelta(minutes=2)
    correct = CorrectMilestone(by=BO, milestone=Milestone.REPAIRED, time=earlier, reason="the graph")
    await asks(engine, correct, now=later(20))
    await declares(engine, now=later(30))
    await defines(engine, "search-v2")
    await contains(engine, "search-v2", number=2)

    found = await engine.read(lambda tx: summaries.beside(tx, TEAM, later(15), later(60), TODAY))

    assert found.heard == {1: later(20), 2: later(30)}
    assert [(each.flag, each.incident) for each in found.held] == [("search-v2", 2)]
    assert found.overdue == [Overdue(1, ITEM.text, CLEO, ITEM.due)]
    assert found.corrections == [Correction(1, Milestone.REPAIRED, NOON, repaired, earlier)]
    before = await engine.read(lambda tx: summaries.beside(tx, TEAM, later(0), later(20), date(2026, 12, 1)))
    assert (before.overdue, before.corrections) == ([], [])


async def test_a_summary_reads_what_its_window_needs_and_not_the_whole_history(tmp_path: Path) -> None:
    path = tmp_path / "firebreak.db"
    async with SqliteEngine.open(path) as engine:
        await declares(engine)
    asked: list[str] = []
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.set_trace_callback(asked.append)
        transaction = SqliteTransaction(connection)
        summaries.beside(transaction, TEAM, later(0), later(60), TODAY)
        incidents.touched_between(transaction, TEAM, later(0), later(60))
        connection.set_trace_callback(None)
        steps = [row[3] for sql in asked for row in connection.execute(f"explain query plan {sql}")]
    whole = re.compile(r"SCAN (incident|timeline)|INDEX (?!incident_open)\w+ \(team_id=\?\)$")
    assert len(asked) >= 5
    assert [step for step in steps if whole.search(step)] == []


async def test_every_incident_comes_with_its_own_timeline(engine: Engine) -> None:
    await declares(engine)
    await imports(engine)
    await declares(engine, team="T2")
    pages = [await engine.read(lambda tx, n=n: exported.page(tx, TEAM, n, 1)) for n in (0, 1, 2)]  # type: ignore[misc]
    assert [[incident.number for incident, _ in page] for page in pages] == [[1], [2], []]
    assert [entry.event.type for entry in pages[1][0][1]] == ["incident_imported", "update_imported"]
    assert pages[0][0][1][0].version == 1
