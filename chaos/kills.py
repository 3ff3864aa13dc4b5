"""kill -9 at random moments while people work and Slack fails; then everything must be there once."""

from __future__ import annotations

import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bot.demo import FLAGS
from bot.sandbox.server import Sandbox
from chaos import weather
from chaos.balancer import Balancer
from chaos.bots import Bot, Transport, bots
from chaos.crowd import Crowd, Pace
from chaos.house import drained, face, furnish, opened, runbooks, sandbox
from chaos.ledger import Ledger
from chaos.witness import Stored, Verdict, examine

SOONEST, LATEST = 0.03, 0.9  # seconds between a bot being up and its end
WHILE_STARTING = 0.15  # how often it is killed before it is even up
START_TAKES = 1.2  # seconds within which such a kill falls
STOPS_WITHIN = 5.0  # seconds that a bot may need to end in order


@dataclass(frozen=True)
class Round:
    """One sandbox, one database, one crowd, so many kills; `orderly` ones are a SIGTERM."""

    seed: int
    kills: int
    transport: Transport = "socket"
    replicas: int = 1
    orderly: bool = False
    pace: Pace = field(default_factory=lambda: Pace(incidents=12, think=0.6))


@dataclass(frozen=True)
class Result:
    """What came of a round."""

    round: Round
    verdict: Verdict
    requests: int
    repeats: int
    incidents: int
    effects: int
    faults: str
    stopped_in: float
    seconds: float

    @property
    def line(self) -> str:
        verdict = self.verdict
        kills = "SIGTERMs" if self.round.orderly else "kills"
        return (
            f"seed {self.round.seed}, {self.round.transport}, {self.round.kills} {kills}: {verdict.counts}; "
            f"{self.requests} requests asked again {self.repeats} times, {self.incidents} incidents, "
            f"{self.effects} effects, slowest stop {self.stopped_in:.1f} s, {self.seconds:.0f} s [{self.faults}]"
        )


async def play(
    round: Round, database: str | None = None, meanwhile: Callable[[], Awaitable[None]] | None = None
) -> Result:
    """Play one round and examine what is left; on a SQLite file of its own unless a database is given.

    `meanwhile` is done while the bots are killed and people work.
    """
    began, chance = time.monotonic(), random.Random(round.seed)
    async with staged(round.transport, round.replicas, database) as stage:
        slack, fleet = stage.slack, stage.fleet
        crowd = Crowd(slack, runbooks(), [flag.key for flag in FLAGS], round.pace, chance)
        await _storm(round, stage, crowd, chance, meanwhile)
        stored, verdict = await stage.examined(crowd.ledger)
        verdict.broken += crowd.troubles
        return Result(
            round=round,
            verdict=verdict,
            requests=crowd.ledger.requests,
            repeats=crowd.ledger.repeats,
            incidents=len(dict(stored.histories())),
            effects=len(stored.effects),
            faults=weather.seen(slack),
            stopped_in=max(bot.slowest_stop for bot in fleet),
            seconds=time.monotonic() - began,
        )


@dataclass(frozen=True)
class Stage:
    """A sandbox and the replicas on it, all up."""

    slack: Sandbox
    fleet: list[Bot]
    database: str

    async def examined(self, ledger: Ledger) -> tuple[Stored, Verdict]:
        """Everything is delivered, the bots stop in order: what is stored, and what is to be said of it."""
        async with opened(self.database) as engine:
            left = await drained(engine)
            for bot in self.fleet:
                await bot.stop()
            stored = await Stored.read(engine)
        verdict = examine(self.slack, face(), stored, ledger, datetime.now(UTC))
        verdict.broken += [*left, *(said for bot in self.fleet for said in bot.complaints())]
        slowest = max(bot.slowest_stop for bot in self.fleet)
        if slowest > STOPS_WITHIN:
            verdict.broken.append(f"after SIGTERM a bot was there for another {slowest:.1f} s")
        return stored, verdict


@contextlib.asynccontextmanager
async def staged(
    transport: Transport, replicas: int = 1, database: str | None = None
) -> AsyncIterator[Stage]:
    """For as long as the context is open; on a SQLite file of its own unless a database is given."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="firebreak-chaos-")))
        database = database or str(folder / "firebreak.db")
        slack = await stack.enter_async_context(sandbox(transport))
        async with opened(database) as engine:
            await furnish(engine, slack)
        fleet = await stack.enter_async_context(bots(slack, folder, database, transport, replicas))
        if transport == "http":
            balancer = await stack.enter_async_context(Balancer([bot.port for bot in fleet]).listening())
            slack.workspace.app.request_url = f"http://127.0.0.1:{balancer.port}/slack/events"
        for bot in fleet:
            await bot.start()
        await asyncio.gather(*(bot.up() for bot in fleet))
        yield Stage(slack, fleet, database)


async def _storm(
    round: Round,
    stage: Stage,
    crowd: Crowd,
    chance: random.Random,
    meanwhile: Callable[[], Awaitable[None]] | None,
) -> None:
    """People work while the weather is bad and the bots die; then the sun comes out, and they finish."""
    share, more = divmod(round.kills, len(stage.fleet))
    clouds = random.Random(chance.random())
    lots = [random.Random(chance.random()) for _ in stage.fleet]
    async with (
        crowd.working(),
        weather.bad_weather(stage.slack, clouds),
        asyncio.TaskGroup() as killing,
    ):
        for number, bot in enumerate(stage.fleet):
            killing.create_task(_killed(bot, share + (number < more), round.orderly, lots[number]))
        if meanwhile is not None:
            await meanwhile()


async def _killed(bot: Bot, kills: int, orderly: bool, chance: random.Random) -> None:
    """Kill it so many times, and start it again each time; it is up at the end."""
    for _ in range(kills):
        if not orderly and chance.random() < WHILE_STARTING:
            await asyncio.sleep(chance.uniform(0.0, START_TAKES))
        else:
            await bot.up()
            await asyncio.sleep(chance.uniform(SOONEST, LATEST))
        await (bot.stop() if orderly else bot.kill())
        await bot.start()
    await bot.up()
