"""`make bench`: print the figures, and write build/bench.json."""

from __future__ import annotations

import asyncio
import logging
import statistics
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks import acknowledgement, crowd, declaration, effects, postgres, process, scale, throughput
from benchmarks.figures import Figure, show
from benchmarks.throughput import Throughput

RUNS = 5  # medians of this many, interleaved, so that a busy moment hits both sides
OUT = Path("build/bench.json")


async def acknowledging() -> list[Figure]:
    one: list[acknowledgement.Ratio] = []
    many: list[acknowledgement.Ratio] = []
    async with acknowledgement.bench() as bench:
        for _ in range(RUNS):
            one.append(await bench.one_at_a_time())
            many.append(await bench.thirty_at_once())
    return [
        Figure(
            "click with its commit ÷ no-op Bolt listener, one at a time, p50",
            _median(r.p50 for r in one),
            1.5,
        ),
        Figure("the same, p95", _median(r.p95 for r in one), 2),
        Figure("30 clicks at once ÷ no-op Bolt listener, p95", _median(r.p95 for r in many), 5),
        Figure("click with its commit, one at a time, p50 (ms)", _median(r.ours_p50 for r in one)),
        Figure("no-op Bolt listener, one at a time, p50 (ms)", _median(r.theirs_p50 for r in one)),
    ]


async def declaring() -> list[Figure]:
    trips = [await declaration.round_trips() for _ in range(RUNS)]
    crowds = [await crowd.acknowledged() for _ in range(RUNS)]
    seconds = [await crowd.a_second() for _ in range(RUNS)]
    return [
        Figure(
            "30 declarations at once ÷ no-op Bolt's, p95 acknowledgement", _median(c.ratio for c in crowds), 5
        ),
        Figure("30 at once, the longest (s)", round(max(c.longest for c in crowds) / 1000, 2), 3),
        Figure("200 at once, the longest (s)", round(max(c.longest_of_200 for c in crowds) / 1000, 2), 3),
        Figure(
            "declarations a second ÷ a Bolt bot that stores nothing", _median(seconds), 0.8, at_least=True
        ),
        Figure(
            "submit → acknowledged (round trips to Slack of 80 ms)", _median(t.acknowledged for t in trips)
        ),
        Figure(
            "submit → declarer in the channel (round trips)",
            _median(t.declarer_in for t in trips),
            2.2,
        ),
        Figure("submit → first message (round trips)", _median(t.first_message for t in trips), 2.2),
    ]


async def delivering() -> list[Figure]:
    reaction = await effects.reaction()
    drawn, right = await effects.redraws()
    if not right:
        raise AssertionError("the last redraw did not show all clicks")
    return [
        Figure("command → seen by Slack ÷ one commit + one call", round(reaction.ratio, 2), 3),
        Figure("redraws for 20 clicks in one second", drawn, 3),
    ]


async def storing() -> list[Figure]:
    runs = [await throughput.on_sqlite() for _ in range(RUNS)]
    replicated = await postgres.on_postgres(RUNS)
    sizes = await scale.acknowledgement()
    return [
        Figure(
            "durable commands ÷ bare sqlite3 with the same rows", _median(r.ratio for r in runs), 0.5, True
        ),
        Figure("durable commands a second", _median(r.ours for r in runs)),
        *_on_postgres(replicated),
        Figure("command with 1,000,000 events ÷ with 1,000", round(sizes.ratio, 2), 1.2),
    ]


def _on_postgres(runs: list[Throughput]) -> list[Figure]:
    """None where there is no PostgreSQL."""
    if not runs:
        return []
    return [
        Figure("the same on PostgreSQL ÷ bare psycopg", _median(r.ratio for r in runs), 0.5, True),
        Figure("durable commands a second on PostgreSQL", _median(r.ours for r in runs)),
    ]


async def running() -> list[Figure]:
    starts = [await process.start_ratio() for _ in range(RUNS)]
    return [
        Figure("start to first accepted request ÷ importing Bolt and aiohttp", _median(starts), 1.5),
        Figure(
            "resident memory after 1,000 incidents (MB)", round(await process.resident_after_incidents()), 120
        ),
    ]


def _median(values: Iterable[float]) -> float:
    return round(statistics.median(values), 2)


async def measured() -> list[Figure]:
    figures: list[Figure] = []
    for part in (acknowledging, declaring, delivering, storing, running):
        figures += await part()
    return figures


def main() -> None:
    logging.basicConfig(level=logging.ERROR)
    started = time.perf_counter()
    figures = asyncio.run(measured())
    show(figures, OUT)
    print(f"\n{RUNS} runs, {time.perf_counter() - started:.0f} s")


main()
