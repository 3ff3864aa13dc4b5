"""Which earlier incidents one looks like, looked up after its card is there: nobody waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.domain.commands import PointOut
from bot.domain.incident import Incident
from bot.domain.likeness import Earlier
from bot.domain.metrics.repeats import COMPARED, LOOK_BACK, Likeness, Past
from bot.domain.questions import Proof
from bot.domain.recoveries import recovery_of
from bot.domain.vocabulary import FIREBREAK, Phase
from bot.storage import figures, incidents
from bot.storage.engine import Engine

KEPT = timedelta(seconds=5)  # thirty declarations at once read the past once
ITEMS = 3  # action items of one incident that are named


class Likenesses:
    """The last year of one workspace, to look back at."""

    def __init__(self, engine: Engine, *, team_id: str, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._team_id = team_id
        self._now = now
        self._past: tuple[datetime, Past] | None = None
        self._reading = asyncio.Lock()

    async def of(self, incident: Incident) -> PointOut | None:
        """What is to be pointed out; None where nothing looks like it."""
        recovery = recovery_of(
            incident.model_copy(update={"private": False})
        )  # said in its own channel alone
        found = (await self._looked_back()).alike(recovery)
        earlier = [await self._earlier(each) for each in found]
        told = tuple(each for each in earlier if each is not None)
        return PointOut(by=FIREBREAK, earlier=told) if told else None

    async def _looked_back(self) -> Past:
        async with self._reading:
            now = self._now()
            if self._past is None or not timedelta() <= now - self._past[0] < KEPT:
                known = await self._engine.read(
                    lambda transaction: figures.newest(
                        transaction, self._team_id, now - LOOK_BACK, now, COMPARED
                    )
                )
                self._past = now, await asyncio.to_thread(Past, known)
            return self._past[1]

    async def _earlier(self, likeness: Likeness) -> Earlier | None:
        known = await self._engine.read(
            lambda transaction: incidents.load(transaction, self._team_id, likeness.earlier)
        )
        if known is None or known.private:  # it may have become private since
            return None
        fixes = [
            answer.text
            for answer in known.answers.get(Phase.REPAIR, ())
            if answer.question is Proof.FIX and answer.text
        ]
        return Earlier(
            number=known.number,
            title=known.title,
            because=likeness.because,
            channel=known.channel,
            url=known.origin.url if known.origin else "",
            worked=fixes[-1] if fixes else "",
            still_open=tuple(item.text for item in known.action_items if item.done_at is None)[:ITEMS],
        )
