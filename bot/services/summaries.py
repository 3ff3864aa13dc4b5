"""The summaries that post themselves: each once, in its channel, at its time, about all since the one before."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.effects import Effect, PostSummary, SendPicture
from bot.domain.language import Translate
from bot.domain.metrics import (
    EVERY_DAY,
    Report,
    Tally,
    Window,
    covered,
    daily_lines,
    due_day,
    instant,
    rolling,
)
from bot.domain.metrics.daily import Overdue
from bot.domain.recoveries import recovery_of
from bot.services.gathering import gather
from bot.storage import daily, incidents, people, summaries
from bot.storage.engine import Engine, StorageError

log = logging.getLogger(__name__)

JOB = "summary"  # stored: the name of the first schedule's job; the others have theirs behind a slash
LOOK_EVERY = 15.0  # seconds between two looks at the clock; a summary is late by that much at the most
MONTH = 28  # days: four of each weekday
WEEK = "7d"  # what the chart of a weekly summary shows
MOMENT = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Schedule:
    """When and where a summary posts: local time of `zone` on `days` (ISO weekdays), and the channel's name or id.

    One day a week makes it a weekly summary: it always tells all since the one before.
    """

    zone: ZoneInfo
    post_time: time
    channel: str
    enabled: bool = True
    days: frozenset[int] = EVERY_DAY
    name: str = ""

    @property
    def is_weekly(self) -> bool:
        return len(self.days) == 1

    @property
    def job(self) -> str:
        return f"{JOB}/{self.name}" if self.name else JOB

    def due(self, now: datetime) -> date:
        return due_day(now, self.zone, self.post_time, self.days)


class Summaries:
    """The summaries of one workspace. The first schedule is the one that people ask for with `/mttr summary`."""

    def __init__(
        self,
        engine: Engine,
        *,
        team_id: str,
        schedules: Sequence[Schedule],
        t: Translate,
        now: Callable[[], datetime],
        stored: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._team_id = team_id
        self._schedules = schedules
        self._t = t
        self._now = now
        self._stored = stored

    async def lines(self, effect: PostSummary) -> list[str]:
        """What a summary says that was promised: what happened since the one before, and what needs a person."""
        schedule = next(
            (each for each in self._schedules if each.name == effect.schedule), self._schedules[0]
        )
        zone, post_time = schedule.zone, schedule.post_time
        since = effect.since or instant(effect.previous, post_time, zone)
        window = covered(effect.day, zone, post_time, since, schedule.days)
        window = window or covered(effect.day, zone, post_time, weekdays=schedule.days)
        if window is None:
            raise AssertionError("without a watermark there is always a window")
        return await self._told(window)

    async def so_far(self) -> list[str]:
        """The next summary as it would be if it posted now."""
        schedule, now = self._schedules[0], self._now()
        since = instant(schedule.due(now), schedule.post_time, schedule.zone)
        return await self._told(Window(since, max(now, since + MOMENT), schedule.zone))

    async def _told(self, window: Window) -> list[str]:
        today = window.end.astimezone(window.zone).date()
        known = await self._engine.read(
            lambda transaction: incidents.touched_between(
                transaction, self._team_id, window.start, window.end
            )
        )
        names = await self._engine.read(lambda transaction: people.names(transaction, self._team_id))
        beside = await self._engine.read(
            lambda transaction: summaries.beside(transaction, self._team_id, window.start, window.end, today)
        )
        # history is no news, and what is private is not for everybody: not even that there is something
        news = [incident for incident in known if incident.origin is None and not incident.private]
        ours = [recovery_of(incident) for incident in news]
        month = rolling(MONTH, window.end, window.zone)
        told = replace(
            beside,
            overdue=[_named(each, names) for each in beside.overdue],
            month=await self._figures(month, window.end),
            before=await self._figures(rolling(MONTH, month.start, month.zone), window.end),
        )
        return daily_lines(ours, window, self._t, told)

    async def _figures(self, window: Window, as_of: datetime) -> Report:
        tally = Tally(window, as_of, ())
        await gather(self._engine, self._team_id, tally, window)
        return await asyncio.to_thread(tally.report)

    async def post_due(self) -> int:
        """Promise every summary that is due now and has not been; answers how many."""
        now = self._now()
        posted = 0
        for schedule in self._schedules:
            if schedule.enabled and await self._post(schedule, now):
                posted += 1
        if posted:
            self._stored()
        return posted

    async def _post(self, schedule: Schedule, now: datetime) -> bool:
        day = schedule.due(now)
        end = instant(day, schedule.post_time, schedule.zone)

        def promised(previous: date, since: datetime | None) -> list[Effect]:
            channel = schedule.channel
            words = PostSummary(
                day=day, previous=previous, channel=channel, since=since, schedule=schedule.name
            )
            chart = SendPicture(channel=channel, window=WEEK, until=end)
            return [words, chart] if schedule.is_weekly else [words]

        return await self._engine.write(
            lambda transaction: daily.once(
                transaction,
                team_id=self._team_id,
                job=schedule.job,
                day=day,
                covered_to=end,
                effects=promised,
                now=now,
            )
        )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Post each summary when it is due, for as long as the context is open."""
        wanted = [schedule for schedule in self._schedules if schedule.enabled]
        if not wanted:
            yield
            return
        for schedule in wanted:
            await self._begin(schedule)
        looking = asyncio.create_task(self._look(), name="summaries")
        try:
            yield
        finally:
            looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await looking

    async def _begin(self, schedule: Schedule) -> None:
        due = schedule.due(self._now())
        await self._engine.write(
            lambda transaction: daily.begin(transaction, team_id=self._team_id, job=schedule.job, day=due)
        )

    async def _look(self) -> None:
        done: list[date] = []
        while True:
            now = self._now()
            days = [schedule.due(now) for schedule in self._schedules]
            if days != done:
                try:
                    await self.post_due()
                    done = days
                except StorageError as error:
                    log.warning("the daily summary waits: %s", error, extra={"action": "summary_waits"})
            await asyncio.sleep(LOOK_EVERY)


def _named(each: Overdue, names: dict[str, str]) -> Overdue:
    return replace(each, owner=names.get(each.owner, each.owner))
