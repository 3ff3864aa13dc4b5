"""Whether an acknowledgement takes longer when there is much history: 10,000 open incidents, a million events."""

from __future__ import annotations

import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.domain.commands import CompleteStep, ReopenStep
from bot.domain.vocabulary import Severity
from bot.services.incidents import Actor, Incidents
from bot.services.runbooks import BUILT_IN, Library
from bot.storage.engine import Row, Transaction
from bot.storage.sqlite import SqliteEngine

ANA = Actor("U01ANA", "ana")
FEW, MANY = (10, 1_000), (10_000, 1_000_000)  # open incidents, events
WARM, COMMANDS = 50, 500  # on each side; the first ones, unmeasured, read what a cold cache has not


@dataclass(frozen=True)
class Sizes:
    few_ms: float
    many_ms: float

    @property
    def ratio(self) -> float:
        return self.many_ms / self.few_ms


async def acknowledgement() -> Sizes:
    """Both databases are open, and each click on the one is followed by one on the other.

    One after the other would compare two moments of the disk and not two sizes: filling the large one leaves a
    gigabyte for the kernel to write out, and an fsync waits for that.
    """
    async with contextlib.AsyncExitStack() as stack:
        few = await stack.enter_async_context(_filled(*FEW))
        many = await stack.enter_async_context(_filled(*MANY))
        times: dict[Incidents, list[float]] = {few: [], many: []}
        for turn in range(WARM + COMMANDS):
            for service in (
                (few, many) if turn % 4 < 2 else (many, few)
            ):  # each side first as often, on and off
                seconds = await _click(service, turn)
                if turn >= WARM:
                    times[service].append(seconds * 1000)
    return Sizes(statistics.median(times[few]), statistics.median(times[many]))


@contextlib.asynccontextmanager
async def _filled(incidents: int, events: int) -> AsyncIterator[Incidents]:
    """A database with so many of each, all of them on disk."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "firebreak.db"
        async with SqliteEngine.open(path) as engine:
            service = _service(engine)
            await service.declare(ANA, title="checkout returns 500", severity=Severity.P0, key="first")
            await _multiply(engine, incidents, events)
        os.sync()
        async with SqliteEngine.open(path) as engine:  # again: its log was written back when it was closed
            yield _service(engine)


def _service(engine: SqliteEngine) -> Incidents:
    runbooks = Library.load([BUILT_IN]).runbooks
    return Incidents(engine, team_id="T1", runbooks=lambda: runbooks, now=lambda: datetime.now(UTC))


async def _click(service: Incidents, turn: int) -> float:
    kind = CompleteStep if turn % 2 == 0 else ReopenStep
    started = time.perf_counter()
    await service.carry_out(ANA, 1, kind(by=ANA.id, step="scope"), key=f"k{turn}")
    return time.perf_counter() - started


async def _multiply(engine: SqliteEngine, incidents: int, events: int) -> None:
    """Copies of the first incident's rows, under other numbers: what a large history looks like to the indexes."""

    def copy(transaction: Transaction) -> None:
        state = _only(transaction, "select * from incident where number = 1")
        event = _only(transaction, "select * from timeline where incident = 1 order by version limit 1")
        each = events // incidents
        for number in range(2, incidents + 1):
            transaction.run(
                _insert("incident", state), **{**state, "number": number, "channel": f"C{number}"}
            )
            for version in range(1, each + 1):
                row = {**event, "incident": number, "version": version}
                row.pop("id", None)
                transaction.run(_insert("timeline", row), **row)

    await engine.write(copy)


def _only(transaction: Transaction, sql: str) -> Row:
    row = transaction.one(sql)
    if row is None:
        raise AssertionError("the first incident was declared")
    return row


def _insert(table: str, row: Row) -> str:
    columns = ", ".join(row)
    return f"insert into {table} ({columns}) values ({', '.join(f':{column}' for column in row)})"  # noqa: S608
