"""The rules: given an incident, when somebody asks for something, then this happens, or they are told why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.commands import (
    Absorb,
    AddNote,
    AskPostmortem,
    CancelIncident,
    Capture,
    ChangeSeverity,
    CloseIncident,
    Command,
    CompleteActionItem,
    CompleteStep,
    ContainFlag,
    CorrectEntry,
    CorrectMilestone,
    DeclareIncident,
    ExtendContainment,
    LinkChannel,
    LinkSurface,
    MergeIncident,
    NoteOnStep,
    PostUpdate,
    Release,
    ReopenActionItem,
    ReopenIncident,
    ReopenStep,
    RestoreFlag,
    SendReminder,
    SkipStep,
    SnoozeReminder,
    StepBack,
    TakeRole,
    UnmergeIncident,
)
from bot.domain.effects import Tell
from bot.domain.events import (
    ChannelOpened,
    Event,
    FlagContained,
    FlagRestored,
    GateAnswered,
    IncidentClosed,
    IncidentDeclared,
    NoteAdded,
    PhaseEntered,
    ReminderSent,
    RoleTaken,
    RunbookChosen,
    SeverityChanged,
    StepDone,
    StepReopened,
    StepSkipped,
    SurfacePosted,
)
from bot.domain.evolving import evolve
from bot.domain.incident import Incident
from bot.domain.promising import promised
from bot.domain.reminders import NOBODY_LEADS
from bot.domain.rules import decide
from bot.domain.vocabulary import FIREBREAK, Phase, Refused, Role, Severity, Surface
from tests.domain.samples import (
    ANA,
    ANSWERS,
    BO,
    CHANNEL,
    CLEO,
    CLOSE,
    COMMANDS,
    NOON,
    NUMBER,
    OF_FLAGS,
    RUNBOOK,
    TO_PREVENT,
    TO_REPAIR,
    TO_THE_END,
    WRITTEN_AFTERWARDS,
    after,
    contain,
    declare,
    done,
    facts,
    later,
    leave,
)

UNDECLARED = Incident(number=NUMBER)
EVEN_WHEN_CLOSED = {
    LinkChannel,
    LinkSurface,
    *(set(OF_FLAGS) - {ContainFlag}),
    DeclareIncident,
    SendReminder,
    SnoozeReminder,
    CompleteActionItem,
    ReopenActionItem,
    ReopenIncident,
    StepBack,
    CancelIncident,
    MergeIncident,
    UnmergeIncident,
    Absorb,
    Release,
    CorrectMilestone,
    Capture,
    *WRITTEN_AFTERWARDS,
    CorrectEntry,
}


KEPT = ExtendContainment(by=BO, flag="payments-new-gateway", review=timedelta(days=1), owner=BO)


def refusal(given: Incident, command: Command) -> str:
    """What the person who asked is told."""
    with pytest.raises(Refused) as refused:
        decide(given, command, later(60))
    assert refused.value.text.format(**refused.value.params) == str(refused.value)
    return str(refused.value)


def test_there_is_a_sample_of_every_command() -> None:
    assert set(COMMANDS) == set(get_args(Command))


# Declaring


def test_declaring_says_what_is_broken_and_writes_the_steps_out() -> None:
    assert decide(UNDECLARED, declare("  checkout \n returns  500 "), NOON) == [
        IncidentDeclared(at=NOON, by=ANA, number=NUMBER, title="checkout returns 500", severity=Severity.P1),
        RunbookChosen(
            at=NOON, by=ANA, runbook="payment-failures", title="Payments fail", steps=RUNBOOK.phases
        ),
    ]


def test_a_declaration_needs_a_title() -> None:
    assert "Type a title: `/incident P1 checkout returns 500`" in refusal(UNDECLARED, declare(" \t\n "))


def test_a_title_of_150_characters_fits_and_one_more_does_not() -> None:
    assert decide(UNDECLARED, declare("x" * 150), NOON)
    said = refusal(UNDECLARED, declare("x" * 151))
    assert "151 characters and at most 150 fit" in said
    assert "/incident note" in said


def test_a_title_with_braces_and_mentions_is_kept_as_it_was_typed() -> None:
    title = "{oops} <!channel> *50% {0}*"
    happened = decide(UNDECLARED, declare(title), NOON)[0]
    assert isinstance(happened, IncidentDeclared)
    assert happened.title == title


def test_the_same_incident_is_not_declared_twice() -> None:
    assert refusal(after(), declare()) == "INC-7 exists already."


@pytest.mark.parametrize("kind", [kind for kind in COMMANDS if kind is not DeclareIncident])
def test_nothing_can_be_asked_of_an_incident_that_was_never_declared(kind: type[Command]) -> None:
    said = refusal(UNDECLARED, COMMANDS[kind])
    assert said == "There is no INC-7. `/incident list` shows the open ones."


# Closed


@pytest.mark.parametrize("kind", [kind for kind in COMMANDS if kind not in EVEN_WHEN_CLOSED])
def test_a_closed_incident_changes_no_more_and_says_how_to_declare_it_anew(kind: type[Command]) -> None:
    said = refusal(after(*TO_THE_END), COMMANDS[kind])
    assert said.startswith("INC-7 is closed, so nothing was changed.")
    assert "`/incident P1 checkout returns 500`" in said


def test_what_slack_answers_after_the_end_is_still_written_down() -> None:
    closed = after(*TO_THE_END)
    assert decide(closed, CHANNEL, NOON)
    assert decide(closed, COMMANDS[LinkSurface], NOON)


def test_a_flag_that_a_closed_incident_holds_can_still_be_let_go() -> None:
    closed = after(contain(), KEPT, *TO_THE_END)
    assert decide(closed, COMMANDS[RestoreFlag], NOON) == [
        FlagRestored(at=NOON, by=BO, flag="payments-new-gateway", serves="on")
    ]


# What Slack answers


def test_the_channel_that_slack_made_belongs_to_the_incident() -> None:
    assert decide(after(), CHANNEL, NOON) == [
        ChannelOpened(at=NOON, by=FIREBREAK, channel="C1", name="inc-7-checkout-returns-500")
    ]
    assert decide(after(CHANNEL), CHANNEL, NOON) == []


def test_a_surface_is_noted_once_and_again_when_its_message_is_another_one() -> None:
    card = LinkSurface(by=FIREBREAK, surface=Surface.CARD, channel="C1", ts="1.1")
    moved = LinkSurface(by=FIREBREAK, surface=Surface.CARD, channel="C1", ts="2.2")
    assert decide(after(), card, NOON) == [
        SurfacePosted(at=NOON, by=FIREBREAK, surface=Surface.CARD, channel="C1", ts="1.1")
    ]
    assert decide(after(card), card, NOON) == []
    assert decide(after(card), moved, NOON) == [
        SurfacePosted(at=NOON, by=FIREBREAK, surface=Surface.CARD, channel="C1", ts="2.2")
    ]


# Severity and roles


def test_a_new_severity_names_the_one_before() -> None:
    assert decide(after(), ChangeSeverity(by=BO, severity=Severity.P0), NOON) == [
        SeverityChanged(at=NOON, by=BO, severity=Severity.P0, previous=Severity.P1)
    ]
    assert decide(after(), ChangeSeverity(by=BO, severity=Severity.P1), NOON) == []


def test_taking_the_lead_names_who_had_it() -> None:
    take = TakeRole(by=BO, role=Role.COMMANDER)
    assert decide(after(), take, NOON) == [RoleTaken(at=NOON, by=BO, role=Role.COMMANDER, person=BO)]
    assert decide(after(take), take, NOON) == []
    assert decide(after(take), TakeRole(by=CLEO, role=Role.COMMANDER), NOON) == [
        RoleTaken(at=NOON, by=CLEO, role=Role.COMMANDER, person=CLEO, previous=BO, since=later(1))
    ]


def test_one_person_may_hold_two_roles() -> None:
    leading = after(TakeRole(by=BO, role=Role.COMMANDER))
    assert decide(leading, TakeRole(by=BO, role=Role.SCRIBE), NOON)


# Steps


def test_a_step_is_done_once_with_its_words() -> None:
    tick = CompleteStep(by=BO, step="scope")
    assert decide(after(), tick, NOON) == [
        StepDone(at=NOON, by=BO, step="scope", text="Note which payments fail.")
    ]
    assert decide(after(tick), CompleteStep(by=CLEO, step="scope"), NOON) == []


def test_a_step_of_a_later_phase_may_be_done_early() -> None:
    assert decide(after(), CompleteStep(by=BO, step="fix"), NOON)


def test_a_skipped_step_may_be_done_after_all() -> None:
    skipped = after(SkipStep(by=BO, step="scope", reason="known"))
    assert decide(skipped, CompleteStep(by=ANA, step="scope"), NOON)


@pytest.mark.parametrize(
    "command",
    [
        CompleteStep(by=BO, step="gone"),
        SkipStep(by=BO, step="gone", reason="x"),
        ReopenStep(by=BO, step="gone"),
    ],
)
def test_a_step_that_no_longer_exists_is_named(command: Command) -> None:
    assert refusal(after(), command) == (
        "INC-7 has no step 'gone' any more. The checklist in its channel shows those there are."
    )


def test_a_step_is_skipped_with_a_reason() -> None:
    assert decide(after(), SkipStep(by=BO, step="scope", reason=" known "), NOON) == [
        StepSkipped(at=NOON, by=BO, step="scope", text="Note which payments fail.", reason="known")
    ]


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_step_is_not_skipped_without_a_reason(reason: str) -> None:
    assert "needs a reason" in refusal(after(), SkipStep(by=BO, step="scope", reason=reason))


def test_a_reason_of_500_characters_fits_and_one_more_does_not() -> None:
    assert decide(after(), SkipStep(by=BO, step="scope", reason="x" * 500), NOON)
    said = refusal(after(), SkipStep(by=BO, step="scope", reason="x" * 501))
    assert "501 characters and at most 500 fit" in said


def test_a_done_step_is_not_skipped() -> None:
    assert "Press *Undo* on it first" in refusal(
        after(*done("scope")), SkipStep(by=BO, step="scope", reason="x")
    )


def test_a_skipped_step_keeps_its_first_reason() -> None:
    skipped = after(SkipStep(by=BO, step="scope", reason="known"))
    assert decide(skipped, SkipStep(by=ANA, step="scope", reason="other"), NOON) == []


@pytest.mark.parametrize(
    "closing", [CompleteStep(by=ANA, step="scope"), SkipStep(by=ANA, step="scope", reason="x")]
)
def test_a_step_can_be_reopened(closing: Command) -> None:
    again = ReopenStep(by=BO, step="scope")
    assert decide(after(closing), again, NOON) == [
        StepReopened(at=NOON, by=BO, step="scope", text="Note which payments fail.")
    ]
    assert decide(after(closing, again), again, NOON) == []


# Phases


def test_a_phase_is_left_when_its_required_steps_are_done_or_skipped() -> None:
    ready = after(*done("scope"), SkipStep(by=ANA, step="hold-flag", reason="not ours"))
    assert decide(ready, leave(Phase.STABILIZE), NOON) == [
        GateAnswered(at=NOON, by=BO, phase=Phase.STABILIZE, answers=ANSWERS[Phase.STABILIZE]),
        PhaseEntered(at=NOON, by=BO, phase=Phase.REPAIR, left=Phase.STABILIZE),
    ]


def test_a_phase_with_open_required_steps_is_not_left_and_they_are_named() -> None:
    assert refusal(after(), leave(Phase.STABILIZE)) == (
        "Phase stabilize is not over. Press *Done* on each of these, or *Skip…* with a reason:\n"
        "• Note which payments fail.\n"
        "• Hold the new gateway."
    )


def test_a_reopened_step_shuts_the_gate_again() -> None:
    reopened = after(*done("scope", "hold-flag"), ReopenStep(by=ANA, step="scope"))
    assert "• Note which payments fail." in refusal(reopened, leave(Phase.STABILIZE))


def test_two_who_press_next_phase_at_once_take_one_step_and_not_two() -> None:
    repairing = after(*TO_REPAIR, *done("fix"))
    assert decide(repairing, leave(Phase.STABILIZE), NOON) == []


def test_next_phase_at_the_end_of_prevent_closes() -> None:
    ready = after(*TO_PREVENT, *done("review"))
    assert decide(ready, leave(Phase.PREVENT), NOON)[-1] == IncidentClosed(at=NOON, by=BO)


@pytest.mark.parametrize(("way", "phase"), [([], "stabilize"), (TO_REPAIR, "repair")])
def test_an_incident_closes_from_prevent_and_from_no_phase_before(way: list[Command], phase: str) -> None:
    said = refusal(after(*way), CloseIncident(by=BO))
    assert said.startswith(f"INC-7 is in phase {phase}. Go on with *Next phase*")


def test_an_incident_does_not_close_while_a_required_step_of_prevent_is_open() -> None:
    assert "• Hold the review." in refusal(after(*TO_PREVENT), CloseIncident(by=BO))
    assert "• Hold the review." in refusal(after(*TO_PREVENT), leave(Phase.PREVENT))


def test_closing_closes() -> None:
    ready = after(*TO_PREVENT, *done("review"))
    assert decide(ready, CLOSE, NOON)[-1] == IncidentClosed(at=NOON, by=BO)


# Notes


def test_a_note_is_kept_as_it_was_typed_but_for_its_outer_blanks() -> None:
    text = "a *bold* guess\n<!channel> {x}"
    assert decide(after(), AddNote(by=BO, text=f"\n {text} "), NOON) == [NoteAdded(at=NOON, by=BO, text=text)]


def test_the_same_note_twice_is_two_notes() -> None:
    note = AddNote(by=BO, text="still down")
    assert decide(after(note), note, NOON)


def test_an_empty_note_is_refused() -> None:
    assert "Type `/incident note <text>`" in refusal(after(), AddNote(by=BO, text=" \n"))


def test_a_note_of_2900_characters_fits_and_one_more_does_not() -> None:
    assert decide(after(), AddNote(by=BO, text="x" * 2900), NOON)
    said = refusal(after(), AddNote(by=BO, text="x" * 2901))
    assert "2901 characters and at most 2900 fit" in said


# Flags


def test_a_contained_flag_remembers_what_it_served() -> None:
    assert decide(after(), contain(), NOON) == [
        FlagContained(
            at=NOON,
            by=BO,
            flag="payments-new-gateway",
            reason="errors began with it",
            safe="off",
            before="on",
            review_at=NOON + timedelta(hours=4),
        )
    ]


def test_containing_a_flag_that_this_incident_holds_changes_nothing() -> None:
    assert decide(after(contain()), contain(held_by=NUMBER), NOON) == []


def test_a_flag_that_another_incident_holds_is_contained_already() -> None:
    assert refusal(after(), contain(held_by=3)) == (
        "`payments-new-gateway` is already held at `off`, so it is contained. "
        "By whom: `/flag show payments-new-gateway`."
    )


def test_a_flag_is_not_contained_without_a_reason() -> None:
    assert "`/flag kill payments-new-gateway <reason>`" in refusal(after(), contain(reason=" "))


def test_the_undo_serves_exactly_what_was_served_before() -> None:
    held = after(ContainFlag(by=BO, flag=facts(serves="25 %"), reason="x"))
    changed_since = RestoreFlag(by=ANA, flag=facts(held_by=NUMBER, serves="100 %"))
    assert decide(held, changed_since, NOON) == [
        FlagRestored(at=NOON, by=ANA, flag="payments-new-gateway", serves="25 %")
    ]


def test_a_flag_that_this_incident_does_not_hold_has_nothing_to_undo() -> None:
    said = refusal(after(), COMMANDS[RestoreFlag])
    assert said.startswith("INC-7 does not hold `payments-new-gateway`, so there is nothing to undo.")


# Whatever is asked, in whatever order


@settings(max_examples=150, deadline=None)
@given(asked=st.lists(st.sampled_from([*COMMANDS.values(), *TO_THE_END, ReopenStep(by=CLEO, step="fix")])))
def test_to_ask_for_the_same_thing_again_changes_nothing(asked: list[Command]) -> None:
    """Twice pressed is once done; only notes count each time. And no phase is left, or gone back to, too early."""
    incident = after()
    for command in asked:
        before = incident
        try:
            for event in decide(incident, command, NOON):
                incident = evolve(incident, event)
            again = (
                []
                if isinstance(command, (AddNote, AskPostmortem, NoteOnStep, PostUpdate))
                else decide(incident, _current(command, incident), NOON)
            )
        except Refused:
            again = []
        assert again == []
        back = isinstance(command, (ReopenIncident, UnmergeIncident, StepBack))
        assert back or list(Phase).index(incident.phase) >= list(Phase).index(before.phase)
        aside = isinstance(command, (CancelIncident, MergeIncident))
        proven = before.blocking() == () or before.phase in incident.unverified
        assert incident.phase is before.phase or back or aside or proven


def _current(command: Command, incident: Incident) -> Command:
    """The command with the facts of flag table and timeline as the same transaction would read them."""
    if isinstance(command, ContainFlag):
        held = incident.containment(command.flag.key)
        return contain(held_by=NUMBER if held else None)
    if isinstance(command, CorrectEntry):
        return replace(command, entry=replace(command.entry, at=command.time))
    return command


# Reminders


def remind(given: Incident, minutes: float) -> list[Event]:
    return decide(given, COMMANDS[SendReminder], later(minutes))


def test_a_p1_that_nobody_leads_is_reminded_of_after_five_minutes() -> None:
    assert remind(after(), 4.9) == []
    [sent] = remind(after(), 5)
    assert sent == ReminderSent(at=later(5), by=FIREBREAK, name=NOBODY_LEADS, due=later(5))
    told = [effect for effect in promised(evolve(after(CHANNEL), sent), sent) if isinstance(effect, Tell)]
    assert [effect.event for effect in told] == [sent]


def test_a_reminder_is_sent_once() -> None:
    [sent] = remind(after(), 5)
    assert remind(evolve(after(), sent), 50) == []


def test_a_reminder_that_is_no_longer_wanted_is_no_mistake() -> None:
    led = after(TakeRole(by=BO, role=Role.COMMANDER))
    minor = after(ChangeSeverity(by=BO, severity=Severity.P3))
    closed = after(*TO_THE_END)
    assert [remind(given, 60) for given in (led, minor, closed)] == [[], [], []]
