"""The form with the exit questions of each phase, within Slack's limits whatever was answered before."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.affected import CriticalPath, Landscape
from bot.domain.events import ActionItemAdded, Event, FlagContained, GateAnswered, PhaseEntered, RunbookChosen
from bot.domain.questions import Answer, Proof
from bot.domain.runbook import Question, Step
from bot.domain.vocabulary import ANSWER_MAX, Phase
from bot.sandbox.limits import check_blocks
from bot.slack.face import Face
from bot.slack.gates import gate_form, override_form, proof_example
from tests.slack.made import ANA, BO, FACE, MEANINGS, STEPS, after, incident

REPAIRING = PhaseEntered(at=after(34), by=BO, phase=Phase.REPAIR, left=Phase.STABILIZE)
PREVENTING = PhaseEntered(at=after(100), by=BO, phase=Phase.PREVENT, left=Phase.REPAIR)
WAY: dict[Phase, list[Event]] = {
    Phase.STABILIZE: [],
    Phase.REPAIR: [REPAIRING],
    Phase.PREVENT: [REPAIRING, PREVENTING],
}
LONG = Face(
    t=FACE.t,
    meanings=MEANINGS,
    zone=FACE.zone,
    announcements="incidents",
    landscape=Landscape(paths=tuple(CriticalPath(name=f"{number}{'&' * 74}") for number in range(10))),
    root_causes=tuple(f"{number:02}{'<' * 73}" for number in range(100)),
)


def inputs(form: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {block["block_id"]: block["element"] for block in form["blocks"] if block["type"] == "input"}


@pytest.mark.parametrize("phase", list(WAY))
@pytest.mark.parametrize("face", [FACE, LONG])
def test_slack_takes_the_form_with_the_longest_answers_filled_in(phase: Phase, face: Face) -> None:
    answers = tuple(
        Answer(question=question, text="&" * ANSWER_MAX, about=about)
        for question in Proof
        for about in (face.critical_paths if question is Proof.PATHS else (ANA,))
    )
    form = gate_form(
        face, incident(GateAnswered(at=after(1), by=ANA, phase=phase, answers=answers), *WAY[phase])
    )
    check_blocks(form["blocks"], "modal")
    assert len(form["private_metadata"]) <= 3000
    assert all(len(form[part]["text"]) <= 24 for part in ("title", "submit", "close"))
    assert sum(element.get("focus_on_load", False) for element in inputs(form).values()) <= 1
    assert any(element.get("initial_value") for element in inputs(form).values())


def test_the_paths_are_those_of_the_settings() -> None:
    form = gate_form(FACE, incident())
    labels = [block["label"]["text"] for block in form["blocks"] if block["type"] == "input"]
    assert labels == ["signup", "search", "cart", "payment"]
    assert all(block["optional"] for block in form["blocks"] if block["type"] == "input")


def test_the_cause_is_one_of_the_settings_categories() -> None:
    form = gate_form(FACE, incident(REPAIRING))
    offered = [option["value"] for option in inputs(form)["category"]["options"]]
    assert offered[:2] == ["race condition", "missing idempotency"]
    assert len(offered) == 7


def test_an_action_item_that_is_there_is_shown_and_not_asked_for_again() -> None:
    item = ActionItemAdded(at=after(1), by=ANA, number=1, text="alert", owner=BO, due=after(9999).date())
    assert "action" in inputs(gate_form(FACE, incident(*WAY[Phase.PREVENT])))
    form = gate_form(FACE, incident(item, *WAY[Phase.PREVENT]))
    assert "action" not in inputs(form)
    assert "1. alert" in str(form)


def test_closing_warns_of_flags_that_are_still_held() -> None:
    held = FlagContained(at=after(2), by=BO, flag="gateway", reason="errors", safe="off", before="on")
    assert "1 flag is still held" in str(gate_form(FACE, incident(held, *WAY[Phase.PREVENT])))
    assert "still held" not in str(gate_form(FACE, incident(held)))


def test_the_runbook_s_own_questions_stand_below() -> None:
    asks = tuple(Question(id=f"q-{number}", text=f"{number}" + '"' * 199) for number in range(5))
    chosen = RunbookChosen(
        at=after(1), by=ANA, runbook="x", title="x", steps=STEPS, questions={Phase.STABILIZE: asks}
    )
    form = gate_form(LONG, incident(chosen))
    check_blocks(form["blocks"], "modal")
    assert [block for block in inputs(form) if block.startswith("own-")] == [f"own-{n}" for n in range(5)]
    assert len(form["private_metadata"]) <= 3000


def test_the_override_form_fits_however_much_is_open() -> None:
    steps = {
        Phase.STABILIZE: tuple(Step(id=f"s-{number}", text="&" * 200, required=True) for number in range(40))
    }
    chosen = RunbookChosen(at=after(1), by=ANA, runbook="x", title="x", steps=steps)
    form = override_form(LONG, incident(chosen), "y" * 9000)
    check_blocks(form["blocks"], "modal")
    assert "and 26 more" in str(form["blocks"])
    assert len(form["private_metadata"]) <= 3000


def test_each_path_that_everybody_has_has_its_own_example_and_others_a_neutral_one() -> None:
    examples = [
        proof_example(path, FACE.t) for path in ("signup", "search", "Cart", "payment", "loyalty points")
    ]
    assert len(set(examples)) == 5
    assert examples[3] == "twenty test orders went through since 03:40"
    assert "what was tried" in examples[4]
