"""A runbook is changed while the incident runs, and no tick is lost."""

from __future__ import annotations

import pytest

from bot.domain.commands import AddNote, ChangeRunbook, CompleteStep, ReopenStep, SkipStep
from bot.domain.effects import Tell
from bot.domain.events import RunbookChosen, StepDone
from bot.domain.evolving import evolve
from bot.domain.incident import ADDED, Incident
from bot.domain.language import English
from bot.domain.promising import promised
from bot.domain.rules import decide
from bot.domain.runbook import Step
from bot.domain.story import line
from bot.domain.vocabulary import Phase, Refused, StepState
from tests.domain.samples import BO, OTHER_RUNBOOK, RUNBOOK, TO_PREVENT, TO_THE_END, after, done, later, then

CHANGE = ChangeRunbook(by=BO, runbook=OTHER_RUNBOOK)
BACK = ChangeRunbook(by=BO, runbook=RUNBOOK)


def told(incident: Incident, phase: Phase = Phase.STABILIZE) -> list[tuple[str, str]]:
    return [(item.step.id, item.state.value) for item in incident.items_of(phase)]


def test_open_steps_give_way_to_those_of_the_new_runbook_in_its_order() -> None:
    incident = after(CHANGE)
    assert (incident.runbook, incident.runbook_title) == ("queue-stuck", "A queue is stuck")
    assert told(incident) == [("poison", "open"), ("scope", "open")]
    assert [item.step.text for item in incident.items_of(Phase.REPAIR)] == ["Count what was lost."]


def test_a_tick_stays_with_the_words_that_were_ticked() -> None:
    incident = after(*done("scope"), CHANGE)
    scope = incident.item("scope")
    assert scope is not None
    assert (scope.state, scope.by, scope.step.text) == (StepState.DONE, "U01ANA", "Note which payments fail.")
    assert [item.step.id for item in incident.blocking()] == ["poison"]


def test_what_was_done_or_skipped_and_is_not_in_the_new_one_stays_visible() -> None:
    incident = after(*done("hold-flag"), SkipStep(by=BO, step="tell-people", reason="known"), CHANGE)
    assert told(incident) == [
        ("poison", "open"),
        ("scope", "open"),
        ("hold-flag", "done"),
        ("tell-people", "skipped"),
    ]
    skipped = incident.item("tell-people")
    assert skipped is not None
    assert skipped.reason == "known"


def test_changing_there_and_back_loses_no_tick() -> None:
    ticked = [*done("scope"), SkipStep(by=BO, step="tell-people", reason="known")]
    assert after(*ticked, CHANGE, BACK).items == after(*ticked).items


def test_a_step_that_people_added_stays_even_while_it_is_open() -> None:
    incident = after()
    own = incident.items[0].model_copy(update={"step": Step(id=f"{ADDED}1", text="Call the bank.")})
    incident = incident.model_copy(update={"items": (*incident.items, own)})
    assert told(then(incident, CHANGE)[0])[-1] == ("added-1", "open")


def test_a_step_of_an_earlier_phase_stays_in_the_record() -> None:
    incident = after(*TO_PREVENT, CHANGE)
    assert incident.phase is Phase.PREVENT
    assert ("hold-flag", "done") in told(incident)
    assert ("fix", "done") in told(incident, Phase.REPAIR)
    assert [item.step.id for item in incident.blocking()] == ["review"]


def test_a_step_carried_over_can_be_opened_again_and_done() -> None:
    incident, happened = then(
        after(*done("scope"), CHANGE), ReopenStep(by=BO, step="scope"), CompleteStep(by=BO, step="scope")
    )
    assert isinstance(happened[-1], StepDone)
    assert incident.item("scope") is not None


def test_the_runbook_that_is_there_already_changes_nothing() -> None:
    assert decide(after(CHANGE), CHANGE, later(5)) == []


def test_a_closed_incident_keeps_its_runbook() -> None:
    with pytest.raises(Refused, match="closed"):
        decide(after(*TO_THE_END), CHANGE, later(60))


def test_the_channel_is_told_and_checklist_and_card_are_drawn_anew() -> None:
    (event,) = decide(after(AddNote(by=BO, text="x")), CHANGE, later(5))
    assert isinstance(event, RunbookChosen)
    incident = after().model_copy(update={"channel": "C1"})
    effects = promised(evolve(incident, event), event)
    assert [effect for effect in effects if isinstance(effect, Tell)] == [Tell(event=event)]
    said = line(event, English(), lambda person: "Bo")
    assert said == "Bo changed the runbook to “A queue is stuck”; it was “Payments fail”."
