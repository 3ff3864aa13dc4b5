"""The numbers behind the metrics: small exact functions that know nothing of incidents. No SciPy here."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from math import ceil, exp, fsum, isqrt, lgamma, log, sqrt
from typing import NamedTuple

MEDIAN = Fraction(1, 2)
P90 = Fraction(9, 10)
TAIL = Fraction(1, 40)  # each side of a two-sided 95 % interval
Z95 = 1.959963984540054  # the normal quantile that belongs to TAIL
EXACT_UP_TO = 1000  # above it, whole-number binomials cost more than the nine digits they add
ROUNDING = 1e-12  # a survival share is a product of divisions: 0.5 may come out as 0.5000000000000001


class Interval(NamedTuple):
    """Two bounds. `high` is None where the data does not reach it yet: "from 2 h, upper end open"."""

    low: float
    high: float | None


def quantile(ordered: Sequence[int], p: Fraction) -> float:
    """Type 7 of Hyndman & Fan (1996), the default of numpy and DuckDB's quantile_cont; `ordered` ascends."""
    place = (len(ordered) - 1) * p
    below = place.numerator // place.denominator
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (ordered[above] - ordered[below]) * (place - below))


@lru_cache(maxsize=4096)
def quantile_ranks(n: int, p: Fraction) -> tuple[int | None, int | None]:
    """The ranks (from 1) of the order statistics that bound quantile `p` with 95 %; None where none does.

    Distribution-free (Conover, Practical Nonparametric Statistics; Hahn & Meeker, Statistical Intervals): how
    many values lie below the true quantile is Binomial(n, p), whatever the values look like. Lower rank: the
    largest `l` with CDF(l - 1) <= 0.025. Upper rank: the smallest `u` with CDF(u - 1) >= 0.975.
    """
    lower = 0
    for k, (at_most_tail, all_but_tail) in _binomial_tails(n, p):
        if at_most_tail:
            lower = k + 1
        if all_but_tail:
            upper = k + 1
            return (lower or None), (upper if upper <= n else None)
    return (lower or None), None


