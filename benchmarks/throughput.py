"""Commands made durable a second, beside the bare database writing the same rows in groups of the same size."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.domain.commands import CompleteStep, ReopenStep
from bot.domain.vocabulary import Severity
from bot.services.incidents import Actor, Incidents
from bot.services.runbooks import BUILT_IN, Library
from bot.storage.engine import Engine, Row
from bot.storage.sqlite import SqliteEngine

COMMANDS = 3000
TOGETHER = 32  # callers at once; the group that one commit carries
INCIDENTS = 32  # one a caller, as in a bad hour
ANA = Actor("U01ANA", "ana")
TABLES = ("timeline", "incident", "request", "effect")


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

    async def caller(number: int) -> None:
        for turn in range(COMMANDS // TOGETHER):
            kind = CompleteStep if turn % 2 == 0 else ReopenStep
            command = kind(by=ANA.id, step="scope")
            await incidents.carry_out(ANA, number + 1, command, key=f"{number}-{turn}")

    started = time.perf_counter()
    await asyncio.gather(*map(caller, range(TOGETHER)))
    return COMMANDS / (time.perf_counter() - started)


def _bare(source: Path, target: Path) -> float:
    """The rows that one of our commands leaves, inserted by sqlite3 alone: same tables, indexes and fsync."""
    with sqlite3.connect(source) as read:
        read.row_factory = sqlite3.Row
        schema = [row[0] for row in read.execute("select sql from sqlite_master where sql is not null")]
        samples = {table: _newest(read, table) for table in TABLES}
    read.close()
    connection = sqlite3.connect(target, isolation_level=None)
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=full")
    for statement in schema:
        if "sqlite_" not in statement.split("(")[0]:
            connection.execute(statement)
    statements = {table: _insert(table, row) for table, row in samples.items()}
    started = time.perf_counter()
    done = 0
    while done < COMMANDS:
        connection.execute("begin immediate")
        for _ in range(TOGETHER):
            done += 1
            for table, row in samples.items():
                connection.execute(statements[table], {**row, **unique(table, done)})
        connection.execute("commit")
    seconds = time.perf_counter() - started
    connection.close()
    return COMMANDS / seconds


def _newest(read: sqlite3.Connection, table: str) -> Row:
    return dict(read.execute(f"select * from {table} order by rowid desc limit 1").fetchone())  # noqa: S608


def _insert(table: str, row: Row) -> str:
    columns = ", ".join(row)
    values = ", ".join(f":{column}" for column in row)
    return f"insert or replace into {table} ({columns}) values ({values})"  # noqa: S608


def unique(table: str, number: int) -> Row:
    """What makes a row its own: each event, request and effect is new, and each incident is written over."""
    match table:
        case "timeline":
            return {"id": number, "version": number}
        case "incident":
            return {"number": number % INCIDENTS, "channel": None}
        case "request":
            return {"key": f"k{number}"}
        case _:
            return {"id": number, "incident": number, "state": "pending"}
