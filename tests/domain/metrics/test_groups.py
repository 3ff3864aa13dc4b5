"""By severity, service, cause and month: who is in a group, and for how many that is known."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.language import English
from bot.domain.metrics import grouped_by, preceding, report_json, report_lines, report_on, since
from bot.domain.metrics.report import GROUPED_BY
from bot.domain.metrics.report_csv import report_csv
from bot.domain.metrics.windows import BadWindow, parse_as_of, parse_window
from tests.domain.metrics import BERLIN, NOON, incident

WINDOW = parse_window("90d", BERLIN, NOON)
COHORT = [
    incident(
        1, NOON - timedelta(days=1), repaired=60, severity="P0", services=("cart", "search"), cause="capacity"
    ),
    incident(2, NOON - timedelta(days=40), repaired=90, services=("cart",), cause="capacity"),
    incident(3, NOON - timedelta(days=41), repaired=30),
    incident(4, NOON - timedelta(days=2), repaired=30, services=("cart",), excluded="drill"),
]
REPORT = report_on(COHORT, WINDOW, NOON, [grouped_by(name, BERLIN) for name in GROUPED_BY])
t = English()


def keys(by: str) -> dict[str, int]:
    return {group.key: next(iter(group.durations.values())).of for group in REPORT.by(by)}


def test_each_incident_counts_once_in_every_group_it_belongs_to() -> None:
    assert keys("severity") == {"P0": 1, "P1": 2}
    assert keys("service") == {"cart": 2, "search": 1}
    assert keys("cause") == {"capacity": 2}
    assert keys("month") == {"2026-08": 2, "2026-09": 1}


def test_coverage_says_for_how_many_it_is_known() -> None:
    assert REPORT.coverage == {"severity": 3, "service": 2, "cause": 2, "month": 3}
    assert report_json(REPORT)["coverage"]["cause"] == {"n": 2, "of": 3}
    lines = "\n".join(report_lines(REPORT, t, GROUPED_BY))
    assert "A service is named for 2 of 3." in lines
    assert "A cause is named for 2 of 3." in lines
    assert "An incident counts once in each of its services, so these do not add up." in lines


def test_a_month_is_that_of_the_local_clock() -> None:
    midnight = incident(1, NOON.replace(month=8, day=31, hour=22, minute=30), repaired=5)
    report = report_on([midnight], WINDOW, NOON, [grouped_by("month", BERLIN)])
    assert [group.key for group in report.by("month")] == ["2026-09"]


def test_the_table_has_a_line_for_each_group_and_duration() -> None:
    rows = list(csv.DictReader(io.StringIO(report_csv(REPORT))))
    assert len(rows) == len(REPORT.groups) * 3
    cart = next(row for row in rows if row["key"] == "cart" and row["duration"] == "time_to_repair")
    assert (cart["n"], cart["of"], cart["median_s"], cart["max_s"]) == ("2", "2", "4500", "5400")
    assert cart["p90_s"] == cart["ci95_low_s"] == ""


def test_a_service_that_looks_like_a_formula_stays_a_text_in_the_table() -> None:
    report = report_on([incident(1, services=("=1+1",))], WINDOW, NOON, [grouped_by("service", BERLIN)])
    assert "'=1+1" in report_csv(report)


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("28d", ("28d", "2026-08-04")),
        ("2026-09", ("2026-08", "2026-07-31")),
        ("2026-01", ("2025-12", "2025-11-30")),
    ],
)
def test_the_window_before_is_as_long_or_the_month_before(text: str, before: tuple[str, str]) -> None:
    window = parse_window(text, BERLIN, NOON)
    earlier = preceding(window)
    assert earlier is not None
    assert earlier.end == window.start
    assert (earlier.name, f"{earlier.start:%Y-%m-%d}") == before


def test_all_begins_with_the_first_incident_and_has_nothing_before_it() -> None:
    window = parse_window("ALL", BERLIN, NOON, NOON - timedelta(days=400))
    assert (window.start, window.end) == (NOON - timedelta(days=400), NOON)
    assert preceding(window) is None
    assert since(None, NOON, BERLIN).end == NOON


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-09-28", "2026-09-28T22:00:00+00:00"),
        ("2026-09-28T12:00", "2026-09-28T10:00:00+00:00"),
        ("2026-09-28T12:00Z", "2026-09-28T12:00:00+00:00"),
    ],
)
def test_as_of_is_a_day_to_its_end_or_a_time(text: str, at: str) -> None:
    assert parse_as_of(text, BERLIN, NOON).isoformat() == at


@pytest.mark.parametrize(
    "text", ["", "today", "2026-13-01", "2027-01-01", "0001-01-01", "1970-01-01", "9" * 90]
)
def test_what_is_no_time_or_still_to_come_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(BadWindow) as bad:
        parse_as_of(text, BERLIN, NOON)
    assert len(str(bad.value)) < 200


def test_the_window_before_is_told_without_a_verdict_when_there_are_too_few() -> None:
    now = [incident(number, NOON - timedelta(days=1), repaired=10 * number) for number in range(1, 4)]
    past = [incident(9, NOON - timedelta(days=30), repaired=10), incident(8, NOON - timedelta(days=31))]
    window = parse_window("28d", BERLIN, NOON)
    earlier = preceding(window)
    assert earlier is not None
    lines = report_lines(report_on(now, window, NOON), t, (), report_on(past, earlier, NOON))
    told = "\n".join(lines)
    assert "The 28 days before: 2 incidents declared, 1 still open." in told
    assert "before, 1 incident with a known time. Not enough to call it a change." in told


def test_the_json_is_that_of_the_golden_file() -> None:
    """Names are added, never changed: whoever reads it today reads it tomorrow."""
    golden = Path(__file__).parents[2] / "golden" / "report.json"
    assert report_json(REPORT) == json.loads(golden.read_text())
