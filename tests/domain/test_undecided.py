"""No incident is closed while it holds a flag of which nobody has said what becomes, whatever is asked when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.commands import (
    CancelIncident,
    Command,
    ContainFlag,
    EndContainment,
    EnterNextPhase,
    ExtendContainment,
    FlagFacts,
    LoseContainment,
    MergeIncident,
    OverrideGate,
    ParentFacts,
    ReopenIncident,
    RestoreFlag,
    StepBack,
    TakeRole,
)
from bot.domain.containing import review_until
from bot.domain.evolving import evolve
from bot.domain.incident import Incident
from bot.domain.rules import decide
from bot.domain.rules.flags import undecided
from bot.domain.vocabulary import Phase, Refused, Role
from tests.domain.samples import ANA, BO, CLOSE, NUMBER, after, later

FLAGS = ("gateway", "search")
LEAD = TakeRole(by=ANA, role=Role.COMMANDER)


def holding(flag: str, held: bool) -> FlagFacts:
    return FlagFacts(key=flag, safe="off", serves="on", held_by=NUMBER if held else None)


def about(flag: str) -> list[Command]:
    """Everything that can be asked about one flag."""
    return [
        ContainFlag(by=ANA, flag=holding(flag, held=False), reason="errors"),
        RestoreFlag(by=BO, flag=holding(flag, held=True)),
        RestoreFlag(by=BO, flag=holding(flag, held=False), force=True),
        LoseContainment(by="firebreak", flag=holding(flag, held=False)),
        ExtendContainment(by=ANA, flag=flag, review=timedelta(hours=4)),
        ExtendContainment(by=ANA, flag=flag, review=timedelta(days=1), owner=BO),
        EndContainment(by=ANA, flag=flag, reason="it stays", owner=BO),
    ]


def leave(phase: Phase) -> list[Command]:
    return [
        OverrideGate(by=ANA, leaving=phase, reason="it is late"),
        EnterNextPhase(by=ANA, leaving=phase, answers=()),
        StepBack(by=ANA, leaving=phase, reason="not yet"),
    ]


EVERYTHING: list[Command] = [
    *(command for flag in FLAGS for command in about(flag)),
    *(command for phase in (Phase.STABILIZE, Phase.REPAIR, Phase.PREVENT) for command in leave(phase)),
    CLOSE,
    CancelIncident(by=ANA, reason="a test order"),
    ReopenIncident(by=ANA, reason="it is back"),
    MergeIncident(by=ANA, parent=ParentFacts(number=3, exists=True, merged_into=None), reason="the same"),
]


TO_PREVENT = [OverrideGate(by=ANA, leaving=each, reason="late") for each in (Phase.STABILIZE, Phase.REPAIR)]
BEGINNINGS: list[list[Command]] = [[LEAD], [LEAD, *TO_PREVENT], [LEAD, EVERYTHING[0], *TO_PREVENT]]


def asked(incident: Incident, command: Command, now: datetime) -> Incident:
    try:
        happened = decide(incident, command, now)
    except Refused:
        return incident
    for event in happened:
        incident = evolve(incident, event)
    return incident


@settings(max_examples=300)
@given(st.sampled_from(BEGINNINGS), st.lists(st.sampled_from(EVERYTHING), max_size=12))
def test_no_closed_incident_holds_a_flag_that_nobody_answers_for(
    before: list[Command], commands: list[Command]
) -> None:
    incident = after(*before)
    for minute, command in enumerate(commands):
        incident = asked(incident, command, later(minute))
        assert not (incident.is_closed and undecided(incident)), command


def test_what_is_asked_above_does_close_incidents_and_does_hold_flags() -> None:
    """The property says something only if both are reached."""
    incident = after(LEAD)
    for command in EVERYTHING[:1]:
        incident = asked(incident, command, later(1))
    assert undecided(incident)
    for phase in (Phase.STABILIZE, Phase.REPAIR, Phase.PREVENT):
        incident = asked(incident, OverrideGate(by=ANA, leaving=phase, reason="late"), later(2))
    assert incident.phase is Phase.PREVENT
    kept = asked(incident, about("gateway")[5], later(3))
    assert asked(kept, OverrideGate(by=ANA, leaving=Phase.PREVENT, reason="late"), later(4)).is_closed


PARIS = ZoneInfo("Europe/Paris")
FRIDAY = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)


def test_a_flag_that_is_kept_until_a_day_is_looked_at_in_its_morning() -> None:
    assert review_until(date(2026, 11, 23), FRIDAY, PARIS) == timedelta(days=2, hours=11)


@pytest.mark.parametrize(
    "day", [date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 28), date(9999, 12, 31)]
)
def test_a_day_that_is_over_or_far_away_is_refused(day: date) -> None:
    with pytest.raises(Refused, match="Choose a day after today, and at most a week from now"):
        review_until(day, FRIDAY, PARIS)
