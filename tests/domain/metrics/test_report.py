"""The figures of a window: who counts, how they are grouped, and the JSON that others read."""

from __future__ import annotations

import json
import statistics
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.metrics import (
    BY_SERVICE,
    BY_SEVERITY,
    Clock,
    Population,
    Recovery,
    Showing,
    Summary,
    report_json,
    report_on,
    rolling,
    summarise,
)
from bot.domain.metrics.statistics import Interval
from tests.domain.metrics import BERLIN, NOON, incident, minutes

MONTH = rolling(28, NOON, BERLIN)
SECONDS = st.integers(1, 40 * 86400)


@st.composite
def histories(draw: st.DrawFn) -> list[Recovery]:
    """Incidents around a window: open, stabilized, repaired, closed without a time, drills, told afterwards."""
    count = draw(st.integers(0, 25))
    minute = st.none() | st.integers(-30, 3_000)
    drawn = []
    for number in range(count):
        declared = NOON - timedelta(minutes=draw(st.integers(1, 30 * 1440)))
        closed = draw(minute)
        drawn.append(
            incident(
                number,
                declared,
                stabilized=draw(minute),
                repaired=draw(minute),
                closed=None if closed is None else declared + minutes(closed),
                severity=draw(st.sampled_from(["P0", "P1", "P2"])),
                excluded=draw(st.sampled_from([None, None, None, "drill", "retroactive"])),
            )
        )
    return drawn


@pytest.mark.parametrize(
    ("n", "showing"),
    [
        (0, Showing.NOTHING),
        *((1, Showing.LIST), (4, Showing.LIST)),
        (5, Showing.MEDIAN),
        *((6, Showing.INTERVAL), (19, Showing.INTERVAL)),
        *((20, Showing.P90), (35, Showing.P90)),
        *((36, Showing.P90_INTERVAL), (10_000, Showing.P90_INTERVAL)),
    ],
)
def test_what_may_be_shown_depends_on_n(n: int, showing: Showing) -> None:
    assert Showing.at(n) is showing
    assert showing.lists == (1 <= n <= 5)


@given(st.lists(SECONDS, min_size=1, max_size=60))
def test_a_summary_without_open_ones_has_the_figures_of_numpy_and_the_standard_library(
    values: list[int],
) -> None:
    summary = summarise(values)
    assert (summary.n, summary.of, summary.censored) == (len(values), len(values), 0)
    assert summary.median_s == statistics.median(values)
    assert summary.mean_s == pytest.approx(statistics.fmean(values))
    assert (summary.min_s, summary.max_s) == (min(values), max(values))
    assert (summary.interval_s is None) == (len(values) < 6)
    assert (summary.p90_s is None) == (len(values) < 20)
    assert (summary.p90_interval_s is None) == (len(values) < 36)
    if summary.p90_s is not None:
        assert summary.p90_s == pytest.approx(np.quantile(values, 0.9))


@given(st.permutations([60, 120, 120, 300, 900, 4000, 86400]), st.permutations([30, 500, 7200]))
def test_the_order_of_incidents_changes_no_figure(values: list[int], at_least: list[int]) -> None:
    assert summarise(values, at_least) == summarise(sorted(values), sorted(at_least))


def test_open_incidents_move_the_median_instead_of_leaving_it() -> None:
    finished = [minutes(count).seconds for count in (10, 20, 30, 40, 50, 60)]
    open_for_hours = [minutes(count).seconds for count in (300, 400, 500)]
    assert summarise(finished).median_s == 35 * 60
    with_open = summarise(finished, open_for_hours)
    assert with_open.median_s == 50 * 60
    assert with_open.interval_s == Interval(20 * 60, None)
    assert (with_open.n, with_open.of, with_open.censored, with_open.unknown) == (6, 9, 3, 0)
    assert with_open.mean_s == 35 * 60  # of the finished alone, as documented


def test_a_median_that_is_not_reached_is_none() -> None:
    assert summarise([600, 1200], [3000] * 7).median_s is None


def test_open_incidents_do_not_make_up_for_known_ones() -> None:
    """What may be shown goes by the known durations, however many are still open."""
    assert summarise([600] * 5, [900] * 30).interval_s is None
    assert summarise([600] * 6, [900] * 30).interval_s == Interval(900, None)
    few = summarise([600] * 35, [60] * 65)
    assert few.p90_s == 600 and few.p90_interval_s is None
    assert summarise([600] * 36, [60] * 2).p90_interval_s is not None


