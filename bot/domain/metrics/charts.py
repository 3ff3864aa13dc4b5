"""What the charts show, computed and put into words; drawing is left to bot/charts. No pixels here.

Each chart carries an `alt`: what somebody who cannot see it needs to know, in one or two sentences.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from bot.domain.language import Translate
from bot.domain.metrics.recovery import Clock, Recovery, counts, elapsed, is_open, not_counted
from bot.domain.metrics.report import Showing, Summary, summarise
from bot.domain.metrics.statistics import poisson_interval, survival, wilson_interval
from bot.domain.metrics.windows import DAY, Window
from bot.domain.metrics.wording import age_words, clock_words, duration_words, month_word, window_words
from bot.domain.silence import is_too_long
from bot.domain.vocabulary import incident_name

Kind = Literal["strip", "weeks", "open", "survival", "counts", "shares"]
SHARES = (25, 50, 75, 90)  # percent over: what the curve's table tells
SINGLE_SHOWN = 30  # times in one cell
OPEN_SHOWN = 30  # bars; more are a wall
WITHIN = 30 * 60  # seconds: the share that is stabilized within half an hour
WEEK = 7 * DAY
WEEKS_SHOWN = 26  # beyond half a year columns of a week are a picket fence


@dataclass(frozen=True, slots=True)
class Dot:
    """One incident: how long, how bad, and whether it goes on."""

    seconds: int
    severity: str
    open: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line or one column of a chart. `value` with `low` and `high` is a figure and its interval."""

    label: str
    note: str = ""
    dots: tuple[Dot, ...] = ()
    value: float | None = None
    low: float | None = None
    high: float | None = None
    severity: str = ""
    stale: bool = False
    steps: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """What to draw. `axis` names the figure; `ticks` are the marks of a logarithmic time axis with their words."""

    kind: Kind
    title: str
    alt: str
    axis: str
    rows: tuple[Row, ...]
    subtitle: str = ""
    ticks: tuple[tuple[int, str], ...] = ()
    legend: tuple[
        tuple[str, str], ...
    ] = ()  # a severity or "open", "stale", "interval", "median"; and its words

    @property
    def is_empty(self) -> bool:
        return not self.rows


def charts(
    recoveries: Sequence[Recovery],
    window: Window,
    as_of: datetime,
    t: Translate,
    *,
    before: Sequence[Recovery] = (),
    touched: Mapping[int, datetime] | None = None,
) -> list[Chart]:
    """All of them, those with nothing to show left out. `touched`: when each open incident was last heard of."""
    made = [
        strip(recoveries, as_of, t),
        weeks(recoveries, window, as_of, t),
        still_open(recoveries, as_of, t, touched or {}),
        unfinished(recoveries, before, as_of, t),
        per_week(recoveries, window, t),
        within(recoveries, as_of, t),
    ]
    return [chart for chart in made if not chart.is_empty]


def _counted(recoveries: Iterable[Recovery]) -> list[Recovery]:
    return [recovery for recovery in recoveries if not_counted(recovery) is None]


def _dots(recoveries: Iterable[Recovery], clock: Clock, as_of: datetime) -> tuple[Dot, ...]:
    told = ((recovery, elapsed(recovery, clock, as_of)) for recovery in recoveries if counts(recovery, clock))
    return tuple(
        Dot(duration.seconds, recovery.severity, duration.still_open)
        for recovery, duration in told
        if duration
    )


def _summary(dots: Sequence[Dot], of: int) -> Summary:
    return summarise(
        (dot.seconds for dot in dots if not dot.open), (dot.seconds for dot in dots if dot.open), of=of
    )


def strip(
    recoveries: Sequence[Recovery],
    as_of: datetime,
    t: Translate,
    clock: Clock = Clock.TIME_TO_REPAIR,
    *,
    window: Window | None = None,
) -> Chart:
    """Every incident a dot, by severity, with the median and its interval: the default.

    With the `window` its bounds stand in the picture, for where it is seen alone.
    """
    known = _counted(recoveries)
    severities = sorted({recovery.severity for recovery in known})
    groups = [(t("all"), known)] if len(severities) != 1 else []
    groups += [(name, [each for each in known if each.severity == name]) for name in severities]
    rows = [_figure_row(label, group, clock, as_of, t) for label, group in groups] if known else []
    rows = [row for row in rows if row.dots]
    said = "; ".join(f"{row.label}: {row.note}" for row in rows)
    return Chart(
        kind="strip",
        title=t("Every incident: {end_points}", end_points=clock_words(clock, t)),
        subtitle="" if window is None else window_words(window, t),
        alt=t("Dots on a logarithmic time axis, one for each incident. {rows}.", rows=said),
        axis=clock_words(clock, t),
        rows=tuple(rows),
        ticks=_ticks(rows, t),
        legend=_legend(rows, t),
    )


