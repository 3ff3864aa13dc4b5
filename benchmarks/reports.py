"""`make bench-reports`: what a long history costs, how fast one comes in, and whether charts hold clicks up.

A million incidents with twenty million events take nine gigabytes and five minutes to make; `--incidents 100000` is
enough to see whether something is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import drawing, history, importing
from benchmarks.figures import Figure, show
from bot.domain.effects import PostSummary
from bot.domain.language import English
from bot.services.reports import Reports
from bot.services.summaries import Schedule, Summaries
from bot.storage.sqlite import SqliteEngine

OUT = Path("build/bench-reports.json")
RUNS = 5  # interleaved; medians
LOOK_EVERY = 0.01  # seconds between two looks at a process that works
WINDOW = "90d"
WHOLE = ("--window", "all", "--group-by", "severity", "--group-by", "month", "--format", "json")
UTC_ZONE = ZoneInfo("UTC")
DAILY = Schedule(UTC_ZONE, wall(9), "#incidents")


def long_history(few: Path, many: Path, incidents: int) -> list[Figure]:
    """The same window in a short history and in a long one."""
    small, large = [], []
    whole: dict[str, list[float]] = {"few": [], "many": []}
    for _ in range(RUNS):
        small.append(asyncio.run(_taken(few)))
        large.append(asyncio.run(_taken(many)))
        whole["few"].append(_command(few, "--window", WINDOW)[0])
        whole["many"].append(_command(many, "--window", WINDOW)[0])
    report, summary = (
        statistics.median(each[place] for each in large) / statistics.median(each[place] for each in small)
        for place in (0, 1)
    )
    name = f"with {incidents:,} incidents and {incidents * history.EVENTS:,} events ÷ with {history.RECENT:,}"
    command = statistics.median(whole["many"]) / statistics.median(whole["few"])
    return [
        Figure(f"firebreak report --window {WINDOW} {name}", command, 2),
        Figure("the same without starting a process", report, 2),
        Figure(f"daily summary {name}", summary, 2),
        Figure("daily summary (ms)", statistics.median(each[1] for each in large) * 1000),
    ]


async def _taken(path: Path) -> tuple[float, float]:
    """Seconds for the report and for the daily summary, on an open database."""
    now = datetime.now(UTC)
    today: date = now.date()
    effect = PostSummary(day=today, previous=today - timedelta(days=1), channel="C1")
    async with SqliteEngine.open(path) as engine:
        reports = Reports(
            engine, team_id=history.TEAM, schedule=DAILY, t=English(), now=lambda: datetime.now(UTC)
        )
        summaries = Summaries(
            engine,
            team_id=history.TEAM,
            schedules=[DAILY],
            t=English(),
            now=lambda: datetime.now(UTC),
        )
        started = time.perf_counter()
        study = await reports.study(WINDOW)
        between = time.perf_counter()
        lines = await summaries.lines(effect)
        ended = time.perf_counter()
    if not study.report.population.declared or len(lines) < 3:
        raise AssertionError("there was something to report, and to summarise")
    return between - started, ended - between


def whole_history(many: Path) -> list[Figure]:
    """Ours beside DuckDB, each a process of its own, and whether both say the same."""
    ours, theirs, held = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        for _ in range(3):
            seconds, megabytes = _command(many, *WHOLE, "--output", str(out))
            ours.append(seconds)
            held.append(megabytes)
            report = json.loads(out.read_text())
            as_of = int(datetime.fromisoformat(report["as_of"]).timestamp() * 1000)
            started = time.perf_counter()
            said = subprocess.run(  # noqa: S603, ourselves
                [sys.executable, "-m", "benchmarks.duck", str(many), str(as_of)],
                check=True,
                capture_output=True,
            )
            theirs.append(time.perf_counter() - started)
    different = _different(report, json.loads(said.stdout))
    if different:
        raise AssertionError(f"DuckDB says otherwise: {different[:5]}")
    return [
        Figure(
            "report on the whole history by severity and month ÷ DuckDB on the same file",
            statistics.median(ours) / statistics.median(theirs),
            3,
        ),
        Figure("report on the whole history (s)", statistics.median(ours)),
        Figure("DuckDB on the same file (s)", statistics.median(theirs)),
        Figure("the most memory that it held (MB)", max(held), 600),
    ]


def _different(report: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """Where the two disagree. Where something is open, DuckDB has no quantiles to compare."""
    found = []
    for group in report["groups"]:
        for clock in ("time_to_stabilize", "time_to_repair", "impact"):
            mine, other = group[clock], theirs[group["key"]][clock]
            other["median_s"], other["p90_s"] = other["quantiles"] or (None, None)
            names = ["n", "of", "mean_s", "min_s", "max_s"]
            names += ["censored"] if clock != "impact" else []
            names += ["median_s", "p90_s"] if not mine["censored"] and mine["n"] >= 20 else []
            found += [
                f"{group['key']} {clock} {name}: {mine[name]} and {other[name]}"
                for name in names
                if abs((mine[name] or 0) - (other[name] or 0)) > 0.001
            ]
    return found


def _command(path: Path, *words: str) -> tuple[float, float]:
    """Seconds that `firebreak report` takes from starting to its end, and the most megabytes that it holds."""
    environ = {**os.environ, "FIREBREAK_DATABASE": str(path), "FIREBREAK_CONFIG": ""}
    started = time.perf_counter()
    process = os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", "bot", "report", *words],
        environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    peak = 0.0
    while not (ended := os.waitpid(process, os.WNOHANG))[0]:
        # The kernel's own "maximum resident" of a child includes what its parent held when it was started.
        peak = max(peak, _held(process))
        time.sleep(LOOK_EVERY)
    if ended[1]:
        raise AssertionError(f"firebreak report ended with {os.waitstatus_to_exitcode(ended[1])}")
    return time.perf_counter() - started, peak


def _held(process: int) -> float:
    """The most megabytes that a process has held so far; 0 when it has ended."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return max((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), default=0.0)


def drawn() -> list[Figure]:
    held = [asyncio.run(drawing.drawn()) for _ in range(3)]
    return [
        Figure(
            "the longest that drawing charts held up the event loop (ms)",
            statistics.median(each.drawing for each in held),
            20,
        ),
        Figure("the same without charts", statistics.median(each.quiet for each in held)),
        Figure("clicks acknowledged meanwhile", sum(len(each.clicks) for each in held)),
        Figure(
            "a click while a chart is drawn, median (ms)",
            statistics.median(click for each in held for click in each.clicks),
        ),
    ]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--incidents", type=int, default=1_000_000)
    options.add_argument("--folder", type=Path, default=Path("build"), help="where there is room")
    asked = options.parse_args()
    asked.folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        few, many = Path(folder) / "few.db", Path(folder) / "many.db"
        now = datetime.now(UTC)
        history.make(few, history.RECENT, now)
        history.make(many, asked.incidents, now)
        figures = [*long_history(few, many, asked.incidents), *whole_history(many)]
    figures += [
        Figure("import ÷ sqlite-utils insert_all of the same rows", importing.rate(), 0.3, at_least=True)
    ]
    show([*figures, *drawn()], OUT)


if __name__ == "__main__":
    main()
