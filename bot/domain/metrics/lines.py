"""A whole report as plain lines for people: header, who counts, the durations, the window before, the splits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.domain.language import Translate
from bot.domain.metrics.recovery import Clock
from bot.domain.metrics.report import Report
from bot.domain.metrics.statistics import poisson_interval
from bot.domain.metrics.windows import EVERYTHING, Window
from bot.domain.metrics.wording import coverage_words, excluded_words, group_lines, window_words
from bot.domain.metrics.wording_comparison import comparison_lines

MONTH_DAYS = 28  # counts are told per 28 days: always four of each weekday
NONE_SEEN_UPPER = 3  # 95 % sure of at most 3 where none was seen: -ln 0.05 = 2.996, the rule of three


def report_lines(
    report: Report, t: Translate, split_by: Sequence[str] = ("severity",), before: Report | None = None
) -> list[str]:
    """A report as plain lines: header, who counts, each duration with its end points, the window `before`, the
    split, method."""
    return [
        _title(report.window, t),
        *_population_lines(report, t),
        *group_lines(report.everything, t),
        *(comparison_lines(report, before, t) if before is not None else []),
        *(line for by in split_by for line in _split_lines(report, by, t)),
        *method_lines(report, t),
    ]


def _title(window: Window, t: Translate) -> str:
    bounds = window_words(window, t)
    if window.days is not None:
        return t.n(
            "Recovery times of the last day ({bounds})",
            "Recovery times of the last {count} days ({bounds})",
            window.days,
            bounds=bounds,
        )
    if window.name == EVERYTHING:
        return t("Recovery times of everything there is ({bounds})", bounds=bounds)
    if window.name:
        return t("Recovery times of {window} ({bounds})", window=window.name, bounds=bounds)
    return t("Recovery times ({bounds})", bounds=bounds)


def _population_lines(report: Report, t: Translate) -> list[str]:
    population, lines = report.population, []
    if population.counted == 0:
        lines.append(
            t(
                "No incidents declared. (None declared is not proof that nothing broke: none in this time "
                "is compatible with up to {upper} in as long.)",
                upper=NONE_SEEN_UPPER,
            )
        )
    else:
        lines.append(
            t.n(
                "{count} incident declared, {open} still open{rate}.",
                "{count} incidents declared, {open} still open{rate}.",
                population.counted,
                open=population.open,
                rate=_rate(population.counted, report.window, t),
            )
        )
    if population.excluded:
        lines.append(t("Not counted: {reasons}.", reasons=excluded_words(population.excluded, t)))
    return lines


def _rate(count: int, window: Window, t: Translate) -> str:
    """Only for windows of 28 days or more: a shorter one would have to be projected."""
    if window.end - window.start < timedelta(days=MONTH_DAYS, hours=-1):  # spring takes an hour
        return ""
    per_month = timedelta(days=MONTH_DAYS) / (window.end - window.start)
    rate, low, high = (
        f"{each * per_month:.1f}".removesuffix(".0") for each in (count, *poisson_interval(count))
    )
    return t("; {rate} in 28 days (95 % interval {low} to {high})", rate=rate, low=low, high=high)


def _split_lines(report: Report, by: str, t: Translate) -> list[str]:
    groups = report.by(by)
    if by == "severity" and len(groups) < 2:  # the only one says what the whole has said
        return []
    covered = report.coverage.get(by, report.population.counted)
    lines = [
        t("{group}, {line}", group=group.key, line=line)
        for group in groups
        for line in group_lines(group, t, (Clock.TIME_TO_STABILIZE, Clock.TIME_TO_REPAIR))
    ]
    if by in ("service", "cause") and report.population.counted:
        lines.insert(0, coverage_words(by, covered, report.population.counted, t))
    if by == "service" and len(groups) > 1:
        lines.append(t("An incident counts once in each of its services, so these do not add up."))
    return lines


def method_lines(report: Report, t: Translate) -> list[str]:
    """What the figures are made of, in a sentence."""
    if report.population.counted == 0:
        return []
    return [t("Elapsed time by the clock, nights and weekends included, of incidents declared in this time.")]
