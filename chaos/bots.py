"""`firebreak run` as processes of their own: started, killed without a word, started again, stopped in order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import aiohttp

from bot.sandbox.server import Sandbox

Transport = Literal["socket", "http"]

START_SECONDS = 30.0  # for a bot to be up on a busy machine; then something is wrong with it
STOP_SECONDS = 10.0  # for a bot to be gone after SIGTERM; it promises five
LOOK_AGAIN = 0.02  # seconds between two looks at whether a bot is up
STARTS_MAX = 5  # in a row that a bot may end by itself before it is up: a supervisor tries again as well
# No environment is production there: a kill is one request, and its ledger counts requests.
CONFIG = '[announcements]\nchannel = "incidents"\n[summary]\nenabled = false\n[flags]\nproduction = []\n'

# What no bot may ever write: a traceback, or the event loop's complaint about something that was forgotten.
OURS_TO_MEND = re.compile(r"Traceback|never retrieved|was destroyed but it is pending|never awaited")


class BotError(Exception):
    """A bot did what no kill and no fault explains. The message says what, with the end of what it said."""


@dataclass
class Bot:
    """One replica. Everything it writes is kept in one file, over all its lives."""

    environment: dict[str, str]
    said: Path
    port: int
    lives: int = 0
    ended_by_itself: int = 0
    slowest_stop: float = 0.0
    _process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it; it is up some time later."""
        self.lives += 1
        with self.said.open("ab") as said:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "bot",
                "run",
                env=self.environment,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,  # Ctrl-C reaches us alone
            )

    async def up(self) -> None:
        """Wait until it says that it is well; started again when it could not start, as a supervisor does."""
        for _ in range(STARTS_MAX):
            if await self._is_up():
                return
            self.ended_by_itself += 1
            await self.start()
        raise BotError(f"The bot did not start {STARTS_MAX} times:\n{self.last_words()}")

    async def _is_up(self) -> bool:
        """True once it answers, False when it has ended."""
        end = time.monotonic() + START_SECONDS
        async with aiohttp.ClientSession() as session:
            while time.monotonic() < end:
                if self._running().returncode is not None:
                    return False
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"http://127.0.0.1:{self.port}/health") as answer:
                        if answer.status == 200:
                            return True
                await asyncio.sleep(LOOK_AGAIN)
        raise BotError(f"The bot was not up after {START_SECONDS:.0f} seconds:\n{self.last_words()}")

    async def kill(self) -> None:
        """kill -9, wherever it is."""
        process = self._running()
        if process.returncode is None:
            process.kill()
        status = await process.wait()
        if status not in (-signal.SIGKILL, 0):
            raise BotError(f"The bot ended by itself with status {status}:\n{self.last_words()}")

    async def stop(self) -> None:
        """SIGTERM, and wait until it has ended in order."""
        process = self._running()
        began = time.monotonic()
        if process.returncode is None:
            process.terminate()
        try:
            status = await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            raise BotError(f"SIGTERM did not end the bot in {STOP_SECONDS:.0f} seconds.") from None
        if status != 0:
            raise BotError(f"After SIGTERM the bot's status was {status}:\n{self.last_words()}")
        self.slowest_stop = max(self.slowest_stop, time.monotonic() - began)

    async def gone(self) -> None:
        """However it stands: no process is left behind."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise AssertionError("start() comes first")
        return self._process

    def last_words(self) -> str:
        """The end of what it wrote."""
        return self.said.read_text(errors="replace")[-3000:] if self.said.exists() else ""

    def complaints(self) -> list[str]:
        """Lines of its log that only a mistake of ours explains, each with what stands around it."""
        text = self.said.read_text(errors="replace") if self.said.exists() else ""
        return [
            text[max(0, found.start() - 300) : found.end() + 1500] for found in OURS_TO_MEND.finditer(text)
        ]


@contextlib.asynccontextmanager
async def bots(
    slack: Sandbox, folder: Path, database: str, transport: Transport, replicas: int = 1
) -> AsyncIterator[list[Bot]]:
    """So many replicas on one database, not started yet; none is left when the context is."""
    found = [
        _bot(slack, folder / f"bot-{number}.log", folder, database, transport) for number in range(replicas)
    ]
    try:
        yield found
    finally:
        await asyncio.gather(*(bot.gone() for bot in found))


def _bot(slack: Sandbox, said: Path, folder: Path, database: str, transport: Transport) -> Bot:
    config = folder / "firebreak.toml"
    config.write_text(CONFIG)
    port = free_port()
    door = (
        {"SLACK_SIGNING_SECRET": slack.signing_secret}
        if transport == "http"
        else {"SLACK_APP_TOKEN": slack.app_token}
    )
    environment = {
        **_inherited(),
        **door,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_API_URL": slack.api_url,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "FIREBREAK_DATABASE": database,
        "FIREBREAK_CONFIG": str(config),
    }
    return Bot(environment, said, port)


def _inherited() -> dict[str, str]:
    """The caller's environment without any Slack or Firebreak of theirs."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SLACK_", "FIREBREAK_")) and name not in ("PORT", "HOST")
    }


def free_port() -> int:
    """A port on loopback that nobody has at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
