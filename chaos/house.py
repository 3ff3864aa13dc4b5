"""A bot in this process on a sandbox of its own: no start to wait for, and every part of it in reach."""

from __future__ import annotations

import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bot.app import CALL_SECONDS, Firebreak, firebreak
from bot.config import Settings
from bot.demo import FLAGS
from bot.domain.language import English
from bot.domain.runbook import Runbook
from bot.domain.vocabulary import Severity
from bot.sandbox.server import Sandbox
from bot.services.runbooks import BUILT_IN, Library
from bot.slack.face import Face
from bot.slack.manifest import manifest
from bot.storage import flags, workspaces
from bot.storage.address import parse_address
from bot.storage.engine import Engine, Transaction
from bot.storage.opening import open_engine
from chaos.bots import CONFIG, Transport
from chaos.ledger import Ledger
from chaos.people import Responder
from chaos.rooms import Room
from chaos.witness import Stored, Verdict, examine

LOOK_AGAIN = 0.1
DRAIN_SECONDS = 180.0  # for what was promised to be delivered: budgets and backoff may take a minute each


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class House:
    """The bot, the people around it, and what they were promised."""

    slack: Sandbox
    bot: Firebreak
    database: str
    chance: random.Random
    ledger: Ledger = field(default_factory=Ledger)
    titles: int = 0

    def person(self, name: str) -> Responder:
        return Responder(self.slack.person(name), self.slack, self.ledger, self.chance)

    async def declared(self, person: str = "ana", severity: Severity = Severity.P0) -> Room:
        """One incident, as soon as its declarer is in the channel."""
        self.titles += 1
        title = f"checkout returns 500 r{self.titles}"
        return await self.person(person).declares(title, severity, runbooks())

    async def verdict(self, seconds: float = DRAIN_SECONDS, now: Callable[[], datetime] = utc_now) -> Verdict:
        """What came of it all, once everything is delivered; `now` is the bot's clock."""
        left = await drained(self.bot.engine, seconds)
        stored = await Stored.read(self.bot.engine, now())
        found = examine(self.slack, face(), stored, self.ledger, now())
        found.broken += left
        return found


@contextlib.asynccontextmanager
async def house(
    transport: Transport = "socket",
    *,
    database: str | None = None,
    replicas: int = 1,
    seed: int = 0,
    now: Callable[[], datetime] = utc_now,
    call_seconds: float = CALL_SECONDS,
) -> AsyncIterator[House]:
    """Sandbox and bot, connected as long as the context is open; on a SQLite file unless a database is given.

    Replicas need a database that they can share; over HTTP the first gets all the requests.
    """
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="firebreak-chaos-")))
        slack = await stack.enter_async_context(sandbox(transport))
        database = database or str(folder / "firebreak.db")
        async with opened(database) as engine:
            await furnish(engine, slack)
        read = settings(slack, folder, database, transport)
        fleet = [
            await stack.enter_async_context(firebreak(read, now=now, call_seconds=call_seconds))
            for _ in range(replicas)
        ]
        if transport == "http":
            slack.workspace.app.request_url = f"{fleet[0].url}/slack/events"
        else:
            await slack.connections.reached(2 * replicas)
        yield House(slack, fleet[0], database, random.Random(seed))


@contextlib.asynccontextmanager
async def sandbox(transport: Transport) -> AsyncIterator[Sandbox]:
    """A local Slack with our manifest installed."""
    over = manifest("http", "https://bot.example.com") if transport == "http" else manifest("socket")
    async with Sandbox.serve(page=False, manifest=over) as slack:
        yield slack


def settings(slack: Sandbox, folder: Path, database: str, transport: Transport) -> Settings:
    """As a bot on that sandbox reads them; its web server takes any free port."""
    config = folder / "firebreak.toml"
    config.write_text(CONFIG)
    door = (
        {"SLACK_SIGNING_SECRET": slack.signing_secret}
        if transport == "http"
        else {"SLACK_APP_TOKEN": slack.app_token}
    )
    environment = {
        **door,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_API_URL": slack.api_url,
        "PORT": "0",
        "FIREBREAK_DATABASE": database,
    }
    return Settings.load(environment, config)


@contextlib.asynccontextmanager
async def opened(database: str) -> AsyncIterator[Engine]:
    """The database, beside the bots that use it."""
    async with open_engine(parse_address(database)) as engine:
        yield engine


async def furnish(engine: Engine, slack: Sandbox) -> None:
    """The workspace and its flags, before the first bot is there."""
    team, name = slack.workspace.team_id, slack.workspace.team_name

    def body(transaction: Transaction) -> None:
        workspaces.remember(transaction, team, name)
        for flag in FLAGS:
            flags.define(transaction, team, flag, now=utc_now())

    await engine.write(body)


async def drained(engine: Engine, seconds: float = DRAIN_SECONDS) -> list[str]:
    """Wait until nothing is left to be delivered; answers what is left when that takes too long."""

    def body(transaction: Transaction) -> int:
        row = transaction.one("select count(*) as n from effect where state not in ('done', 'parked')")
        return 0 if row is None else int(row["n"])

    end = time.monotonic() + seconds
    while left := await engine.read(body):
        if time.monotonic() > end:
            return [f"{left} effects were not delivered in {seconds:.0f} seconds"]
        await asyncio.sleep(LOOK_AGAIN)
    return []


def runbooks() -> list[Runbook]:
    """Those that every bot here has."""
    return Library.load([BUILT_IN]).runbooks


def face() -> Face:
    """As the bots draw, with the settings that they were given."""
    read = Settings.load({}, slack=False)
    return Face(t=English(), meanings=read.severity_meanings, zone=read.zone, announcements="incidents")
