"""Recovery figures on request, as lines and as a picture."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.charts.studio import Order, drawn
from bot.domain.effects import SendPicture
from bot.domain.language import Translate
from bot.domain.measures import Measured
from bot.domain.metrics import (
    BadWindow,
    Grouping,
    Recovery,
    Report,
    Tally,
    Window,
    grouped_by,
    parse_as_of,
    parse_window,
    preceding,
    report_lines,
)
from bot.domain.metrics.asking import Asked
from bot.domain.metrics.charts import Chart, strip
from bot.domain.metrics.repeats import COMPARED, LOOK_BACK, Repeats, repeats
from bot.domain.recoveries import last_heard_of
from bot.domain.vocabulary import Refused
from bot.services.gathering import gather
from bot.services.summaries import Schedule
from bot.storage import figures, incidents, outbox
from bot.storage.engine import Engine, StorageError

SERVICE_SHOWN = 60  # characters of what was typed that a refusal repeats


@dataclass(frozen=True)
class Study:
    """A report, the one of the window before (None before everything), and the incidents it was made of.

    Of more than a chart can show singly there are none.
    """

    report: Report
    before: Report | None
    recoveries: tuple[Recovery, ...]
    earlier: tuple[Recovery, ...] = ()  # of the window before
    touched: Mapping[int, datetime] = field(default_factory=dict)  # when each open incident was last heard of


@dataclass(frozen=True)
class Illustration:
    """A chart and its drawing as PNG."""

    png: bytes
    chart: Chart


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

    @property
    def zone(self) -> ZoneInfo:
        """The clock of the people who read."""
        return self._schedule.zone

    async def study(
        self,
        window: str,
        *,
        group_by: Sequence[str] = ("severity",),
        as_of: str | None = None,
        only: Callable[[Recovery], bool] | None = None,
        thorough: bool = False,
    ) -> Study:
        """The figures of `28d`, `90d`, `2026-09` or `all`, and of the window before; raises Refused for others.

        `only` narrows it down to some incidents; `thorough` adds what was measured in them and which look like an
        earlier one. Read page by page, so that a long history neither fills the
        memory nor keeps others from the database.
        """
        zone, now = self._schedule.zone, self._now()
        try:
            cut_off = now if as_of is None else parse_as_of(as_of, zone, now)
            first = await self._engine.read(
                lambda transaction: figures.first_declared(transaction, self._team_id)
            )
            parsed = parse_window(window, zone, cut_off, first)
        except BadWindow as bad:
            raise Refused(bad.text, **bad.params) from bad
        groupings = [grouped_by(name, zone) for name in group_by]
        earlier = preceding(parsed)
        report, recoveries = await self._counted(parsed, cut_off, groupings, only)
        if thorough:
            measured, alike = await self._measured(parsed, cut_off), await self._repeats(report, recoveries)
            report = replace(report, measured=measured, repeats=alike)
        before, others = (None, []) if earlier is None else await self._counted(earlier, cut_off, (), only)
        return Study(report, before, tuple(recoveries), tuple(others), await self._touched())

    async def _repeats(self, report: Report, inside: Sequence[Recovery]) -> Repeats | None:
        """None where there are too many to compare: a rate of some of them would be too low."""
        if report.population.declared != len(inside) or len(inside) > COMPARED:
            return None
        start, most = report.window.start, COMPARED - len(inside)
        before = await self._engine.read(
            lambda transaction: figures.newest(transaction, self._team_id, start - LOOK_BACK, start, most + 1)
        )
        if len(before) > most:
            return None
        return await asyncio.to_thread(repeats, inside, before)

    async def _measured(self, window: Window, as_of: datetime) -> tuple[Measured, ...]:
        end = min(window.end, as_of)
        return tuple(
            await self._engine.read(
                lambda transaction: figures.measured_between(transaction, self._team_id, window.start, end)
            )
        )

    async def _touched(self) -> dict[int, datetime]:
        known = await self._engine.read(lambda transaction: incidents.still_open(transaction, self._team_id))
        return {incident.number: last_heard_of(incident) for incident in known}

    async def _counted(
        self,
        window: Window,
        as_of: datetime,
        groupings: Sequence[Grouping],
        only: Callable[[Recovery], bool] | None,
    ) -> tuple[Report, list[Recovery]]:
        tally = Tally(window, as_of, groupings)
        services = any(grouping.by == "service" for grouping in groupings)
        shown = await gather(self._engine, self._team_id, tally, window, services=services, only=only)
        return await asyncio.to_thread(tally.report), shown

    async def promise_picture(self, asked: Asked, person: str) -> bool:
        """Promise the chart of what was asked for; False where there is nothing to draw or it was not stored."""
        if not await self._chart(asked):
            return False
        effect = SendPicture(
            person=person, window=asked.window, severities=asked.severities, service=asked.service
        )
        try:
            await self._engine.write(
                lambda transaction: outbox.promise(
                    transaction, effect, team_id=self._team_id, incident=outbox.NOBODY, now=self._now()
                )
            )
        except StorageError:
            return False  # the figures themselves are there, and worth more than an error
        self._stored()
        return True

    async def picture(self, wanted: SendPicture) -> Illustration | None:
        """The chart that was promised; None where its incidents are gone from the window meanwhile."""
        chart = await self._chart(Asked(wanted.window, wanted.severities, wanted.service), wanted.until)
        if chart is None:
            return None
        (png,) = await drawn([Order(chart, "png")])
        return Illustration(png, chart)

    async def _chart(self, asked: Asked, until: datetime | None = None) -> Chart | None:
        # a clock that was set back must not make it a time that has yet to come
        as_of = until.isoformat() if until is not None and until <= self._now() else None
        only = asked.wants if asked.is_narrowed else None
        study = await self.study(asked.window, group_by=(), as_of=as_of, only=only)
        chart = await asyncio.to_thread(
            strip, study.recoveries, study.report.as_of, self._t, window=study.report.window
        )
        return None if chart.is_empty else chart

    async def answer(self, asked: Asked, group_by: Sequence[str] = ()) -> list[str]:
        """The figures of what was asked for as lines for people; raises Refused where there is no such service."""
        study = await self.study(
            asked.window, group_by=group_by, only=asked.wants if asked.is_narrowed else None
        )
        declared = study.report.population.declared + (
            study.before.population.declared if study.before else 0
        )
        if asked.service and not declared:
            raise Refused(
                "{service!r} is no window such as 28d, 2026-09 or all, no severity such as P0, and no incident of "
                "this time names it as a service. Type `/mttr 28d` for all of them.",
                service=asked.service[:SERVICE_SHOWN],
            )
        lines = await asyncio.to_thread(report_lines, study.report, self._t, group_by, study.before)
        if asked.is_narrowed:
            lines.insert(1, self._narrowed(asked))
        return lines

    def _narrowed(self, asked: Asked) -> str:
        t, parts = self._t, []
        if asked.severities:
            parts.append(t("severity {severities}", severities=", ".join(asked.severities)))
        if asked.service:
            parts.append(t("service {service}", service=asked.service))
        return t("Only: {what}.", what="; ".join(parts))
