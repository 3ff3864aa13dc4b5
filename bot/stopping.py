"""When a process that works until it is stopped is told to: SIGTERM, Ctrl-C, or a terminal that was closed."""

from __future__ import annotations

import asyncio
import signal

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Stop:
    """Told while it starts, the task is cancelled: Slack may take longer to answer than a supervisor waits."""

    def __init__(self, task: asyncio.Task[object]) -> None:
        self._told = asyncio.Event()
        self._starting: asyncio.Task[object] | None = task

    @classmethod
    def when_told(cls) -> Stop:
        """For the running task, from now on."""
        task = asyncio.current_task()
        if task is None:
            raise AssertionError("it is a task that is stopped")
        stop = cls(task)
        for each in SIGNALS:
            if signal.getsignal(each) is not signal.SIG_IGN:  # nohup: it is meant to outlive its terminal
                asyncio.get_running_loop().add_signal_handler(each, stop._tell)
        return stop

    def started(self) -> None:
        """From now on being told is to be waited for."""
        self._starting = None

    async def wait(self) -> None:
        await self._told.wait()

    def _tell(self) -> None:
        self._told.set()
        if self._starting is not None:
            self._starting.cancel()
            self._starting = None  # told again, it goes on tidying up
