"""Which stretch of time is looked at: windows, local days, and the moments summaries are due. No clock here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONGEST_DAYS = (
    3660  # ten years: longer than any incident log we know, short enough to catch a slip of the finger
)
SHOWN = 40  # characters of what was typed that a refusal repeats
DAY = timedelta(days=1)
EVERYTHING = "all"  # the window of the whole history, by its name
OLDEST_YEAR = 1971  # a day of room to subtract from, in any zone
EVERY_DAY = frozenset(range(1, 8))  # ISO weekdays, Monday is 1


class BadWindow(ValueError):
    """The text is not a window: what is so, and what to write instead.

    `text` is a template of the catalogue and `params` are its blanks; `str()` is the English sentence.
    """

    def __init__(self, text: str, /, **params: object) -> None:
        super().__init__(text.format(**params))
        self.text = text
        self.params = params


@dataclass(frozen=True, slots=True)
class Window:
    """Half-open, in UTC: `start` is inside, `end` is not. `zone` is for the people who read it."""

    start: datetime
    end: datetime
    zone: ZoneInfo
    name: str = ""
    days: int | None = None  # for a rolling window: "the last 28 days"

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            at: datetime = getattr(self, name)
            if at.tzinfo is None:
                raise ValueError(f"a window's {name} {at!r} has no zone")
            object.__setattr__(self, name, at.astimezone(UTC))
        if self.end <= self.start:
            raise ValueError(f"a window from {self.start} to {self.end} holds no time")

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end


def rolling(days: int, as_of: datetime, zone: ZoneInfo) -> Window:
    """The last `days` days up to `as_of`, from the same local time on: 28 of them hold four of each weekday."""
    local = as_of.astimezone(zone)
    start = instant(local.date() - days * DAY, local.time(), zone)
    return Window(start, as_of, zone, f"{days}d", days)


def month(year: int, number: int, zone: ZoneInfo, as_of: datetime) -> Window:
    """A calendar month by the local clock, cut off at `as_of`: nothing is known of what comes later."""
    following = date(year + number // 12, number % 12 + 1, 1)
    end = min(instant(following, time.min, zone), as_of.astimezone(UTC))
    return Window(instant(date(year, number, 1), time.min, zone), end, zone, f"{year:04}-{number:02}")


def since(first: datetime | None, as_of: datetime, zone: ZoneInfo) -> Window:
    """Everything there is: from the first incident on, or a day that holds none."""
    return Window(as_of - DAY if first is None or first >= as_of else first, as_of, zone, EVERYTHING)


def preceding(window: Window) -> Window | None:
    """The window of the same length, or the calendar month, right before; None before everything."""
    if window.days is not None:
        return rolling(window.days, window.start, window.zone)
    if calendar := re.fullmatch(r"([0-9]{4})-([0-9]{2})", window.name):
        year, number = divmod(int(calendar[1]) * 12 + int(calendar[2]) - 2, 12)
        return month(year, number + 1, window.zone, window.start)
    return None


def months(window: Window) -> Iterator[Window]:
    """The window, cut where a calendar month begins by its own clock."""
    start, first = window.start, window.start.astimezone(window.zone).date().replace(day=1)
    while start < window.end:
        first = (first + 31 * DAY).replace(day=1)
        end = min(instant(first, time.min, window.zone), window.end)
        if end > start:
            yield Window(start, end, window.zone)
            start = end


def looks_like_a_window(word: str) -> bool:
    """Whether somebody who types it means a window, be it a good one or not."""
    return bool(re.fullmatch(r"[+-]?[0-9]+d|[0-9]{4}-[0-9]{1,2}|all", word.casefold()))


def parse_as_of(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """`2026-09-30` (its end), `2026-09-30T12:00` by the clock of `zone`, or with an offset. Raises BadWindow."""
    asked = text.strip()
    try:
        at = datetime.fromisoformat(asked)
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", asked):
            at = instant(at.date() + DAY, time.min, zone)
        elif at.tzinfo is None:
            at = instant(at.date(), at.time(), zone)
        at = at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadWindow(
            "{text!r} is no time. Write a day such as 2026-09-30, or a time such as 2026-09-30T12:00.",
            text=asked if len(asked) <= SHOWN else asked[: SHOWN - 1] + "…",
        ) from None
    if at > now:
        raise BadWindow(
            "{text!r} has not come yet, and nothing is known of it. Write a time up to now.", text=asked
        )
    if at.year < OLDEST_YEAR:
        raise BadWindow("{text!r} is before any incident log. Write a later time.", text=asked)
    return at


def parse_window(text: str, zone: ZoneInfo, as_of: datetime, first: datetime | None = None) -> Window:
    """`28d`, `90d`, `2026-09` or `all` (since `first`), as people type it. Raises BadWindow."""
    asked = text.strip().casefold()
    if asked == EVERYTHING:
        return since(first, as_of, zone)
    if days := re.fullmatch(r"([+-]?)([0-9]{1,9})d", asked):
        return _rolling(days[1], int(days[2]), zone, as_of)
    if calendar := re.fullmatch(r"([0-9]{4})-([0-9]{2})", asked):
        return _month(int(calendar[1]), int(calendar[2]), zone, as_of)
    raise BadWindow(
        "{text!r} is not a window. Write a number of days such as 28d or 90d, a month such as 2026-09, or all.",
        text=text if len(text) <= SHOWN else text[: SHOWN - 1] + "…",
    )


def _rolling(sign: str, days: int, zone: ZoneInfo, as_of: datetime) -> Window:
    if sign == "-":
        raise BadWindow("A window always looks back, so it has no minus: write {days}d.", days=max(days, 1))
    if days == 0:
        raise BadWindow("A window of 0 days holds nothing. Write 1d or more, for example 28d.")
    if days > LONGEST_DAYS:
        raise BadWindow(
            "{days} days is more than the {most} that can be looked at. Write fewer, for example 90d.",
            days=days,
            most=LONGEST_DAYS,
        )
    return rolling(days, as_of, zone)


def _month(year: int, number: int, zone: ZoneInfo, as_of: datetime) -> Window:
    if not 1 <= number <= 12:
        raise BadWindow(
            "There is no month {number:02}. Write the month as 01 to 12, for example {year:04}-09.",
            number=number,
            year=year,
        )
    today = (
        (as_of - timedelta(seconds=1)).astimezone(zone).date()
    )  # at midnight the new month holds nothing yet
    if (year, number) > (today.year, today.month):
        raise BadWindow(
            "{year:04}-{number:02} has not begun. Write a month up to {latest_year:04}-{latest_number:02}.",
            year=year,
            number=number,
            latest_year=today.year,
            latest_number=today.month,
        )
    oldest = today.year - LONGEST_DAYS // 366
    if year < oldest:
        raise BadWindow(
            "{year:04}-{number:02} is further back than can be looked at. Write a month from {oldest}-01 on.",
            year=year,
            number=number,
            oldest=oldest,
        )
    return month(year, number, zone, as_of)


def instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """When the local clock shows `wall` on `day`, in UTC.

    A time that spring skips is the first instant after the gap; of a time that autumn shows twice, the first.
    """
    shown = datetime.combine(day, wall.replace(tzinfo=None, fold=0))
    moment = shown.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None, fold=0) == shown:
        return moment
    # In a gap, fold=1 reads the clock with the later offset and lands before the change (PEP 495).
    before = int(shown.replace(tzinfo=zone, fold=1).timestamp())
    after = int(moment.timestamp())
    offset = moment.astimezone(zone).utcoffset()
    while after - before > 1:  # clocks change on a whole second, at most a day away: 17 rounds
        middle = (before + after) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return datetime.fromtimestamp(after, UTC)


def due_day(now: datetime, zone: ZoneInfo, post_time: time, weekdays: frozenset[int] = EVERY_DAY) -> date:
    """The local date whose summary is the latest due at `now`: the key that makes it post once.

    One date later than the local one is tried too: a clock set back over midnight shows the old date again.
    """
    today = now.astimezone(zone).date()
    for back in range(-1, 9):  # a week and the two days around it hold one of each weekday
        day = today - back * DAY
        if day.isoweekday() in weekdays and instant(day, post_time, zone) <= now:
            return day
    raise ValueError(f"no summary is ever due on weekdays {sorted(weekdays)!r}")


def covered(
    day: date,
    zone: ZoneInfo,
    post_time: time,
    watermark: datetime | None = None,
    weekdays: frozenset[int] = EVERY_DAY,
) -> Window | None:
    """What the summary of `day` speaks of: from the last one's end (`watermark`) to its own due time.

    Without a watermark, from when the one before was due; so Monday covers a weekend, and a day after a clock
    change 23 or 25 hours. None where the watermark is already there: the zone or post time has been changed.
    """
    end = instant(day, post_time, zone)
    start = watermark
    if start is None:
        start = instant(due_day(end - timedelta(seconds=1), zone, post_time, weekdays), post_time, zone)
    return Window(start, end, zone, day.isoformat()) if start < end else None
