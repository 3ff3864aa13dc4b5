"""kill -9 the bot right after it has confirmed that a flag is held: it must stay held for everybody who reads.

Two applications read all the time, one a file and one by gRPC, both with the unsafe value as the default in their
code. Each flag may go from on to off once. One that comes back, at any moment and in either, is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bot.domain.vocabulary import Severity
from bot.sandbox.errors import NotPossibleError, SlackError
from bot.sandbox.people import NotShownError
from bot.storage import flag_definitions, flags, workspaces
from bot.storage.engine import Engine, Transaction
from bot.storage.flags import Flag
from chaos.applications import Application, application
from chaos.bots import Bot, bots, free_port
from chaos.house import opened, sandbox, utc_now

PEOPLE = ("ana", "bo", "chi", "dee", "eli", "fay")  # one alone may hold only so many flags a minute
LATEST = 0.012  # seconds between the confirmation and the kill, at most: about what publishing takes
SEEN_WITHIN = 30.0  # seconds until every reader must see it, restart included
TOKEN = "token-of-the-applications"
SETTINGS = """
[announcements]
channel = "incidents"
[summary]
enabled = false
[flags]
folder = "flags"
grpc = "127.0.0.1:{port}"
"""


@dataclass
class Survival:
    """What came of it: `lost` are flags that the bot served again after a restart, `came_back` what readers saw."""

    kills: int = 0
    lost: list[str] = field(default_factory=list)
    came_back: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.lost and not self.came_back


@dataclass
class _Reader:
    """One application, and every value that it was seen to serve."""

    name: str
    application: Application
    values: dict[str, list[bool]] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        while True:
            said: dict[str, Any] = await self.application.line(patience=3600)
            self.values.setdefault(said["flag"], []).append(said["value"])
            self.news.set()

    async def sees(self, flag: str, value: bool) -> None:
        async with asyncio.timeout(SEEN_WITHIN):
            while self.values.get(flag, [])[-1:] != [value]:
                self.news.clear()
                await self.news.wait()

    def came_back(self) -> list[str]:
        return [
            f"{self.name} served {flag}: {seen}"
            for flag, seen in self.values.items()
            if seen not in ([True], [True, False])
        ]


async def survive(kills: int, *, seed: int = 0) -> Survival:
    """Hold so many flags one after the other, and kill the bot after each."""
    chance, found = random.Random(seed), Survival()
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="firebreak-flags-")))
        slack = await stack.enter_async_context(sandbox("http"))
        database = str(folder / "firebreak.db")
        engine = await stack.enter_async_context(opened(database))
        team, names = slack.workspace.team_id, [f"feature-{number}" for number in range(1, kills + 1)]
        await _define(engine, team, names)
        (bot,) = await stack.enter_async_context(bots(slack, folder, database, "http"))
        port = free_port()
        (folder / "firebreak.toml").write_text(SETTINGS.format(port=port))
        bot.environment["FIREBREAK_FLAG_TOKENS"] = f"production:{TOKEN}"
        slack.workspace.app.request_url = f"http://127.0.0.1:{bot.port}/slack/events"
        await bot.start()
        await bot.up()
        rooms: dict[str, Any] = {}
        for person in PEOPLE[: min(kills, len(PEOPLE))]:
            await slack.person(person).types(f"/incident {Severity.P0.value} {person} sees errors", "general")
            rooms[person] = await _room(slack, len(rooms) + 1)
        readers = await stack.enter_async_context(_reading(folder, port))
        for number, flag in enumerate(names):
            person = PEOPLE[number % len(rooms)]
            for reader in readers:
                await reader.application.watches(flag)
            await asyncio.gather(*(reader.sees(flag, True) for reader in readers))
            await _held(slack.person(person), rooms[person], flag, engine, team)
            confirmed = time.monotonic()
            await asyncio.sleep(chance.random() * LATEST)
            await bot.kill()
            found.kills += 1
            await bot.start()
            if await _first_answer(bot, flag) is not False:
                found.lost.append(flag)
            await asyncio.gather(*(reader.sees(flag, False) for reader in readers))
            found.seconds.append(time.monotonic() - confirmed)
            await bot.up()
        found.came_back = [each for reader in readers for each in reader.came_back()]
        if problems := bot.complaints():
            raise AssertionError(problems[0])
    return found


async def _define(engine: Engine, team: str, names: list[str]) -> None:
    def body(transaction: Transaction) -> None:
        workspaces.remember(transaction, team, "Acme")
        for name in names:
            flags.define(transaction, team, Flag(name, "", "on", "off", None), now=utc_now())

    await engine.write(body)


async def _room(slack: Any, number: int) -> Any:
    """The channel of the incident, once it is there."""
    async with asyncio.timeout(SEEN_WITHIN):
        while True:
            try:
                return slack.channel(f"inc-{number}-…")
            except SlackError:
                await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def _reading(folder: Path, port: int) -> AsyncIterator[list[_Reader]]:
    path = folder / "flags" / "production.flagd.json"
    async with (
        application("file", str(path)) as file,
        application("grpc", str(port), TOKEN) as grpc,
        asyncio.TaskGroup() as group,
    ):
        readers = [_Reader("the file's reader", file), _Reader("gRPC's reader", grpc)]
        listening = [group.create_task(reader.listen()) for reader in readers]
        yield readers
        for task in listening:
            task.cancel()


async def _held(person: Any, room: Any, flag: str, engine: Engine, team: str) -> None:
    """The person holds the flag as one does, and the bot has said that it is so."""
    await person.types(f"/flag kill {flag} errors began with {flag}", room)

    def body(transaction: Transaction) -> bool:
        found = flag_definitions.find(transaction, team, "production", flag)
        return found is not None and found.override is not None

    if not await engine.read(body):
        await person.clicks("Switch off in production", channel=room)
        with contextlib.suppress(NotPossibleError, NotShownError):
            await person.confirms()
    if not await engine.read(body):
        raise AssertionError(f"{flag} was not held, so there is nothing to survive")


async def _first_answer(bot: Bot, flag: str) -> bool | None:
    """The first value that the bot gives over the web after its start."""
    address = f"http://127.0.0.1:{bot.port}/ofrep/v1/evaluate/flags/{flag}"
    async with asyncio.timeout(SEEN_WITHIN), aiohttp.ClientSession() as session:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.post(address, headers={"X-API-Key": TOKEN}) as answer:
                    value: bool | None = (await answer.json()).get("value")
                    return value
            await asyncio.sleep(0.01)
