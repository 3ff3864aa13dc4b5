"""Which milestones make a duration, and which incidents count in it: metrics.md 3.2 and 3.3."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.domain.metrics import Clock, Elapsed, Recovery, counts, elapsed, is_open, not_counted
from tests.domain.metrics import BERLIN, NOON, incident, minutes

RESPONSE = (Clock.TIME_TO_ACKNOWLEDGE, Clock.TIME_TO_STABILIZE, Clock.TIME_TO_REPAIR)


def test_each_duration_runs_between_the_milestones_it_is_named_by() -> None:
    began = NOON - timedelta(hours=10)
    whole = Recovery(
        number=1,
        title="checkout returns 500",
        severity="P0",
        impact_started=began,
        detected=began + minutes(4),
        declared=began + minutes(10),
        acknowledged=began + minutes(12),
        stabilized=began + minutes(44),
        impact_ended=began + minutes(50),
        repaired=began + minutes(310),
        closed=began + minutes(500),
    )
    assert {clock: elapsed(whole, clock, NOON) for clock in Clock} == {
        Clock.TIME_TO_DETECT: Elapsed(4 * 60),
        Clock.TIME_TO_ACKNOWLEDGE: Elapsed(2 * 60),
        Clock.TIME_TO_STABILIZE: Elapsed(34 * 60),
        Clock.TIME_TO_REPAIR: Elapsed(300 * 60),
        Clock.IMPACT: Elapsed(50 * 60),
    }


def test_durations_are_whole_seconds_rounded_down() -> None:
    almost = incident(1, NOON, repaired=2)
    assert almost.repaired is not None
    cut = Recovery(
        number=1,
        title="x",
        severity="P1",
        declared=NOON,
        repaired=almost.repaired - timedelta(milliseconds=1),
    )
    assert elapsed(cut, Clock.TIME_TO_REPAIR, NOON + minutes(9)) == Elapsed(119)


def test_the_autumn_hour_that_comes_twice_is_counted() -> None:
    declared = datetime(2026, 10, 25, 1, 30, tzinfo=BERLIN)
    repaired = datetime(2026, 10, 25, 3, 30, tzinfo=BERLIN)  # two hours by the wall, three by the clock
    night = Recovery(number=1, title="x", severity="P1", declared=declared, repaired=repaired)
    assert elapsed(night, Clock.TIME_TO_REPAIR, NOON + timedelta(days=60)) == Elapsed(3 * 3600)


def test_the_two_half_past_twos_of_autumn_are_in_order() -> None:
    declared = datetime(2026, 10, 25, 2, 45, tzinfo=BERLIN)
    repaired = datetime(
        2026, 10, 25, 2, 15, fold=1, tzinfo=BERLIN
    )  # half an hour later, though it reads less
    night = Recovery(number=1, title="x", severity="P1", declared=declared, repaired=repaired)
    assert not_counted(night) is None
    assert elapsed(night, Clock.TIME_TO_REPAIR, NOON + timedelta(days=60)) == Elapsed(1800)


def test_a_time_without_a_zone_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"repaired=.*incident 7 has no zone"):
        Recovery(number=7, title="x", severity="P1", declared=NOON, repaired=datetime(2026, 9, 29, 13))


def test_what_is_still_open_lasts_at_least_until_the_cut_off() -> None:
    still_open = incident(1, NOON - minutes(185))
    assert {elapsed(still_open, clock, NOON) for clock in RESPONSE} == {Elapsed(185 * 60, still_open=True)}


def test_stabilized_but_not_repaired_is_open_for_the_repair_alone() -> None:
    half_way = incident(1, NOON - minutes(60), stabilized=20)
    assert elapsed(half_way, Clock.TIME_TO_STABILIZE, NOON) == Elapsed(20 * 60)
    assert elapsed(half_way, Clock.TIME_TO_REPAIR, NOON) == Elapsed(60 * 60, still_open=True)


def test_repaired_without_a_stabilized_time_counts_as_stabilized_by_the_repair() -> None:
    assert elapsed(incident(1, repaired=50), Clock.TIME_TO_STABILIZE, NOON) == Elapsed(50 * 60)


def test_closed_without_a_repaired_time_is_unknown_not_open_and_not_filled_in() -> None:
    lost = incident(1, NOON - minutes(90), stabilized=20, closed=NOON - minutes(10))
    assert elapsed(lost, Clock.TIME_TO_REPAIR, NOON) is None
    assert not is_open(lost, NOON)


def test_what_came_after_the_cut_off_has_not_happened_yet() -> None:
    later = incident(1, NOON - minutes(60), stabilized=90, repaired=100)
    assert elapsed(later, Clock.TIME_TO_REPAIR, NOON) == Elapsed(60 * 60, still_open=True)
    assert is_open(later, NOON)
    assert elapsed(later, Clock.TIME_TO_REPAIR, NOON + minutes(40)) == Elapsed(100 * 60)


def test_customer_impact_is_never_guessed_while_it_lasts() -> None:
    assert elapsed(incident(1, impact_started=NOON - minutes(90)), Clock.IMPACT, NOON) is None


def test_an_end_before_its_start_is_not_used() -> None:
    upside_down = incident(1, stabilized=-5, repaired=30)
    assert elapsed(upside_down, Clock.TIME_TO_STABILIZE, NOON) is None
    assert elapsed(upside_down, Clock.TIME_TO_REPAIR, NOON) == Elapsed(30 * 60)


def test_whoever_declares_and_leads_at_once_has_acknowledged_in_no_time() -> None:
    at_once = incident(1, acknowledged=NOON - timedelta(days=1), repaired=30)
    assert elapsed(at_once, Clock.TIME_TO_ACKNOWLEDGE, NOON) == Elapsed(0)


@pytest.mark.parametrize("after", [0, -30])
def test_declared_when_it_was_over_is_out_of_the_response_times_and_never_zero_minutes(after: float) -> None:
    told_later = incident(1, repaired=after, impact_started=NOON - timedelta(days=2), impact_ended=NOON)
    assert not_counted(told_later) == "retroactive"
    assert [clock for clock in Clock if counts(told_later, clock)] == [Clock.IMPACT]
    assert elapsed(told_later, Clock.TIME_TO_REPAIR, NOON) is None


def test_closed_in_the_moment_of_declaring_was_told_afterwards() -> None:
    assert not_counted(incident(1, closed=NOON - timedelta(days=1))) == "retroactive"


@pytest.mark.parametrize("reason", ["drill", "test", "maintenance", "cancelled", "duplicate"])
def test_what_is_no_incident_of_its_own_counts_nowhere(reason: str) -> None:
    out = incident(1, repaired=30, excluded=reason)
    assert not_counted(out) == reason
    assert not any(counts(out, clock) for clock in Clock)


@given(
    ends=st.lists(st.none() | st.floats(-100, 5_000), min_size=4, max_size=4),
    cut_off=st.integers(0, 6_000),
)
def test_a_duration_never_decreases_as_time_passes(ends: list[float | None], cut_off: int) -> None:
    declared = NOON - timedelta(days=5)
    acknowledged, stabilized, repaired, closed = ends
    # The rules and the import refuse the other order: repaired stands in where nobody said when it was stable.
    assume(stabilized is None or repaired is None or stabilized <= repaired)
    history = incident(
        1,
        declared,
        stabilized=stabilized,
        repaired=repaired,
        acknowledged=None if acknowledged is None else declared + minutes(acknowledged),
        closed=None if closed is None else declared + minutes(closed),
    )
    for clock in RESPONSE:
        now = elapsed(history, clock, declared + minutes(cut_off))
        later = elapsed(history, clock, declared + minutes(cut_off + 60))
        if now is not None:
            assert now.seconds >= 0
        if now is not None and later is not None:
            assert later.seconds >= now.seconds
        if now is not None and not now.still_open:
            assert later == now
