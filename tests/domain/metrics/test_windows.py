"""Windows as people type them, local days with 23 and 25 hours, and the moment a summary is due."""

from __future__ import annotations

import itertools
import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.metrics import BadWindow, Window, covered, due_day, instant, months, parse_window, rolling
from tests.domain.metrics import BERLIN, NOON

CAIRO, NEW_YORK, UTC_ZONE = ZoneInfo("Africa/Cairo"), ZoneInfo("America/New_York"), ZoneInfo("UTC")
NINE = time(9)
# Every way a clock changes: one hour, half an hour (Lord Howe), at midnight (Cairo, Santiago, Havana, Beirut,
# Asuncion), not at all, and the odd offsets; and a whole day left out (Apia, 30 December 2011).
ZONES = st.sampled_from(
    [
        *(
            "Africa/Cairo",
            "America/New_York",
            "America/Santiago",
            "America/Havana",
            "Asia/Beirut",
            "Europe/Berlin",
        ),
        *(
            "America/Asuncion",
            "Australia/Lord_Howe",
            "Asia/Kathmandu",
            "Pacific/Chatham",
            "Pacific/Apia",
            "UTC",
        ),
        *("Africa/Casablanca", "Europe/Dublin", "Antarctica/Troll", "America/St_Johns", "Pacific/Kiritimati"),
    ]
).map(ZoneInfo)
ANY_TIME = st.datetimes(datetime(2009, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
POST_TIMES = st.times().map(lambda at: at.replace(microsecond=0)) | st.sampled_from(
    [
        time(0),
        time(0, 30),
        time(1),
        time(1, 30),
        time(2, 30),
        time(3),
    ]  # the hours that clocks skip and repeat
)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@cache
def changes(zone: ZoneInfo, first: int = 2009, last: int = 2030) -> list[datetime]:
    """When the zone's clock changes, to six hours."""
    quarters = (utc(first, 1, 1) + timedelta(hours=6 * step) for step in range((last - first) * 366 * 4))
    offsets = [(at, at.astimezone(zone).utcoffset()) for at in quarters]
    return [at for (_, before), (at, after) in itertools.pairwise(offsets) if before != after]


@st.composite
def zone_and_moment(draw: st.DrawFn) -> tuple[ZoneInfo, datetime]:
    """Any moment, and as often one within two days of a change of the clock."""
    zone, near_a_change = draw(ZONES), draw(st.booleans())
    if near_a_change and changes(zone):
        away = draw(st.timedeltas(timedelta(days=-2), timedelta(days=2)))
        return zone, draw(st.sampled_from(changes(zone))) + away
    return zone, draw(ANY_TIME)


def test_a_window_holds_its_start_and_not_its_end() -> None:
    window = rolling(28, NOON, BERLIN)
    assert window.start in window
    assert window.end not in window
    assert window.end - timedelta(microseconds=1) in window


def test_twenty_eight_days_hold_four_of_each_weekday_and_begin_at_the_same_local_time() -> None:
    window = parse_window("28d", BERLIN, utc(2026, 4, 10, 7))  # spring took an hour on 29 March
    assert window == Window(utc(2026, 3, 13, 8), utc(2026, 4, 10, 7), BERLIN, "28d", 28)


@pytest.mark.parametrize("typed", ["90d", " 90D ", "090d", "+90d"])
def test_days_are_read_as_people_type_them(typed: str) -> None:
    assert parse_window(typed, UTC_ZONE, NOON).start == utc(2026, 7, 1, 12)


def test_a_month_has_the_bounds_of_its_local_midnights() -> None:
    march = parse_window("2026-03", BERLIN, NOON)
    assert (march.start, march.end, march.name) == (utc(2026, 2, 28, 23), utc(2026, 3, 31, 22), "2026-03")


def test_december_ends_with_the_year() -> None:
    december = parse_window("2025-12", UTC_ZONE, NOON)
    assert (december.start, december.end) == (utc(2025, 12, 1), utc(2026, 1, 1))


def test_the_current_month_ends_now() -> None:
    assert parse_window("2026-09", BERLIN, NOON).end == NOON


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("0d", "A window of 0 days holds nothing. Write 1d or more, for example 28d."),
        ("-3d", "A window always looks back, so it has no minus: write 3d."),
        ("-0d", "A window always looks back, so it has no minus: write 1d."),
        ("99999d", "99999 days is more than the 3660 that can be looked at. Write fewer, for example 90d."),
        ("2026-13", "There is no month 13. Write the month as 01 to 12, for example 2026-09."),
        ("2026-00", "There is no month 00. Write the month as 01 to 12, for example 2026-09."),
        ("2031-01", "2031-01 has not begun. Write a month up to 2026-09."),
        ("2026-10", "2026-10 has not begun. Write a month up to 2026-09."),
        ("9999-12", "9999-12 has not begun. Write a month up to 2026-09."),
        ("0000-01", "0000-01 is further back than can be looked at. Write a month from 2016-01 on."),
    ],
)
def test_a_window_that_cannot_be_is_refused_with_what_to_write(typed: str, said: str) -> None:
    with pytest.raises(BadWindow) as refusal:
        parse_window(typed, BERLIN, NOON)
    assert str(refusal.value) == said
    assert isinstance(refusal.value, ValueError)


