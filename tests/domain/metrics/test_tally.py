"""The one loop that counts a million incidents says of each what the rules for a single one say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.metrics import (
    Clock,
    Recovery,
    Tally,
    Window,
    by_month,
    counts,
    elapsed,
    is_open,
    not_counted,
)
from bot.domain.metrics.tally import MILLISECOND, Narrow
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
    severity=st.just("P0"),
    declared=MOMENTS.filter(lambda at: at is not None),
    excluded=st.sampled_from([None, None, "drill", "retroactive"]),
    cause=st.sampled_from([None, "capacity"]),
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


@given(st.lists(HISTORIES, max_size=8))
def test_stored_rows_are_counted_as_the_incidents_they_are_of(recoveries: list[Recovery]) -> None:
    plain, stored = (Tally(WINDOW, NOON + timedelta(hours=2)) for _ in range(2))
    plain.add(recoveries)
    stored.add_stored(map(row, recoveries))
    assert stored.report() == plain.report()


@given(
    st.lists(st.datetimes(datetime(1972, 1, 1), datetime(2026, 1, 1)), min_size=1, max_size=20),
    st.sampled_from(["Pacific/Kiritimati", "Pacific/Pago_Pago", "Africa/Monrovia", "Europe/Berlin"]),
)
def test_a_month_is_that_of_the_zone_on_every_day(days: list[datetime], name: str) -> None:
    zone = ZoneInfo(name)
    declared = [day.replace(tzinfo=UTC) for day in days]
    tally = Tally(Window(min(declared), max(declared) + MILLISECOND, zone), NOON, [by_month(zone)])
    tally.add(Recovery(number=1, title="", severity="P0", declared=at) for at in declared)
    months = {group.key: group.durations[Clock.TIME_TO_REPAIR].of for group in tally.report().by("month")}
    wanted = [f"{at.astimezone(zone):%Y-%m}" for at in declared if at < max(declared) + MILLISECOND]
    assert months == {month: wanted.count(month) for month in wanted}


def row(recovery: Recovery) -> Narrow:
    def since(at: datetime | None) -> int | None:
        return None if at is None else (at - EPOCH) // MILLISECOND

    return Narrow(
        number=1,
        severity=recovery.severity,
        excluded=recovery.excluded,
        cause=recovery.cause,
        services=None,
        declared=since(recovery.declared) or 0,
        **{name: since(getattr(recovery, name)) for name in OTHERS},
    )
