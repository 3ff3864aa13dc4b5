"""How many incidents look like an earlier one, in words that claim nothing."""

from __future__ import annotations

from bot.domain.language import Translate
from bot.domain.likeness import because_words
from bot.domain.metrics.repeats import LOOK_BACK, Repeats
from bot.domain.metrics.report import Showing
from bot.domain.metrics.statistics import wilson_interval
from bot.domain.vocabulary import incident_name

LISTED = 10  # of a report; the JSON has them all


def repeat_lines(repeats: Repeats | None, t: Translate) -> list[str]:
    """The rate with its interval where there are enough, the likenesses with their reasons, and a caution."""
    if repeats is None or repeats.of == 0:
        return []
    lines = [_rate(repeats, t)]
    lines += [
        t(
            "{incident} looks like {earlier}, because {reasons}.",
            incident=incident_name(each.number),
            earlier=incident_name(each.earlier),
            reasons=because_words(each.because, t, str),
        )
        for each in repeats.found[:LISTED]
    ]
    if repeats.n > LISTED:
        lines.append(t("and {count} more.", count=repeats.n - LISTED))
    if repeats.n:
        lines.append(
            t("A likeness is a guess from service, path, cause and title; whether it came back, people know.")
        )
    return lines


def _rate(repeats: Repeats, t: Translate) -> str:
    said = t.n(
        "{n} of {count} incident looks like an earlier one of the {days} days before it",
        "{n} of {count} incidents look like an earlier one of the {days} days before them",
        repeats.of,
        n=repeats.n,
        days=LOOK_BACK.days,
    )
    if repeats.of < Showing.INTERVAL:
        return f"{said}."
    low, high = (f"{100 * bound:.0f}" for bound in wilson_interval(repeats.n, repeats.of))
    return t("{said} (95 % interval {low} to {high} %).", said=said, low=low, high=high)