def test_nothing_finished_keeps_how_long_each_has_been_open() -> None:
    assert summarise([], [100, 900], of=3) == Summary(n=0, of=3, censored=2, at_least=(900, 100))


def test_single_values_come_longest_first() -> None:
    assert summarise([720, 18600, 2880]).values == (18600, 2880, 720)


def test_the_cohort_is_what_was_declared_in_the_window() -> None:
    cohort = [
        incident(1, MONTH.start, repaired=10),
        incident(2, MONTH.start - timedelta(milliseconds=1), repaired=20),
        incident(3, NOON - timedelta(milliseconds=1)),
        incident(4, NOON),
    ]
    report = report_on(cohort, MONTH, NOON)
    assert report.population == Population(declared=2, open=1, excluded={})
    assert report.everything.durations[Clock.TIME_TO_REPAIR].values == (600,)


def test_a_past_cut_off_sees_what_was_open_then() -> None:
    early = NOON - timedelta(days=1)
    cohort = [incident(1, early - minutes(30), repaired=300), incident(2, early + minutes(5), repaired=10)]
    report = report_on(cohort, MONTH, early)
    assert report.population == Population(declared=1, open=1, excluded={})
    assert report.everything.durations[Clock.TIME_TO_REPAIR].at_least == (30 * 60,)


def test_excluded_ones_are_counted_by_reason_and_enter_no_duration() -> None:
    cohort = [
        incident(1, repaired=30),
        incident(2, repaired=40, excluded="drill"),
        incident(3, repaired=50, excluded="drill"),
        incident(4, repaired=60, excluded="duplicate"),
        incident(5, repaired=0),
    ]
    report = report_on(cohort, MONTH, NOON)
    assert report.population.excluded == {"drill": 2, "duplicate": 1, "retroactive": 1}
    assert (report.population.declared, report.population.counted) == (5, 1)
    assert report.everything.durations[Clock.TIME_TO_REPAIR].of == 1


def test_told_afterwards_has_an_impact_time_and_no_response_time() -> None:
    told = incident(
        1, repaired=0, impact_started=NOON - timedelta(days=3), impact_ended=NOON - timedelta(days=2)
    )
    durations = report_on([told], MONTH, NOON).everything.durations
    assert (durations[Clock.IMPACT].values, durations[Clock.TIME_TO_REPAIR].of) == ((86400,), 0)


def test_a_missing_end_lowers_the_coverage() -> None:
    lost = incident(2, stabilized=5, closed=NOON)
    summary = report_on([incident(1, repaired=30), lost], MONTH, NOON).everything.durations[
        Clock.TIME_TO_REPAIR
    ]
    assert (summary.n, summary.of, summary.censored, summary.unknown) == (1, 2, 0, 1)


def test_groups_are_those_that_occur_in_order_after_the_whole() -> None:
    cohort = [incident(number, severity=severity) for number, severity in enumerate(["P2", "P0", "P2"])]
    assert [(group.by, group.key) for group in report_on(cohort, MONTH, NOON).groups] == [
        (None, "all"),
        ("severity", "P0"),
        ("severity", "P2"),
    ]


def test_an_incident_of_several_services_counts_once_in_each() -> None:
    services = {1: ("api", "search", "api"), 2: ("api",), 3: ()}
    report = report_on(
        [incident(number, repaired=5, services=named) for number, named in services.items()],
        MONTH,
        NOON,
        (BY_SEVERITY, BY_SERVICE),
    )
    repaired = {group.key: group.durations[Clock.TIME_TO_REPAIR].n for group in report.by("service")}
    assert repaired == {"api": 2, "search": 1}
    assert report.everything.durations[Clock.TIME_TO_REPAIR].n == 3


@given(histories())
def test_every_incident_is_known_open_unknown_or_excluded(history: list[Recovery]) -> None:
    report = report_on(history, MONTH, NOON)
    inside = [recovery for recovery in history if MONTH.start <= recovery.declared < NOON]
    assert report.population.declared == len(inside)
    for clock in (Clock.TIME_TO_STABILIZE, Clock.TIME_TO_REPAIR):
        summary = report.everything.durations[clock]
        assert summary.of == report.population.counted
        assert summary.n + summary.censored + summary.unknown == summary.of
        assert summary.unknown >= 0
    assert report.everything.durations[Clock.TIME_TO_REPAIR].censored == report.population.open


