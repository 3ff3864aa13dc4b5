"""`make bench`: print the figures, and write build/bench.json."""

from __future__ import annotations

import asyncio
import json
import logging
import statistics
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import acknowledgement, declaration

RUNS = 5  # medians of this many, interleaved, so that a busy moment hits both sides
OUT = Path("build/bench.json")


@dataclass(frozen=True)
class Figure:
    """One line of the table. `bar` is None until an issue sets one; then `ok` says whether it is met."""

    name: str
    value: float
    bar: float | None = None

    @property
    def ok(self) -> bool | None:
        return None if self.bar is None else self.value <= self.bar


async def measured() -> list[Figure]:
    one: list[acknowledgement.Ratio] = []
    many: list[acknowledgement.Ratio] = []
    async with acknowledgement.bench() as bench:
        for _ in range(RUNS):
            one.append(await bench.one_at_a_time())
            many.append(await bench.thirty_at_once())
    trips = [await declaration.round_trips() for _ in range(RUNS)]
    return [
        Figure(
            "click with its commit ÷ no-op Bolt listener, one at a time, p50", _median(r.p50 for r in one)
        ),
        Figure("the same, p95", _median(r.p95 for r in one)),
        Figure("30 clicks at once ÷ no-op Bolt listener, p95", _median(r.p95 for r in many)),
        Figure("click with its commit, one at a time, p50 (ms)", _median(r.ours_p50 for r in one)),
        Figure("no-op Bolt listener, one at a time, p50 (ms)", _median(r.theirs_p50 for r in one)),
        Figure("submit → acknowledged (round trips of 80 ms)", _median(t.acknowledged for t in trips)),
        Figure(
            "submit → declarer in the channel (round trips of 80 ms)", _median(t.declarer_in for t in trips)
        ),
        Figure(
            "submit → first message (round trips of 80 ms)",
            _median(t.first_message for t in trips),
        ),
    ]


def _median(values: Iterable[float]) -> float:
    return round(statistics.median(values), 2)


def main() -> None:
    logging.basicConfig(level=logging.ERROR)
    started = time.perf_counter()
    figures = asyncio.run(measured())
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        bar = "" if figure.bar is None else f"  bar {figure.bar:g}  {'met' if figure.ok else 'MISSED'}"
        print(f"{figure.name:<{width}}  {figure.value:8.2f}{bar}")
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps([{**asdict(figure), "ok": figure.ok} for figure in figures], indent=2) + "\n")
    print(f"\n{RUNS} runs, {time.perf_counter() - started:.0f} s; written to {OUT}")


main()
