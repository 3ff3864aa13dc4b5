"""How the figures are said to people: the same words in Slack, on the command line and beside a chart.

Lines are plain text without markup. They may carry titles that people typed, so the screen that shows a line
escapes it, and makes the first one bold if it wants to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from math import floor

from bot.domain.language import Translate
from bot.domain.metrics.recovery import Clock
from bot.domain.metrics.report import Group, Showing, Summary
from bot.domain.metrics.statistics import Interval
from bot.domain.metrics.windows import Window

MINUTE, HOUR, DAY = 60, 3600, 86400  # seconds
MINUTES_BELOW = 90 * MINUTE  # up to here people think in minutes
HOURS_BELOW = 36 * HOUR  # up to here in hours, beyond in days
LISTED = 10  # single times in one line; more would be read by nobody


def duration_words(seconds: float, t: Translate) -> str:
    """Rounded for people: `45 s`, `34 min`, `5 h 10 min`, `2 d 3 h`. Never cut down to whole hours."""
    whole = floor(seconds + 0.5)
    if whole < MINUTE:
        return t("{seconds} s", seconds=whole)
    minutes = floor(seconds / MINUTE + 0.5)
    if minutes * MINUTE < MINUTES_BELOW:
        return t("{minutes} min", minutes=minutes)
    if minutes * MINUTE < HOURS_BELOW:
        hours, minutes = divmod(minutes, 60)
        if minutes == 0:
            return t("{hours} h", hours=hours)
        return t("{hours} h {minutes} min", hours=hours, minutes=minutes)
    days, hours = divmod(floor(seconds / HOUR + 0.5), 24)
    if hours == 0:
        return t("{days} d", days=days)
    return t("{days} d {hours} h", days=days, hours=hours)


def age_words(seconds: float, t: Translate) -> str:
    """How old an open incident is, in one unit and rounded down: it is growing while it is read."""
    if seconds < MINUTES_BELOW:
        return t("{minutes} min", minutes=int(seconds) // MINUTE)
    if seconds < HOURS_BELOW:
        return t("{hours} h", hours=int(seconds) // HOUR)
    return t("{days} d", days=int(seconds) // DAY)


def day_words(at: datetime, t: Translate) -> str:
    """`Wed 26 Apr 2023`, by the clock that `at` carries."""
    return t(
        "{weekday} {day} {month} {year}",
        weekday=weekday_word(at, t),
        day=at.day,
        month=month_word(at, t),
        year=at.year,
    )


def moment_words(at: datetime, t: Translate) -> str:
    """`Fri 24 Apr 09:00`, by the clock that `at` carries."""
    return t(
        "{weekday} {day} {month} {time}",
        weekday=weekday_word(at, t),
        day=at.day,
        month=month_word(at, t),
        time=f"{at:%H:%M}",
    )


def weekday_word(at: datetime, t: Translate) -> str:
    """`Fri`, by the clock that `at` carries."""
    return (t("Mon"), t("Tue"), t("Wed"), t("Thu"), t("Fri"), t("Sat"), t("Sun"))[at.weekday()]


def month_word(at: datetime, t: Translate) -> str:
    """`Apr`, by the clock that `at` carries."""
    names = (
        *(t("Jan"), t("Feb"), t("Mar"), t("Apr"), t("May"), t("Jun")),
        *(t("Jul"), t("Aug"), t("Sep"), t("Oct"), t("Nov"), t("Dec")),
    )
    return names[at.month - 1]


def clock_words(clock: Clock, t: Translate) -> str:
    """The two end points: what the figure measures, so that nobody has to guess."""
    match clock:
        case Clock.TIME_TO_DETECT:
            return t("impact started → detected")
        case Clock.TIME_TO_ACKNOWLEDGE:
            return t("declared → acknowledged")
        case Clock.TIME_TO_STABILIZE:
            return t("declared → stabilized")
        case Clock.TIME_TO_REPAIR:
            return t("declared → repaired")
        case Clock.IMPACT:
            return t("impact started → impact ended")


def excluded_words(excluded: Mapping[str, int], t: Translate) -> str:
    """`2 drills, 1 duplicate`: those that do not count, by reason."""
    return ", ".join(_excluded(reason, count, t) for reason, count in excluded.items())


def _excluded(reason: str, count: int, t: Translate) -> str:
    match reason:
        case "drill":
            return t.n("{count} drill", "{count} drills", count)
        case "test":
            return t.n("{count} test", "{count} tests", count)
        case "maintenance":
            return t.n("{count} maintenance window", "{count} maintenance windows", count)
        case "retroactive":
            return t.n("{count} recorded after the fact", "{count} recorded after the fact", count)
        case "cancelled":
            return t.n("{count} cancelled", "{count} cancelled", count)
        case "duplicate":
            return t.n("{count} duplicate", "{count} duplicates", count)
        case _:
            return t("{count} {reason}", count=count, reason=reason)


def times_words(seconds: Sequence[int], t: Translate) -> str:
    """The single times, in the order given (longest first), cut after ten."""
    told = [duration_words(value, t) for value in seconds[:LISTED]]
    if len(seconds) > LISTED:
        told.append(t("and {count} shorter", count=len(seconds) - LISTED))
    return ", ".join(told)


def duration_line(clock: Clock, summary: Summary, t: Translate) -> str:
    """One duration with its end points named, what may be said of it at its n, and what that leaves out."""
    return t(
        "{end_points}: {text}", end_points=clock_words(clock, t), text=" ".join(_said(clock, summary, t))
    )


def _said(clock: Clock, summary: Summary, t: Translate) -> Iterator[str]:
    if summary.n == 0 and summary.censored:
        yield _none_yet(clock, summary, t)
    elif summary.n == 0:
        yield t("not known.")
    else:
        yield _headline(summary, t)
    if summary.n and summary.censored and summary.showing.lists:
        yield t(
            "Still open: {count}, at least {times}.",
            count=summary.censored,
            times=times_words(summary.at_least, t),
        )
    if summary.unknown and (summary.n or summary.censored):
        yield t(
            "Not known for {unknown} of {of}; the figures speak only for the others.",
            unknown=summary.unknown,
            of=summary.of,
        )


def _none_yet(clock: Clock, summary: Summary, t: Translate) -> str:
    opened, longest = summary.censored, duration_words(summary.at_least[0], t)
    match clock:
        case Clock.TIME_TO_ACKNOWLEDGE:
            text = t("{count} opened, none acknowledged yet", count=opened)
        case Clock.TIME_TO_STABILIZE:
            text = t("{count} opened, none stabilized yet", count=opened)
        case _:
            text = t("{count} opened, none repaired yet", count=opened)
    return t(
        "{none_yet}, so there is no time to report. Longest so far: {longest}.",
        none_yet=text,
        longest=longest,
    )


def _headline(summary: Summary, t: Translate) -> str:
    times = times_words(summary.values, t)
    if summary.n == 1:
        return t("one incident, after {time}. One incident says nothing about a trend.", time=times)
    if summary.showing < Showing.MEDIAN:
        return t("too few for an average ({n} incidents): {times}.", n=summary.n, times=times)
    if summary.showing < Showing.INTERVAL:
        return t(
            "{median} ({n} incidents, too few for an interval): {times}.",
            median=_median(summary, t),
            n=summary.n,
            times=times,
        )
    parts = [_median(summary, t), _interval(summary.interval_s, t)]
    parts.append(
        t(
            "range {low} to {high}",
            low=duration_words(summary.values[-1], t),
            high=duration_words(summary.values[0], t),
        )
    )
    if summary.showing >= Showing.P90:
        parts.append(_p90(summary, t))
    if summary.at_least:
        parts.append(t("longest still open {time} so far", time=duration_words(summary.at_least[0], t)))
    parts.append(t("n = {n} of {of}", n=summary.n, of=summary.of))
    return "; ".join(parts) + "."


def _median(summary: Summary, t: Translate) -> str:
    if summary.median_s is None:
        return t("the median is not reached yet, too many are still open")
    median = duration_words(summary.median_s, t)
    if not summary.censored:
        return t("median {median}", median=median)
    return t.n(
        'half within {median} (an open one included as "at least")',
        'half within {median} ({count} open ones included as "at least")',
        summary.censored,
        median=median,
    )


def _p90(summary: Summary, t: Translate) -> str:
    if summary.p90_s is None:
        return t("90 % mark not reached yet")
    mark = duration_words(summary.p90_s, t)
    if summary.p90_interval_s is None:
        return t("90 % within roughly {mark}", mark=mark)
    return t("90 % within {mark} ({interval})", mark=mark, interval=_interval(summary.p90_interval_s, t))


def _interval(interval: Interval | None, t: Translate) -> str:
    if interval is None:
        return t("no 95 % interval yet")
    low = duration_words(interval.low, t)
    if interval.high is None:
        return t("95 % interval from {low}, upper end still open", low=low)
    return t("95 % interval {low} to {high}", low=low, high=duration_words(interval.high, t))


def window_words(window: Window, t: Translate) -> str:
    """The real bounds with their zone: `Tue 1 Sep 2026 00:00 to …, Europe/Berlin`."""
    start, end = window.start.astimezone(window.zone), window.end.astimezone(window.zone)
    return t(
        "{start_day} {start_time} to {end_day} {end_time}, {zone}",
        start_day=day_words(start, t),
        start_time=f"{start:%H:%M}",
        end_day=day_words(end, t),
        end_time=f"{end:%H:%M}",
        zone=window.zone,
    )


def group_lines(group: Group, t: Translate, clocks: Sequence[Clock] = tuple(Clock)) -> list[str]:
    """Each duration of a group that anything is known of, with its end points named."""
    return [
        duration_line(clock, group.durations[clock], t)
        for clock in clocks
        if _worth_a_line(clock, group.durations[clock])
    ]


def _worth_a_line(clock: Clock, summary: Summary) -> bool:
    """That nobody wrote down an impact or pressed Ack is not news; that a recovery time is missing is."""
    if clock in (Clock.TIME_TO_STABILIZE, Clock.TIME_TO_REPAIR):
        return summary.of > 0
    return summary.n + summary.censored > 0


def coverage_words(by: str, n: int, of: int, t: Translate) -> str:
    """For how many incidents it is known what they are grouped by."""
    if by == "service":
        return t("A service is named for {n} of {of}.", n=n, of=of)
    return t("A cause is named for {n} of {of}.", n=n, of=of)
