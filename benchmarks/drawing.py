"""Whether drawing charts holds up the event loop, and with it the clicks that are acknowledged meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sqlite3
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from slack_sdk.signature import SignatureVerifier

from benchmarks import history
from benchmarks.acknowledgement import ANA
from benchmarks.declaration import command
from benchmarks.process import environment
from benchmarks.requests import Door
from bot.sandbox.server import Sandbox
from bot.slack.ids import Action, StepAim, pack

CHARTS = 4
WINDOW = 88  # days: close to 5,000 incidents, as many as a chart shows
QUIET = 200  # clicks without a chart
PATIENCE = 60.0


@dataclass(frozen=True)
class Held:
    """Milliseconds for which the loop was held up at most, without and with charts; and clicks meanwhile."""

    quiet: float
    drawing: float
    clicks: list[float]


@dataclass
class Watched:
    slack: Sandbox
    door: Door
    process: asyncio.subprocess.Process
    pressed: int = 0

    async def held(self) -> float:
        if self.process.stdin is None or self.process.stdout is None:
            raise AssertionError("both are pipes")
        self.process.stdin.write(b"\n")
        told: float = json.loads(await self.process.stdout.readline())
        return told

    async def click(self) -> float:
        self.pressed += 1
        action = Action.STEP_DONE if self.pressed % 2 else Action.STEP_UNDO
        value = pack(StepAim(incident=history.RECENT + 1, step="scope"))
        return await self.door.click(_click(self.slack, action, value))


async def drawn() -> Held:
    """Clicks alone; then four charts of five thousand incidents, with clicks until the last is there."""
    async with _watched() as bot:
        await bot.door.post(command(bot.slack, "P0 checkout returns 500"))
        await bot.click()
        await bot.held()
        for _ in range(QUIET):
            await bot.click()
        quiet = await bot.held()
        clicks = await _clicks_while_drawing(bot)
        busy = await bot.held()
    return Held(quiet, busy, clicks)


async def _clicks_while_drawing(bot: Watched) -> list[float]:
    clicks = []
    for number in range(CHARTS):
        asked = {**command(bot.slack, f"{WINDOW - number}d"), "command": "/mttr"}
        await bot.door.post(asked)
        async with asyncio.timeout(PATIENCE):
            while len(bot.slack.workspace.files) <= number:
                clicks.append(await bot.click())
    return clicks


def _click(slack: Sandbox, action: str, value: str) -> dict[str, Any]:
    workspace = slack.workspace
    return {
        "type": "block_actions",
        "team": {"id": workspace.team_id, "domain": workspace.domain},
        "user": {"id": ANA.id, "name": ANA.name, "team_id": workspace.team_id},
        "api_app_id": workspace.app.id,
        "trigger_id": uuid.uuid4().hex,
        "channel": {"id": "C1", "name": "inc-1"},
        "container": {"type": "message", "message_ts": "1.0", "channel_id": "C1"},
        "actions": [
            {"type": "button", "action_id": action, "block_id": "b", "value": value, "action_ts": "1.0"}
        ],
    }


@contextlib.asynccontextmanager
async def _watched() -> AsyncIterator[Watched]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with contextlib.AsyncExitStack() as stack:
        database = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "firebreak.db"
        slack = await stack.enter_async_context(Sandbox.serve(page=False))
        await asyncio.to_thread(_filled, database, slack.workspace.team_id)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.watched"),
            env=environment(slack, port, database),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            url = f"http://127.0.0.1:{port}/slack/events"
            slack.workspace.app.request_url = url
            bot = Watched(slack, Door(session, url, SignatureVerifier(slack.signing_secret)), process)
            await bot.held()  # it answers when it has started
            yield bot
        finally:
            if process.stdin is not None:
                process.stdin.close()
            await process.wait()


def _filled(path: Path, team_id: str) -> None:
    """A history of the sandbox's workspace."""
    history.make(path, history.RECENT, datetime.now(UTC))
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for table in ("workspace", "incident", "timeline"):
            connection.execute(f"update {table} set team_id = ?", [team_id])  # noqa: S608, names of ours
