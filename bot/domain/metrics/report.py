"""The figures of one window: who counts, how long it took, and what may be said at that n. No wording here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.measures import Measured
from bot.domain.metrics.ordered import ascending, total
from bot.domain.metrics.recovery import Clock, Recovery
from bot.domain.metrics.repeats import LOOK_BACK, Repeats
from bot.domain.metrics.statistics import (
    MEDIAN,
    P90,
    Interval,
    quantile,
    quantile_interval,
    survival_quantile,
    wilson_interval,
)
from bot.domain.metrics.windows import Window
from bot.domain.vocabulary import incident_name

JSON_CLOCKS = (Clock.TIME_TO_STABILIZE, Clock.TIME_TO_REPAIR, Clock.IMPACT)


class Showing(IntEnum):
    """What may be shown, by the number of known durations from which it holds.

    Each includes those before it, but for the list of single values: it ends at MEDIAN, with five of them.
    """

    NOTHING = 0
    LIST = 1  # every duration, longest first; no mean, median or percent
    MEDIAN = 5  # the list and the median; a 95 % interval does not exist yet
    INTERVAL = 6  # 2 * 0.5^6 = 3.1 %: the smallest n with a 95 % interval for the median; and the range
    P90 = 20  # as a rough point; comparisons with another window become possible
    P90_INTERVAL = 36  # 0.9^36 = 2.3 %: the smallest n with an upper bound for the p90

    @classmethod
    def at(cls, n: int) -> Showing:
        return max(showing for showing in cls if showing <= n)

    @property
    def lists(self) -> bool:
        """Whether the single values are shown."""
        return self in (Showing.LIST, Showing.MEDIAN)


@dataclass(frozen=True, slots=True)
class Summary:
    """One duration over one group of incidents.

    `of` incidents belong to the population: `n` with a known duration, `censored` still open, the rest unknown.
    Median and p90 take the open ones as "at least" (Kaplan-Meier) and are None where that is not reached;
    mean, minimum and maximum are of the `n` known ones alone and too low while anything is open.
    """

    n: int
    of: int
    censored: int
    median_s: float | None = None
    interval_s: Interval | None = None
    p90_s: float | None = None
    p90_interval_s: Interval | None = None
    mean_s: float | None = None
    min_s: int | None = None
    max_s: int | None = None
    values: Sequence[int] = ()  # seconds, longest first
    at_least: Sequence[int] = ()  # so far, of those still open, longest first

    @property
    def showing(self) -> Showing:
        return Showing.at(self.n)

    @property
    def unknown(self) -> int:
        """Over, but without this duration: an end point was never written down. Never filled in."""
        return self.of - self.n - self.censored


def summarise(finished: Iterable[int], at_least: Iterable[int] = (), *, of: int | None = None) -> Summary:
    """Median, interval, p90 and the rest of durations in seconds; `at_least` are those of open incidents."""
    ordered, waits = ascending(finished), ascending(at_least)
    n, censored = len(ordered), len(waits)
    of = n + censored if of is None else of
    if n == 0:
        return Summary(n=0, of=of, censored=censored, at_least=waits[::-1])
    median, interval = _quantile(ordered, waits, MEDIAN)
    p90, p90_interval = _quantile(ordered, waits, P90) if n >= Showing.P90 else (None, None)
    return Summary(
        n=n,
        of=of,
        censored=censored,
        median_s=median,
        interval_s=interval if n >= Showing.INTERVAL else None,
        p90_s=p90,
        p90_interval_s=p90_interval if n >= Showing.P90_INTERVAL else None,
        mean_s=total(ordered) / n,
        min_s=ordered[0],
        max_s=ordered[-1],
        values=ordered[::-1],
        at_least=waits[::-1],
    )


def _quantile(
    ordered: Sequence[int], waits: Sequence[int], p: Fraction
) -> tuple[float | None, Interval | None]:
    value = survival_quantile(ordered, waits, p) if waits else quantile(ordered, p)
    return value, quantile_interval(ordered, p, waits)


@dataclass(frozen=True, slots=True)
class Grouping:
    """A way to split a report. An incident may have several keys (services): it counts once in each.

    Keys follow from its severity, services, cause and the month of its declaration alone.
    """

    by: str
    keys: Callable[[Recovery], Iterable[str]]


BY_SEVERITY = Grouping("severity", lambda recovery: (recovery.severity,))
BY_SERVICE = Grouping("service", lambda recovery: recovery.services)
BY_CAUSE = Grouping("cause", lambda recovery: (recovery.cause,) if recovery.cause else ())
GROUPED_BY = ("severity", "service", "cause", "month")


def by_month(zone: ZoneInfo) -> Grouping:
    """By the calendar month in which it was declared, on the clock of `zone`."""
    return Grouping("month", lambda recovery: (f"{recovery.declared.astimezone(zone):%Y-%m}",))


def grouped_by(name: str, zone: ZoneInfo) -> Grouping:
    """The one of GROUPED_BY with this name."""
    known = {each.by: each for each in (BY_SEVERITY, BY_SERVICE, BY_CAUSE, by_month(zone))}
    return known[name]


@dataclass(frozen=True, slots=True)
class Population:
    """Everything declared in the window; `excluded` are those of them that do not count, by reason."""

    declared: int
    open: int
    excluded: Mapping[str, int]

    @property
    def counted(self) -> int:
        return self.declared - sum(self.excluded.values())


@dataclass(frozen=True, slots=True)
class Group:
    """One row of a report: `by` is None and `key` is "all" for the whole window."""

    by: str | None
    key: str
    durations: Mapping[Clock, Summary]


@dataclass(frozen=True, slots=True)
class Report:
    """The incidents declared in a window, as they stood at `as_of`."""

    window: Window
    as_of: datetime
    population: Population
    groups: tuple[Group, ...]
    coverage: Mapping[str, int] = field(
        default_factory=dict
    )  # how many that count are in a group, by grouping
    repeats: Repeats | None = None  # None: nobody asked, or there are too many to compare
    measured: tuple[Measured, ...] = ()  # figures before and after, of incidents that anybody may read of

    @property
    def everything(self) -> Group:
        return self.groups[0]

    def by(self, name: str) -> tuple[Group, ...]:
        return tuple(group for group in self.groups if group.by == name)


def report_json(report: Report) -> dict[str, Any]:
    """The stable form for machines; seconds are numbers, times are ISO 8601 in UTC."""
    return {
        "as_of": _iso(report.as_of),
        "window": {
            "name": report.window.name,
            "from": _iso(report.window.start),
            "to": _iso(report.window.end),
            "zone": str(report.window.zone),
        },
        "population": {
            "declared": report.population.declared,
            "open": report.population.open,
            "excluded": dict(report.population.excluded),
        },
        "groups": [
            {
                "by": group.by,
                "key": group.key,
                **{clock.value: summary_json(group.durations[clock]) for clock in JSON_CLOCKS},
            }
            for group in report.groups
        ],
        "coverage": {by: {"n": n, "of": report.population.counted} for by, n in report.coverage.items()},
        "repeats": _repeats_json(report.repeats),
        "measures": [
            {
                "incident": incident_name(each.number),
                "figures": [measure.model_dump(mode="json") for measure in each.measures],
            }
            for each in report.measured
        ],
    }


def summary_json(summary: Summary) -> dict[str, Any]:
    """One duration of one group in the stable form."""
    interval = summary.interval_s
    return {
        "n": summary.n,
        "of": summary.of,
        "median_s": _number(summary.median_s),
        "ci95_s": None if interval is None else [_number(interval.low), _number(interval.high)],
        "p90_s": _number(summary.p90_s),
        "mean_s": _number(summary.mean_s),
        "min_s": summary.min_s,
        "max_s": summary.max_s,
        "censored": summary.censored,
    }


def _repeats_json(repeats: Repeats | None) -> dict[str, Any] | None:
    if repeats is None:
        return None
    interval = wilson_interval(repeats.n, repeats.of) if repeats.of >= Showing.INTERVAL else None
    return {
        "n": repeats.n,
        "of": repeats.of,
        "ci95": None if interval is None else [round(bound, 6) for bound in interval],
        "look_back_days": LOOK_BACK.days,
        "found": [
            {
                "incident": incident_name(each.number),
                "looks_like": incident_name(each.earlier),
                "because": [reason.model_dump(mode="json") for reason in each.because],
            }
            for each in repeats.found
        ],
    }


def _number(seconds: float | None) -> float | int | None:
    """To the millisecond, and without ".0": a mean has no more to say than that."""
    if seconds is None:
        return None
    rounded = round(seconds, 3)
    return int(rounded) if rounded.is_integer() else rounded


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
