"""The daily summary's words: what happened since the last one, what is still open. Plain lines, no markup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from bot.domain.language import Translate
from bot.domain.metrics.comparing import compare
from bot.domain.metrics.recovery import SECOND, Clock, Recovery, elapsed, ended, is_open, not_counted
from bot.domain.metrics.report import Report, Showing
from bot.domain.metrics.windows import DAY, Window, instant
from bot.domain.metrics.wording import (
    age_words,
    day_words,
    duration_words,
    excluded_words,
    moment_words,
    times_words,
    weekday_word,
)
from bot.domain.metrics.wording_comparison import comparison_words
from bot.domain.naming import milestone_word
from bot.domain.silence import is_too_long
from bot.domain.vocabulary import Milestone, incident_name

TITLE_MAX = 60  # a title is a reminder here, beside others in one line
OPEN_LISTED = 5  # the oldest; the rest is a number, so that the whole stays within ten lines
LINES_MAX = 10  # read at nine in the morning, on a telephone
TICK = timedelta(microseconds=1)  # the window does not hold its end


@dataclass(frozen=True, slots=True)
class Held:
    """A flag that an incident holds at its safe value, since then."""

    flag: str
    incident: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Overdue:
    """An action item whose day has passed."""

    incident: int
    text: str
    owner: str
    due: date


@dataclass(frozen=True, slots=True)
class Correction:
    """What was known of a milestone when it was told, and what is known now: None, when it was taken back."""

    incident: int
    milestone: Milestone
    declared: datetime
    previous: datetime
    time: datetime | None


@dataclass(frozen=True, slots=True)
class Beside:
    """What a summary tells beside the incidents of its window.

    `heard` is when a person last did anything in an open incident. `month` are the figures of the last 28 days,
    `before` those of the 28 before them.
    """

    heard: Mapping[int, datetime] = field(default_factory=dict)
    held: Sequence[Held] = ()
    overdue: Sequence[Overdue] = ()
    corrections: Sequence[Correction] = ()
    month: Report | None = None
    before: Report | None = None


def daily_lines(
    recoveries: Iterable[Recovery], window: Window, t: Translate, beside: Beside | None = None
) -> list[str]:
    """At most ten lines, the header first; two on a quiet day: facts, what needs a person, context, corrections.

    `recoveries` are all that were declared in the window, or before it and not over when it began. Others do
    no harm. What happened at the window's end or later belongs to the next summary.
    """
    beside = beside or Beside()
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
        lines.append(_repaired_line(repaired, window, t))
    if opened and all(recovery in still_open for recovery in opened) and not repaired:
        lines.append(
            t.n(
                "It is not repaired yet, so there is no time to report.",
                "None of them is repaired yet, so there is no time to report.",
                len(opened),
            )
        )
    if still_open:
        lines.append(_open_line(still_open, window.end, t))
    lines += _needs_a_person(still_open, beside, window.end, t)
    context = []
    if beside.month is not None and len(lines) > 2:
        context.append(_month_line(beside.month, t))
        if beside.before is not None:
            context.append(_before_line(beside.month, beside.before, t))
    lines += context
    if told := [line for each in beside.corrections if (line := _corrected(each, window, t))]:
        lines.append(t("Corrected since the last summary: {corrections}", corrections="; ".join(told)))
    reasons = sorted(
        filter(None, (not_counted(recovery) for recovery in known if recovery.declared in window))
    )
    left_out = [t("Not counted: {reasons}", reasons=excluded_words(Counter(reasons), t))] if reasons else []
    method = [t("Clock: from declared on, elapsed, nights and weekends included")]
    lines += left_out + (method if stabilized or repaired else [])
    # Facts, what needs a person and what was corrected always stand; the rest goes, what is missed least first.
    for spare in (*reversed(context), *left_out, *method):
        if len(lines) > LINES_MAX and spare in lines:
            lines.remove(spare)
    return lines


def _needs_a_person(still_open: Sequence[Recovery], beside: Beside, now: datetime, t: Translate) -> list[str]:
    lines = []
    silent = [
        (recovery, (now - heard) // SECOND)
        for recovery in still_open
        if (heard := beside.heard.get(recovery.number)) is not None
        and is_too_long(now - heard, recovery.severity)
    ]
    if silent:
        told = [
            t(
                "{incident} (no word for {time})",
                incident=incident_name(each.number),
                time=age_words(seconds, t),
            )
            for each, seconds in sorted(silent, key=lambda one: (-one[1], one[0].number))
        ]
        lines.append(t("Stale, please confirm or close: {incidents}", incidents=_few(told, t)))
    if beside.held:
        told = [
            t(
                "{flag} by {incident} for {time}",
                flag=each.flag,
                incident=incident_name(each.incident),
                time=age_words((now - each.since) // SECOND, t),
            )
            for each in beside.held
        ]
        lines.append(t("Flags held at their safe value: {flags}", flags=_few(told, t)))
    if beside.overdue:
        told = [
            t(
                "{text} ({incident}, {owner}, due {due})",
                text=_short(each.text),
                incident=incident_name(each.incident),
                owner=each.owner,
                due=each.due.isoformat(),
            )
            for each in beside.overdue
        ]
        lines.append(t("Action items overdue: {items}", items=_few(told, t)))
    return lines


def _few(told: Sequence[str], t: Translate) -> str:
    if len(told) <= OPEN_LISTED:
        return ", ".join(told)
    return ", ".join([*told[:OPEN_LISTED], t("and {count} more", count=len(told) - OPEN_LISTED)])


def _month_line(month: Report, t: Translate) -> str:
    counted, repair = month.population, month.everything.durations[Clock.TIME_TO_REPAIR]
    opened = t.n(
        "Last 28 days: {count} declared, {open} still open",
        "Last 28 days: {count} declared, {open} still open",
        counted.counted,
        open=counted.open,
    )
    if not repair.showing >= Showing.MEDIAN or repair.median_s is None:
        return opened
    return t(
        "{opened}; half are repaired within {median}",
        opened=opened,
        median=duration_words(repair.median_s, t),
    )


def _before_line(month: Report, before: Report, t: Translate) -> str:
    """What the 28 days were like that came before: never better or worse."""
    counted = before.population
    if not counted.counted:
        return t("28 days before: none declared")
    compared = compare(*(each.everything.durations[Clock.TIME_TO_REPAIR] for each in (month, before)))
    words = {"count": counted.counted, "open": counted.open}
    if min(compared.now.showing, compared.before.showing) < Showing.MEDIAN:
        return t("28 days before: {count} declared, {open} still open", **words)
    said = comparison_words(compared, t)
    return t("28 days before: {count} declared, {open} still open; repaired: {said}", said=said, **words)


def _corrected(each: Correction, window: Window, t: Translate) -> str | None:
    """Only what an earlier summary has told, or could have: the rest is news of this one."""
    if each.previous >= window.start:
        return None
    words = {
        "incident": incident_name(each.incident),
        "before": duration_words((each.previous - each.declared) // SECOND, t),
    }
    if each.time is None:
        return t("{incident} was told as repaired after {before} and is open again", **words)
    now = duration_words((each.time - each.declared) // SECOND, t)
    if each.milestone is Milestone.REPAIRED:
        return t("{incident} repaired after {now} instead of {before}", now=now, **words)
    if each.milestone is Milestone.STABILIZED:
        return t("{incident} stabilized after {now} instead of {before}", now=now, **words)
    moved = duration_words(abs(each.time - each.previous) // SECOND, t)
    what = {**words, "milestone": milestone_word(each.milestone, t), "time": moved}
    if each.time < each.previous:
        return t("{incident} {milestone} {time} earlier than first recorded", **what)
    return t("{incident} {milestone} {time} later than first recorded", **what)


def _ended_in(window: Window, counted: Sequence[Recovery], clock: Clock) -> list[Recovery]:
    return [
        recovery
        for recovery in counted
        if (end := ended(recovery, clock, window.end)) is not None and end in window
    ]


def _repaired_line(repaired: Sequence[Recovery], window: Window, t: Translate) -> str:
    times = _times(repaired, Clock.TIME_TO_REPAIR, window, t)
    if len(repaired) == 1:
        return t("Repaired after: {times}. One incident says nothing about a trend.", times=times)
    if len(repaired) < Showing.MEDIAN:
        return t("Repaired after (too few for an average): {times}", times=times)
    return t("Repaired after: {times}", times=times)


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
