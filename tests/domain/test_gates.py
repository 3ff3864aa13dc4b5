"""What must be true before a phase ends, and what stays when somebody goes on all the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.commands import (
    AddActionItem,
    Command,
    CompleteActionItem,
    EnterNextPhase,
    OverrideGate,
    TakeRole,
)
from bot.domain.events import ActionItemDone, GateOverridden, IncidentClosed, PhaseEntered
from bot.domain.incident import Incident
from bot.domain.questions import EXIT_QUESTIONS, Proof
from bot.domain.rules import decide
from bot.domain.rules.gates import Unanswered
from bot.domain.runbook import Question
from bot.domain.vocabulary import Milestone, Phase, Refused, Role
from tests.domain.samples import (
    ANA,
    ANSWERS,
    BO,
    CLEO,
    ITEM,
    NOON,
    NUMBER,
    RUNBOOK,
    TO_PREVENT,
    TO_REPAIR,
    TO_THE_END,
    after,
    answer,
    declare,
    done,
    leave,
    then,
)

READY: dict[Phase, list[Command]] = {
    Phase.STABILIZE: done("scope", "hold-flag"),
    Phase.REPAIR: [*TO_REPAIR, *done("fix")],
    Phase.PREVENT: [*TO_PREVENT, *done("review")],
}
LEADS = TakeRole(by=BO, role=Role.COMMANDER)
OVERRIDE = OverrideGate(by=BO, leaving=Phase.STABILIZE, reason=" support waits ")


@pytest.mark.parametrize(
    ("phase", "question"), [(phase, question) for phase in READY for question in EXIT_QUESTIONS[phase]]
)
def test_no_phase_ends_with_one_question_open(phase: Phase, question: Proof) -> None:
    others = tuple(said for said in ANSWERS[phase] if said.question is not question)
    with pytest.raises(Unanswered) as refused:
        decide(after(*READY[phase]), EnterNextPhase(by=BO, leaving=phase, answers=others), NOON)
    assert refused.value.question is question


@pytest.mark.parametrize(
    ("phase", "question"),
    [(Phase.STABILIZE, Proof.PATHS), (Phase.REPAIR, Proof.ROOT_CAUSE), (Phase.PREVENT, Proof.ALERT)],
)
def test_an_answer_about_nothing_is_none(phase: Phase, question: Proof) -> None:
    """A path, a category or an owner belongs to it; and blanks are no words."""
    others = tuple(said for said in ANSWERS[phase] if said.question is not question)
    for nothing in (answer(question, "true", ""), answer(question, " \n", "payment")):
        with pytest.raises(Unanswered):
            decide(
                after(*READY[phase]), EnterNextPhase(by=BO, leaving=phase, answers=(*others, nothing)), NOON
            )


def test_an_action_item_answers_for_itself() -> None:
    without = tuple(said for said in ANSWERS[Phase.PREVENT] if said.question is not Proof.NO_ACTION_ITEM)
    ready = READY[Phase.PREVENT]
    with pytest.raises(Unanswered):
        decide(after(*ready), EnterNextPhase(by=BO, leaving=Phase.PREVENT, answers=without), NOON)
    closing = EnterNextPhase(by=BO, leaving=Phase.PREVENT, answers=without, action_item=ITEM)
    kinds = [event.type for event in decide(after(*ready), closing, NOON)]
    assert kinds == ["gate_answered", "action_item_added", "incident_closed"]
    there = after(*ready, AddActionItem(by=ANA, item=ITEM))
    again = EnterNextPhase(by=BO, leaving=Phase.PREVENT, answers=without)
    assert isinstance(decide(there, again, NOON)[-1], IncidentClosed)


def test_the_lead_may_go_on_with_a_reason_and_what_was_open_is_kept() -> None:
    events = decide(after(LEADS, *done("scope")), OVERRIDE, NOON)
    assert events == [
        GateOverridden(
            at=NOON,
            by=BO,
            phase=Phase.STABILIZE,
            reason="support waits",
            steps=("Hold the new gateway.",),
            questions=(Proof.PATHS,),
        ),
        PhaseEntered(at=NOON, by=BO, phase=Phase.REPAIR, left=Phase.STABILIZE),
    ]
    overridden = after(LEADS, OVERRIDE)
    assert overridden.unverified == {Phase.STABILIZE: "support waits"}
    assert Milestone.STABILIZED in overridden.milestones
    with pytest.raises(Refused, match="INC-7 is in phase repair by now, so nothing was changed"):
        decide(overridden, OVERRIDE, NOON)


def test_nobody_but_the_lead_may_and_not_without_a_reason() -> None:
    for nobody in (after(), after(TakeRole(by=ANA, role=Role.COMMANDER))):
        with pytest.raises(Refused, match="Only the lead may go on without proof"):
            decide(nobody, OVERRIDE, NOON)
    with pytest.raises(Refused, match="/incident override stabilize <reason>"):
        decide(after(LEADS), OverrideGate(by=BO, leaving=Phase.STABILIZE, reason=" "), NOON)


def test_a_phase_that_is_answered_leaves_nothing_unverified() -> None:
    assert after(*TO_THE_END).unverified == {}
    assert after(*TO_THE_END).answers == ANSWERS


def test_an_action_item_is_done_once_and_after_the_close_too() -> None:
    tick = CompleteActionItem(by=CLEO, number=1)
    closed = after(AddActionItem(by=ANA, item=ITEM), *TO_THE_END)
    assert decide(closed, tick, NOON) == [ActionItemDone(at=NOON, by=CLEO, number=1, text=ITEM.text)]
    assert decide(after(AddActionItem(by=ANA, item=ITEM), tick), tick, NOON) == []
    with pytest.raises(Refused, match="has no action item 7"):
        decide(closed, CompleteActionItem(by=CLEO, number=7), NOON)


def test_the_same_action_item_is_added_once() -> None:
    add = AddActionItem(by=ANA, item=ITEM)
    assert decide(after(add), add, NOON) == []


def test_required_steps_come_before_the_questions() -> None:
    with pytest.raises(Refused, match="Phase stabilize is not over"):
        decide(after(), leave(Phase.STABILIZE), NOON)


def test_the_runbook_s_own_questions_are_answered_too() -> None:
    asks = Question(id="refunds", text="Are the double charges refunded?")
    asked = RUNBOOK.model_copy(update={"questions": {Phase.STABILIZE: (asks,)}})
    ready = then(Incident(number=NUMBER), replace(declare(), runbook=asked), *READY[Phase.STABILIZE])[0]
    with pytest.raises(Unanswered, match="Are the double charges refunded"):
        decide(ready, leave(Phase.STABILIZE), NOON)
    said = (*ANSWERS[Phase.STABILIZE], answer(Proof.OWN, "all 312 of them", asks.text))
    left = decide(ready, EnterNextPhase(by=BO, leaving=Phase.STABILIZE, answers=said), NOON)
    assert isinstance(left[-1], PhaseEntered)
