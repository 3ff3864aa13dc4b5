"""Count incidents into a report, in any order, keeping of each its durations alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import NamedTuple

from bot.domain.metrics.recovery import RETROACTIVE, Clock, Recovery
from bot.domain.metrics.report import BY_SEVERITY, Group, Grouping, Population, Report, Summary, summarise
from bot.domain.metrics.windows import Window

Row = tuple[str | None, str]  # a grouping and a key of it; (None, "all") is everything
EVERYTHING: Row = (None, "all")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MILLISECOND = timedelta(milliseconds=1)
SECONDS_A_DAY = 86_400
SAME_MONTH = range(2, 28)  # days of the month


class Narrow(NamedTuple):
    """One incident as whole numbers: times since 1970, in milliseconds as they are stored."""

    number: int
    declared: int
    acknowledged: int | None
    stabilized: int | None
    repaired: int | None
    closed: int | None
    impact_started: int | None
    impact_ended: int | None
    detected: int | None
    severity: str
    excluded: str | None
    cause: str | None
    services: tuple[str, ...] | None  # None where nobody asks for them


@dataclass(slots=True)
class _Gathered:
    """What one pass keeps of each incident: whole numbers, so that a million of them fit in memory."""

    finished: list[int] = field(default_factory=list)
    at_least: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Cell:
    """All that belong to the same rows of a report: each duration is kept once, and put together at the end."""

    rows: tuple[Row, ...]
    counted: int = 0
    retroactive: int = 0  # those have an impact and no response times
    gathered: tuple[_Gathered, ...] = field(default_factory=lambda: tuple(_Gathered() for _ in Clock))

    def of(self, clock: Clock) -> int:
        return self.counted + (self.retroactive if clock is Clock.IMPACT else 0)


class Tally:
    """What is known of a window so far. Keeps those declared in it and not after `as_of`."""

    def __init__(
        self, window: Window, as_of: datetime, groupings: Sequence[Grouping] = (BY_SEVERITY,)
    ) -> None:
        self._window = window
        self._as_of = as_of.astimezone(UTC)
        self._groupings = groupings
        self._zone = next((grouping.zone for grouping in groupings if grouping.zone), None)
        self._cells: dict[tuple[Row, ...], _Cell] = {}
        self._places: dict[tuple[str, str | None, tuple[str, ...] | None, int], _Cell] = {}
        self._edges: dict[int, bool] = {}  # by day
        self._declared = self._open = 0
        self._excluded: Counter[str] = Counter()

    def add(self, recoveries: Iterable[Recovery]) -> None:
        """Count these, too."""
        self._count(map(_narrow, recoveries), MICROSECOND)

    def add_stored(self, rows: Iterable[Narrow]) -> None:
        """The same for rows as they are stored: a history of a million is read this way."""
        self._count(rows, MILLISECOND)

    def _count(self, rows: Iterable[Narrow], unit: timedelta) -> None:
        """One loop over whole numbers. What makes each duration is said in `recovery.py`, and the same here."""
        second, as_of = timedelta(seconds=1) // unit, (self._as_of - EPOCH) // unit
        begin, end = (-((EPOCH - at) // unit) for at in (self._window.start, self._window.end))
        for (
            _, declared, acknowledged, stabilized, repaired, closed, hurt, healed, detected,
            severity, excluded, cause, services,
        ) in rows:  # fmt: skip
            if declared > as_of or not begin <= declared < end:
                continue
            self._declared += 1
            over = closed if repaired is None else repaired
            reason = excluded
            if excluded is None and over is not None and over <= declared:
                reason = RETROACTIVE
            if reason is not None:
                self._excluded[reason] += 1
                if reason != RETROACTIVE:
                    continue
            day = self._day(declared, second) if self._zone else 0
            cell = self._places.get((severity, cause, services, day))
            if cell is None:
                cell = self._place(severity, cause, services, day, EPOCH + declared * unit)
            detect, acknowledge, stabilize, repair, impact = cell.gathered  # as `Clock` has them
            if hurt is not None and healed is not None and hurt < healed <= as_of:
                impact.finished.append((healed - hurt) // second)
            if reason is not None:
                cell.retroactive += 1
                continue
            cell.counted += 1
            if hurt is not None and detected is not None and hurt <= detected <= as_of:
                detect.finished.append((detected - hurt) // second)
            mended = repaired if repaired is None or repaired <= as_of else None
            quiet = stabilized if stabilized is not None and stabilized <= as_of else mended
            heard = acknowledged if acknowledged is None or acknowledged <= as_of else None
            if heard is not None and heard >= declared:
                acknowledge.finished.append((heard - declared) // second)
            if quiet is not None and quiet > declared:
                stabilize.finished.append((quiet - declared) // second)
            if mended is not None:
                repair.finished.append((mended - declared) // second)
            elif closed is None or closed > as_of:
                self._open += 1
                so_far = (as_of - declared) // second
                repair.at_least.append(so_far)
                if quiet is None:
                    stabilize.at_least.append(so_far)
                if heard is None:
                    acknowledge.at_least.append(so_far)

    def _day(self, declared: int, second: int) -> int:
        """The day it was declared on. By UTC, where every clock on earth shows the same month as that one."""
        day = declared // (SECONDS_A_DAY * second)
        edge = self._edges.get(day)
        if edge is None:
            edge = self._edges[day] = (EPOCH + timedelta(days=day)).day not in SAME_MONTH
        if edge:
            return -(EPOCH + timedelta(seconds=declared / second)).astimezone(self._zone).toordinal()
        return day

    def _place(
        self,
        severity: str,
        cause: str | None,
        services: tuple[str, ...] | None,
        day: int,
        declared: datetime,
    ) -> _Cell:
        """Where such an incident is counted; remembered for all that are alike in what they are grouped by."""
        alike = Recovery(
            number=0, title="", severity=severity, declared=declared, cause=cause, services=services or ()
        )
        keys = ((grouping.by, key) for grouping in self._groupings for key in grouping.keys(alike))
        rows = tuple(dict.fromkeys((EVERYTHING, *keys)))
        cell = self._cells.setdefault(rows, _Cell(rows))
        self._places[severity, cause, services, day] = cell
        return cell

    def report(self) -> Report:
        """The figures of all that were counted; groups in the order of the groupings, then by key."""
        for gathered in chain.from_iterable(cell.gathered for cell in self._cells.values()):
            gathered.finished.sort()  # once, for all rows that it belongs to: what is in order is merged fast
        cells: defaultdict[Row, list[_Cell]] = defaultdict(list, {EVERYTHING: []})
        coverage = {grouping.by: 0 for grouping in self._groupings}
        for cell in self._cells.values():
            for row in cell.rows:
                cells[row].append(cell)
            for by in {by for by, _ in cell.rows if by is not None}:
                coverage[by] += cell.counted
        order = {grouping.by: place for place, grouping in enumerate(self._groupings)}
        rows = sorted(cells, key=lambda row: (-1 if row[0] is None else order[row[0]], row[1]))
        return Report(
            window=self._window,
            as_of=self._as_of,
            population=Population(self._declared, self._open, dict(sorted(self._excluded.items()))),
            groups=tuple(Group(by, key, _summaries(cells[by, key])) for by, key in rows),
            coverage=coverage,
        )


def report_on(
    recoveries: Iterable[Recovery],
    window: Window,
    as_of: datetime,
    groupings: Sequence[Grouping] = (BY_SEVERITY,),
) -> Report:
    """The report of these incidents, read once."""
    tally = Tally(window, as_of, groupings)
    tally.add(recoveries)
    return tally.report()


def _narrow(recovery: Recovery) -> Narrow:
    def since(at: datetime | None) -> int | None:
        return None if at is None else (at - EPOCH) // MICROSECOND

    return Narrow(
        recovery.number,
        (recovery.declared - EPOCH) // MICROSECOND,
        since(recovery.acknowledged),
        since(recovery.stabilized),
        since(recovery.repaired),
        since(recovery.closed),
        since(recovery.impact_started),
        since(recovery.impact_ended),
        since(recovery.detected),
        recovery.severity,
        recovery.excluded,
        recovery.cause,
        recovery.services,
    )


def _summaries(cells: Sequence[_Cell]) -> dict[Clock, Summary]:
    return {
        clock: summarise(
            chain.from_iterable(cell.gathered[place].finished for cell in cells),
            chain.from_iterable(cell.gathered[place].at_least for cell in cells),
            of=sum(cell.of(clock) for cell in cells),
        )
        for place, clock in enumerate(Clock)
    }
