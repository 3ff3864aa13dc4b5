"""The daily summary's lines: facts, then what is open; the real bounds; two lines on a quiet day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.language import English, Translate
from bot.domain.metrics import Recovery, Window, covered, daily_lines, instant
from tests.domain.metrics import BERLIN, Shouting, incident, minutes

t: Translate = English()
NINE = time(9)
FRIDAY, MONDAY, TUESDAY = date(2026, 9, 25), date(2026, 9, 28), date(2026, 9, 29)


def summary_of(day: date, watermark: datetime | None = None, zone: ZoneInfo = BERLIN) -> Window:
    window = covered(day, zone, NINE, watermark)
    assert window is not None
    return window


def local_day(day: date, zone: ZoneInfo = BERLIN) -> Window:
    return Window(instant(day, time(0), zone), instant(day + timedelta(days=1), time(0), zone), zone)


def test_a_quiet_day_has_two_lines() -> None:
    assert daily_lines([], summary_of(TUESDAY), t) == [
        "Incidents, Tue 29 Sep 2026 (Mon 28 Sep 09:00 to Tue 29 Sep 09:00, Europe/Berlin)",
        "No incidents declared since Mon 09:00. (None declared is not proof that nothing broke.)",
    ]


def test_a_quiet_weekend_is_said_to_reach_back_to_friday() -> None:
    friday = instant(FRIDAY, NINE, BERLIN)
    assert daily_lines([], summary_of(MONDAY, watermark=friday), t) == [
        "Incidents, Mon 28 Sep 2026 (Fri 25 Sep 09:00 to Mon 28 Sep 09:00, Europe/Berlin)",
        "No incidents declared since Fri 09:00. (None declared is not proof that nothing broke.)",
    ]


def test_after_a_long_downtime_the_weekday_alone_would_be_ambiguous() -> None:
    [_, quiet] = daily_lines([], summary_of(TUESDAY, watermark=instant(date(2026, 9, 21), NINE, BERLIN)), t)
    assert quiet.startswith("No incidents declared since Mon 21 Sep 09:00.")


@pytest.mark.parametrize("day", [TUESDAY, date(2026, 3, 29), date(2026, 10, 25)])
def test_a_whole_local_day_is_midnight_to_midnight_be_it_of_23_or_25_hours(day: date) -> None:
    [header, *_] = daily_lines([], local_day(day), t)
    assert header.endswith(f" {day.day} {day:%b} 2026 (00:00-24:00 Europe/Berlin)")


def test_a_day_without_a_midnight_is_a_whole_day_too() -> None:
    [header, *_] = daily_lines([], local_day(date(2026, 4, 24), ZoneInfo("Africa/Cairo")), t)
    assert header == "Incidents, Fri 24 Apr 2026 (00:00-24:00 Africa/Cairo)"


def test_a_busy_day_tells_what_opened_what_ended_and_what_needs_a_person() -> None:
    """The shape of metrics.md 3.6, with its numbers for the resolved ones (Google Cloud, 26 April 2023)."""
    window = local_day(date(2023, 4, 26))
    times = [301, 178, 149, 108, 94, 51]
    ended = [
        incident(
            number, window.start + minutes(60 * number), stabilized=20, repaired=lasted, severity=severity
        )
        for number, lasted, severity in zip(
            range(1, 7), times, ["P0", "P0", "P1", "P1", "P1", "P2"], strict=True
        )
    ]
    still_open = [
        incident(7, window.end - minutes(22 * 60 + 40), title="Multiple Products", severity="P1"),
        incident(8, window.end - minutes(20 * 60), title="BigQuery", severity="P0"),
        incident(9, window.start - minutes(43 * 1440), title="Apigee", severity="P2"),
    ]
    drill = incident(10, window.start, excluded="drill")
    assert daily_lines([*still_open, drill, *ended], window, t) == [
        "Incidents, Wed 26 Apr 2023 (00:00-24:00 Europe/Berlin)",
        "Opened 8 (3 P0, 4 P1, 1 P2), repaired 6, open at end 3",
        "Stabilized after: 20 min, 20 min, 20 min, 20 min, 20 min, 20 min",
        "Repaired after: 5 h 1 min, 2 h 58 min, 2 h 29 min, 1 h 48 min, 1 h 34 min, 51 min",
        "Open: INC-9 Apigee (P2) 44 d, INC-7 Multiple Products (P1) 22 h, INC-8 BigQuery (P0) 20 h",
        "Not counted: 1 drill",
        "Clock: from declared on, elapsed, nights and weekends included",
    ]


def test_a_day_on_which_nothing_opened_but_something_is_open_is_not_quiet() -> None:
    window = summary_of(TUESDAY)
    [_, counts, still_open] = daily_lines([incident(4, window.start - minutes(60))], window, t)
    assert counts == "Opened 0, repaired 0, open at end 1"
    assert still_open == "Open: INC-4 checkout 4 (P1) 25 h"


def test_the_moment_at_which_a_summary_ends_belongs_to_the_next_one() -> None:
    today, tomorrow = summary_of(TUESDAY), summary_of(TUESDAY + timedelta(days=1))
    on_the_edge = incident(1, today.end - minutes(30), repaired=30)
    declared_on_the_edge = incident(2, today.end)
    both = [on_the_edge, declared_on_the_edge]
    assert daily_lines(both, today, t)[1] == "Opened 1 (1 P1), repaired 0, open at end 1"
    assert daily_lines(both, tomorrow, t)[1] == "Opened 1 (1 P1), repaired 1, open at end 1"


def test_what_was_told_afterwards_has_no_time_and_is_not_opened() -> None:
    window = summary_of(TUESDAY)
    lines = daily_lines([incident(1, window.start, repaired=0)], window, t)
    assert lines[1].startswith("No incidents declared")
    assert lines[2:] == ["Not counted: 1 recorded after the fact"]


def test_closed_without_a_repaired_time_is_neither_open_nor_repaired() -> None:
    window = summary_of(TUESDAY)
    lines = daily_lines([incident(1, window.start, closed=window.start + minutes(5))], window, t)
    assert lines[1:] == ["Opened 1 (1 P1), repaired 0, open at end 0"]


def test_many_open_ones_are_cut_to_the_oldest_five() -> None:
    window = summary_of(TUESDAY)
    crowd = [incident(number, window.start + minutes(number)) for number in range(1, 31)]
    [*_, still_open] = daily_lines(crowd[::-1], window, t)
    assert still_open.startswith("Open: INC-1 checkout 1 (P1) 23 h, INC-2")
    assert still_open.endswith("INC-5 checkout 5 (P1) 23 h, and 25 younger")


def test_a_title_is_one_short_line() -> None:
    window = summary_of(TUESDAY)
    [*_, still_open] = daily_lines([incident(1, window.start, title="a\nb " + "long " * 40)], window, t)
    assert "\n" not in still_open
    assert len(still_open) < 90 and "… (P1)" in still_open


@st.composite
def crowds(draw: st.DrawFn) -> list[Recovery]:
    start = datetime(2026, 9, 20, tzinfo=UTC)
    ends = st.none() | st.integers(0, 3 * 1440)
    return [
        incident(
            number,
            start + minutes(draw(st.integers(0, 10 * 1440))),
            stabilized=draw(ends),
            repaired=draw(ends),
            excluded=draw(st.sampled_from([None, None, "drill"])),
        )
        for number in range(draw(st.integers(0, 12)))
    ]


@given(crowds(), st.permutations(range(12)))
def test_a_summary_never_has_more_than_ten_lines_and_no_order_of_its_own(
    crowd: list[Recovery], order: list[int]
) -> None:
    shuffled = [crowd[place] for place in order if place < len(crowd)]
    lines = daily_lines(crowd, summary_of(TUESDAY), t)
    assert 2 <= len(lines) <= 10
    assert daily_lines(shuffled, summary_of(TUESDAY), t) == lines


@given(crowds())
def test_over_the_days_each_is_opened_once_and_repaired_at_most_once(crowd: list[Recovery]) -> None:
    opened = repaired = 0
    for day in range(16, 31):
        said = daily_lines(crowd, summary_of(date(2026, 9, day)), t)[1]
        if said.startswith("Opened"):
            words = said.replace(",", "").split()
            opened += int(words[1])
            repaired += int(words[words.index("repaired") + 1])
    end = instant(date(2026, 9, 30), NINE, BERLIN)
    counted = [
        each
        for each in crowd
        if each.excluded is None and (each.repaired is None or each.repaired > each.declared)
    ]
    assert opened == sum(each.declared < end for each in counted)
    assert repaired == sum(each.repaired is not None and each.repaired < end for each in counted)


@given(crowds())
def test_every_word_of_a_summary_goes_through_the_catalogue(crowd: list[Recovery]) -> None:
    for line in daily_lines(crowd, summary_of(TUESDAY), Shouting()):
        said = line.replace("Europe/Berlin", "").replace("checkout", "")
        assert said == said.upper()
