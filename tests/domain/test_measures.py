"""A figure before and after: how it is typed, what is refused, and what two of them may say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import contingency  # type: ignore[import-untyped]

from bot.domain.commands import MeasureFigure
from bot.domain.events import FigureMeasured
from bot.domain.language import English
from bot.domain.measure_words import Pair, difference, measure_lines, pairs, ratio, side_words
from bot.domain.measures import FIGURES_MAX, Measure, Side, number_words, read_measure, refuse_impossible
from bot.domain.rules import decide
from bot.domain.vocabulary import Refused
from tests.domain.samples import BO, MEASURE, TO_THE_END, after, later

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
T = English()


def read(text: str) -> Measure:
    measure = read_measure(text, BERLIN, NOW)
    refuse_impossible(measure, NOW)
    return measure


def lines(before: str, then: str) -> list[str]:
    (pair,) = pairs([read(before), read(then)])
    return measure_lines(pair, T)


def test_everything_about_a_figure_can_stand_in_one_line() -> None:
    typed = "Payment  errors BEFORE 412 of 2300 from 14:05 to 14:52 usual 0.2-0.4 source grafana, by path"
    assert read(typed) == Measure(
        name="Payment errors",
        side=Side.BEFORE,
        value=412,
        of=2300,
        began=datetime(2026, 11, 21, 13, 5, tzinfo=UTC),
        ended=datetime(2026, 11, 21, 13, 52, tzinfo=UTC),
        usual_low=0.2,
        usual_high=0.4,
        source="grafana, by path",
    )


@pytest.mark.parametrize(
    ("typed", "value", "unit", "of"),
    [
        ("p95 after 820 ms", 820, "ms", None),
        ("p95 after 820ms of 41200", 820, "ms", 41200),
        ("conversion after 3,2 %", 3.2, "%", None),
        ("5xx share after 0.4% of 4210", 0.4, "%", 4210),
        ("orders after 12 1/min source the shop", 12, "", None),
        ("queue depth before 12000", 12000, "", None),
        ("margin before -3.5 EUR", -3.5, "EUR", None),
    ],
)
def test_values_are_read_with_their_units(typed: str, value: float, unit: str, of: int | None) -> None:
    if "1/min" in typed:
        with pytest.raises(Refused, match="was not understood"):
            read(typed)
        return
    measure = read(typed)
    assert (measure.value, measure.unit, measure.of) == (value, unit, of)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Which figure, before or after"),
        ("p95", "Which figure, before or after"),
        ("before 820 ms", "Which figure, before or after"),
        ("p95 before", "What did p95 say before?"),
        ("p95 before twelve", "`twelve` is no number"),
        ("p95 before 1.2.3 ms", "`1.2.3` is no number"),
        ("queue before 1,200", "`1,200` can be read in two ways"),
        ("queue before 9999999999999", "too large"),
        ("p95 before 820 of 41200", "p95 is a time, so it needs its unit"),
        ("5xx share before 4", "5xx share is a share, so it needs its sign"),
        ("5xx share before 101 %", "101 % is no share"),
        ("5xx share before -4 %", "-4 % is no share"),
        ("errors before 3 of 2", "3 of 2 is more than there are"),
        ("errors before 1.5 of 3", "1.5 of 3 is no count"),
        ("errors before 3 of 0", "`0` is no whole number above 0"),
        ("errors before 3 of many", "`many` is no whole number above 0"),
        ("errors before 3 of 5 from 14:00", "A window has two ends"),
        ("errors before 3 of 5 from 25:61 to 14:00", "`25:61` is no time"),
        ("errors before 3 of 5 from 14:00 to 13:00", "is not after it begins"),
        ("errors before 3 of 5 from 14:00 to 2026-11-22 14:00", "is in the future"),
        ("errors before 3 of 5 usual little", "What is usual is a range"),
        ("errors before 3 of 5 usual 4-2", "from the lower to the higher"),
        ("errors before 3 of 5 source", "was not understood"),
        ("errors before 3 ms grafana", "`grafana` was not understood"),
        (f"{'x' * 61} before 3 ms", "at most 60 fit"),
        (f"x before 3 ms source {'y' * 301}", "at most 300 fit"),
        (f"x before 3 {'u' * 13}", "too long for a unit"),
    ],
)
def test_what_cannot_be_so_is_refused_in_one_sentence(typed: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        read(typed)
    assert said in str(refused.value)
    assert len(str(refused.value)) < 300


@given(st.text(max_size=80))
@settings(max_examples=60)
def test_whatever_is_typed_is_a_figure_or_a_refusal(typed: str) -> None:
    try:
        assert read(f"x before {typed}").name
    except Refused as refused:
        assert str(refused)


def test_the_second_value_of_a_side_takes_the_place_of_the_first_and_both_are_kept() -> None:
    second = MEASURE.model_copy(update={"value": 400.0, "name": "PAYMENT  error share"})
    here = after(MeasureFigure(by=BO, measure=MEASURE))
    (event,) = decide(here, MeasureFigure(by=BO, measure=second), later(5))
    assert isinstance(event, FigureMeasured)
    assert (event.previous, event.measure) == (MEASURE, second)
    there = after(MeasureFigure(by=BO, measure=MEASURE), MeasureFigure(by=BO, measure=second))
    assert there.measures == (second,)
    assert decide(there, MeasureFigure(by=BO, measure=second), later(6)) == []


def test_a_closed_incident_is_still_measured() -> None:
    closed = after(*TO_THE_END)
    assert closed.is_closed
    assert decide(closed, MeasureFigure(by=BO, measure=MEASURE), later(90))


def test_an_incident_has_a_bounded_number_of_figures() -> None:
    many = [MEASURE.model_copy(update={"name": f"figure {number}"}) for number in range(FIGURES_MAX)]
    here = after(*(MeasureFigure(by=BO, measure=each) for each in many))
    with pytest.raises(Refused, match="20 figures already"):
        decide(here, MeasureFigure(by=BO, measure=MEASURE), later(90))
    again = many[3].model_copy(update={"side": Side.AFTER})
    assert decide(here, MeasureFigure(by=BO, measure=again), later(90))


def test_the_difference_of_two_shares_is_newcombes() -> None:
    """The first example of his paper, method 10: 56 of 70 against 48 of 80."""
    moved = difference((48, 80), (56, 70))
    assert [round(each, 4) for each in moved] == [0.2, 0.0524, 0.3339]


@given(st.integers(1, 400), st.integers(1, 400), st.integers(20, 2000), st.integers(20, 2000))
@settings(max_examples=40)
def test_the_ratio_is_katzs(x: int, y: int, n: int, m: int) -> None:
    n, m = max(n, x), max(m, y)
    ours = ratio((x, n), (y, m))
    assert ours is not None
    theirs = contingency.relative_risk(y, m, x, n)
    bounds = theirs.confidence_interval(0.95)
    assert ours.value == pytest.approx(theirs.relative_risk)
    assert (ours.low, ours.high) == pytest.approx((bounds.low, bounds.high))


def test_there_is_no_ratio_of_few_or_of_none() -> None:
    assert ratio((5, 19), (5, 200)) is None
    assert ratio((5, 200), (0, 200)) is None


def test_a_clear_difference_is_told_with_its_interval_and_no_percent_better() -> None:
    told = lines(
        "payment errors before 412 of 2300 from 13:05 to 13:52 source grafana",
        "payment errors after 3 of 2410 from 14:00 to 14:50 source grafana",
    )
    assert told == [
        "payment errors, before: 17.9 % (412 of 2300; 95 % interval 16.4 to 19.5 %; 2026-11-21 12:05–12:52 UTC; "
        "source: grafana)",
        "payment errors, after: 0.12 % (3 of 2410; 95 % interval 0.04 to 0.37 %; 2026-11-21 13:00–13:50 UTC; "
        "source: grafana)",
        "After is 17.8 points below before (95 % interval 16.3 to 19.4). The ratio is 0.0069 (0.0022 to 0.022).",
    ]


def test_what_scatter_explains_is_no_visible_difference() -> None:
    *_, said, length = lines("errors before 5 of 90", "errors after 4 of 95")
    assert said == "No visible difference: compatible with 8.61 points below to 5.54 points above."
    assert length.startswith("How long the two windows are is not known")


def test_none_seen_is_never_nothing() -> None:
    assert "0 of 5000; compatible with up to 0.06 %" in side_words(read("errors after 0 of 5000"), T)


def test_a_side_that_nobody_measured_is_not_measured() -> None:
    assert measure_lines(Pair(after=read("p95 after 310 ms")), T)[0] == "p95, before: not measured"


def test_two_p95_stand_side_by_side_and_are_not_divided() -> None:
    told = lines(
        "p95 before 820 ms of 41200 from 13:05 to 13:52", "p95 after 310 ms of 39000 from 14:00 to 14:30"
    )
    assert told[2:] == ["An early reading: the window after is shorter than the one before."]


def test_different_units_are_not_compared() -> None:
    assert lines("latency before 820 ms", "latency after 0.3 s")[2:] == [
        "The two are in different units, so they are not compared."
    ]


@given(st.integers(0, 500), st.integers(1, 500), st.integers(0, 500), st.integers(1, 500))
@settings(max_examples=40)
def test_a_difference_lies_in_its_interval_and_turns_with_its_sides(x: int, n: int, y: int, m: int) -> None:
    x, y = min(x, n), min(y, m)
    there, back = difference((x, n), (y, m)), difference((y, m), (x, n))
    assert there.low <= there.value <= there.high
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low))


def test_windows_are_read_in_the_zone_of_the_people() -> None:
    measure = read("p95 before 3 ms from 2026-10-25 01:30 to 2026-10-25 03:30")
    assert measure.ended is not None
    assert measure.began is not None
    assert measure.ended - measure.began == timedelta(hours=3)  # the clocks went back in between


@pytest.mark.parametrize(("value", "said"), [(820.0, "820"), (3.25, "3.25"), (0.000001, "0.000001")])
def test_numbers_are_said_as_they_were_typed(value: float, said: str) -> None:
    assert number_words(value) == said
