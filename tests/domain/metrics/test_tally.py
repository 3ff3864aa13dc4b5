"""What counts a million incidents in columns says of each what the rules for a single one say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.metrics import (
    BY_CAUSE,
    BY_SERVICE,
    BY_SEVERITY,
    Clock,
    Recovery,
    Tally,
    Window,
    counts,
    elapsed,
    is_open,
    not_counted,
    summarise,
)
from bot.domain.metrics.columns import NEVER, Alike, Columns
from bot.domain.metrics.ordered import MANY
from bot.domain.metrics.statistics import MEDIAN, quantile
from bot.domain.metrics.tally import MILLISECOND
from bot.domain.vocabulary import Milestone
from tests.domain.metrics import BERLIN, NOON

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WINDOW = Window(NOON - timedelta(hours=4), NOON + timedelta(hours=9), BERLIN)
OTHERS = [milestone.value for milestone in Milestone if milestone != "declared"]
MOMENTS = st.none() | st.integers(-300, 600).map(lambda minutes: NOON + timedelta(minutes=minutes))
HISTORIES = st.builds(
    Recovery,
    number=st.just(1),
    title=st.just(""),
    severity=st.sampled_from(["P0", "P1"]),
    declared=MOMENTS.filter(lambda at: at is not None),
    excluded=st.sampled_from([None, None, "drill", "retroactive"]),
    cause=st.sampled_from([None, "capacity"]),
    services=st.sampled_from([(), ("checkout",), ("checkout", "search")]),
    **dict.fromkeys(OTHERS, MOMENTS),
)


@given(HISTORIES, st.integers(0, 700))
def test_an_incident_is_counted_as_its_own_durations_say(recovery: Recovery, cut_off: int) -> None:
    as_of = NOON + timedelta(minutes=cut_off, microseconds=cut_off)
    tally = Tally(WINDOW, as_of, ())
    tally.add([recovery])
    report = tally.report()
    if recovery.declared not in WINDOW or recovery.declared > as_of:
        assert report.population.declared == 0
        return
    reason = not_counted(recovery)
    assert dict(report.population.excluded) == ({reason: 1} if reason else {})
    assert report.population.open == (reason is None and is_open(recovery, as_of))
    for clock in Clock:
        told = report.everything.durations[clock]
        duration = elapsed(recovery, clock, as_of) if counts(recovery, clock) else None
        assert told.of == counts(recovery, clock)
        assert told.values == ((duration.seconds,) if duration and not duration.still_open else ())
        assert told.at_least == ((duration.seconds,) if duration and duration.still_open else ())


@given(st.lists(HISTORIES, max_size=8), st.integers(-600, 600))
def test_columns_are_counted_as_the_incidents_they_are_of(recoveries: list[Recovery], cut_off: int) -> None:
    as_of = NOON + timedelta(minutes=cut_off, microseconds=cut_off)
    inside = [recovery for recovery in recoveries if recovery.declared in WINDOW]
    plain, joined = (Tally(WINDOW, as_of, [BY_SEVERITY, BY_SERVICE, BY_CAUSE]) for _ in range(2))
    plain.add(inside)
    joined.add_columns(columns(inside), WINDOW.start)
    assert joined.report() == plain.report()


@pytest.mark.parametrize("many", [MANY, MANY + 1, 3 * MANY])
def test_very_many_are_summarised_as_few_are(many: int) -> None:
    chance = Random(many)
    seconds = [int(chance.lognormvariate(8, 1.2)) for _ in range(many)]
    told, ordered = summarise(seconds), sorted(seconds)
    assert (told.min_s, told.max_s, told.mean_s) == (ordered[0], ordered[-1], sum(ordered) / len(ordered))
    assert told.median_s == quantile(ordered, MEDIAN)
    assert list(told.values) == ordered[::-1]


def columns(recoveries: list[Recovery]) -> Columns:
    """As the database joins them."""
    kinds = [Alike(each.severity, each.excluded, each.cause, each.services) for each in recoveries]
    places = {kind: place for place, kind in enumerate(dict.fromkeys(kinds))}

    def number(recovery: Recovery, milestone: Milestone) -> int:
        at = getattr(recovery, milestone)
        since = EPOCH if milestone is Milestone.DECLARED else recovery.declared
        return NEVER if at is None else (at - since) // MILLISECOND

    return Columns(
        kinds=list(places),
        kind=[places[kind] for kind in kinds],
        times={each: ",".join(str(number(one, each)) for one in recoveries) for each in Milestone},
    )
