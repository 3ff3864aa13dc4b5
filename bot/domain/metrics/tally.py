"""Count incidents into a report, in any order, keeping of each its durations alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain

from bot.domain.metrics.recovery import Clock, Elapsed, Recovery, counts, every_elapsed, is_open, not_counted
from bot.domain.metrics.report import BY_SEVERITY, Group, Grouping, Population, Report, Summary, summarise
from bot.domain.metrics.windows import Window

Row = tuple[str | None, str]  # a grouping and a key of it; (None, "all") is everything
EVERYTHING: Row = (None, "all")
CLOCKS = tuple(Clock)


@dataclass(slots=True)
class _Gathered:
    """What one pass keeps of each incident: whole numbers, so that a million of them fit in memory."""

    finished: list[int] = field(default_factory=list)
    at_least: list[int] = field(default_factory=list)
    of: int = 0

    def add(self, duration: Elapsed | None) -> None:
        self.of += 1
        if duration is not None:
            (self.at_least if duration.still_open else self.finished).append(duration.seconds)


class Tally:
    """What is known of a window so far. Keeps those declared in it and not after `as_of`."""

    def __init__(
        self, window: Window, as_of: datetime, groupings: Sequence[Grouping] = (BY_SEVERITY,)
    ) -> None:
        self._window = window
        self._as_of = as_of.astimezone(UTC)
        self._groupings = groupings
        # One cell for all that belong to the same rows: each duration is kept once, and put together at the end.
        self._cells: dict[tuple[Row, ...], dict[Clock, _Gathered]] = {}
        self._declared = self._open = 0
        self._excluded: Counter[str] = Counter()
        self._coverage = {grouping.by: 0 for grouping in groupings}

    def add(self, recoveries: Iterable[Recovery]) -> None:
        """Count these, too."""
        for recovery in recoveries:
            if recovery.declared in self._window and recovery.declared <= self._as_of:
                self._add(recovery)

    def _add(self, recovery: Recovery) -> None:
        self._declared += 1
        reason = not_counted(recovery)
        rows = [EVERYTHING]
        for grouping in self._groupings:
            keys = dict.fromkeys(grouping.keys(recovery))
            rows += [(grouping.by, key) for key in keys]
            self._coverage[grouping.by] += reason is None and bool(keys)
        if reason is None:
            self._open += is_open(recovery, self._as_of)
        else:
            self._excluded[reason] += 1
        if reason is None or counts(recovery, Clock.IMPACT):
            place = tuple(rows)
            cell = self._cells.get(place) or self._cells.setdefault(place, _empty())
            for clock, duration in zip(CLOCKS, every_elapsed(recovery, self._as_of), strict=True):
                if reason is None or counts(recovery, clock):
                    cell[clock].add(duration)

    def report(self) -> Report:
        """The figures of all that were counted; groups in the order of the groupings, then by key."""
        cells: defaultdict[Row, list[dict[Clock, _Gathered]]] = defaultdict(list, {EVERYTHING: []})
        for place, cell in self._cells.items():
            for row in place:
                cells[row].append(cell)
        order = {grouping.by: place for place, grouping in enumerate(self._groupings)}
        rows = sorted(cells, key=lambda row: (-1 if row[0] is None else order[row[0]], row[1]))
        return Report(
            window=self._window,
            as_of=self._as_of,
            population=Population(self._declared, self._open, dict(sorted(self._excluded.items()))),
            groups=tuple(Group(by, key, _summaries(cells[by, key])) for by, key in rows),
            coverage=dict(self._coverage),
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


def _empty() -> dict[Clock, _Gathered]:
    return {clock: _Gathered() for clock in CLOCKS}


def _summaries(cells: Sequence[Mapping[Clock, _Gathered]]) -> dict[Clock, Summary]:
    return {
        clock: summarise(
            chain.from_iterable(cell[clock].finished for cell in cells),
            chain.from_iterable(cell[clock].at_least for cell in cells),
            of=sum(cell[clock].of for cell in cells),
        )
        for clock in CLOCKS
    }