@given(histories())
def test_severities_add_up_to_the_whole(history: list[Recovery]) -> None:
    report = report_on(history, MONTH, NOON)
    whole = report.everything.durations[Clock.TIME_TO_REPAIR]
    parts = [group.durations[Clock.TIME_TO_REPAIR] for group in report.by("severity")]
    assert sum(part.of for part in parts) == whole.of
    assert sorted(value for part in parts for value in part.values) == sorted(whole.values)


@given(histories())
def test_the_figures_agree_with_a_plain_recount(history: list[Recovery]) -> None:
    """Written from metrics.md alone: no function of the metrics is used on this side."""
    times, waiting = [], 0
    for recovery in history:
        over = recovery.repaired or recovery.closed
        told_afterwards = over is not None and over <= recovery.declared
        if recovery.excluded or told_afterwards or not NOON - timedelta(days=28) <= recovery.declared < NOON:
            continue
        if recovery.repaired is not None and recovery.repaired <= NOON:
            times.append(int((recovery.repaired - recovery.declared).total_seconds()))
        elif recovery.closed is None or recovery.closed > NOON:
            waiting += 1
    summary = report_on(history, MONTH, NOON).everything.durations[Clock.TIME_TO_REPAIR]
    assert (sorted(summary.values), summary.censored) == (sorted(times), waiting)


def test_the_json_has_exactly_the_documented_shape() -> None:
    cohort = [
        *(incident(number, stabilized=number, repaired=10 * number, severity="P0") for number in range(1, 7)),
        incident(7, NOON - minutes(90), severity="P2"),
        incident(8, excluded="drill"),
    ]
    written = json.loads(json.dumps(report_json(report_on(cohort, MONTH, NOON))))
    assert list(written) == ["as_of", "window", "population", "groups", "coverage", "repeats", "measures"]
    assert written["as_of"] == "2026-09-29T12:00:00.000Z"
    assert written["window"] == {
        "name": "28d",
        "from": "2026-09-01T12:00:00.000Z",
        "to": "2026-09-29T12:00:00.000Z",
        "zone": "Europe/Berlin",
    }
    assert written["population"] == {"declared": 8, "open": 1, "excluded": {"drill": 1}}
    assert [(group["by"], group["key"]) for group in written["groups"]] == [
        (None, "all"),
        ("severity", "P0"),
        ("severity", "P2"),
    ]
    assert set(written["groups"][0]) == {"by", "key", "time_to_stabilize", "time_to_repair", "impact"}
    assert written["groups"][1]["time_to_stabilize"] == {
        "n": 6,
        "of": 6,
        "median_s": 210,
        "ci95_s": [60, 360],
        "p90_s": None,
        "mean_s": 210,
        "min_s": 60,
        "max_s": 360,
        "censored": 0,
    }
    assert written["groups"][0]["time_to_repair"] == {
        "n": 6,
        "of": 7,
        "median_s": 2400,
        "ci95_s": [600, None],
        "p90_s": None,
        "mean_s": 2100,
        "min_s": 600,
        "max_s": 3600,
        "censored": 1,
    }


def test_the_json_of_nothing_still_has_the_whole() -> None:
    written = report_json(report_on([], MONTH, NOON))
    assert written["population"] == {"declared": 0, "open": 0, "excluded": {}}
    empty = {"n": 0, "of": 0, "median_s": None, "ci95_s": None, "p90_s": None}
    empty |= {"mean_s": None, "min_s": None, "max_s": None, "censored": 0}
    clocks = ("time_to_stabilize", "time_to_repair", "impact")
    assert written["groups"] == [{"by": None, "key": "all", **dict.fromkeys(clocks, empty)}]


def test_seconds_in_json_are_whole_where_they_can_be_and_never_longer_than_milliseconds() -> None:
    cohort = [incident(1, repaired=1), incident(2, repaired=1.5), incident(3, repaired=3)]
    [everything, *_] = json.loads(json.dumps(report_json(report_on(cohort, MONTH, NOON))))["groups"]
    assert (everything["time_to_repair"]["median_s"], everything["time_to_repair"]["mean_s"]) == (90, 110)
    cohort.append(incident(4, repaired=7))
    [everything, *_] = json.loads(json.dumps(report_json(report_on(cohort[1:], MONTH, NOON))))["groups"]
    assert everything["time_to_repair"]["mean_s"] == 230
    [everything, *_] = json.loads(json.dumps(report_json(report_on(cohort, MONTH, NOON))))["groups"]
    assert (everything["time_to_repair"]["median_s"], everything["time_to_repair"]["mean_s"]) == (135, 187.5)