def _figure_row(
    label: str, group: Sequence[Recovery], clock: Clock, as_of: datetime, t: Translate, *, note: str = ""
) -> Row:
    dots = _dots(group, clock, as_of)
    summary = _summary(dots, len(group))
    interval = summary.interval_s
    shown = summary.showing >= Showing.MEDIAN and summary.median_s is not None
    return Row(
        label=label,
        note=note or _row_words(summary, t),
        dots=dots,
        value=summary.median_s if shown else None,
        low=interval.low if interval and shown else None,
        high=interval.high if interval and shown else None,
    )


def _row_words(summary: Summary, t: Translate) -> str:
    words = [t("n = {n} of {of}", n=summary.n, of=summary.of)]
    if summary.showing >= Showing.MEDIAN and summary.median_s is not None:
        words.append(t("median {median}", median=duration_words(summary.median_s, t)))
    if summary.censored:
        words.append(t("{count} still open", count=summary.censored))
    return ", ".join(words)


def weeks(
    recoveries: Sequence[Recovery],
    window: Window,
    as_of: datetime,
    t: Translate,
    clock: Clock = Clock.TIME_TO_REPAIR,
) -> Chart:
    """Week by week: a median with its interval from six incidents on, otherwise the bare incidents."""
    known = _counted(recoveries)
    each, columns = _by_week(known, window, t)
    rows = [_figure_row(label, group, clock, as_of, t) if group else Row(label) for label, group in columns]
    some = any(row.dots for row in rows) and len(rows) > 1
    figures = sum(row.low is not None for row in rows)
    return Chart(
        kind="weeks",
        title=t("Week by week: {end_points}", end_points=clock_words(clock, t))
        if each == WEEK
        else t("In steps of 28 days: {end_points}", end_points=clock_words(clock, t)),
        alt=t(
            "{count} times {days} days on a logarithmic time axis; {figures} of them have the six incidents that a "
            "median with an interval needs, the others show their incidents alone.",
            count=len(rows),
            days=each.days,
            figures=figures,
        ),
        axis=clock_words(clock, t),
        rows=tuple(rows) if some else (),
        ticks=_ticks([row if row.low is None else replace(row, dots=()) for row in rows], t),
        legend=_legend(rows, t, single=[row for row in rows if row.low is None]),
    )


