"""How two windows are compared in words: never better or worse, and "changed" only where the figures carry it."""

from __future__ import annotations

from bot.domain.language import Translate
from bot.domain.metrics.comparing import Comparison, Verdict, compare
from bot.domain.metrics.recovery import Clock
from bot.domain.metrics.report import Report, Showing, Summary
from bot.domain.metrics.statistics import Interval
from bot.domain.metrics.windows import Window
from bot.domain.metrics.wording import clock_words, duration_words

HEADLINES = (Clock.TIME_TO_STABILIZE, Clock.TIME_TO_REPAIR)
LEAST = (
    0.0001  # percent: smaller than any quotient of durations that people see, and still written without an e
)


def comparison_lines(report: Report, before: Report, t: Translate) -> list[str]:
    """The window before, one line a headline duration; nothing where nothing was declared in one of them."""
    if not (report.population.counted and before.population.counted):
        return []
    lines = [_declared(before, t)]
    for clock in HEADLINES:
        compared = compare(report.everything.durations[clock], before.everything.durations[clock])
        if compared.now.n and compared.before.n:
            end_points = clock_words(clock, t)
            said = comparison_words(compared, t)
            lines.append(t("{end_points}: before, {said}", end_points=end_points, said=said))
    return lines


def before_words(window: Window, t: Translate) -> str:
    """What the window before is called."""
    if window.days is not None:
        return t.n("The day before", "The {count} days before", window.days)
    return t("The month before ({month})", month=window.name)


def _declared(before: Report, t: Translate) -> str:
    return t.n(
        "{window}: {count} incident declared, {open} still open.",
        "{window}: {count} incidents declared, {open} still open.",
        before.population.counted,
        window=before_words(before.window, t),
        open=before.population.open,
    )


def comparison_words(compared: Comparison, t: Translate) -> str:
    """What it was, and what may be said of the two.

    "Changed" only with 20 on both sides and an interval without "the same".
    """
    was = _was(compared.before, t)
    if compared.interval is None:
        return t("{was}. Not enough to call it a change.", was=was)
    changed = compared.verdict is Verdict.CHANGED
    compatible = compatible_words(compared.interval, t, changed=changed)
    if changed:
        return t("{was}. It has changed: compatible with {compatible}.", was=was, compatible=compatible)
    return t("{was}: within normal scatter (compatible with {compatible}).", was=was, compatible=compatible)


def _was(before: Summary, t: Translate) -> str:
    if before.showing < Showing.MEDIAN:
        return t.n("{count} incident with a known time", "{count} incidents with a known time", before.n)
    if before.median_s is None:
        return t("the median is not reached yet (n = {n} of {of})", n=before.n, of=before.of)
    median = duration_words(before.median_s, t)
    return t("median {median} (n = {n} of {of})", median=median, n=before.n, of=before.of)


def compatible_words(interval: Interval, t: Translate, *, changed: bool = False) -> str:
    """`18 % shorter to 37 % longer`: the ratio now/before as people say it.

    Of what has changed no end is "no difference": `0.4 % longer to 11 % longer`.
    """
    low, high = interval
    if high is None:
        return t("{low} or more, upper end still open", low=_ratio_words(low, t, changed=changed))
    return t(
        "{low} to {high}",
        low=_ratio_words(low, t, changed=changed),
        high=_ratio_words(high, t, changed=changed),
    )


def _ratio_words(ratio: float, t: Translate, *, changed: bool) -> str:
    apart = abs(ratio - 1) * 100
    percent = f"{apart:.0f}"
    if percent == "0":
        if not changed:
            return t("no difference")
        percent = f"{max(apart, LEAST):.1g}"
    if ratio < 1:
        return t("{percent} % shorter", percent=percent)
    if ratio >= 2:
        return t("{times} times as long", times=f"{ratio:.1f}")
    return t("{percent} % longer", percent=percent)
