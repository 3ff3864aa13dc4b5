"""Home tabs: shown when somebody opens theirs, and again while they look and something changes.

Who looks is kept in memory alone: after a restart whoever opens the tab gets it anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.homely import Facts
from bot.domain.incident import Incident
from bot.domain.privacy import may_see
from bot.services.delivery import Failed, Hopeless, Wait
from bot.storage import incidents, parked
from bot.storage.engine import Engine, StorageError, Transaction

log = logging.getLogger(__name__)

LOOKS = timedelta(minutes=10)  # that somebody who opened the tab is taken to look at it; Slack does not tell
WATCHED_MAX = 50  # who opened it last; more would use up what Slack allows of views.publish for one change
SETTLE = 1.0  # seconds after a change: by then the channel of a new incident is there, too
APART = 3.0  # seconds between two rounds: twenty changes in a moment are one redraw
AGAIN = (
    60.0  # seconds after which it is drawn anew all the same: other replicas change things, and times pass
)
ITEMS_SINCE = timedelta(days=90)  # an action item that is older than a quarter stands in no list any more


class Show(Protocol):
    """Shows a person their Home tab; raises Wait, Failed or Hopeless."""

    async def __call__(self, person: str, facts: Facts) -> None: ...


class Homes:
    """`opened` when somebody opens the tab, `changed` after every commit that changed an incident."""

    def __init__(
        self,
        engine: Engine,
        *,
        team_id: str,
        show: Show,
        broken: Callable[[], list[str]],
        now: Callable[[], datetime],
    ) -> None:
        self._engine = engine
        self._team_id = team_id
        self._show = show
        self._broken = broken
        self._now = now
        self._looking: dict[str, datetime] = {}
        self._new: dict[str, None] = {}
        self._somebody_came = asyncio.Event()
        self._something_changed = asyncio.Event()

    def opened(self, person: str) -> None:
        """This person looks at it now."""
        self._looking.pop(person, None)
        self._looking[person] = self._now()
        while len(self._looking) > WATCHED_MAX:
            del self._looking[next(iter(self._looking))]
        self._new[person] = None
        self._somebody_came.set()

    def changed(self) -> None:
        """Something that stands there may have changed."""
        self._something_changed.set()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Show them for as long as the context is open."""
        showing = [
            asyncio.create_task(self._greet(), name="homes-opened"),
            asyncio.create_task(self._follow(), name="homes-changed"),
        ]
        try:
            yield
        finally:
            for task in showing:
                task.cancel()
            await asyncio.wait(showing)

    async def facts(self, person: str) -> Facts:
        """What this person's Home tab is about."""
        since = self._now() - ITEMS_SINCE

        def body(transaction: Transaction) -> Facts:
            waiting = parked.everything(transaction, self._team_id)
            numbers = (number for number, _ in waiting)
            hidden = incidents.hidden(transaction, self._team_id, person, numbers)
            return Facts(
                incidents=_for(person, incidents.still_open(transaction, self._team_id)),
                with_items=_for(person, incidents.with_items_of(transaction, self._team_id, person, since)),
                waiting=[each for each in waiting if each[0] not in hidden],
                broken=self._broken(),
            )

        return await self._engine.read(body)

    async def _greet(self) -> None:
        """Whoever opens the tab gets it at once."""
        while True:
            await self._somebody_came.wait()
            self._somebody_came.clear()
            new, self._new = self._new, {}
            for person in new:
                await self._shown(person)

    async def _follow(self) -> None:
        """Whoever looks sees changes soon, and many of them at once."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._something_changed.wait(), AGAIN)
            await asyncio.sleep(SETTLE)
            self._something_changed.clear()
            oldest = self._now() - LOOKS
            self._looking = {person: at for person, at in self._looking.items() if at >= oldest}
            for person in list(self._looking):
                await self._shown(person)
            await asyncio.sleep(APART)

    async def _shown(self, person: str) -> None:
        """Show it; what fails is shown at the next change, or when it is opened again."""
        try:
            await self._show(person, await self.facts(person))
        except Wait as wait:
            await asyncio.sleep(wait.seconds)
            self._new[person] = None
            self._somebody_came.set()
        except (Failed, Hopeless, StorageError) as error:
            log.warning("home tab not shown: %s", error, extra={"action": "home_not_shown"})
        except Exception:  # a mistake in one drawing must not end the tabs of all others
            log.exception("home tab broke", extra={"action": "home_broke"})


def _for(person: str, known: list[Incident]) -> list[Incident]:
    return [incident for incident in known if may_see(incident, person)]
