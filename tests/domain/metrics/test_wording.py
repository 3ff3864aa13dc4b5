"""The figures in words: what is said at which n, and how durations are rounded for people."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.language import English, Translate
from bot.domain.metrics import (
    Clock,
    Recovery,
    Window,
    age_words,
    clock_words,
    duration_words,
    parse_window,
    report_lines,
    report_on,
    rolling,
    summarise,
)
from bot.domain.metrics.wording import duration_line, excluded_words
from tests.domain.metrics import BERLIN, NOON, Shouting, incident, minutes

t: Translate = English()
MONTH = rolling(28, NOON, BERLIN)


def repaired(values: list[float], at_least: list[float] | None = None, of: int | None = None) -> str:
    seconds = [round(value * 60) for value in values]
    waits = [round(value * 60) for value in at_least or []]
    return duration_line(Clock.TIME_TO_REPAIR, summarise(seconds, waits, of=of), t)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        *(
            (0, "0 s"),
            (59, "59 s"),
            (59.4, "59 s"),
            (59.5, "1 min"),
            (60, "1 min"),
            (89, "1 min"),
            (90, "2 min"),
        ),
        *((34 * 60, "34 min"), (89 * 60 + 29, "89 min"), (89 * 60 + 30, "1 h 30 min"), (5400, "1 h 30 min")),
        *((7200, "2 h"), (5 * 3600 + 60, "5 h 1 min"), (35 * 3600 + 59 * 60 + 29, "35 h 59 min")),
        *((36 * 3600 - 30, "1 d 12 h"), (36 * 3600, "1 d 12 h"), (48 * 3600, "2 d"), (223_080, "2 d 14 h")),
        (47 * 3600 + 1800, "2 d"),
    ],
)
def test_durations_are_rounded_for_people(seconds: float, words: str) -> None:
    assert duration_words(seconds, t) == words


@given(st.integers(0, 100 * 86400))
def test_no_duration_is_told_more_than_its_rounding_away_from_the_truth(seconds: int) -> None:
    units = {"s": 1, "min": 60, "h": 3600, "d": 86400}
    words = duration_words(seconds, t).split()
    told = sum(int(count) * units[unit] for count, unit in zip(words[::2], words[1::2], strict=True))
    rounding = 0 if seconds < 60 else 30 if seconds < 36 * 3600 - 30 else 1800
    assert abs(told - seconds) <= rounding


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (59, "0 min"),
        (5399, "89 min"),
        (5400, "1 h"),
        (79_000, "21 h"),
        (129_599, "35 h"),
        (43 * 86400 + 5, "43 d"),
    ],
)
def test_ages_are_told_in_one_unit_and_never_rounded_up(seconds: int, words: str) -> None:
    assert age_words(seconds, t) == words


def test_one_incident_says_nothing_about_a_trend() -> None:
    assert repaired([34]) == (
        "declared → repaired: one incident, after 34 min. One incident says nothing about a trend."
    )


def test_two_to_four_incidents_are_listed_longest_first_and_not_averaged() -> None:
    said = repaired([48, 310, 12])
    assert said == "declared → repaired: too few for an average (3 incidents): 5 h 10 min, 48 min, 12 min."


def test_five_incidents_have_a_median_and_no_interval() -> None:
    assert repaired([10, 20, 30, 40, 50]) == (
        "declared → repaired: median 30 min (5 incidents, too few for an interval): "
        "50 min, 40 min, 30 min, 20 min, 10 min."
    )


def test_from_six_on_the_median_has_an_interval_and_a_range() -> None:
    assert repaired([10, 20, 30, 40, 50, 60]) == (
        "declared → repaired: median 35 min; 95 % interval 10 min to 60 min; range 10 min to 60 min; n = 6 of 6."
    )


def test_from_twenty_on_there_is_a_rough_ninety_per_cent_mark() -> None:
    assert repaired([float(minute) for minute in range(1, 21)]) == (
        "declared → repaired: median 11 min; 95 % interval 6 min to 15 min; range 1 min to 20 min; "
        "90 % within roughly 18 min; n = 20 of 20."
    )


def test_from_thirty_six_on_the_ninety_per_cent_mark_has_its_interval() -> None:
    assert "90 % within 33 min (95 % interval 29 min to 36 min)" in repaired([float(m) for m in range(1, 37)])


@pytest.mark.parametrize("n", [*range(1, 6), 19])
def test_no_ninety_per_cent_mark_below_twenty(n: int) -> None:
    assert "90 %" not in repaired([float(minute) for minute in range(1, n + 1)])


@given(st.lists(st.floats(1, 5_000), min_size=1, max_size=4), st.lists(st.floats(1, 5_000), max_size=4))
def test_below_five_there_is_neither_a_median_nor_a_percentage(
    values: list[float], at_least: list[float]
) -> None:
    said = repaired(values, at_least)
    assert "median" not in said and "half" not in said and "%" not in said


def test_all_open_reports_no_time_but_how_long_it_has_been() -> None:
    assert repaired([], [185, 20]) == (
        "declared → repaired: 2 opened, none repaired yet, so there is no time to report. "
        "Longest so far: 3 h 5 min."
    )


def test_open_ones_stand_beside_a_short_list_as_at_least() -> None:
    assert repaired([48, 12], [185]) == (
        "declared → repaired: too few for an average (2 incidents): 48 min, 12 min. "
        "Still open: 1, at least 3 h 5 min."
    )


def test_open_ones_are_said_to_be_in_the_median() -> None:
    assert repaired([10, 20, 30, 40, 50, 60], [185, 300]) == (
        'declared → repaired: half within 40 min (2 open ones included as "at least"); '
        "95 % interval from 10 min, upper end still open; range 10 min to 60 min; "
        "longest still open 5 h so far; n = 6 of 8."
    )


def test_a_median_that_is_not_reached_is_not_replaced_by_another_number() -> None:
    said = repaired([10, 20, 30, 40, 50, 60], [185] * 9)
    assert "the median is not reached yet, too many are still open" in said
    assert "half within" not in said


def test_low_coverage_is_said() -> None:
    said = repaired([10, 20, 30, 40, 50, 60], of=11)
    assert said.endswith("n = 6 of 11. Not known for 5 of 11; the figures speak only for the others.")


def test_nothing_known_is_said_to_be_not_known() -> None:
    assert repaired([], of=3) == "declared → repaired: not known."


def test_ten_times_are_listed_and_the_rest_counted() -> None:
    said = repaired([30, 20], [float(minute) for minute in range(101, 113)])
    assert said.endswith("1 h 43 min, and 2 shorter.")


@pytest.mark.parametrize("clock", list(Clock))
def test_every_duration_is_named_by_its_two_end_points(clock: Clock) -> None:
    start, arrow, end = clock_words(clock, t).rpartition("→")
    assert start and arrow and end


def test_reasons_not_to_count_are_told_in_the_words_of_the_trade() -> None:
    reasons = {
        "cancelled": 1,
        "drill": 2,
        "duplicate": 1,
        "maintenance": 2,
        "retroactive": 3,
        "test": 1,
        "odd": 1,
    }
    assert excluded_words(reasons, t) == (
        "1 cancelled, 2 drills, 1 duplicate, 2 maintenance windows, 3 recorded after the fact, 1 test, 1 odd"
    )


def test_a_report_reads_from_the_bounds_to_the_method() -> None:
    cohort = [
        incident(
            1, stabilized=12, repaired=48, severity="P0", acknowledged=NOON - timedelta(days=1) + minutes(2)
        ),
        incident(
            2, stabilized=5, repaired=12, severity="P2", acknowledged=NOON - timedelta(days=1) + minutes(1)
        ),
        incident(3, NOON - minutes(185), severity="P2"),
        incident(4, excluded="drill"),
    ]
    assert report_lines(report_on(cohort, MONTH, NOON), t) == [
        "Recovery times of the last 28 days (Tue 1 Sep 2026 14:00 to Tue 29 Sep 2026 14:00, Europe/Berlin)",
        "3 incidents declared, 1 still open; 3 in 28 days (95 % interval 0.6 to 8.8).",
        "Not counted: 1 drill.",
        "declared → acknowledged: too few for an average (2 incidents): 2 min, 1 min."
        " Still open: 1, at least 3 h 5 min.",
        "declared → stabilized: too few for an average (2 incidents): 12 min, 5 min."
        " Still open: 1, at least 3 h 5 min.",
        "declared → repaired: too few for an average (2 incidents): 48 min, 12 min."
        " Still open: 1, at least 3 h 5 min.",
        "P0, declared → stabilized: one incident, after 12 min. One incident says nothing about a trend.",
        "P0, declared → repaired: one incident, after 48 min. One incident says nothing about a trend.",
        "P2, declared → stabilized: one incident, after 5 min. One incident says nothing about a trend."
        " Still open: 1, at least 3 h 5 min.",
        "P2, declared → repaired: one incident, after 12 min. One incident says nothing about a trend."
        " Still open: 1, at least 3 h 5 min.",
        "Elapsed time by the clock, nights and weekends included, of incidents declared in this time.",
    ]


def test_a_report_can_be_had_without_the_split() -> None:
    cohort = [incident(1, repaired=5, severity="P0"), incident(2, repaired=6, severity="P1")]
    lines = report_lines(report_on(cohort, MONTH, NOON), t, split_by=())
    assert not any(line.startswith("P") for line in lines)


def test_a_single_severity_is_not_told_twice() -> None:
    cohort = [incident(number, repaired=5, severity="P0") for number in (1, 2)]
    assert not any(line.startswith("P0") for line in report_lines(report_on(cohort, MONTH, NOON), t))


def test_nothing_declared_is_not_proof_that_nothing_broke() -> None:
    assert report_lines(report_on([], MONTH, NOON), t)[1:] == [
        "No incidents declared. (None declared is not proof that nothing broke: none in this time is compatible "
        "with up to 3 in as long.)"
    ]


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        (
            "1d",
            "Recovery times of the last day (Mon 28 Sep 2026 14:00 to Tue 29 Sep 2026 14:00, Europe/Berlin)",
        ),
        (
            "2026-08",
            "Recovery times of 2026-08 (Sat 1 Aug 2026 00:00 to Tue 1 Sep 2026 00:00, Europe/Berlin)",
        ),
    ],
)
def test_the_title_states_the_real_bounds_and_the_zone(typed: str, title: str) -> None:
    assert report_lines(report_on([], parse_window(typed, BERLIN, NOON), NOON), t)[0] == title


def test_a_short_window_is_not_projected_to_a_month() -> None:
    [_, population, *_] = report_lines(report_on([incident(1)], parse_window("7d", BERLIN, NOON), NOON), t)
    assert population == "1 incident declared, 1 still open."


def test_twenty_eight_days_with_a_spring_night_are_not_called_short() -> None:
    spring = datetime(2026, 4, 10, 9, tzinfo=BERLIN)
    cohort = [incident(1, spring - timedelta(days=20), repaired=5)]
    [_, population, *_] = report_lines(report_on(cohort, rolling(28, spring, BERLIN), spring), t)
    assert "1 in 28 days (95 % interval 0 to 5.6)" in population


def test_the_words_never_say_mttr() -> None:
    cohort = [incident(number, stabilized=number, repaired=2 * number) for number in range(1, 45)]
    assert not any("MTTR" in line for line in report_lines(report_on(cohort, MONTH, NOON), t))


@given(st.integers(0, 45), st.integers(0, 3))
def test_every_word_of_a_report_goes_through_the_catalogue(finished: int, still_open: int) -> None:
    cohort: list[Recovery] = [
        *(incident(number, stabilized=number, repaired=2 * number) for number in range(1, finished + 1)),
        *(incident(100 + number, NOON - minutes(9 * number + 1)) for number in range(still_open)),
    ]
    lines = report_lines(report_on(cohort, Window(MONTH.start, MONTH.end, BERLIN), NOON), Shouting())
    for line in lines:
        assert line.replace("Europe/Berlin", "").upper() == line.replace("Europe/Berlin", "")
