"""What may be said of a figure before and after: with its interval, and never more than two windows carry.

Shares come with Wilson's interval, the difference of two with Newcombe's (Statistics in Medicine 1998, method 10),
their ratio with Katz's on logarithms. Requests are not independent of each other, so each is the least that is
uncertain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import exp, log, sqrt
from typing import NamedTuple

from bot.domain.language import Translate
from bot.domain.measures import PERCENT, Measure, Measured, Side, number_words
from bot.domain.metrics.statistics import Z95, wilson_interval
from bot.domain.vocabulary import incident_name

RATIO_FROM = 20  # of n on each side, as for the word "changed" elsewhere
RULE_OF_THREE = 3  # none seen in N: 95 % sure of at most 3/N, because -ln 0.05 = 2.996


class Estimate(NamedTuple):
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Pair:
    """One figure on both sides, as far as it was measured."""

    before: Measure | None = None
    after: Measure | None = None

    @property
    def sides(self) -> tuple[Measure, ...]:
        """Those that were measured: one or both."""
        return tuple(side for side in (self.before, self.after) if side is not None)

    @property
    def name(self) -> str:
        return self.sides[0].name


def pairs(measures: Iterable[Measure]) -> list[Pair]:
    """Each figure once, in the order in which they were first measured."""
    known = list(measures)
    names = dict.fromkeys(measure.key for measure in known)
    sides = {(measure.key, measure.side): measure for measure in known}
    return [Pair(sides.get((key, Side.BEFORE)), sides.get((key, Side.AFTER))) for key in names]


def difference(before: tuple[int, int], after: tuple[int, int]) -> Estimate:
    """How much the share of `after` is above that of `before` (hits, of), after Newcombe."""
    (x, n), (y, m) = before, after
    p, q = x / n, y / m
    (low_p, high_p), (low_q, high_q) = wilson_interval(x, n), wilson_interval(y, m)
    return Estimate(
        q - p,
        q - p - sqrt((q - low_q) ** 2 + (high_p - p) ** 2),
        q - p + sqrt((high_q - q) ** 2 + (p - low_p) ** 2),
    )


def ratio(before: tuple[int, int], after: tuple[int, int]) -> Estimate | None:
    """The share of `after` through that of `before`; None where it would say more than is known."""
    (x, n), (y, m) = before, after
    if min(n, m) < RATIO_FROM or not (x and y):
        return None
    value = (y / m) / (x / n)
    half = Z95 * sqrt(1 / x - 1 / n + 1 / y - 1 / m)
    return Estimate(value, exp(log(value) - half), exp(log(value) + half))


def measure_lines(pair: Pair, t: Translate) -> list[str]:
    """A figure in lines: its name, each side, and what the two of them carry."""
    lines = [
        t("{name}, before: {said}", name=pair.name, said=side_words(pair.before, t)),
        t("{name}, after: {said}", name=pair.name, said=side_words(pair.after, t)),
    ]
    if pair.before is not None and pair.after is not None:
        lines += _compared(pair.before, pair.after, t)
    return lines


def measured_lines(measured: Iterable[Measured], t: Translate) -> list[str]:
    """For a report: the figures of each incident, and the caution below them; nothing where there are none."""
    told = [
        line
        for each in measured
        for line in (
            f"{incident_name(each.number)}: {each.title}",
            *(f"- {said}" for pair in pairs(each.measures) for said in measure_lines(pair, t)),
        )
    ]
    return [t("Before and after, as it was measured in each incident:"), *told, caution(t)] if told else []


def caution(t: Translate) -> str:
    """What stands below all of them."""
    return t(
        "These figures illustrate this incident; they do not promise future levels. An interval is the least that "
        "is uncertain: requests are not independent of each other."
    )


def side_words(measure: Measure | None, t: Translate) -> str:
    """`17.9 % (412 of 2300; 95 % interval 16.4–19.5 %; 13:30–14:05 UTC; source: grafana)`."""
    if measure is None:
        return t("not measured")
    details = [
        *_of_how_many(measure, t),
        window_words(measure, t),
        _usual_words(measure, t),
        t("source: {source}", source=measure.source) if measure.source else t("source not named"),
    ]
    told = "; ".join(detail for detail in details if detail)
    return t("{value} ({details})", value=value_words(measure), details=told)


def value_words(measure: Measure) -> str:
    """The value with its unit; a count of some number as its share."""
    if measure.is_share:
        return f"{_percent(measure.share)} %" if measure.unit != PERCENT else f"{_shown(measure.value)} %"
    return f"{_shown(measure.value)} {measure.unit}".strip()


def window_words(measure: Measure, t: Translate) -> str:
    """`2026-11-21 13:30–14:05 UTC`; both days where there are two."""
    if measure.began is None or measure.ended is None:
        return t("window not named")
    began, ended = measure.began.astimezone(UTC), measure.ended.astimezone(UTC)
    pattern = "%H:%M" if began.date() == ended.date() else "%Y-%m-%d %H:%M"
    return f"{began:%Y-%m-%d %H:%M}–{ended.strftime(pattern)} UTC"


def _of_how_many(measure: Measure, t: Translate) -> list[str]:
    of, hits = measure.of, measure.hits
    if of is None:
        return [t("of how many is not known, so there is no interval")] if measure.is_share else []
    if hits is None:
        return [t("of {of}", of=of)]
    counted = t("{hits} of {of}", hits=hits, of=of)
    if hits == 0:
        most = _percent(min(1.0, RULE_OF_THREE / of))
        return [counted, t("compatible with up to {most} %", most=most)]
    low, high = (_percent(bound) for bound in wilson_interval(hits, of))
    return [counted, t("95 % interval {low} to {high} %", low=low, high=high)]


def _usual_words(measure: Measure, t: Translate) -> str:
    if measure.usual_low is None or measure.usual_high is None:
        return ""
    unit = f" {measure.unit}" if measure.unit else " %" if measure.is_share else ""
    low, high = _shown(measure.usual_low), _shown(measure.usual_high)
    return t("usual at this hour: {low} to {high}{unit}", low=low, high=high, unit=unit)


def _compared(before: Measure, after: Measure, t: Translate) -> list[str]:
    """What both sides carry together; no percent better, no cause, no projection."""
    lines = []
    if before.is_share != after.is_share or (not before.is_share and before.unit != after.unit):
        return [t("The two are in different units, so they are not compared.")]
    counted = [(each.hits, each.of) for each in (before, after)]
    (x, n), (y, m) = counted
    if x is not None and n is not None and y is not None and m is not None:
        lines.append(_difference_words((x, n), (y, m), t))
    if (early := _early(before, after, t)) is not None:
        lines.append(early)
    return lines


def _difference_words(before: tuple[int, int], after: tuple[int, int], t: Translate) -> str:
    moved, times = difference(before, after), ratio(before, after)
    low, high = (_percent(each) for each in (moved.low, moved.high))
    if moved.low <= 0 <= moved.high:
        return t(
            "No visible difference: compatible with {low} points below to {high} points above.",
            low=_percent(-moved.low),
            high=high,
        )
    if moved.value < 0:
        said = t(
            "After is {moved} points below before (95 % interval {low} to {high}).",
            moved=_percent(-moved.value),
            low=_percent(-moved.high),
            high=_percent(-moved.low),
        )
    else:
        said = t(
            "After is {moved} points above before (95 % interval {low} to {high}).",
            moved=_percent(moved.value),
            low=low,
            high=high,
        )
    if times is None:
        return said
    bounds = {name: f"{each:.2g}" for name, each in zip(("ratio", "low", "high"), times, strict=True)}
    return said + " " + t("The ratio is {ratio} ({low} to {high}).", **bounds)


def _early(before: Measure, after: Measure, t: Translate) -> str | None:
    """After needs at least as long a window as before."""
    lengths = [_seconds(each.began, each.ended) for each in (before, after)]
    if lengths[0] is None or lengths[1] is None:
        return t("How long the two windows are is not known for both, so they may not be comparable.")
    if lengths[1] < lengths[0]:
        return t("An early reading: the window after is shorter than the one before.")
    return None


def _seconds(began: datetime | None, ended: datetime | None) -> float | None:
    return None if began is None or ended is None else (ended - began).total_seconds()


def _percent(share: float) -> str:
    """A share as a percentage, with as many digits as it takes to tell it from nothing."""
    return _shown(share * 100, 2 if abs(share) < 0.1 else 1)


def _shown(value: float, digits: int = 6) -> str:
    rounded = round(value, digits)
    return number_words(rounded if rounded or not value else value)


def measured_line(
    measure: Measure, previous: Measure | None, t: Translate, by: str, quote: Callable[[str], str]
) -> str:
    """What somebody measured, for the timeline; what it takes the place of stays in it."""
    name, said = quote(measure.name), quote(side_words(measure, t))
    if measure.side is Side.BEFORE:
        line = t("{who} measured {name} before: {said}", who=by, name=name, said=said)
    else:
        line = t("{who} measured {name} after: {said}", who=by, name=name, said=said)
    if previous is None:
        return line
    return line + " " + t("It takes the place of {previous}.", previous=quote(value_words(previous)))
