"""An incident is what its events have made it, whatever they are and in whatever order."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.away import FlagNotSwitched, FlagSwitching, Switch
from bot.domain.commands import (
    AddNote,
    ChangeSeverity,
    Command,
    CompleteStep,
    LinkSurface,
    ReopenStep,
    RestoreFlag,
    SkipStep,
    TakeRole,
)
from bot.domain.elsewhere import ImportRestated, IncidentImported, UpdateImported
from bot.domain.events import (
    ActionItemAdded,
    ActionItemDone,
    ActionItemReopened,
    CanvasLinked,
    ChannelOpened,
    ContainmentEnded,
    ContainmentExtended,
    ContainmentLost,
    DuplicateAbsorbed,
    DuplicateReleased,
    Event,
    FigureMeasured,
    FlagAsked,
    FlagContained,
    FlagRestored,
    GateAnswered,
    GateOverridden,
    IncidentCancelled,
    IncidentClosed,
    IncidentDeclared,
    IncidentMerged,
    IncidentReopened,
    IncidentUnmerged,
    MilestoneCorrected,
    NoteAdded,
    PhaseEntered,
    PhaseReturned,
    PostmortemAsked,
    ReminderSent,
    ReminderSnoozed,
    RoleTaken,
    RunbookChosen,
    SeverityChanged,
    StepAdded,
    StepAssigned,
    StepDone,
    StepNoted,
    StepReopened,
    StepSkipped,
    SurfacePosted,
    UpdatePosted,
)
from bot.domain.evolving import evolve, replay
from bot.domain.happened import EntryCorrected
from bot.domain.incident import Incident, Place
from bot.domain.likeness import LikenessFound
from bot.domain.measures import Measure, Side
from bot.domain.questions import Answer, Proof
from bot.domain.runbook import Step
from bot.domain.vocabulary import Milestone, Phase, Role, Severity, StepState, Surface
from tests.domain.samples import (
    ANA,
    BO,
    CHANNEL,
    CLEO,
    COMMANDS,
    EARLIER,
    NOON,
    NUMBER,
    SEEN,
    STORY,
    TO_PREVENT,
    TO_REPAIR,
    TO_THE_END,
    after,
    contain,
    declare,
    done,
    facts,
    later,
    then,
)

# Few names, so that events of one sequence often speak of the same thing; some that nothing else speaks of.
happened = {
    "at": st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    "by": st.sampled_from([ANA, BO, "firebreak"]),
}
text = st.text(max_size=20)
step_ids = st.sampled_from(["scope", "fix", "gone"])
flags = st.sampled_from(["payments-new-gateway", "search"])
steps = st.builds(Step, id=step_ids, text=st.text(min_size=1, max_size=9), required=st.booleans())
step_lists = st.lists(steps, max_size=3).map(tuple)
severities, phases, roles = st.sampled_from(Severity), st.sampled_from(Phase), st.sampled_from(Role)
surfaces = st.sampled_from(Surface)

numbers = st.integers(1, 3)
answers = st.lists(st.builds(Answer, question=st.sampled_from(Proof), text=text, about=text), max_size=3).map(
    tuple
)

measures = st.builds(
    Measure,
    name=text,
    side=st.sampled_from(Side),
    value=st.floats(-1e6, 1e6, width=32),
    of=st.none() | numbers,
)

EVENTS: dict[type[Event], st.SearchStrategy[Event]] = {
    IncidentDeclared: st.builds(
        IncidentDeclared, **happened, number=st.just(NUMBER), title=text, severity=severities
    ),
    RunbookChosen: st.builds(
        RunbookChosen, **happened, runbook=text, title=text, steps=st.dictionaries(phases, step_lists)
    ),
    ChannelOpened: st.builds(ChannelOpened, **happened, channel=text, name=text),
    SurfacePosted: st.builds(SurfacePosted, **happened, surface=surfaces, channel=text, ts=text),
    SeverityChanged: st.builds(SeverityChanged, **happened, severity=severities, previous=severities),
    RoleTaken: st.builds(RoleTaken, **happened, role=roles, person=text, previous=st.none() | text),
    StepDone: st.builds(StepDone, **happened, step=step_ids, text=text),
    StepSkipped: st.builds(StepSkipped, **happened, step=step_ids, text=text, reason=text),
    StepReopened: st.builds(StepReopened, **happened, step=step_ids, text=text),
    StepAssigned: st.builds(StepAssigned, **happened, step=step_ids, text=text, person=text),
    StepNoted: st.builds(StepNoted, **happened, step=step_ids, text=text, note=text),
    StepAdded: st.builds(StepAdded, **happened, phase=phases, step=steps),
    PhaseEntered: st.builds(PhaseEntered, **happened, phase=phases, left=phases),
    GateAnswered: st.builds(GateAnswered, **happened, phase=phases, answers=answers),
    GateOverridden: st.builds(GateOverridden, **happened, phase=phases, reason=text),
    ActionItemAdded: st.builds(
        ActionItemAdded, **happened, number=numbers, text=text, owner=text, due=st.dates()
    ),
    ActionItemReopened: st.builds(ActionItemReopened, **happened, number=numbers, text=text),
    ReminderSnoozed: st.builds(
        ReminderSnoozed, **happened, name=text, until=st.datetimes(timezones=st.just(UTC))
    ),
    ActionItemDone: st.builds(ActionItemDone, **happened, number=numbers, text=text),
    IncidentClosed: st.builds(IncidentClosed, **happened),
    IncidentReopened: st.builds(IncidentReopened, **happened, reason=text),
    PhaseReturned: st.builds(PhaseReturned, **happened, phase=phases, left=phases, reason=text),
    IncidentCancelled: st.builds(IncidentCancelled, **happened, reason=text),
    IncidentMerged: st.builds(IncidentMerged, **happened, into=numbers, reason=text),
    IncidentUnmerged: st.builds(IncidentUnmerged, **happened, into=numbers, reason=text),
    DuplicateAbsorbed: st.builds(DuplicateAbsorbed, **happened, child=numbers, declared=happened["at"]),
    DuplicateReleased: st.builds(DuplicateReleased, **happened, child=numbers),
    MilestoneCorrected: st.builds(
        MilestoneCorrected,
        **happened,
        milestone=st.sampled_from(Milestone),
        time=happened["at"],
        reason=text,
    ),
    UpdatePosted: st.builds(UpdatePosted, **happened, text=text, doing=text),
    NoteAdded: st.builds(NoteAdded, **happened, text=text),
    PostmortemAsked: st.builds(PostmortemAsked, **happened),
    CanvasLinked: st.builds(CanvasLinked, **happened, canvas=text),
    LikenessFound: st.builds(LikenessFound, **happened, earlier=st.just((EARLIER,))),
    FigureMeasured: st.builds(FigureMeasured, **happened, measure=measures),
    FlagContained: st.builds(FlagContained, **happened, flag=flags, reason=text, safe=text, before=text),
    FlagRestored: st.builds(FlagRestored, **happened, flag=flags, serves=text),
    FlagAsked: st.builds(
        FlagAsked, **happened, flag=flags, reason=text, safe=text, before=text, policy=text, minutes=numbers
    ),
    ContainmentExtended: st.builds(ContainmentExtended, **happened, flag=flags, review_at=happened["at"]),
    ContainmentLost: st.builds(ContainmentLost, **happened, flag=flags, serves=text),
    ContainmentEnded: st.builds(ContainmentEnded, **happened, flag=flags, reason=text),
    FlagSwitching: st.builds(
        FlagSwitching, **happened, flag=flags, operation=text, act=st.sampled_from(Switch)
    ),
    FlagNotSwitched: st.builds(
        FlagNotSwitched, **happened, flag=flags, operation=text, act=st.sampled_from(Switch), why=text
    ),
    ReminderSent: st.builds(ReminderSent, **happened, name=text),
    IncidentImported: st.builds(
        IncidentImported,
        **happened,
        number=st.just(NUMBER),
        title=text,
        severity=severities,
        peak=severities,
        source=text,
        source_id=text,
        milestones=st.dictionaries(st.sampled_from(Milestone), happened["at"]),
    ),
    UpdateImported: st.builds(UpdateImported, **happened, status=text, text=text),
}
EVENTS[ImportRestated] = st.builds(ImportRestated, **happened, said=EVENTS[IncidentImported])
EVENTS[EntryCorrected] = st.builds(
    EntryCorrected, **happened, entry=numbers, time=happened["at"], previous=happened["at"], reason=text
)
EVENTS |= {
    type(seen): st.builds(lambda seen, by: seen.model_copy(update={"by": by}), st.just(seen), text)
    for seen in SEEN
}
histories = st.lists(st.one_of(list(EVENTS.values())), max_size=25)


def test_every_event_takes_part_in_the_histories_below() -> None:
    union, *_ = get_args(Event)
    assert set(EVENTS) == set(get_args(union))


@settings(max_examples=100, deadline=None)
@given(events=histories)
def test_no_history_is_refused_and_every_event_counts(events: list[Event]) -> None:
    incident = replay(NUMBER, events)
    assert incident.version == len(events)
    assert incident.number == NUMBER
    _ = (incident.name, incident.is_closed, incident.commander, incident.blocking(), incident.item("scope"))


@settings(max_examples=50, deadline=None)
@given(before=histories, after_that=histories)
def test_replaying_from_the_first_is_going_on_from_where_we_were(
    before: list[Event], after_that: list[Event]
) -> None:
    incident = replay(NUMBER, before)
    for event in after_that:
        incident = evolve(incident, event)
    assert incident == replay(NUMBER, [*before, *after_that])


@settings(max_examples=50, deadline=None)
@given(events=histories)
def test_an_incident_comes_back_from_the_database_as_it_went_in(events: list[Event]) -> None:
    incident = replay(NUMBER, events)
    assert Incident.model_validate_json(incident.model_dump_json()) == incident


@settings(max_examples=50, deadline=None)
@given(events=histories, event=st.one_of(list(EVENTS.values())))
def test_what_was_is_not_touched_by_what_comes(events: list[Event], event: Event) -> None:
    incident = replay(NUMBER, events)
    picture = incident.model_dump_json()
    evolve(incident, event)
    assert incident.model_dump_json() == picture


def test_what_rules_decided_replays_to_what_they_saw() -> None:
    seen, events = then(Incident(number=NUMBER), *STORY)
    assert {type(event) for event in events} == set(EVENTS) - {
        IncidentImported,
        UpdateImported,
        ImportRestated,
    }
    assert replay(NUMBER, events) == seen


# What each event makes of the incident


def test_a_declaration_starts_the_clock_and_the_first_phase() -> None:
    incident = after()
    assert (incident.name, incident.title) == ("INC-7", "checkout returns 500")
    assert (incident.severity, incident.peak, incident.phase) == (Severity.P1, Severity.P1, Phase.STABILIZE)
    assert (incident.declared_by, incident.declared_at) == (ANA, NOON)
    assert [item.step.id for item in incident.items_of(Phase.STABILIZE)] == [
        "scope",
        "hold-flag",
        "tell-people",
    ]
    assert {item.state for item in incident.items} == {StepState.OPEN}


def test_the_peak_is_the_worst_severity_that_ever_was() -> None:
    def change(severity: Severity) -> ChangeSeverity:
        return ChangeSeverity(by=BO, severity=severity)

    calmed = after(change(Severity.P0), change(Severity.P3))
    assert (calmed.severity, calmed.peak) == (Severity.P3, Severity.P0)


def test_the_first_to_lead_acknowledges_and_nobody_after() -> None:
    lead = [TakeRole(by=BO, role=Role.COMMANDER), TakeRole(by=CLEO, role=Role.COMMANDER)]
    incident = after(AddNote(by=ANA, text="x"), *lead)
    assert incident.commander == CLEO
    assert incident.milestones[Milestone.ACKNOWLEDGED] == later(2)


def test_another_role_acknowledges_nothing() -> None:
    incident = after(TakeRole(by=BO, role=Role.SCRIBE))
    assert incident.commander is None
    assert Milestone.ACKNOWLEDGED not in incident.milestones


def test_a_step_knows_who_closed_it_when_and_why() -> None:
    incident = after(*done("scope"), SkipStep(by=BO, step="fix", reason="known"))
    scope, fix = incident.item("scope"), incident.item("fix")
    assert scope is not None
    assert fix is not None
    assert (scope.state, scope.by, scope.at, scope.reason) == (StepState.DONE, ANA, later(1), "")
    assert (fix.state, fix.by, fix.at, fix.reason) == (StepState.SKIPPED, BO, later(2), "known")


@pytest.mark.parametrize(
    "closing", [CompleteStep(by=ANA, step="scope"), SkipStep(by=ANA, step="scope", reason="x")]
)
def test_a_reopened_step_is_as_if_nobody_had_touched_it(closing: Command) -> None:
    assert after(closing, ReopenStep(by=BO, step="scope")).items == after().items


def test_a_skipped_step_that_is_done_after_all_forgets_the_reason() -> None:
    item = after(SkipStep(by=ANA, step="scope", reason="x"), *done("scope")).item("scope")
    assert item is not None
    assert (item.state, item.reason) == (StepState.DONE, "")


def test_leaving_a_phase_for_good_is_a_milestone() -> None:
    closed = after(*TO_THE_END)
    assert (closed.phase, closed.is_closed) == (Phase.CLOSED, True)
    assert closed.milestones == {
        Milestone.DECLARED: NOON,
        Milestone.STABILIZED: later(3),
        Milestone.REPAIRED: later(5),
        Milestone.CLOSED: later(7),
    }
    assert set(after(*TO_PREVENT).milestones) == {
        Milestone.DECLARED,
        Milestone.STABILIZED,
        Milestone.REPAIRED,
    }


def test_only_required_open_steps_of_the_present_phase_block() -> None:
    assert [item.step.id for item in after().blocking()] == ["scope", "hold-flag"]
    assert [item.step.id for item in after(*TO_REPAIR).blocking()] == ["fix"]
    assert after(*TO_THE_END).blocking() == ()


def test_a_flag_is_held_until_it_is_let_go() -> None:
    held = after(contain()).containment("payments-new-gateway")
    assert held is not None
    assert (held.safe, held.before, held.by, held.reason) == ("off", "on", BO, "errors began with it")
    assert held.at == later(1)
    assert after(contain(), RestoreFlag(by=BO, flag=facts(held_by=NUMBER))).containments == ()


def test_slack_s_places_are_known() -> None:
    posted = COMMANDS[LinkSurface]
    incident = after(CHANNEL, posted)
    assert (incident.channel, incident.channel_name) == ("C1", "inc-7-checkout-returns-500")
    assert incident.surfaces == {Surface.CARD: Place(channel="C1", ts="1.1")}


def test_declaring_an_incident_says_its_number() -> None:
    _, (declared, _) = then(Incident(number=NUMBER), declare())
    assert isinstance(declared, IncidentDeclared)
    assert declared.number == NUMBER
