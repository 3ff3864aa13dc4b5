"""An event loop whose clock jumps: nobody waits for time to pass.

The clock stands still while somebody works in a thread (the database); such work is then given a time of its own.
Otherwise the clock moves on to the next moment for which anything is planned.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Mapping
from typing import Any

from bot.storage.engine import Body, Engine, T

COMMIT = 0.0005  # seconds that a transaction is said to take: about what it takes on an ordinary SSD
LOOK_AGAIN = 0.05  # real seconds to wait for a thread before looking again


class _Jumping(selectors.BaseSelector):
    """Asks the real selector, and moves the loop's clock on instead of sleeping."""

    def __init__(self, loop: VirtualLoop, real: selectors.BaseSelector) -> None:
        self._loop = loop
        self._real = real

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return self._real.select(0)
        if timeout is None or self._loop.at_work:
            return self._real.select(LOOK_AGAIN)
        found = self._real.select(0)
        if not found:
            self._loop.moment += timeout
        return found

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map() or {}

    def close(self) -> None:
        self._real.close()


class VirtualLoop(asyncio.SelectorEventLoop):
    """`moment` is its clock, in seconds from 0; `at_work` counts those who work in threads."""

    def __init__(self) -> None:
        self.moment = 0.0
        self.at_work = 0
        super().__init__(_Jumping(self, selectors.DefaultSelector()))

    def time(self) -> float:
        return self.moment


class Timed:
    """An engine each of whose transactions takes the same time on the loop's clock."""

    def __init__(self, engine: Engine, loop: VirtualLoop) -> None:
        self._engine = engine
        self._loop = loop
        self.shared = engine.shared
        self.trouble: str | None = None

    async def write(self, body: Body[T]) -> T:
        self._loop.at_work += 1
        try:
            return await self._engine.write(body)
        finally:
            self._loop.at_work -= 1
            self._loop.moment += COMMIT

    async def read(self, body: Body[T]) -> T:
        self._loop.at_work += 1
        try:
            return await self._engine.read(body)
        finally:
            self._loop.at_work -= 1
