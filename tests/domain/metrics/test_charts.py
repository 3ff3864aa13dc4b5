"""What the charts show: what may be drawn at which n, and words for those who cannot see it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.language import English
from bot.domain.metrics import Recovery
from bot.domain.metrics.charts import charts, per_week, still_open, strip, table, unfinished, weeks, within
from bot.domain.metrics.windows import parse_window
from tests.domain.metrics import BERLIN, NOON, incident

WINDOW = parse_window("28d", BERLIN, NOON)
t = English()


def finished(count: int, days_ago: float = 1, **known: object) -> list[Recovery]:
    """So many, repaired after 10, 20, 30 … minutes."""
    declared = NOON - timedelta(days=days_ago)
    return [
        incident(number, declared, stabilized=5 * number, repaired=10 * number, **known)
        for number in range(1, count + 1)
    ]


def test_every_incident_is_a_dot_and_a_median_stands_only_from_five_on() -> None:
    shown = strip([*finished(5), *finished(3, severity="P0")], NOON, t)
    everything, p0, p1 = shown.rows
    assert [len(row.dots) for row in shown.rows] == [8, 3, 5]
    assert (p0.value, p1.value, p1.low) == (None, 1800, None)
    assert everything.low is not None
    assert "P0: n = 3 of 3; P1: n = 5 of 5, median 30 min" in shown.alt


def test_what_is_open_is_drawn_as_far_as_it_has_come_and_called_so() -> None:
    shown = strip([*finished(2), incident(9, NOON - timedelta(hours=30))], NOON, t)
    (row,) = shown.rows
    assert [dot.seconds for dot in row.dots if dot.open] == [30 * 3600]
    assert ("open", "still open: at least so long") in shown.legend
    assert "1 d 6 h so far" in str(table(shown, t)) or "30 h so far" in str(table(shown, t))


def test_drills_and_duplicates_are_no_dots() -> None:
    assert strip(finished(4, excluded="drill"), NOON, t).is_empty


def test_the_axis_has_the_marks_around_what_is_shown() -> None:
    assert [words for _, words in strip(finished(6), NOON, t).ticks] == ["5 min", "15 min", "1 h"]


def test_a_week_has_a_median_only_with_six_incidents() -> None:
    shown = weeks([*finished(6, 1), *finished(5, 8)], WINDOW, NOON, t)
    assert [row.low is not None for row in shown.rows] == [False, True]
    assert shown.rows[-1].label == "22 Sep"


def test_a_long_time_is_cut_into_steps_of_28_days() -> None:
    window = parse_window("all", BERLIN, NOON, NOON - timedelta(days=500))
    shown = weeks([*finished(6, 1), *finished(2, 499)], window, NOON, t)
    assert shown.title.startswith("In steps of 28 days")
    assert len(shown.rows) == 18
    assert shown.rows[-1].label == "1 Sep 2026"
    assert len(shown.rows[0].dots) == 2


def test_the_oldest_stand_first_and_those_without_a_word_for_long_are_stale() -> None:
    known = [
        incident(1, NOON - timedelta(hours=30), severity="P0"),
        incident(2, NOON - timedelta(days=6), severity="P2"),
        incident(3, NOON - timedelta(days=9), severity="P0"),
        *finished(3),
    ]
    shown = still_open(known, NOON, t, {3: NOON - timedelta(hours=1)})
    assert [(row.label, row.stale) for row in shown.rows] == [
        ("INC-3", False),
        ("INC-2", False),
        ("INC-1", True),
    ]
    assert shown.alt.startswith(
        "3 open incidents, 1 of them without a word for long; the oldest: INC-3 (P0, 9 d)"
    )


def test_the_curve_ends_where_the_knowledge_does() -> None:
    shown = unfinished([*finished(5), incident(9, NOON - timedelta(hours=10))], finished(2), NOON, t)
    (row,) = shown.rows
    assert row.steps[-1][0] == 10 * 3600
    assert row.steps[-1][1] == pytest.approx(1 / 6)
    assert table(shown, t)[1] == [("this window, n = 6", "20 min", "30 min", "50 min", "not reached")]


def test_counts_have_exact_intervals_and_one_week_is_no_chart() -> None:
    rows = per_week([*finished(3, 1), *finished(1, 8)], WINDOW, t).rows
    assert [(row.note, round(row.low or 0, 2), round(row.high or 0, 2)) for row in rows] == [
        ("1", 0.03, 5.57),
        ("3", 0.62, 8.77),
    ]
    assert per_week(finished(3), WINDOW, t).is_empty


def test_the_share_within_half_an_hour_leaves_out_what_nobody_knows_yet() -> None:
    known = [
        *finished(8),
        incident(20, NOON - timedelta(minutes=10)),
        incident(21, NOON - timedelta(hours=2)),
    ]
    (row,) = within(known, NOON, t).rows
    assert row.note == "6 of 9"
    assert row.value == pytest.approx(6 / 9)


def test_nothing_declared_is_nothing_to_draw() -> None:
    assert charts([], WINDOW, NOON, t) == []


@pytest.mark.parametrize("count", [1, 5, 40])
def test_every_chart_has_words_and_a_table_of_its_rows(count: int) -> None:
    known = [*finished(count), *finished(count, 9), incident(99)]
    for chart in charts(known, WINDOW, NOON, t, before=finished(count, 40)):
        assert chart.alt
        heads, rows = table(chart, t)
        assert len(rows) == len(chart.rows)
        assert {len(row) for row in rows} == {len(heads)}
