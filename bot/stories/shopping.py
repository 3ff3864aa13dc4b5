"""An application that reads our flags while a story is played, in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

import aiohttp

PROGRAM = Path(__file__).with_name("shop.py")
LOOKS_EVERY = 0.05  # seconds, until the flag is there
PRINTS_WITHIN = 30.0  # seconds; a process starts slowly on a busy machine


class Shop(Protocol):
    """What it prints when it serves something else than before."""

    async def prints(self, on: bool) -> str:
        """Wait for the next line, which has to say that; answers the line."""
        ...


OpenShop = Callable[[str], AbstractAsyncContextManager[Shop]]


class WrongLine(AssertionError):
    """The application serves something else than the story says, or has ended."""


class _Process:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def prints(self, on: bool) -> str:
        if self._process.stdout is None:
            raise AssertionError("it was started with a pipe")
        try:
            raw = await asyncio.wait_for(self._process.stdout.readline(), PRINTS_WITHIN)
        except TimeoutError:
            raw = b""
        line = raw.decode().rstrip()
        if f"gateway: {'ON' if on else 'OFF'} " not in line:
            raise WrongLine(f"the application prints {line!r}, and not that it is {'on' if on else 'off'}")
        return line


async def _is_served(url: str, flag: str, token: str) -> None:
    """Wait until the bot has seen that somebody else has defined the flag; it looks twice a second."""
    address = f"{url}/ofrep/v1/evaluate/flags/{flag}"
    async with (
        asyncio.timeout(PRINTS_WITHIN),
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session,
    ):
        while True:
            async with session.post(address) as answer:
                if answer.status == HTTPStatus.OK:
                    return
            await asyncio.sleep(LOOKS_EVERY)


def shop_at(url: str, token: str) -> OpenShop:
    """Open `shop.py` for a flag that is served at this address."""

    @contextlib.asynccontextmanager
    async def opened(flag: str) -> AsyncIterator[Shop]:
        await _is_served(url, flag, token)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            str(PROGRAM),
            url,
            flag,
            env={**os.environ, "FLAG_TOKEN": token},  # not on the command line, which everybody can read
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            yield _Process(process)
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
            await process.communicate()

    return opened