def _binomial_tails(n: int, p: Fraction) -> Iterator[tuple[int, tuple[bool, bool]]]:
    """For k = 0, 1, …: whether CDF(k) is at most 2.5 %, and whether it is at least 97.5 %."""
    if n > EXACT_UP_TO:
        yield from _binomial_tails_in_floats(n, float(p))
        return
    hit, miss, whole = p.numerator, p.denominator - p.numerator, p.denominator**n
    term, cumulated = miss**n, 0  # term = comb(n, k) * hit**k * miss**(n - k), kept as a running product
    few, many = (
        whole * TAIL.numerator // TAIL.denominator,
        -(-whole * (TAIL.denominator - TAIL.numerator) // TAIL.denominator),
    )
    for k in range(n + 1):
        cumulated += term
        yield k, (cumulated <= few, cumulated >= many)
        term = term * ((n - k) * hit) // ((k + 1) * miss)


def _binomial_tails_in_floats(n: int, p: float) -> Iterator[tuple[int, tuple[bool, bool]]]:
    ten_deviations = 10 * ceil(sqrt(n * p * (1 - p)))  # what lies below is under 1e-22: nothing
    first = max(0, int(n * p) - ten_deviations)
    chance = exp(
        lgamma(n + 1) - lgamma(first + 1) - lgamma(n - first + 1) + first * log(p) + (n - first) * log(1 - p)
    )
    cumulated, tail = 0.0, float(TAIL)
    for k in range(first, n + 1):
        cumulated += chance
        yield k, (cumulated <= tail, cumulated >= 1 - tail)
        chance *= (n - k) / (k + 1) * p / (1 - p)


def quantile_interval(ordered: Sequence[int], p: Fraction, at_least: Sequence[int] = ()) -> Interval | None:
    """The 95 % order-statistic interval of a quantile; None where n is too small (the median: n < 6).

    Values known only as "at least" count with what they have for the lower bound and as endless for the upper
    one. Whatever they become, each bound lies on the safe side of its true order statistic: the interval keeps
    its 95 % at any n and for any reason to be unfinished, which the asymptotic ones for survival curves do not.
    """
    lower, upper = quantile_ranks(len(ordered) + len(at_least), p)
    if lower is None or upper is None:
        return None
    low = _smallest(ordered, sorted(at_least), lower)
    return Interval(float(low), float(ordered[upper - 1]) if upper <= len(ordered) else None)


def _smallest(ordered: Sequence[int], waits: Sequence[int], rank: int) -> int:
    """The value with this rank (from 1) among both; each ascends, and few of many wait."""
    for before, wait in enumerate(waits):
        shorter = bisect_right(ordered, wait)
        if shorter + before >= rank:
            return ordered[rank - before - 1]
        if shorter + before + 1 == rank:
            return wait
    return ordered[rank - len(waits) - 1]


class Step(NamedTuple):
    """From `at` on, this share is still unfinished."""

    at: int
    share: float


def survival(finished: Sequence[int], at_least: Sequence[int]) -> list[Step]:
    """Kaplan & Meier (1958): the share still unfinished after t, when some are known only as "at least".

    Those known to have lasted at least t count as at risk at t.
    """
    ends, waits = sorted(finished), sorted(at_least)
    steps: list[Step] = []
    share = 1.0
    done = gone = 0
    while done < len(ends):
        at = ends[done]
        while gone < len(waits) and waits[gone] < at:
            gone += 1
        at_risk = len(ends) - done + len(waits) - gone
        now = done
        while now < len(ends) and ends[now] == at:
            now += 1
        share *= (at_risk - (now - done)) / at_risk
        done = now
        steps.append(Step(at, share))
    return steps


def survival_quantile(ordered: Sequence[int], waits: Sequence[int], p: Fraction) -> float | None:
    """The first t by which `survival` says that the share `p` is finished; None when that is not reached yet.

    Both ascend. Between two that are known only as "at least" the share falls by the same step with each that is
    finished, so it is enough to go from one of them to the next, however many are finished in between.
    """
    unfinished, share, done = float(1 - p) + ROUNDING, 1.0, 0
    for gone in range(len(waits) + 1):
        until = bisect_right(ordered, waits[gone], done) if gone < len(waits) else len(ordered)
        at_risk = len(ordered) - done + len(waits) - gone
        if until > done:
            left = share * (at_risk - (until - done)) / at_risk
            if left <= unfinished:
                needed = range(1, until - done + 1)
                reached = bisect_left(
                    needed, True, key=lambda k: share * (at_risk - k) / at_risk <= unfinished
                )
                return float(ordered[done + reached])
            share, done = left, until
    return None


def wilson_interval(hits: int, of: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927): closed form, sensible at 0 and at `of`."""
    if not 0 <= hits <= of or of == 0:
        raise ValueError(f"{hits!r} of {of!r} is not a share")
    share, z2 = hits / of, Z95 * Z95
    centre = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = Z95 / (1 + z2 / of) * sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return (0.0 if hits == 0 else centre - half), (1.0 if hits == of else centre + half)


@lru_cache(maxsize=1024)
def poisson_interval(count: int) -> tuple[float, float]:
    """Exact 95 % interval of a count (Garwood 1936): [chi2(.025, 2n)/2, chi2(.975, 2n+2)/2], by halving.

    The lower bound is the mean that makes `count` or more a 2.5 % event; the upper one, `count` or fewer.
    """
    if count < 0:
        raise ValueError(f"a count cannot be {count!r}")
    reach = 10 + 5 * isqrt(count)  # over five deviations: both bounds lie well inside
    low = (
        0.0 if count == 0 else _halve(lambda mean: _or_more(count, mean) < TAIL, max(0, count - reach), count)
    )
    return low, _halve(lambda mean: _or_fewer(count, mean) > TAIL, count, count + reach)


def _halve(too_low: Callable[[float], bool], low: float, high: float) -> float:
    for _ in range(100):  # each halves the gap; 60 already exhaust a double
        middle = (low + high) / 2
        low, high = (middle, high) if too_low(middle) else (low, middle)
    return (low + high) / 2


def _or_fewer(count: int, mean: float) -> float:
    return fsum(_falling(exp(count * log(mean) - mean - lgamma(count + 1)), lambda k: (count - k) / mean))


def _or_more(count: int, mean: float) -> float:
    if mean == 0:
        return 0.0
    return fsum(_falling(exp(count * log(mean) - mean - lgamma(count + 1)), lambda k: mean / (count + k + 1)))


def _falling(term: float, ratio: Callable[[int], float]) -> Iterator[float]:
    """A tail's terms, from the largest on, until they no longer matter."""
    step = 0
    while term > 1e-18:  # against a tail of 0.025: below what a double can tell
        yield term
        term *= ratio(step)
        step += 1