@pytest.mark.parametrize(
    "typed",
    ["", "d", "28", "28 d", "1.5d", "٢٨d", "28days", "2026-9", "2026-09-01", "13 months of Sundays", "{0}"],
)
def test_what_is_no_window_is_repeated_with_the_forms_that_are(typed: str) -> None:
    with pytest.raises(BadWindow) as refusal:
        parse_window(typed, BERLIN, NOON)
    forms = "Write a number of days such as 28d or 90d, a month such as 2026-09, or all."
    assert str(refusal.value) == f"{typed!r} is not a window. {forms}"


def test_a_refusal_repeats_no_more_than_fits() -> None:
    with pytest.raises(BadWindow) as refusal:
        parse_window("9" * 10_000 + "d", BERLIN, NOON)
    assert len(str(refusal.value)) < 150


def test_a_month_that_begins_this_instant_has_not_begun() -> None:
    with pytest.raises(BadWindow, match=r"2026-09 has not begun\. Write a month up to 2026-08\."):
        parse_window("2026-09", UTC_ZONE, utc(2026, 9, 1))


@given(st.text(max_size=12) | st.from_regex(r"[+-]?[0-9]{1,6}d|[0-9]{4}-[0-9]{2}", fullmatch=True), ZONES)
def test_whatever_is_typed_is_a_window_up_to_now_or_a_refusal(typed: str, zone: ZoneInfo) -> None:
    try:
        window = parse_window(typed, zone, NOON)
    except BadWindow as refusal:
        assert refusal.text.format(**refusal.params) == str(refusal)
    else:
        assert window.start < window.end <= NOON


@pytest.mark.parametrize(("start", "end"), [(NOON, NOON), (NOON, NOON - timedelta(1))])
def test_a_window_without_time_in_it_cannot_be_made(start: datetime, end: datetime) -> None:
    with pytest.raises(ValueError, match="holds no time"):
        Window(start, end, BERLIN)


def test_a_window_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="has no zone"):
        Window(datetime(2026, 9, 1), NOON, BERLIN)


def test_cairo_has_no_midnight_on_24_april_2026_so_it_is_the_first_instant_after() -> None:
    assert instant(date(2026, 4, 24), time(0), CAIRO) == utc(2026, 4, 23, 22)
    assert instant(date(2026, 4, 24), time(0, 59, 59), CAIRO) == utc(2026, 4, 23, 22)
    assert instant(date(2026, 4, 24), time(1), CAIRO) == utc(2026, 4, 23, 22)
    assert instant(date(2026, 4, 24), time(1, 0, 1), CAIRO) == utc(2026, 4, 23, 22, 0, 1)


def test_half_past_one_in_new_york_is_the_first_of_the_two_in_autumn() -> None:
    assert instant(date(2026, 11, 1), time(1, 30), NEW_YORK) == utc(2026, 11, 1, 5, 30)


def test_the_second_half_past_one_makes_nothing_due_again() -> None:
    half_past_one = time(1, 30)
    due = [due_day(utc(2026, 11, 1, hour, 30), NEW_YORK, half_past_one) for hour in (4, 5, 6, 7)]
    assert due == [date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 1), date(2026, 11, 1)]


def test_a_midnight_summary_is_due_in_cairo_on_the_day_without_a_midnight() -> None:
    due = [
        due_day(utc(2026, 4, 23, 21, 59, 59), CAIRO, time(0)),
        due_day(utc(2026, 4, 23, 22), CAIRO, time(0)),
    ]
    assert due == [date(2026, 4, 23), date(2026, 4, 24)]


@given(zone_and_moment(), POST_TIMES)
def test_the_day_that_is_due_is_the_latest_whose_time_has_come(
    zone_and_now: tuple[ZoneInfo, datetime], at: time
) -> None:
    zone, now = zone_and_now
    day = due_day(now, zone, at)
    assert instant(day, at, zone) <= now < instant(day + timedelta(days=1), at, zone)


@given(zone_and_moment(), POST_TIMES)
def test_an_instant_shows_its_time_unless_the_clock_skips_it(
    zone_and_day: tuple[ZoneInfo, datetime], at: time
) -> None:
    zone, day = zone_and_day[0], zone_and_day[1].date()
    moment = instant(day, at, zone)
    shown, wanted = moment.astimezone(zone), datetime.combine(day, at)
    earlier = (moment - timedelta(seconds=1)).astimezone(zone)
    if shown.replace(tzinfo=None, fold=0) == wanted:
        assert shown.fold == 0  # of two, the first
    else:
        # the second before the gap, and the first after it
        assert earlier.replace(tzinfo=None) < wanted < shown.replace(tzinfo=None)
        assert earlier.utcoffset() != shown.utcoffset()


