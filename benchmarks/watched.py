"""`python -m benchmarks.watched`: the bot as a process that watches its own event loop.

Each line on stdin is answered with the milliseconds for which the loop was held up at most since the line before.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time

from bot.app import firebreak
from bot.config import Settings
from bot.interpreter import ready_to_answer

PERIOD = 0.002  # seconds between two looks: what is held up shorter than that does not matter here


class Watch:
    """How long the loop was held up at most: seconds by which a short sleep came back late."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def look(self) -> None:
        # Nothing here waits for the system: each such call would hand the interpreter to another thread.
        while True:
            began = time.perf_counter()
            await asyncio.sleep(PERIOD)
            self.longest = max(self.longest, time.perf_counter() - began - PERIOD)

    def told(self) -> str:
        longest, self.longest = self.longest, 0.0
        return json.dumps(longest * 1000)


async def main() -> None:
    watch = Watch()
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with firebreak(Settings.load(os.environ)):
        ready_to_answer()
        looking = asyncio.create_task(watch.look())
        try:
            while await lines.readline():
                print(watch.told(), flush=True)
        finally:
            looking.cancel()


if __name__ == "__main__":
    asyncio.run(main())
