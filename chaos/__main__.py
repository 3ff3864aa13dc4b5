"""`make chaos`: everything that the bot must survive, counted; exit code 1 when anything is wrong."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import click

from chaos import fuzz, kills, matrix, outages, servers
from chaos.bots import Transport
from chaos.crowd import Pace
from chaos.fuzz import Fuzzed
from chaos.kills import Round
from chaos.matrix import Matrix
from chaos.witness import Verdict

OUT = Path("build/chaos.json")
KILLS_A_ROUND = 25  # then a new sandbox and database: a dozen incidents are as many as one crowd keeps busy
PROBLEM_SHOWN = 1200  # characters of each problem; a traceback is longer and its end says what it was
PARTS = ("kills", "stops", "matrix", "outages", "fuzz", "postgres")
# Two replicas take over each other's work after a lease of a minute, and people wait that long.
ON_POSTGRES = Pace(incidents=8, think=0.6, patience=300.0)
POSTGRES_CASES = 40  # of the fault matrix: the calls are the same, what differs is the database


@dataclass
class Report:
    """What is printed as it goes, and written at the end."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, part: str, line: str, verdict: Verdict, seconds: float) -> None:
        counts = {name: len(getattr(verdict, name)) for name in ("lost", "doubled", "stale", "broken")}
        self._row(part, line, {"tried": verdict.tried, **counts}, verdict.problems(), seconds)

    def fuzzed(self, result: Fuzzed) -> None:
        counts = {
            "tried": result.thrown,
            "mistakes": len(result.failed),
            "tracebacks": len(result.logged),
            "events": len(result.stored),
        }
        self._row("fuzz", result.line, counts, result.problems(), result.seconds)

    def _row(
        self, part: str, line: str, counts: dict[str, int], problems: Iterable[str], seconds: float
    ) -> None:
        found = list(dict.fromkeys(problems))
        print(f"{'✗' if found else '✓'} {part}: {line}", flush=True)
        for problem in found[:10]:
            print(f"    {problem[-PROBLEM_SHOWN:]}", flush=True)
        self.rows.append(
            {"part": part, "name": line, **counts, "ok": not found, "seconds": round(seconds, 1)}
        )

    @property
    def is_clean(self) -> bool:
        return all(row["ok"] for row in self.rows)


@dataclass(frozen=True)
class Wanted:
    """How much of it."""

    seed: int
    kills: int
    cases: int
    thrown: int
    transports: tuple[Transport, ...]


async def played(parts: Iterable[str], wanted: Wanted, report: Report) -> None:
    """The parts that were asked for, one after the other."""
    ways = {
        "kills": partial(_kills, wanted, report, orderly=False),
        "stops": partial(_kills, wanted, report, orderly=True),
        "matrix": partial(_matrix, wanted, report),
        "outages": partial(_outages, wanted, report),
        "fuzz": partial(_fuzz, wanted, report),
        "postgres": partial(_postgres, wanted, report),
    }
    for part in parts:
        await ways[part]()


