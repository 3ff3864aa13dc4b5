"""How fast incidents come in from a file, beside sqlite-utils inserting the very rows that this leaves behind."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks import history
from bot.domain.imported import Reading
from bot.interchange.formats import Format, Source
from bot.interchange.importing import Wanted, import_file
from bot.storage.sqlite import SqliteEngine
from bot.storage.tables import Database

RECORDS, UPDATES = 4_000, 5
RUNS = 5  # interleaved; the median counts
TABLES = ("incident", "timeline", "origin")
BEGAN = datetime(2020, 1, 1, tzinfo=UTC)


def rate() -> float:
    """Our records a second ÷ those of a bare `insert_all`, which neither reads nor checks, hashes or projects."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "all.jsonl"
        file.write_text("\n".join(json.dumps(_record(number)) for number in range(RECORDS)))
        return statistics.median(_once(Path(folder), file, run) for run in range(RUNS))


def _once(folder: Path, file: Path, run: int) -> float:
    ours, theirs = folder / f"ours-{run}.db", folder / f"theirs-{run}.db"
    taken = asyncio.run(_imported(ours, file))
    rows = {table: _rows(ours, table) for table in TABLES}
    asyncio.run(_tables(theirs))
    return _inserted(theirs, rows) / taken


async def _imported(path: Path, file: Path) -> float:
    await _tables(path)
    async with SqliteEngine.open(path) as engine:
        wanted = Wanted(
            path=file,
            format=Format.FIREBREAK,
            source=Source(),
            reading=Reading(now=datetime.now(UTC), long_spans=True),
            quarantine=file.with_suffix(".quarantine"),
        )
        started = time.perf_counter()
        summary = await import_file(engine, history.TEAM, wanted, lambda _: None)
        taken = time.perf_counter() - started
    if summary.kept != RECORDS:
        raise AssertionError(f"{summary.kept} of {RECORDS} were kept: {summary.reasons}")
    return taken


async def _tables(path: Path) -> None:
    """With the indexes and the journal that ours has."""
    async with SqliteEngine.open(path):
        pass


def _rows(path: Path, table: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"select * from {table}")]  # noqa: S608, ours


def _inserted(path: Path, rows: dict[str, list[dict[str, Any]]]) -> float:
    with closing(sqlite3.connect(path)) as connection:
        database = Database(connection)
        database.execute("pragma synchronous = full")
        started = time.perf_counter()
        for table, of_it in rows.items():
            database.table(table).insert_all(of_it)
        return time.perf_counter() - started


def _record(number: int) -> dict[str, Any]:
    began = BEGAN + timedelta(minutes=7 * number)

    def after(minutes: float) -> str:
        return (began + timedelta(minutes=minutes)).isoformat()

    return {
        "source": "elsewhere",
        "id": f"I-{number}",
        "title": f"Checkout answers slowly, for the {number}th time",
        "severity": f"P{number % 5}",
        "declared": after(0),
        "stabilized": after(10 + number % 50),
        "repaired": after(70 + number % 500),
        "impact_started": after(-10),
        "impact_ended": after(70 + number % 500),
        "services": ["checkout"],
        "updates": [
            {
                "at": after(each),
                "status": "investigating",
                "text": "We are looking into it with the provider.",
            }
            for each in range(UPDATES)
        ],
    }
