"""Recovery figures on request, and the daily summary that posts itself once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.domain.effects import PostSummary
from bot.domain.incident import Incident
from bot.domain.language import Translate
from bot.domain.metrics import (
    BadWindow,
    Recovery,
    Report,
    covered,
    daily_lines,
    due_day,
    instant,
    parse_window,
    report_lines,
    report_on,
)
from bot.domain.vocabulary import Kind, Milestone, Refused
from bot.storage import daily, incidents
from bot.storage.engine import Engine, StorageError

log = logging.getLogger(__name__)

JOB = "summary"  # stored: the name of the daily job
LOOK_EVERY = 15.0  # seconds between two looks at the clock; the summary is late by that much at the most


@dataclass(frozen=True)
class Schedule:
    """When and where the daily summary posts: local time of `zone`, and the channel's name or id."""

    zone: ZoneInfo
    post_time: time
    channel: str
    enabled: bool = True


class Reports:
    """Figures of one workspace. Times in and out are UTC; `schedule.zone` is for the people who read."""

    def __init__(
        self,
        engine: Engine,
        *,
        team_id: str,
        schedule: Schedule,
        t: Translate,
        now: Callable[[], datetime],
        stored: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._team_id = team_id
        self._schedule = schedule
        self._t = t
        self._now = now
        self._stored = stored

    async def report(self, window: str) -> Report:
        """The figures of `28d`, `90d` or `2026-09`; raises Refused for what is no window."""
        as_of = self._now()
        try:
            parsed = parse_window(window, self._schedule.zone, as_of)
        except BadWindow as bad:
            raise Refused(bad.text, **bad.params) from bad
        known = await self._engine.read(
            lambda transaction: incidents.declared_between(
                transaction, self._team_id, parsed.start, parsed.end
            )
        )
        return report_on(map(recovery_of, known), parsed, as_of)

    async def figures(self, window: str) -> list[str]:
        """The same as lines for people."""
        return report_lines(await self.report(window), self._t)

    async def summary(self, day: date, previous: date) -> list[str]:
        """The lines of the summary due on `day`: what happened since the one of `previous`, what is open."""
        zone, post_time = self._schedule.zone, self._schedule.post_time
        watermark = instant(previous, post_time, zone)
        window = covered(day, zone, post_time, watermark) or covered(day, zone, post_time)
        if window is None:
            raise AssertionError("without a watermark there is always a window")
        known = await self._engine.read(
            lambda transaction: incidents.touched_between(
                transaction, self._team_id, window.start, window.end
            )
        )
        return daily_lines(map(recovery_of, known), window, self._t)

    async def post_due(self) -> bool:
        """Promise the summary that is due now, unless it has been; answers whether it was promised."""
        now = self._now()
        day = due_day(now, self._schedule.zone, self._schedule.post_time)
        channel = self._schedule.channel
        posted = await self._engine.write(
            lambda transaction: daily.once(
                transaction,
                team_id=self._team_id,
                job=JOB,
                day=day,
                effect=lambda previous: PostSummary(day=day, previous=previous, channel=channel),
                now=now,
            )
        )
        if posted:
            self._stored()
        return posted

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Post each day's summary for as long as the context is open."""
        if not self._schedule.enabled:
            yield
            return
        today = due_day(self._now(), self._schedule.zone, self._schedule.post_time)
        await self._engine.write(
            lambda transaction: daily.begin(transaction, team_id=self._team_id, job=JOB, day=today)
        )
        looking = asyncio.create_task(self._look(), name="daily-summary")
        try:
            yield
        finally:
            looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await looking

    async def _look(self) -> None:
        done: date | None = None
        while True:
            day = due_day(self._now(), self._schedule.zone, self._schedule.post_time)
            if day != done:
                try:
                    await self.post_due()
                    done = day
                except StorageError as error:
                    log.warning("the daily summary waits: %s", error, extra={"action": "summary_waits"})
            await asyncio.sleep(LOOK_EVERY)


def recovery_of(incident: Incident) -> Recovery:
    """What the figures need to know of an incident."""
    reached = incident.milestones
    started = reached.get(Milestone.IMPACT_STARTED)
    impacts = [each.impact_started for each in incident.absorbed.values() if each.impact_started is not None]
    return Recovery(
        number=incident.number,
        title=incident.title,
        severity=incident.peak.value,
        declared=min(incident.declared_at, *(each.declared for each in incident.absorbed.values()))
        if incident.absorbed
        else incident.declared_at,
        acknowledged=reached.get(Milestone.ACKNOWLEDGED),
        stabilized=reached.get(Milestone.STABILIZED),
        repaired=reached.get(Milestone.REPAIRED),
        closed=reached.get(Milestone.CLOSED),
        impact_started=min(filter(None, [started, *impacts]), default=None),
        excluded=_excluded(incident),
        impact_ended=reached.get(Milestone.IMPACT_ENDED),
        detected=reached.get(Milestone.DETECTED),
    )


def _excluded(incident: Incident) -> str | None:
    """Why it does not count: metrics.md 3.3. A drill that was cancelled is a drill."""
    if incident.kind is not Kind.REAL:
        return incident.kind.value
    if incident.merged_into is not None:
        return "duplicate"
    return "cancelled" if incident.cancelled is not None else None