def _by_week(
    known: Sequence[Recovery], window: Window, t: Translate
) -> tuple[timedelta, list[tuple[str, list[Recovery]]]]:
    """Weeks counted back from the window's end, so that the last is whole; those before the first incident go.

    A longer time is cut into 28 days each. The first of the two is how long each is.
    """
    start = max(window.start, min((each.declared for each in known), default=window.end))
    each = WEEK if window.end - start <= WEEKS_SHOWN * WEEK else 4 * WEEK
    count = max(1, -((start - window.end) // each))
    weeks: list[list[Recovery]] = [[] for _ in range(count)]
    for recovery in known:
        place = count - 1 - (window.end - recovery.declared - timedelta(microseconds=1)) // each
        weeks[max(0, place)].append(recovery)
    begins = [(window.end - (count - place) * each).astimezone(window.zone) for place in range(count)]
    one_year = begins[0].year == begins[-1].year or each == WEEK
    labels = [
        t("{day} {month}", day=begin.day, month=month_word(begin, t))
        if one_year
        else t("{day} {month} {year}", day=begin.day, month=month_word(begin, t), year=begin.year)
        for begin in begins
    ]
    return each, list(zip(labels, weeks, strict=True))


def still_open(
    recoveries: Sequence[Recovery], as_of: datetime, t: Translate, touched: Mapping[int, datetime]
) -> Chart:
    """What is open now, by age: the only chart that asks for action."""
    known = [recovery for recovery in _counted(recoveries) if is_open(recovery, as_of)]
    oldest = sorted(known, key=lambda recovery: recovery.declared)[:OPEN_SHOWN]
    rows = []
    for recovery in oldest:
        age = int((as_of - recovery.declared).total_seconds())
        quiet = as_of - touched.get(recovery.number, recovery.declared)
        stale = is_too_long(quiet, recovery.severity)
        words = f"{recovery.severity}, {age_words(age, t)}" + (", " + t("no word for long") if stale else "")
        rows.append(
            Row(
                t("private") if recovery.private else incident_name(recovery.number),
                words,
                value=age,
                severity=recovery.severity,
                stale=stale,
            )
        )
    stale_count = sum(row.stale for row in rows)
    return Chart(
        kind="open",
        title=t("Open now, by age"),
        alt=t.n(
            "{count} open incident, {stale} of them without a word for long: {oldest}.",
            "{count} open incidents, {stale} of them without a word for long; the oldest: {oldest}.",
            len(known),
            stale=stale_count,
            oldest=f"{rows[0].label} ({rows[0].note})" if rows else "",
        ),
        axis=t("declared → now"),
        rows=tuple(rows),
        ticks=_ticks(rows, t, at_most_from=HOUR),
        legend=(("stale", t("hatched: no word for 24 h (P0, P1) or 7 days")),) if stale_count else (),
    )


def unfinished(
    recoveries: Sequence[Recovery],
    before: Sequence[Recovery],
    as_of: datetime,
    t: Translate,
    clock: Clock = Clock.TIME_TO_REPAIR,
) -> Chart:
    """The share that is still not over after so long, of this window and of the one before."""
    rows = []
    for label, group in ((t("this window"), recoveries), (t("the window before"), before)):
        dots = _dots(_counted(group), clock, as_of)
        done = [dot.seconds for dot in dots if not dot.open]
        if len(done) < Showing.MEDIAN and group is recoveries:
            break
        if len(done) >= Showing.MEDIAN:
            steps = survival(done, [dot.seconds for dot in dots if dot.open])
            note = t("n = {n}", n=len(dots))
            last = (max(dot.seconds for dot in dots), steps[-1].share)
            rows.append(Row(label, note, steps=(*((step.at, step.share) for step in steps), last)))
    return Chart(
        kind="survival",
        title=t("Share still unfinished: {end_points}", end_points=clock_words(clock, t)),
        alt=t(
            "Curves that fall from 100 % (Kaplan-Meier, open incidents included as “at least”): {rows}.",
            rows="; ".join(f"{row.label}, {row.note}" for row in rows),
        ),
        axis=clock_words(clock, t),
        rows=tuple(rows),
        ticks=_ticks(rows, t),
    )


def per_week(recoveries: Sequence[Recovery], window: Window, t: Translate) -> Chart:
    """How many were declared each week, with exact intervals."""
    rows = []
    each, columns = _by_week(_counted(recoveries), window, t)
    for label, group in columns:
        low, high = poisson_interval(len(group))
        rows.append(Row(label, str(len(group)), value=len(group), low=low, high=high))
    most = max((row.value or 0 for row in rows), default=0)
    return Chart(
        kind="counts",
        title=t("Incidents declared each week") if each == WEEK else t("Incidents declared in 28 days each"),
        alt=t(
            "{count} times {days} days; between {least} and {most} incidents in each, with exact 95 % intervals.",
            count=len(rows),
            days=each.days,
            least=int(min((row.value or 0 for row in rows), default=0)),
            most=int(most),
        ),
        axis=t("incidents"),
        rows=tuple(rows) if len(rows) > 1 and most else (),
    )


def within(recoveries: Sequence[Recovery], as_of: datetime, t: Translate) -> Chart:
    """The share that was stabilized within half an hour, by severity, with Wilson's interval.

    An open one counts as soon as it has lasted longer; until then nobody knows.
    """
    known = _counted(recoveries)
    groups = [(t("all"), known)]
    groups += [
        (severity, [each for each in known if each.severity == severity])
        for severity in sorted({recovery.severity for recovery in known})
    ]
    rows = []
    for label, group in groups if len(groups) != 2 else groups[1:]:
        dots = [
            dot
            for dot in _dots(group, Clock.TIME_TO_STABILIZE, as_of)
            if not dot.open or dot.seconds > WITHIN
        ]
        if len(dots) >= Showing.MEDIAN:
            hits = sum(not dot.open and dot.seconds <= WITHIN for dot in dots)
            low, high = wilson_interval(hits, len(dots))
            note = t("{hits} of {of}", hits=hits, of=len(dots))
            rows.append(Row(label, note, value=hits / len(dots), low=low, high=high))
    return Chart(
        kind="shares",
        title=t("Stabilized within 30 minutes"),
        alt=t(
            "Shares with their 95 % intervals: {rows}.",
            rows="; ".join(f"{row.label}, {row.note}" for row in rows),
        ),
        axis=t("share of incidents"),
        rows=tuple(rows),
    )


MINUTE, HOUR, DAYS = 60, 3600, 86400  # seconds
MARKS = (
    *(MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR),
    *(DAYS, 3 * DAYS, 10 * DAYS, 30 * DAYS, 100 * DAYS, 365 * DAYS),
)


def _ticks(
    rows: Sequence[Row], t: Translate, *, at_most_from: int = MARKS[-1]
) -> tuple[tuple[int, str], ...]:
    """5 min, 15 min, 1 h, 4 h, 1 d, 3 d: those around what is shown, beginning at `at_most_from` at the latest."""
    seconds = [dot.seconds for row in rows for dot in row.dots]
    seconds += [at for row in rows for at, _ in row.steps]
    seconds += [int(each) for row in rows for each in (row.value, row.low, row.high) if each is not None]
    if not seconds:
        return ()
    low = max((mark for mark in MARKS if mark <= min(*seconds, at_most_from)), default=MARKS[0])
    high = min((mark for mark in MARKS if mark >= max(seconds)), default=MARKS[-1])
    return tuple((mark, _mark_words(mark, t)) for mark in MARKS if low <= mark <= high)


def _mark_words(seconds: int, t: Translate) -> str:
    if seconds < HOUR:
        return t("{minutes} min", minutes=seconds // MINUTE)
    if seconds < DAYS:
        return t("{hours} h", hours=seconds // HOUR)
    return t("{days} d", days=seconds // DAYS)


def _legend(
    rows: Sequence[Row], t: Translate, *, single: Sequence[Row] | None = None
) -> tuple[tuple[str, str], ...]:
    """What the marks mean; `single` are the rows whose dots are drawn, if not all."""
    dots = [dot for row in (rows if single is None else single) for dot in row.dots]
    severities = sorted({dot.severity for dot in dots})
    legend = [(severity, severity) for severity in severities]
    if any(dot.open for dot in dots):
        legend.append(("open", t("still open: at least so long")))
    if any(row.low is not None for row in rows):
        legend.append(("median", t("median with its 95 % interval")))
    return tuple(legend)


def table(chart: Chart, t: Translate) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The figures behind a chart: the heads of the columns, and a line for each row of it."""
    if chart.kind == "survival":
        return (t("group"), *(f"{percent} %" for percent in SHARES)), [
            (f"{row.label}, {row.note}", *(_reached(row, percent, t) for percent in SHARES))
            for row in chart.rows
        ]
    words = {"counts": _count_words, "shares": _percent_words}.get(chart.kind, _time_words)
    if chart.kind == "open":
        return (t("incident"), t("severity, age")), [(row.label, row.note) for row in chart.rows]
    heads: tuple[str, ...] = (t("group"), t("known"), t("figure"), t("95 % interval"), t("single times"))
    lines: list[tuple[str, ...]] = []
    for row in chart.rows:
        interval = "" if row.low is None else f"{words(row.low, t)} – {words(row.high, t)}"
        times = [_dot_words(dot, t) for dot in sorted(row.dots, key=lambda dot: -dot.seconds)[:SINGLE_SHOWN]]
        more = len(row.dots) - len(times)
        if more > 0:
            times.append(t("and {count} more", count=more))
        lines.append(
            (
                row.label,
                row.note,
                "" if row.value is None else words(row.value, t),
                interval,
                ", ".join(times),
            )
        )
    if not any(line[-1] for line in lines):
        return heads[:-1], [line[:-1] for line in lines]
    return heads, lines


def _reached(row: Row, percent: int, t: Translate) -> str:
    """When so much of it was over."""
    left = 1 - percent / 100 + 1e-9
    at = next((at for at, share in row.steps if share <= left), None)
    return t("not reached") if at is None else duration_words(at, t)


def _time_words(seconds: float | None, t: Translate) -> str:
    return t("still open") if seconds is None else duration_words(seconds, t)


def _count_words(count: float | None, t: Translate) -> str:
    return f"{count or 0:.1f}".removesuffix(".0")


def _percent_words(share: float | None, t: Translate) -> str:
    return t("{percent} %", percent=round((share or 0) * 100))


def _dot_words(dot: Dot, t: Translate) -> str:
    words = t("{severity} {time}", severity=dot.severity, time=duration_words(dot.seconds, t))
    return t("{time} so far", time=words) if dot.open else words
