"""Going back, setting aside, and saying when it really was: what it needs, and that it can be taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.commands import (
    Absorb,
    CancelIncident,
    Command,
    CorrectMilestone,
    DeclareIncident,
    MergeIncident,
    ParentFacts,
    Release,
    ReopenIncident,
    StepBack,
    UnmergeIncident,
)
from bot.domain.events import IncidentMerged, MilestoneCorrected
from bot.domain.incident import Incident
from bot.domain.language import English
from bot.domain.rules import decide
from bot.domain.story import marks
from bot.domain.times import past_time
from bot.domain.vocabulary import Kind, Milestone, Phase, Refused, Severity
from tests.domain.samples import (
    ANA,
    BO,
    COMMANDS,
    NOON,
    NUMBER,
    RUNBOOK,
    TO_PREVENT,
    TO_REPAIR,
    TO_THE_END,
    after,
    declare,
    later,
    then,
)

REOPEN = ReopenIncident(by=BO, reason="it is back")
CANCEL = CancelIncident(by=BO, reason="a test order")
UNMERGE = UnmergeIncident(by=BO, reason="another gateway")


def merge(
    number: int = 3,
    *,
    exists: bool = True,
    merged_into: int | None = None,
    cancelled: bool = False,
    kind: Kind = Kind.REAL,
) -> MergeIncident:
    facts = ParentFacts(number=number, exists=exists, merged_into=merged_into, cancelled=cancelled, kind=kind)
    return MergeIncident(by=BO, parent=facts, reason="the same gateway")


def correct(milestone: Milestone, time: datetime, reason: str = "the graph") -> CorrectMilestone:
    return CorrectMilestone(by=BO, milestone=milestone, time=time, reason=reason)


def test_a_reopened_incident_begins_again_without_its_ends_and_keeps_what_was_done() -> None:
    again = after(*TO_THE_END, REOPEN)
    assert (again.phase, again.reopened) == (Phase.STABILIZE, 1)
    assert again.milestones == {Milestone.DECLARED: NOON}
    assert again.items == after(*TO_THE_END).items
    assert decide(again, REOPEN, NOON) == []


def test_after_a_day_it_is_another_incident() -> None:
    closed = after(*TO_THE_END)
    at = closed.milestones[Milestone.CLOSED]
    assert decide(closed, REOPEN, at + timedelta(hours=24))
    with pytest.raises(Refused, match=r"more than 24 hours ago.*`/incident P1 checkout returns 500`"):
        decide(closed, REOPEN, at + timedelta(hours=24, seconds=1))


@pytest.mark.parametrize(
    ("way", "phase", "lost"),
    [(TO_REPAIR, Phase.REPAIR, Milestone.STABILIZED), (TO_PREVENT, Phase.PREVENT, Milestone.REPAIRED)],
)
def test_a_phase_back_takes_its_milestone_back(way: list[Command], phase: Phase, lost: Milestone) -> None:
    back = StepBack(by=BO, leaving=phase, reason="slow again")
    returned = after(*way, back)
    assert returned.phase.next is phase
    assert set(after(*way).milestones) - set(returned.milestones) == {lost}
    assert decide(returned, back, NOON) == []


def test_nothing_is_before_the_first_phase() -> None:
    with pytest.raises(Refused, match="first phase"):
        decide(after(), StepBack(by=BO, leaving=Phase.STABILIZE, reason="x"), NOON)


@pytest.mark.parametrize("way", [[], TO_REPAIR, TO_PREVENT])
@pytest.mark.parametrize(("aside", "undo"), [(CANCEL, REOPEN), (merge(), UNMERGE)])
def test_what_was_set_aside_comes_back_as_it_was(way: list[Command], aside: Command, undo: Command) -> None:
    gone = after(*way, aside)
    assert gone.is_closed
    assert decide(gone, aside, NOON) == []
    back = after(*way, aside, undo)
    assert back.model_copy(update={"version": 0}) == after(*way).model_copy(update={"version": 0})
    assert decide(back, undo, NOON) == []


def test_a_cancelled_one_is_reopened_however_late() -> None:
    assert decide(after(CANCEL), REOPEN, NOON + timedelta(days=30))


def test_a_closed_one_can_be_merged_and_keeps_its_end() -> None:
    merged = after(*TO_THE_END, merge())
    assert merged.milestones == after(*TO_THE_END).milestones
    assert isinstance(decide(after(*TO_THE_END), merge(), NOON)[0], IncidentMerged)


@pytest.mark.parametrize(
    ("way", "command", "said"),
    [
        ([], merge(NUMBER), "no other incident INC-7"),
        ([], merge(exists=False), "no other incident INC-3"),
        ([], merge(merged_into=2), "/incident merge INC-2 <reason>"),
        ([], merge(cancelled=True), "INC-3 was cancelled and counts nowhere"),
        ([], merge(kind=Kind.DRILL), "is a drill or a test and the other is not"),
        ([merge()], merge(4), "duplicate of INC-3 already"),
        ([merge()], REOPEN, "/incident unmerge <reason>"),
        ([COMMANDS[Absorb]], merge(), "has duplicates itself: INC-9"),
        ([CANCEL], merge(), "counts nowhere already"),
        ([*TO_THE_END], CANCEL, "/incident reopen <reason>"),
        ([*TO_THE_END], StepBack(by=BO, leaving=Phase.CLOSED, reason="x"), "/incident reopen <reason>"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_does(
    way: list[Command], command: Command, said: str
) -> None:
    with pytest.raises(Refused, match=said):
        decide(after(*way), command, NOON)


@pytest.mark.parametrize(
    ("way", "command"),
    [
        (TO_THE_END, ReopenIncident(by=BO, reason=" ")),
        (TO_REPAIR, StepBack(by=BO, leaving=Phase.REPAIR, reason="")),
        ([], CancelIncident(by=BO, reason="\n")),
        ([], MergeIncident(by=BO, parent=ParentFacts(number=3, exists=True), reason="")),
        ([merge()], UnmergeIncident(by=BO, reason="")),
        ([], correct(Milestone.DETECTED, NOON, " ")),
    ],
)
def test_each_of_them_needs_a_reason(way: list[Command], command: Command) -> None:
    with pytest.raises(Refused, match="Say why"):
        decide(after(*way), command, NOON)


def test_a_parent_knows_its_duplicates_until_they_are_taken_back() -> None:
    absorb, release = COMMANDS[Absorb], COMMANDS[Release]
    assert list(after(absorb).absorbed) == [9]
    assert decide(after(absorb), absorb, NOON) == []
    assert after(absorb, release).absorbed == {}
    assert decide(after(), release, NOON) == []


# Times


def test_a_corrected_time_counts_and_the_old_one_is_kept_in_the_event() -> None:
    earlier = correct(Milestone.STABILIZED, later(2))
    assert decide(after(*TO_REPAIR), earlier, later(60)) == [
        MilestoneCorrected(
            at=later(60),
            by=BO,
            milestone=Milestone.STABILIZED,
            time=later(2),
            reason="the graph",
            previous=later(3),
        )
    ]
    assert after(*TO_REPAIR, earlier).milestones[Milestone.STABILIZED] == later(2)


def test_the_impact_and_the_detection_can_be_stated() -> None:
    started = correct(Milestone.IMPACT_STARTED, NOON - timedelta(minutes=12))
    assert after(started).milestones[Milestone.IMPACT_STARTED] == NOON - timedelta(minutes=12)
    assert decide(after(started), started, NOON) == []


@pytest.mark.parametrize(
    ("way", "milestone", "time", "said"),
    [
        ([], Milestone.REPAIRED, NOON, "not repaired yet"),
        ([], Milestone.DETECTED, later(61), "in the future"),
        ([], Milestone.IMPACT_STARTED, NOON - timedelta(days=41), "more than 40 days"),
        (
            TO_REPAIR,
            Milestone.STABILIZED,
            NOON - timedelta(minutes=1),
            "before declared 2026-11-21 12:00 UTC",
        ),
        (TO_REPAIR, Milestone.DECLARED, later(59), "before declared 2026-11-21 12:59 UTC"),
        ([], Milestone.DETECTED, later(4), "declared 2026-11-21 12:00 UTC would be before detected"),
        (
            [correct(Milestone.IMPACT_STARTED, NOON)],
            Milestone.IMPACT_ENDED,
            NOON - timedelta(minutes=1),
            "impact_ended 2026-11-21 11:59 UTC would be before impact_started",
        ),
    ],
)
def test_a_time_that_cannot_be_is_refused_with_both_values(
    way: list[Command], milestone: Milestone, time: datetime, said: str
) -> None:
    with pytest.raises(Refused, match=said):
        decide(after(*way), correct(milestone, time), later(60))


def test_the_declaration_can_be_corrected_too_and_what_was_thought_before_stays() -> None:
    """Somebody led it by telephone for ten minutes before it was typed."""
    moved = correct(Milestone.DECLARED, NOON - timedelta(minutes=10))
    (corrected,) = decide(after(), moved, later(60))
    assert isinstance(corrected, MilestoneCorrected)
    assert (corrected.previous, corrected.time) == (NOON, NOON - timedelta(minutes=10))
    assert after(moved).declared_at == NOON - timedelta(minutes=10)


# Kinds


def declared(kind: Kind, **impact: datetime) -> DeclareIncident:
    plain = DeclareIncident(by=ANA, title="x", severity=Severity.P2, runbook=RUNBOOK, kind=kind)
    return replace(
        plain, impact_started=impact.get("impact_started"), impact_ended=impact.get("impact_ended")
    )


def test_what_is_over_is_declared_with_its_two_ends_and_begins_with_prevention() -> None:
    impact = {"impact_started": later(-600), "impact_ended": later(-500)}
    incident = then(Incident(number=NUMBER), declared(Kind.RETROACTIVE, **impact))[0]
    assert incident.phase is Phase.PREVENT
    assert incident.milestones == {
        Milestone.DECLARED: NOON,
        Milestone.IMPACT_STARTED: later(-600),
        Milestone.IMPACT_ENDED: later(-500),
    }


@pytest.mark.parametrize(
    "impact",
    [
        {},
        {"impact_started": later(-5)},
        {"impact_started": later(-5), "impact_ended": later(-5)},
        {"impact_started": later(-5), "impact_ended": later(5)},
        {"impact_started": NOON - timedelta(days=60), "impact_ended": NOON},
    ],
)
def test_what_was_over_has_a_beginning_and_an_end_in_the_past(impact: dict[str, datetime]) -> None:
    with pytest.raises(Refused, match="From when to when was it"):
        decide(Incident(number=NUMBER), declared(Kind.RETROACTIVE, **impact), NOON)


@pytest.mark.parametrize(
    ("commands", "said"),
    [
        ([declare()], ""),
        ([declared(Kind.DRILL)], "drill"),
        ([declared(Kind.TEST), CANCEL], "test · not an incident"),
        ([declare(), merge()], "duplicate of INC-3"),
    ],
)
def test_what_must_be_known_before_all_else(commands: list[Command], said: str) -> None:
    assert marks(then(Incident(number=NUMBER), *commands)[0], English()) == said


# Times as they are typed


@pytest.mark.parametrize(
    ("text", "meant", "rest"),
    [
        ("11:30 the graph", datetime(2026, 11, 21, 10, 30, tzinfo=UTC), "the graph"),
        ("23:50 the graph", datetime(2026, 11, 20, 22, 50, tzinfo=UTC), "the graph"),
        ("2026-11-19 2:05", datetime(2026, 11, 19, 1, 5, tzinfo=UTC), ""),
    ],
)
def test_a_clock_time_is_the_last_one_there_was(text: str, meant: datetime, rest: str) -> None:
    assert past_time(text, ZoneInfo("Europe/Berlin"), NOON) == (meant, rest)


@pytest.mark.parametrize("text", ["", "25:61 x", "soon", "2026-13-01 10:00 x", "12:5 x", "1230"])
def test_what_is_no_time_says_how_one_is_written(text: str) -> None:
    with pytest.raises(Refused, match=r"is no time\. Write `14:05`"):
        past_time(text, ZoneInfo("UTC"), NOON)