@given(zone_and_moment(), POST_TIMES, st.lists(st.timedeltas(timedelta(0), timedelta(days=5)), max_size=8))
def test_summaries_follow_each_other_without_gap_or_overlap(
    zone_and_now: tuple[ZoneInfo, datetime], at: time, pauses: list[timedelta]
) -> None:
    zone, now = zone_and_now
    posted = [due_day(now, zone, at)]
    watermark = instant(posted[0], at, zone)
    for pause in pauses:
        now += pause
        day = due_day(now, zone, at)
        if day == posted[-1]:
            continue
        window = covered(day, zone, at, watermark)
        assert window is not None
        assert (window.start, window.end) == (watermark, instant(day, at, zone))
        watermark = window.end
        posted.append(day)
    assert posted == sorted(set(posted))
    assert watermark <= now < instant(posted[-1] + timedelta(days=1), at, zone)


@pytest.mark.parametrize("at", [time(0), time(1, 30), time(2, 30), NINE])
def test_in_every_zone_each_local_date_of_2026_is_due_once_around_the_changes(at: time) -> None:
    watched = 0
    for name in sorted(zoneinfo.available_timezones()):
        zone = ZoneInfo(name)
        for change in changes(zone, 2026, 2027):
            hours = [change + timedelta(hours=hour) for hour in range(-54, 54)]
            due = [due_day(now, zone, at) for now in hours]
            fired = [day for before, day in itertools.pairwise(due) if day != before]
            assert fired == [fired[0] + timedelta(days=place) for place in range(len(fired))], name
            assert len(fired) in (4, 5), name
            watched += 1
    assert watched > 200  # the database is there and its clocks do change


def test_a_clock_set_back_over_midnight_does_not_take_a_due_day_back() -> None:
    """St. John's, 7 November 2010: at 00:01 it was 23:01 of the 6th again."""
    newfoundland = ZoneInfo("America/St_Johns")
    set_back = utc(2010, 11, 7, 2, 31)
    for minute, day in ((-2, 6), (-1, 7), (0, 7), (30, 7), (59, 7), (61, 7)):
        assert due_day(set_back + timedelta(minutes=minute), newfoundland, time(0)) == date(2010, 11, day), (
            minute
        )


def test_without_a_watermark_monday_covers_the_weekend_of_a_team_that_has_one() -> None:
    monday = covered(date(2026, 9, 28), BERLIN, NINE, weekdays=frozenset({1, 2, 3, 4, 5}))
    assert monday is not None
    assert (monday.start, monday.end) == (utc(2026, 9, 25, 7), utc(2026, 9, 28, 7))


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 30), 71), (date(2026, 10, 26), 73)])
def test_a_weekend_over_a_clock_change_has_71_or_73_hours(day: date, hours: int) -> None:
    monday = covered(day, BERLIN, NINE, weekdays=frozenset({1, 2, 3, 4, 5}))
    assert monday is not None
    assert monday.end - monday.start == timedelta(hours=hours)


def test_on_a_day_off_the_last_working_day_is_still_the_latest_due() -> None:
    working = frozenset({1, 2, 3, 4, 5})
    assert due_day(utc(2026, 9, 27, 12), BERLIN, NINE, working) == date(2026, 9, 25)
    assert due_day(utc(2026, 9, 28, 6, 59), BERLIN, NINE, working) == date(2026, 9, 25)
    assert due_day(utc(2026, 9, 28, 7), BERLIN, NINE, working) == date(2026, 9, 28)
    assert due_day(utc(2026, 9, 28, 6), BERLIN, NINE, frozenset({1})) == date(2026, 9, 21)


def test_after_downtime_one_summary_covers_all_that_was_missed() -> None:
    window = covered(date(2026, 9, 29), BERLIN, NINE, watermark=utc(2026, 9, 20, 7))
    assert window is not None
    assert (window.start, window.end) == (utc(2026, 9, 20, 7), utc(2026, 9, 29, 7))


def test_a_cut_off_that_the_watermark_has_reached_leaves_nothing_to_cover() -> None:
    assert covered(date(2026, 9, 29), BERLIN, NINE, watermark=utc(2026, 9, 29, 7)) is None


def test_a_summary_without_weekdays_is_refused() -> None:
    with pytest.raises(ValueError, match="no summary is ever due"):
        due_day(NOON, BERLIN, NINE, frozenset())


@given(ANY_TIME, st.timedeltas(timedelta(seconds=1), timedelta(days=400)), ZONES)
def test_a_window_cut_at_its_months_is_whole_and_each_piece_is_of_one(
    start: datetime, length: timedelta, zone: ZoneInfo
) -> None:
    window = Window(start, start + length, zone)
    pieces = list(months(window))
    assert [pieces[0].start, *(piece.end for piece in pieces)] == [
        *(piece.start for piece in pieces),
        window.end,
    ]
    assert len(pieces) <= length.days // 28 + 2
    for piece in pieces:
        first, last = piece.start.astimezone(zone), (piece.end - timedelta(microseconds=1)).astimezone(zone)
        assert f"{first:%Y-%m}" == f"{last:%Y-%m}"