async def _kills(wanted: Wanted, report: Report, *, orderly: bool) -> None:
    """Rounds in turn over the transports; SIGTERM is looked at a quarter as often as kill -9."""
    left, number = (wanted.kills // 4 if orderly else wanted.kills), 0
    while left > 0:
        transport = wanted.transports[number % len(wanted.transports)]
        share = min(KILLS_A_ROUND, left)
        result = await kills.play(
            Round(seed=wanted.seed + number, kills=share, transport=transport, orderly=orderly)
        )
        report.add("stops" if orderly else "kills", result.line, result.verdict, result.seconds)
        left, number = left - share, number + 1


async def _matrix(wanted: Wanted, report: Report, database: Callable[[], Any] | None = None) -> None:
    """Every case, or so many of them by lot."""
    for transport in wanted.transports:
        began = time.monotonic()
        every = matrix.cases(await matrix.steps(transport), transport)
        chosen = matrix.sample(every, wanted.cases, wanted.seed) if wanted.cases else every
        found = await matrix.play(chosen, Matrix(), database)
        verdict = Verdict(tried=len(found.outcomes))
        for outcome in found.failed:
            verdict.lost += [f"{outcome.case}: {what}" for what in outcome.verdict.lost]
            verdict.doubled += [f"{outcome.case}: {what}" for what in outcome.verdict.doubled]
            verdict.stale += [f"{outcome.case}: {what}" for what in outcome.verdict.stale]
            verdict.broken += [f"{outcome.case}: {what}" for what in outcome.verdict.broken]
        report.add("matrix", f"{transport}, {found.line}", verdict, time.monotonic() - began)


async def _outages(wanted: Wanted, report: Report) -> None:
    for name, way in outages.every(wanted.seed, max(4, wanted.kills // 4)).items():
        outage = await outages.play(name, way)
        report.add("outages", outage.line, outage.verdict, outage.seconds)


async def _fuzz(wanted: Wanted, report: Report) -> None:
    """A half at each door, and a twentieth unsigned."""
    report.fuzzed(await fuzz.http(wanted.thrown // 2, wanted.seed))
    report.fuzzed(await fuzz.socket(wanted.thrown // 2, wanted.seed))
    report.fuzzed(await fuzz.unsigned(wanted.thrown // 20, wanted.seed))


async def _postgres(wanted: Wanted, report: Report) -> None:
    """Two replicas: kills, a server that restarts and cuts connections, faults, kills while migrating."""
    with servers.postgres() as server:
        for number, transport in enumerate(wanted.transports):
            seed = wanted.seed + number
            killed = Round(seed, wanted.kills // 8, transport, replicas=2, pace=ON_POSTGRES)
            with servers.database(server) as database:
                result = await kills.play(killed, database)
            report.add("postgres", f"two replicas, {result.line}", result.verdict, result.seconds)
            shaken = Round(seed, 2, transport, replicas=2, pace=ON_POSTGRES)
            shakes = max(2, wanted.kills // 20)
            with servers.database(server) as database:
                result = await kills.play(
                    shaken, database, partial(servers.shaken, server, shakes, Random(seed))
                )
            line = f"{shakes} restarts and cut connections, {result.line}"
            report.add("postgres", line, result.verdict, result.seconds)
        few = Wanted(wanted.seed, wanted.kills, wanted.cases or POSTGRES_CASES, 0, wanted.transports)
        await _matrix(few, report, partial(servers.database, server))
        migrating = partial(
            outages.killed_while_migrating,
            max(4, wanted.kills // 4),
            wanted.seed,
            partial(servers.database, server),
            outages.POSTGRES_MIGRATION_TAKES,
        )
        with servers.database(server) as database:
            outage = await outages.play("two replicas, reminders", partial(outages.reminded_by_two, database))
        report.add("postgres", outage.line, outage.verdict, outage.seconds)
        outage = await outages.play("kill -9 while migrating", migrating)
        report.add("postgres", outage.line, outage.verdict, outage.seconds)


@contextlib.asynccontextmanager
async def _quiet() -> AsyncIterator[None]:
    """What is provoked on purpose fills no screen; what must not happen is counted by the parts."""
    logging.lastResort = None
    logging.getLogger().setLevel(logging.WARNING)
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # connections that the sandbox breaks
    yield


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(PARTS))
@click.option("--seed", default=1, show_default=True, help="Every lot is drawn from it.")
@click.option("--kills", default=200, show_default=True, help="kill -9 on SQLite; an eighth on PostgreSQL.")
@click.option("--cases", default=0, help="Of the fault matrix, by lot; 0 for all.")
@click.option("--thrown", default=100_000, show_default=True, help="Malformed requests.")
@click.option("--transport", type=click.Choice(["socket", "http"]), help="One instead of both.")
def main(
    parts: tuple[str, ...], seed: int, kills: int, cases: int, thrown: int, transport: Transport | None
) -> None:
    """Play PARTS (all of them unless named) and count what was lost, doubled, stale and broken."""
    transports: tuple[Transport, ...] = (transport,) if transport else ("socket", "http")
    wanted = Wanted(seed, kills, cases, thrown, transports)
    report, began = Report(), time.monotonic()

    async def work() -> None:
        async with _quiet():
            await played(parts or PARTS, wanted, report)

    try:
        asyncio.run(work())
    except servers.NoServer as missing:
        raise click.ClickException(f"PostgreSQL was left out: {missing}") from missing
    finally:
        OUT.parent.mkdir(exist_ok=True)
        OUT.write_text(json.dumps(report.rows, indent=2, ensure_ascii=False) + "\n")
        print(f"\n{len(report.rows)} runs, {time.monotonic() - began:.0f} s; written to {OUT}")
    sys.exit(0 if report.is_clean else 1)


main()
