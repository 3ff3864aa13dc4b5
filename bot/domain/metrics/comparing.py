"""Is this window unlike the one before? A ratio with its interval, and when the word "changed" may be said.

The ratio is Hodges & Lehmann's on logarithms: the median of all quotients now/before. Its interval inverts the
rank test of Mann & Whitney (Hollander, Wolfe & Chicken, Nonparametric Statistical Methods, 4.3), so it assumes
nothing of how durations are spread.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from math import exp, floor, inf, log, sqrt

from bot.domain.metrics.report import Showing, Summary
from bot.domain.metrics.statistics import Z95, Interval

ENOUGH = Showing.P90.value  # finished incidents that both sides need before a change is spoken of
THIN = 2000  # values a side: beyond it every k-th stands for its neighbours, a fortieth of a percent of rank away
HALVINGS = 60  # of the logarithm's range: far below a second in ten years


class Verdict(Enum):
    """What may be said."""

    TOO_FEW = "too few"
    SCATTER = "within normal scatter"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`ratio` is now/before, and `interval` its 95 %; None where there are too few. 1 is "the same"."""

    now: Summary
    before: Summary
    ratio: float | None = None
    interval: Interval | None = None

    @property
    def verdict(self) -> Verdict:
        if self.interval is None:
            return Verdict.TOO_FEW
        low, high = self.interval
        outside = low > 1 or (high is not None and high < 1)
        return Verdict.CHANGED if outside else Verdict.SCATTER


def compare(now: Summary, before: Summary) -> Comparison:
    """Needs ENOUGH finished incidents on both sides.

    Open ones make the interval wider, never narrower: for its lower end those of now last as long as they have
    and those of before for ever, for its upper end the other way round.
    """
    if min(now.n, before.n) < ENOUGH:
        return Comparison(now, before)
    lasting, lasted = _logs(now.values), _logs(before.values)
    open_now, open_before = _logs(now.at_least), _logs(before.at_least)
    shortest = _thinned(sorted(lasting + open_now), lasted + [inf] * len(open_before))
    longest = _thinned(lasting + [inf] * len(open_now), sorted(lasted + open_before))
    share = _share(_size(now), _size(before))
    pairs = len(longest[0]) * len(longest[1])
    rank = max(1, floor(share * pairs))
    low, high = _quotient(*shortest, rank), _quotient(*longest, pairs + 1 - rank)
    ratio = None
    if not (now.censored or before.censored):
        ratio = exp(sum(_quotient(*longest, place) for place in ((pairs + 1) // 2, pairs // 2 + 1)) / 2)
    return Comparison(now, before, ratio, Interval(exp(low), None if high == inf else exp(high)))


def _size(summary: Summary) -> int:
    """How many take part: with a known duration, or known as "at least"."""
    return summary.n + summary.censored


def _logs(seconds: Sequence[int]) -> list[float]:
    """Ascending. What took no whole second took one: a logarithm knows no zero."""
    return [log(max(1, each)) for each in reversed(seconds)]


def _share(n: int, m: int) -> float:
    """How far into the ordered quotients the lower end lies: the normal approximation, good from ten a side."""
    return 0.5 - Z95 * sqrt((n + m + 1) / (12 * n * m))


def _thinned(*sides: Sequence[float]) -> tuple[Sequence[float], Sequence[float]]:
    """At most THIN values a side, evenly through their ranks."""
    now, before = (
        side
        if len(side) <= THIN
        else [side[(2 * place + 1) * len(side) // (2 * THIN)] for place in range(THIN)]
        for side in sides
    )
    return now, before


def _quotient(now: Sequence[float], before: Sequence[float], rank: int) -> float:
    """The logarithm of the `rank`-th smallest quotient of all pairs, found without writing them down.

    How many quotients are at most q is counted by bisection, and q is halved towards the rank.
    """
    known = [each for each in before if each != inf]
    endless = len(before) - len(
        known
    )  # whatever it is divided by for ever, is nothing: the smallest quotients
    if rank <= endless * len(now):
        return -inf
    wanted = rank - endless * len(now)
    finite = [each for each in now if each != inf]
    if wanted > len(finite) * len(known):
        return inf
    low, high = finite[0] - known[-1] - 1, finite[-1] - known[0] + 1
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if sum(bisect_right(finite, middle + each) for each in known) >= wanted:
            high = middle
        else:
            low = middle
    return _nearest(finite, known, high)


def _nearest(finite: Sequence[float], known: Sequence[float], at: float) -> float:
    """The quotient that the halving has closed in on, exactly: so that equal sides give 1 and nothing beside it."""
    best = inf
    for each in known:
        place = bisect_left(finite, at + each)
        for near in finite[max(0, place - 1) : place + 1]:
            if abs(near - each - at) < abs(best - at):
                best = near - each
    return best
