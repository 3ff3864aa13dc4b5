"""The daily summary's words: what happened since the last one, what is still open. Plain lines, no markup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta

from bot.domain.language import Translate
from bot.domain.metrics.recovery import SECOND, Clock, Recovery, elapsed, ended, is_open, not_counted
from bot.domain.metrics.windows import DAY, Window, instant
from bot.domain.metrics.wording import (
    age_words,
    day_words,
    excluded_words,
    moment_words,
    times_words,
    weekday_word,
)
from bot.domain.vocabulary import incident_name

TITLE_MAX = 60  # a title is a reminder here, beside others in one line
OPEN_LISTED = 5  # the oldest; the rest is a number, so that the whole stays within ten lines
TICK = timedelta(microseconds=1)  # the window does not hold its end


def daily_lines(recoveries: Iterable[Recovery], window: Window, t: Translate) -> list[str]:
    """At most ten lines, the header first; two on a quiet day.

    `recoveries` are all that were declared in the window, or before it and not over when it began. Others do
    no harm. What happened at the window's end or later belongs to the next summary.
    """
    known = [recovery for recovery in recoveries if recovery.declared < window.end]
    counted = [recovery for recovery in known if not_counted(recovery) is None]
    opened = [recovery for recovery in counted if recovery.declared in window]
    still_open = [recovery for recovery in counted if is_open(recovery, window.end - TICK)]
    stabilized = _ended_in(window, counted, Clock.TIME_TO_STABILIZE)
    repaired = _ended_in(window, counted, Clock.TIME_TO_REPAIR)
    lines = [_header(window, t)]
    if opened or still_open or stabilized or repaired:
        lines.append(_counts_line(opened, len(repaired), len(still_open), t))
    else:
        lines.append(_quiet_line(window, t))
    if stabilized:
        lines.append(
            t("Stabilized after: {times}", times=_times(stabilized, Clock.TIME_TO_STABILIZE, window, t))
        )
    if repaired:
        lines.append(t("Repaired after: {times}", times=_times(repaired, Clock.TIME_TO_REPAIR, window, t)))
    if still_open:
        lines.append(_open_line(still_open, window.end, t))
    reasons = sorted(
        filter(None, (not_counted(recovery) for recovery in known if recovery.declared in window))
    )
    if reasons:
        lines.append(t("Not counted: {reasons}", reasons=excluded_words(Counter(reasons), t)))
    if stabilized or repaired:
        lines.append(t("Clock: from declared on, elapsed, nights and weekends included"))
    return lines


def _ended_in(window: Window, counted: Sequence[Recovery], clock: Clock) -> list[Recovery]:
    return [
        recovery
        for recovery in counted
        if (end := ended(recovery, clock, window.end)) is not None and end in window
    ]


def _times(recoveries: Sequence[Recovery], clock: Clock, window: Window, t: Translate) -> str:
    durations = (elapsed(recovery, clock, window.end) for recovery in recoveries)
    return times_words(sorted((known.seconds for known in durations if known), reverse=True), t)


def _header(window: Window, t: Translate) -> str:
    """The real bounds: 24:00 only where the window is exactly one local day, be it of 23 or 25 hours."""
    start, end = window.start.astimezone(window.zone), window.end.astimezone(window.zone)
    midnights = (instant(start.date() + after * DAY, time.min, window.zone) for after in (0, 1))
    if (window.start, window.end) == tuple(midnights):
        return t("Incidents, {day} (00:00-24:00 {zone})", day=day_words(start, t), zone=window.zone)
    return t(
        "Incidents, {day} ({start} to {end}, {zone})",
        day=day_words(end, t),
        start=moment_words(start, t),
        end=moment_words(end, t),
        zone=window.zone,
    )


def _quiet_line(window: Window, t: Translate) -> str:
    start = window.start.astimezone(window.zone)
    since = t("{weekday} {time}", weekday=weekday_word(start, t), time=f"{start:%H:%M}")
    if window.end - window.start > 6 * DAY:  # a bare weekday would be ambiguous
        since = moment_words(start, t)
    return t(
        "No incidents declared since {since}. (None declared is not proof that nothing broke.)", since=since
    )


def _counts_line(opened: Sequence[Recovery], repaired: int, still_open: int, t: Translate) -> str:
    if not opened:
        return t("Opened 0, repaired {repaired}, open at end {open}", repaired=repaired, open=still_open)
    severities = sorted(Counter(recovery.severity for recovery in opened).items())
    return t(
        "Opened {opened} ({severities}), repaired {repaired}, open at end {open}",
        opened=len(opened),
        severities=", ".join(f"{count} {severity}" for severity, count in severities),
        repaired=repaired,
        open=still_open,
    )


def _open_line(still_open: Sequence[Recovery], now: datetime, t: Translate) -> str:
    oldest_first = sorted(still_open, key=lambda recovery: (recovery.declared, recovery.number))
    told = [
        t(
            "{incident} {title} ({severity}) {age}",
            incident=incident_name(recovery.number),
            title=_short(recovery.title) or t("private"),
            severity=recovery.severity,
            age=age_words((now - recovery.declared) // SECOND, t),
        )
        for recovery in oldest_first[:OPEN_LISTED]
    ]
    if len(oldest_first) > OPEN_LISTED:
        told.append(t("and {count} younger", count=len(oldest_first) - OPEN_LISTED))
    return t("Open: {incidents}", incidents=", ".join(told))


def _short(title: str) -> str:
    one_line = " ".join(title.split())
    return one_line if len(one_line) <= TITLE_MAX else one_line[: TITLE_MAX - 1].rstrip() + "…"
