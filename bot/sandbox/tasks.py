"""Tasks with an owner: kept by a strong reference, cancelled and awaited at the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from bot.sandbox.clock import Clock

log = logging.getLogger(__name__)

Result = TypeVar("Result")


class Tasks:
    """Background work of one object. `async with Tasks() as tasks:` leaves nothing running behind."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("background work of the sandbox failed", exc_info=error)

    @property
    def running(self) -> int:
        return len(self._running)

    async def settled(self) -> None:
        """Wait until nothing runs any more, of what has been started and of what that starts."""
        while self._running:
            await asyncio.wait(set(self._running))

    async def close(self) -> None:
        """Cancel whatever still runs and wait until it has ended; a failure in there is raised."""
        running = list(self._running)
        for task in running:
            task.cancel()
        for result in await asyncio.gather(*running, return_exceptions=True):
            if isinstance(result, Exception):
                raise result


class TooLateError(Exception):
    """The clock ran out before the work was done."""


async def within(clock: Clock, seconds: float, work: Coroutine[Any, Any, Result]) -> Result:
    """The result of `work`; TooLateError (and the work cancelled) when `seconds` pass on `clock` first."""
    task = asyncio.create_task(work)
    alarm = asyncio.create_task(clock.sleep(seconds))
    try:
        await asyncio.wait({task, alarm}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise TooLateError
    finally:
        task.cancel()
        alarm.cancel()
        await asyncio.gather(task, alarm, return_exceptions=True)
