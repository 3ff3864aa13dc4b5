"""`python -m benchmarks.hour`: the hour at 1, 10, 100 and 500 workspaces' worth of load, as a table."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.hour.judging import judged
from benchmarks.hour.load import HOUR, Load
from benchmarks.hour.slack import LoopClock, SimulatedSlack, WatchedBudgets
from benchmarks.hour.virtual_time import Timed, VirtualLoop
from bot.config import Settings
from bot.domain.commands import Command
from bot.domain.effects import Bookmark, Brief, Draw, Effect, Invite, OpenChannel, Pin
from bot.domain.incident import Incident
from bot.domain.language import English
from bot.domain.vocabulary import Surface
from bot.sandbox.workspace import App, Workspace
from bot.services.delivery import Delivery
from bot.services.incidents import Incidents
from bot.services.runbooks import BUILT_IN, Library
from bot.services.summaries import Schedule, Summaries
from bot.slack.client import SlackOutside
from bot.slack.face import Face
from bot.storage.outbox import Promise
from bot.storage.sqlite import SqliteEngine

START = datetime(2026, 1, 1, tzinfo=UTC)
WORKSPACES = (1, 10, 100, 500, 1000)  # the last one is beyond the ceiling; more takes minutes of real time
DRAIN = 4 * HOUR  # of simulated time, in which what the limits held back is delivered
SEED = 20261121


@dataclass(frozen=True)
class Line:
    """What one hour came to. Times in seconds; `beyond` is what was later than the limits force."""

    workspaces: int
    acts: int
    calls: int
    turned_away: int
    beyond: float
    told: dict[str, tuple[float, float]]  # what it is -> p50 and worst from promise to done
    drained: float
    real: float


class Watched:
    """Slack's side of the dispatcher, with a record of how long each effect took from its promise."""

    def __init__(self, outside: SlackOutside, now: asyncio.AbstractEventLoop) -> None:
        self._outside = outside
        self._loop = now
        self.took: dict[str, list[float]] = {}

    async def deliver(self, promise: Promise, incident: Incident | None) -> Command | None:
        result = await self._outside.deliver(promise, incident)
        seconds = START.timestamp() + self._loop.time() - promise.created
        self.took.setdefault(_called(promise.effect), []).append(seconds)
        return result


def _called(effect: Effect) -> str:
    match effect:
        case OpenChannel():
            return "channel opened"
        case Invite():
            return "invited"
        case Draw(surface=Surface.TOPIC):
            return "topic"
        case Draw():
            return "card, checklist, announcement"
        case Pin():
            return "pinned"
        case Bookmark():
            return "bookmarked"
        case Brief():
            return "role explained"
        case _:
            return "message"


@contextlib.asynccontextmanager
async def _stored(loop: VirtualLoop) -> AsyncIterator[Timed]:
    """A database in a file, opened and closed while the clock stands still."""
    with tempfile.TemporaryDirectory() as folder:
        loop.at_work += 1
        async with SqliteEngine.open(Path(folder) / "firebreak.db") as engine:
            loop.at_work -= 1
            yield Timed(engine, loop)
            loop.at_work += 1
        loop.at_work -= 1


async def simulated(workspaces: int, loop: VirtualLoop) -> Line:
    """One hour and what it left to be delivered."""
    began = time.monotonic()

    def now() -> datetime:
        return START + timedelta(seconds=loop.time())

    def woken() -> None:
        delivery.wake()

    workspace = Workspace(clock=LoopClock(START.timestamp()), app=App(name="Firebreak"))
    slack, budgets = SimulatedSlack(workspace), WatchedBudgets(loop.time)
    runbooks = Library.load([BUILT_IN]).runbooks
    async with _stored(loop) as engine:
        incidents = Incidents(
            engine, team_id=workspace.team_id, runbooks=lambda: runbooks, now=now, stored=woken
        )
        outside = Watched(_outside(slack, budgets, engine, incidents, now), loop)
        delivery = Delivery(engine, outside, now=now, chance=random.Random(SEED))
        load = Load(workspaces, incidents, random.Random(SEED + workspaces))
        async with delivery.running():
            await load.hour()
            over = loop.time()
            await delivery.idle(within=DRAIN)
            drained = loop.time() - over
    return Line(
        workspaces,
        load.done,
        slack.calls.total(),
        slack.turned_away,
        max((call.beyond for call in judged(budgets.record)), default=0.0),
        {name: (statistics.median(took), max(took)) for name, took in sorted(outside.took.items())},
        drained,
        time.monotonic() - began,
    )


def _outside(
    slack: SimulatedSlack,
    budgets: WatchedBudgets,
    engine: Timed,
    incidents: Incidents,
    now: Callable[[], datetime],
) -> SlackOutside:
    """As `bot/app.py` makes it."""
    read = Settings.load({}, slack=False)
    face = Face(t=English(), meanings=read.severity_meanings, zone=read.zone, announcements="incidents")
    schedule = Schedule(zone=face.zone, post_time=datetime.min.time(), channel="incidents")
    team = slack.workspace.team_id
    summaries = Summaries(engine, team_id=team, schedules=[schedule], t=face.t, now=now)
    return SlackOutside(
        slack,
        face,
        bot_user=slack.workspace.app.bot_user,
        now=now,
        summary=summaries.lines,
        waiting=incidents.waiting,
        budgets=budgets,
    )


def main() -> None:
    logging.basicConfig(level=logging.ERROR)
    chosen = [int(each) for each in sys.argv[1:]] or list(WORKSPACES)
    for workspaces in chosen:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            loop = runner.get_loop()
            if not isinstance(loop, VirtualLoop):
                raise TypeError("the factory makes no other")
            line = runner.run(simulated(workspaces, loop))
        _tell(line)


def _tell(line: Line) -> None:
    print(
        f"{line.workspaces} workspaces' worth: {line.acts} acts, {line.calls} calls,"
        f" {line.turned_away} turned away;"
        f" at most {line.beyond:.2f} s beyond what the limits force;"
        f" all told {line.drained:.0f} s after the last act; {line.real:.0f} s of real time"
    )
    for name, (middle, worst) in line.told.items():
        print(f"    {name:<32} p50 {middle:8.2f} s   latest {worst:8.1f} s")


if __name__ == "__main__":
    main()
