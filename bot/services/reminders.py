"""Send reminders when their time has come: once each, across restarts and processes, late rather than never."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from functools import partial

from bot.domain.commands import SendReminder
from bot.domain.vocabulary import FIREBREAK
from bot.storage import incidents, timers
from bot.storage.engine import Engine, StorageError, Transaction

log = logging.getLogger(__name__)

AT_ONCE = 50  # reminders taken up together; after downtime the rest follows at once
LOOK_EVERY = 5.0  # seconds between two looks at the clock: the latest that a reminder comes
WHEN_STORAGE_FAILS = 1.0


class Reminders:
    """Watches the timers of one database."""

    def __init__(
        self, engine: Engine, *, now: Callable[[], datetime], stored: Callable[[], None] = lambda: None
    ) -> None:
        self._engine = engine
        self._now = now
        self._stored = stored

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Send what is due for as long as the context is open."""
        await self._engine.write(self._mend)
        watching = asyncio.create_task(self._watch(), name="reminders")
        try:
            yield
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching

    async def send_due(self) -> int:
        """Send every reminder whose time has come; answers for how many incidents that was."""
        now, sent = self._now(), 0
        while True:
            coming = await self._engine.read(
                lambda transaction: timers.due(transaction, now=now, limit=AT_ONCE)
            )
            for team_id, number in coming:
                sent += await self._engine.write(partial(self._send, team_id, number))
            if len(coming) < AT_ONCE:
                break
        if sent:
            self._stored()
        return sent

    def _send(self, team_id: str, number: int, transaction: Transaction) -> bool:
        """Whether something was sent by this call: whoever removes the timers first sends what was due.

        All that is due of an incident goes into one message: after a night of downtime nobody wants ten.
        """
        transaction.lock(f"{team_id}/{number}")
        now = self._now()
        names = timers.take(transaction, team_id, number, now=now)
        if not names:
            return False
        command = SendReminder(by=FIREBREAK, names=names)
        outcome = incidents.execute(transaction, team_id=team_id, number=number, command=command, now=now)
        timers.mend(transaction, team_id, outcome.incident)
        return bool(outcome.events)

    def _mend(self, transaction: Transaction) -> None:
        """Reminders that the version before did not know of, for what has been open since then."""
        for team_id, incident in incidents.with_something_open(transaction):
            timers.mend(transaction, team_id, incident)

    async def _watch(self) -> None:
        while True:
            try:
                await self.send_due()
            except StorageError as error:
                log.warning("reminders wait: %s", error, extra={"action": "reminders_wait"})
            await asyncio.sleep(LOOK_EVERY)
