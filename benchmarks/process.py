"""The bot as a process of its own: how soon it takes its first request, and how much memory it holds."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from slack_sdk.signature import SignatureVerifier

from benchmarks.declaration import command
from benchmarks.requests import Door
from bot.sandbox.server import Sandbox

IMPORTS = "import slack_bolt.async_app, slack_bolt.adapter.socket_mode.aiohttp, aiohttp.web"
# Settings of others; and the bot has its bytecode, as every installed package has.
NOT_PASSED_ON = ("SLACK", "FIREB", "PYTHONDONTWRITEBYTECODE")
INCIDENTS = 1000
TOGETHER = 10


@dataclass(frozen=True)
class Process:
    slack: Sandbox
    door: Door
    pid: int
    started: float

    def resident_mb(self) -> float:
        """What the kernel says the process holds in memory."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024


def environment(slack: Sandbox, port: int, database: Path) -> dict[str, str]:
    """What a bot needs to know that works with this sandbox over signed HTTP."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(NOT_PASSED_ON)},
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_API_URL": slack.api_url,
        "PORT": str(port),
        "FIREBREAK_DATABASE": str(database),
    }


@contextlib.asynccontextmanager
async def process() -> AsyncIterator[Process]:
    """`firebreak run` over signed HTTP against a sandbox in this process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with contextlib.AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        slack = await stack.enter_async_context(Sandbox.serve(page=False))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        url = f"http://127.0.0.1:{port}/slack/events"
        environ = environment(slack, port, Path(folder) / "firebreak.db")
        started = time.perf_counter()
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", env=environ, stdout=asyncio.subprocess.DEVNULL
        )
        try:
            slack.workspace.app.request_url = url
            door = Door(session, url, SignatureVerifier(slack.signing_secret))
            yield Process(slack, door, running.pid, started)
        finally:
            running.terminate()
            await running.wait()


async def start_ratio() -> float:
    """From starting the process to its first acknowledged request, beside a process that imports Bolt and ends."""
    async with process() as bot:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                await bot.door.post(command(bot.slack, "help"))
                break
            await asyncio.sleep(0.005)
        ours = time.perf_counter() - bot.started
    started = time.perf_counter()
    bare = await asyncio.create_subprocess_exec(sys.executable, "-c", IMPORTS)
    await bare.wait()
    return ours / (time.perf_counter() - started)


async def resident_after_incidents() -> float:
    """Megabytes after a thousand declarations, while Slack's rate limits hold most of their effects back."""
    async with process() as bot:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                await bot.door.post(command(bot.slack, "help"))
                break
            await asyncio.sleep(0.01)
        for number in range(0, INCIDENTS, TOGETHER):
            await asyncio.gather(
                *(
                    bot.door.post(command(bot.slack, f"P2 outage number {number + each}"))
                    for each in range(TOGETHER)
                )
            )
        return bot.resident_mb()
