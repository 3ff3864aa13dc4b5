"""Asking somebody to do a step, noting on it, and adding steps on the fly."""

from __future__ import annotations

import pytest

from bot.domain.commands import AddStep, AssignStep, NoteOnStep
from bot.domain.events import StepAdded, StepAssigned
from bot.domain.rules import decide
from bot.domain.rules.steps import STEPS_MAX
from bot.domain.vocabulary import Phase, Refused
from tests.domain.samples import BO, CLEO, NOON, TO_REPAIR, after, done, later

ASK = AssignStep(by=BO, step="scope", person=CLEO)


def test_whoever_is_asked_stands_on_the_step_and_is_asked_once() -> None:
    assert decide(after(), ASK, NOON) == [
        StepAssigned(at=NOON, by=BO, step="scope", text="Note which payments fail.", person=CLEO)
    ]
    assert decide(after(ASK), ASK, NOON) == []
    item = after(ASK).item("scope")
    assert item is not None
    assert item.assignee == CLEO


def test_nobody_is_asked_to_do_what_is_done() -> None:
    with pytest.raises(Refused, match=r"not open any more.*Press \*Undo\*"):
        decide(after(*done("scope")), ASK, NOON)


def test_a_note_stays_on_its_step_whatever_becomes_of_it() -> None:
    note = NoteOnStep(by=CLEO, step="scope", note=" only one bank ")
    item = after(note, *done("scope")).item("scope")
    assert item is not None
    assert [(remark.by, remark.at, remark.text) for remark in item.notes] == [
        (CLEO, later(1), "only one bank")
    ]
    with pytest.raises(Refused, match="The note is empty"):
        decide(after(), NoteOnStep(by=CLEO, step="scope", note=" "), NOON)


def test_a_step_is_added_to_the_phase_of_now_and_once() -> None:
    add = AddStep(by=CLEO, text=" Ask  the bank. ")
    (event,) = decide(after(*TO_REPAIR), add, NOON)
    assert isinstance(event, StepAdded)
    assert (event.phase, event.step.id, event.step.text) == (Phase.REPAIR, "added-1", "Ask the bank.")
    assert decide(after(*TO_REPAIR, add), add, NOON) == []
    two = after(add, AddStep(by=CLEO, text="Ask again."))
    assert [item.step.id for item in two.items if not item.step.required][-2:] == ["added-1", "added-2"]


def test_an_added_step_never_blocks_the_phase() -> None:
    assert after(*done("scope", "hold-flag"), AddStep(by=CLEO, text="Ask the bank.")).blocking() == ()


@pytest.mark.parametrize(("text", "said"), [(" ", "/incident step <text>"), ("x" * 201, "at most 200 fit")])
def test_a_step_needs_words_that_fit(text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        decide(after(), AddStep(by=CLEO, text=text), NOON)


def test_a_phase_holds_as_many_steps_as_fit_on_the_screen() -> None:
    full = after(*(AddStep(by=CLEO, text=f"step {number}") for number in range(STEPS_MAX - 3)))
    assert len(full.items_of(Phase.STABILIZE)) == STEPS_MAX
    with pytest.raises(Refused, match="more do not fit"):
        decide(full, AddStep(by=CLEO, text="one more"), NOON)
