"""`make bench-flags`: how soon applications see a kill, what serving costs, and whether a kill survives kill -9."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from openfeature.schemas.protobuf.flagd.sync.v1 import sync_pb2, sync_pb2_grpc

from benchmarks.figures import Figure, show
from benchmarks.load import Load, load
from bot.app_flags import FlagService, flag_service
from bot.domain.flags import Definition
from bot.storage import flag_definitions, flag_overrides
from bot.storage.engine import Engine
from bot.storage.sqlite import SqliteEngine
from chaos.applications import Application, application
from chaos.flag_kills import survive
from tests.domain.samples import NOON
from tests.flags.serving import SWITCH, TEAM, TOKEN, settings

OUT = Path("build/bench-flags.json")
ENV, FLAG = "production", "gateway"
PUSHES = 60  # kills and undos seen by who is pushed to: milliseconds each, so there can be many
TOGGLES = 15  # the same for the file, where the two take up to a second together
POLL = 0.5  # seconds between two looks of the Python provider at its file (its `deadline_ms`)
CLIENTS, SECONDS, RUNS = 64, 3.0, 5
USERS = 5000
COUNTRIES = ("FR", "DE", "NL", "PL", "GB", "US", "BR", "IN", "JP", "ZA")
PUBLISHED = 40  # kills at each size
FEW, MANY, OVERRIDES = 100, 10_000, 100
KILLS = 50
ROLLOUT = {"fractional": [["on", 37], ["off", 63]]}
RULES = {"if": [{"in": [{"var": "country"}, ["FR", "DE"]]}, "on", "off"]}


@dataclass
class Bench:
    """A served database in this process."""

    engine: Engine
    service: FlagService

    async def kill(self, key: str = FLAG) -> None:
        """As the bot does: commit, and wake whoever publishes."""
        await self.engine.write(
            lambda transaction: flag_overrides.put_override(
                transaction, TEAM, env=ENV, key=key, actor="ana", reason="x", now=NOON
            )
        )
        self.service.publisher.wake()

    async def undo(self, key: str = FLAG) -> None:
        await self.engine.write(
            lambda transaction: flag_overrides.remove_override(
                transaction, TEAM, env=ENV, key=key, actor="bo", now=NOON, expected=None
            )
        )
        self.service.publisher.wake()


async def define(engine: Engine, *keys: str, rules: dict[str, Any] = RULES) -> None:
    definitions = [Definition.read(key, SWITCH | {"targeting": rules}) for key in keys]
    await engine.write(
        lambda transaction: flag_definitions.define(transaction, TEAM, ENV, definitions, by="bo", now=NOON)
    )


@contextlib.asynccontextmanager
async def bench(more: str = "", keys: tuple[str, ...] = (FLAG,)) -> AsyncIterator[tuple[Bench, Path]]:
    with tempfile.TemporaryDirectory(prefix="firebreak-bench-") as name:
        folder = Path(name)
        async with SqliteEngine.open(folder / "firebreak.db") as engine:
            await define(engine, *keys)
            async with flag_service(settings(folder, more), engine, TEAM) as service:
                if service is None:
                    raise AssertionError("the settings name tokens")
                yield Bench(engine, service), folder


# How soon a kill is seen


async def seen(reader: Application, act: Callable[[], Awaitable[None]], value: bool) -> float:
    """Seconds from the confirmation until the application printed that it serves this value."""
    await act()
    confirmed = time.time()
    while (said := await reader.line())["value"] is not value:
        pass
    return float(said["at"]) - confirmed


class Bare(sync_pb2_grpc.FlagSyncServiceServicer):
    """The least that can push a document: no database, no file, no token."""

    def __init__(self) -> None:
        self.text = ""
        self._pushed = asyncio.Event()

    async def push(self, text: str) -> None:
        self.text = text
        self._pushed.set()

    async def SyncFlags(self, request: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802
        while True:
            self._pushed.clear()
            yield sync_pb2.SyncFlagsResponse(flag_configuration=self.text)
            await self._pushed.wait()

    async def FetchAllFlags(self, request: Any, context: Any) -> Any:  # noqa: N802
        return sync_pb2.FetchAllFlagsResponse(flag_configuration=self.text)

    async def GetMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        await context.abort(grpc.StatusCode.UNIMPLEMENTED)


@contextlib.asynccontextmanager
async def bare() -> AsyncIterator[tuple[Bare, int]]:
    server, servicer = grpc.aio.server(), Bare()
    sync_pb2_grpc.add_FlagSyncServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield servicer, port
    finally:
        await server.stop(0)


def document(variant: str) -> str:
    return json.dumps({"flags": {FLAG: SWITCH | {"defaultVariant": variant}}})


async def pushed() -> list[Figure]:
    """A kill to the reader of gRPC, beside a bare push to the same reader."""
    ours, theirs = [], []
    async with bench('grpc = "127.0.0.1:0"') as (house, _), bare() as (other, port):
        await house.engine.write(
            lambda transaction: flag_definitions.define(
                transaction, TEAM, ENV, [Definition.read(FLAG, SWITCH)], by="bo", now=NOON
            )
        )
        house.service.publisher.wake()
        await other.push(document("on"))
        async with (
            application("grpc", str(house.service.grpc_port), TOKEN) as reader,
            application("grpc", str(port)) as beside,
        ):
            for each in (reader, beside):
                await each.watches(FLAG)
                while (await each.line())["value"] is not True:
                    pass
            for _ in range(PUSHES):
                ours.append(await seen(reader, house.kill, False))
                theirs.append(await seen(beside, lambda: other.push(document("off")), False))
                await seen(reader, house.undo, True)
                await seen(beside, lambda: other.push(document("on")), True)
    return [
        Figure(
            "kill → seen by gRPC ÷ bare gRPC push, median",
            statistics.median(ours) / statistics.median(theirs),
            3,
        ),
        Figure("kill → seen by gRPC, median (ms)", statistics.median(ours) * 1000),
        Figure("bare gRPC push, median (ms)", statistics.median(theirs) * 1000),
    ]


async def polled() -> list[Figure]:
    """A kill to the reader of the file, in its own poll periods."""
    taken, chance = [], random.Random(1)
    async with bench() as (house, folder):
        await house.engine.write(
            lambda transaction: flag_definitions.define(
                transaction, TEAM, ENV, [Definition.read(FLAG, SWITCH)], by="bo", now=NOON
            )
        )
        await house.service.publisher.publish()
        async with application("file", str(folder / "flags" / "production.flagd.json")) as reader:
            await reader.watches(FLAG)
            while (await reader.line())["value"] is not True:
                pass
            for _ in range(TOGGLES):
                await asyncio.sleep(
                    chance.random() * POLL
                )  # or each kill would meet the same moment of its poll
                taken.append(await seen(reader, house.kill, False))
                await seen(reader, house.undo, True)
    return [Figure("kill → seen in the file, longest (poll periods of 0.5 s)", max(taken) / POLL, 1)]


# What serving costs


@contextlib.asynccontextmanager
async def server() -> AsyncIterator[int]:
    """The routes in a process of their own; answers the port."""
    with tempfile.TemporaryDirectory(prefix="firebreak-bench-") as folder:
        async with SqliteEngine.open(Path(folder) / "firebreak.db") as engine:
            await define(engine, "rules")
            await define(engine, "rollout", rules=ROLLOUT)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.flag_server", folder, stdout=asyncio.subprocess.PIPE
        )
        try:
            if process.stdout is None:
                raise AssertionError("it was started with a pipe")
            yield int(await process.stdout.readline())
        finally:
            process.terminate()
            await process.communicate()


def requests(path: str) -> list[bytes]:
    """As many users as anybody may be at once, no two alike: what is served depends on their country."""
    return [request(path, f"user-{number}", COUNTRIES[number % len(COUNTRIES)]) for number in range(USERS)]


def request(path: str, user: str, country: str) -> bytes:
    body = json.dumps({"context": {"targetingKey": user, "plan": "free", "country": country}}).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def evaluated() -> list[Figure]:
    """Evaluations of a flag with rules and of a percentage, beside a route that returns a constant."""
    rounds: list[tuple[Load, Load]] = []
    rollouts: list[float] = []
    async with server() as port:
        for _ in range(RUNS):
            ours = await load(
                port, requests("/ofrep/v1/evaluate/flags/rules"), clients=CLIENTS, seconds=SECONDS
            )
            theirs = await load(port, requests("/constant"), clients=CLIENTS, seconds=SECONDS)
            rollout = await load(
                port, requests("/ofrep/v1/evaluate/flags/rollout"), clients=CLIENTS, seconds=SECONDS
            )
            rounds.append((ours, theirs))
            rollouts.append(rollout.per_second / theirs.per_second)
    return [
        Figure(
            "OFREP evaluations ÷ constant answers, 64 at once",
            statistics.median(ours.per_second / theirs.per_second for ours, theirs in rounds),
            0.6,
            at_least=True,
        ),
        Figure("the same, p99", statistics.median(ours.p99 / theirs.p99 for ours, theirs in rounds), 3),
        Figure("a percentage, evaluated for each user ÷ constant answers", statistics.median(rollouts)),
        Figure("OFREP evaluations a second", statistics.median(ours.per_second for ours, _ in rounds)),
    ]


async def published() -> list[Figure]:
    """One kill from its commit to document, tag and file, among few flags and among many."""
    few, many = (tuple(f"flag-{number}" for number in range(size)) for size in (FEW, MANY))
    async with bench(keys=few) as (small, _), bench(keys=many) as (large, _):
        for number in range(OVERRIDES):
            await large.kill(f"flag-{number * 97 + 1}")
        await large.service.publisher.publish()
        taken: dict[str, list[float]] = {"small": [], "large": []}
        alone: dict[str, list[float]] = {"small": [], "large": []}
        for number in range(PUBLISHED):
            for name, house in (("small", small), ("large", large)):
                key = f"flag-{number * 2}"
                began = time.perf_counter()
                await house.kill(key)
                await house.service.publisher.current(ENV)
                alone[name].append(time.perf_counter() - began)
                await house.service.publisher.publish()
                taken[name].append(time.perf_counter() - began)
                await house.undo(key)
                await house.service.publisher.publish()
    return [
        Figure(
            "one kill among 10,000 flags ÷ among 100: commit, document, tag, file",
            statistics.median(taken["large"]) / statistics.median(taken["small"]),
            2,
        ),
        Figure(
            "the same without the file, which is rewritten whole",
            statistics.median(alone["large"]) / statistics.median(alone["small"]),
            2,
        ),
        Figure("one kill published among 10,000 flags (ms)", statistics.median(taken["large"]) * 1000),
    ]


async def survived() -> list[Figure]:
    found = await survive(KILLS, seed=1)
    return [
        Figure("kill -9 after a confirmed kill", found.kills, KILLS, at_least=True),
        Figure("flags that the bot served again afterwards", len(found.lost), 0),
        Figure("flags that a reader of file or gRPC saw come back", len(found.came_back), 0),
        Figure(
            "confirmed → dead → started → both readers have it, median (s)", statistics.median(found.seconds)
        ),
    ]


async def measured() -> list[Figure]:
    figures: list[Figure] = []
    for part in (pushed, polled, evaluated, published, survived):
        figures += await part()
    return figures


if __name__ == "__main__":
    show(asyncio.run(measured()), OUT)
