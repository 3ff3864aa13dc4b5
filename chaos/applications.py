"""Applications that read flags through the official providers, each in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

CONSUMER = Path(__file__).with_name("consumer.py")
ANSWERS_WITHIN = 30.0  # seconds; a process starts slowly on a busy machine


class Application:
    """A consumer in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def line(self, patience: float = ANSWERS_WITHIN) -> Any:
        """The next thing it prints."""
        if self._process.stdout is None:
            raise AssertionError("it was started with a pipe")
        raw = await asyncio.wait_for(self._process.stdout.readline(), patience)
        if not raw:
            raise AssertionError("the application ended")
        return json.loads(raw)

    async def tell(self, wanted: dict[str, Any]) -> None:
        if self._process.stdin is None:
            raise AssertionError("it was started with a pipe")
        self._process.stdin.write(json.dumps(wanted).encode() + b"\n")
        await self._process.stdin.drain()

    async def asks(
        self, flag: str, default: Any = True, type: str = "boolean", user: str = "u1", **attributes: Any
    ) -> dict[str, Any]:
        """What it serves for one flag."""
        await self.tell(
            {"flag": flag, "default": default, "type": type, "user": user, "attributes": attributes}
        )
        found: dict[str, Any] = await self.line()
        return found

    async def watches(self, flag: str) -> None:
        """From now on it prints each new value of this flag."""
        await self.tell({"watch": flag})

    async def serves(self, flag: str, value: Any, default: Any = True) -> None:
        """Wait until it serves this value; at once for who asks each time, after its own poll for a file."""
        async with asyncio.timeout(ANSWERS_WITHIN):
            while (await self.asks(flag, default))["value"] is not value:  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def application(
    *words: str, program: Path = CONSUMER, python: str = sys.executable
) -> AsyncIterator[Application]:
    """`consumer.py`, or another program of its kind, with these words, ready to be asked."""
    process = await asyncio.create_subprocess_exec(
        python,
        str(program),
        *words,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        started = Application(process)
        said = await started.line()
        if not said["ready"]:
            raise AssertionError(said)
        yield started
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
