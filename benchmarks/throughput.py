"""Commands made durable a second, beside the bare database writing the same rows in groups of the same size."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.domain.commands import CompleteStep, LinkChannel, ReopenStep
from bot.domain.vocabulary import FIREBREAK, Severity
from bot.services.incidents import Actor, Incidents
from bot.services.runbooks import BUILT_IN, Library
from bot.storage.engine import Engine, Row
from bot.storage.sqlite import SqliteEngine

COMMANDS = 3000
TOGETHER = 32  # callers at once; the group that one commit carries
INCIDENTS = 32  # one a caller, as in a bad hour
ANA = Actor("U01ANA", "ana")
FIREBREAK_ITSELF = Actor(FIREBREAK, "Firebreak")
# What one click leaves: an event, a request, the incident's state, the reminder of a step that has a due time, and
# the redraws of card and checklist, which wait already and which it joins. Both sides write over what is there as
# SQL does it in one statement.
JOINED = (
    " on conflict (team_id, incident, coalesce_key) where state = 'pending' and coalesce_key is not null"
    " do update set bumps = effect.bumps + 1"
)
STATEMENTS = {
    "timeline": "",
    "request": "",
    "incident": " on conflict (team_id, number) do update set"
    " version = excluded.version, state = excluded.state, hash = excluded.hash",
    "timer": " on conflict (team_id, incident, name) do update set due = excluded.due",
    "effect": JOINED,
    "other effect": JOINED,
}


@dataclass(frozen=True)
class Throughput:
    ours: float  # commands a second
    bare: float

    @property
    def ratio(self) -> float:
        return self.ours / self.bare


async def on_sqlite() -> Throughput:
    with tempfile.TemporaryDirectory() as folder:
        ours = await _ours(Path(folder) / "ours.db")
        bare = await asyncio.to_thread(_bare, Path(folder) / "ours.db", Path(folder) / "bare.db")
    return Throughput(ours, bare)


async def _ours(path: Path) -> float:
    async with SqliteEngine.open(path) as engine:
        return await commands(engine)


async def commands(engine: Engine) -> float:
    """Commands made durable a second, by callers with an incident each."""
    runbooks = Library.load([BUILT_IN]).runbooks
    incidents = Incidents(engine, team_id="T1", runbooks=lambda: runbooks, now=lambda: datetime.now(UTC))
    for number in range(INCIDENTS):
        await incidents.declare(
            ANA, title=f"checkout returns {number}", severity=Severity.P0, key=f"d{number}"
        )
        linked = LinkChannel(by=FIREBREAK, channel=f"C{number}", name=f"inc-{number}")
        await incidents.carry_out(FIREBREAK_ITSELF, number + 1, linked, key=f"c{number}")

    async def caller(number: int) -> None:
        for turn in range(COMMANDS // TOGETHER):
            kind = CompleteStep if turn % 2 == 0 else ReopenStep
            command = kind(by=ANA.id, step="scope")
            await incidents.carry_out(ANA, number + 1, command, key=f"{number}-{turn}")

    started = time.perf_counter()
    await asyncio.gather(*map(caller, range(TOGETHER)))
    return COMMANDS / (time.perf_counter() - started)


def _bare(source: Path, target: Path) -> float:
    """The rows that one of our commands leaves, written by sqlite3 alone: same tables, indexes and fsync."""
    shutil.copyfile(
        source, target
    )  # with all that stands there before: the incidents, and what waits for each
    connection = sqlite3.connect(target, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=full")
    samples = {row: dict(connection.execute(newest(row)).fetchone()) for row in STATEMENTS}
    connection.execute("delete from timeline where version > 3")
    connection.execute("delete from request")
    other = samples["incident"]["state"].replace('"open"', '"done"', 1)  # or SQLite sees that nothing changes
    statements = {row: insert(row, samples[row]) + sql for row, sql in STATEMENTS.items()}
    started = time.perf_counter()
    done = 0
    while done < COMMANDS:
        connection.execute("begin immediate")
        for _ in range(TOGETHER):
            done += 1
            for name, row in samples.items():
                connection.execute(statements[name], {**row, **unique(name, done)})
        connection.execute("commit")
        samples["incident"]["state"], other = other, samples["incident"]["state"]
    seconds = time.perf_counter() - started
    connection.close()
    return COMMANDS / seconds


def newest(name: str) -> str:
    """Selects a row as we left it; of the effects, the redraws of the last incident's card and checklist."""
    table = table_of(name)
    where = f"where coalesce_key = '{REDRAWS[name]}'" if name in REDRAWS else ""
    order = {"timeline": "id", "effect": "id", "incident": "number", "request": "at", "timer": "due"}[table]
    return f"select * from {table} {where} order by {order} desc limit 1"  # noqa: S608


REDRAWS = {"effect": "draw:card", "other effect": "draw:checklist"}


def table_of(name: str) -> str:
    return name.split()[-1]


def insert(name: str, row: Row) -> str:
    """One row of these columns, with named parameters."""
    columns = ", ".join(row)
    values = ", ".join(f":{column}" for column in row)
    return f"insert into {table_of(name)} ({columns}) values ({values})"  # noqa: S608


def unique(name: str, number: int) -> Row:
    """What makes a row its own: each event and request is new; each incident and its redraws are written over."""
    incident = number % INCIDENTS + 1
    match table_of(name):
        case "timeline":
            return {"id": 10 * COMMANDS + number, "incident": incident, "version": 10 + number}
        case "incident":
            return {"number": incident, "version": 10 + number}
        case "request":
            return {"key": f"k{number}"}
        case "timer":
            return {"incident": incident}
        case _:
            return {"id": None, "incident": incident}
