"""Count incidents into a report, in any order, keeping of each its durations alone."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from bot.domain.metrics.columns import Columns, lots
from bot.domain.metrics.recovery import RETROACTIVE, Clock, Recovery, elapsed, is_open, not_counted
from bot.domain.metrics.report import BY_SEVERITY, Group, Grouping, Population, Report, Summary, summarise
from bot.domain.metrics.windows import Window

Row = tuple[str | None, str]  # a grouping and a key of it; (None, "all") is everything
EVERYTHING: Row = (None, "all")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
Seconds = partial(
    array, "q"
)  # whole numbers of eight bytes, so that those of a million incidents fit in memory


@dataclass(slots=True)
class _Cell:
    """All that belong to the same rows of a report: each duration is kept once, and put together at the end."""

    rows: tuple[Row, ...]
    counted: int = 0
    retroactive: int = 0  # those have an impact and no response times
    finished: dict[Clock, array[int]] = field(default_factory=lambda: {clock: Seconds() for clock in Clock})
    at_least: dict[Clock, array[int]] = field(default_factory=lambda: {clock: Seconds() for clock in Clock})

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
        self._cells: dict[tuple[Row, ...], _Cell] = {}
        self._declared = self._open = 0
        self._excluded: Counter[str] = Counter()

    def add(self, recoveries: Iterable[Recovery]) -> None:
        """Count these, too."""
        for recovery in recoveries:
            if recovery.declared > self._as_of or recovery.declared not in self._window:
                continue
            self._declared += 1
            reason = not_counted(recovery)
            if reason is not None:
                self._excluded[reason] += 1
                if reason != RETROACTIVE:
                    continue
            cell = self._cell(recovery)
            if reason is not None:
                cell.retroactive += 1
            else:
                cell.counted += 1
                self._open += is_open(recovery, self._as_of)
            for clock in Clock if reason is None else (Clock.IMPACT,):
                lasted = elapsed(recovery, clock, self._as_of)
                if lasted is not None:
                    (cell.at_least if lasted.still_open else cell.finished)[clock].append(lasted.seconds)

    def add_columns(self, columns: Columns, declared: datetime) -> None:
        """The same for very many: all of the window, and of the month in which `declared` lies."""
        for lot in lots(columns, (self._as_of - EPOCH) // MILLISECOND):
            self._declared += lot.declared
            severity, excluded, cause, services = lot.alike
            if lot.lasted is None:
                self._excluded[str(excluded)] += lot.declared
                continue
            if lot.retroactive:
                self._excluded[RETROACTIVE] += lot.retroactive
            self._open += lot.open
            alike = Recovery(
                number=0, title="", severity=severity, declared=declared, cause=cause, services=services
            )
            cell = self._cell(alike)
            cell.retroactive += lot.retroactive
            cell.counted += lot.declared - lot.retroactive
            for clock, lasted in lot.lasted.items():
                cell.finished[clock].frombytes(lasted.finished)
                cell.at_least[clock].frombytes(lasted.at_least)

    def _cell(self, recovery: Recovery) -> _Cell:
        """Where such an incident is counted."""
        keys = ((grouping.by, key) for grouping in self._groupings for key in grouping.keys(recovery))
        rows = tuple(dict.fromkeys((EVERYTHING, *keys)))
        return self._cells.setdefault(rows, _Cell(rows))

    def report(self) -> Report:
        """The figures of all that were counted; groups in the order of the groupings, then by key."""
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


def _summaries(cells: Sequence[_Cell]) -> dict[Clock, Summary]:
    return {
        clock: summarise(
            _together(cell.finished[clock] for cell in cells),
            _together(cell.at_least[clock] for cell in cells),
            of=sum(cell.of(clock) for cell in cells),
        )
        for clock in Clock
    }


def _together(parts: Iterable[array[int]]) -> array[int]:
    whole: array[int] = Seconds()
    for part in parts:
        whole.extend(part)
    return whole
