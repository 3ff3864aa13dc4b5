"""A state that is written piece by piece reads as one that is written whole."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.commands import ChangeRunbook, Command
from bot.domain.events import Event
from bot.domain.evolving import evolve, replay
from bot.domain.incident import Incident
from bot.storage.written import Written, written
from tests.domain.samples import BO, NUMBER, OTHER_RUNBOOK, STORY, then

HAPPENED = then(Incident(number=NUMBER), *STORY)[1]


def test_every_state_of_a_story_is_written_as_pydantic_writes_it() -> None:
    other: list[Command] = [*STORY[:20], ChangeRunbook(by=BO, runbook=OTHER_RUNBOOK)]
    for events in (HAPPENED, then(Incident(number=NUMBER), *other)[1]):
        incident, before = Incident(number=NUMBER), None
        for event in events:
            incident = evolve(incident, event)
            before = written(incident, before)
            assert before.json == incident.model_dump_json()


@settings(max_examples=40)
@given(st.lists(st.sampled_from(HAPPENED), max_size=8), st.integers(0, len(HAPPENED)))
def test_it_does_not_matter_how_far_back_the_state_before_lies(more: list[Event], known: int) -> None:
    before = written(replay(NUMBER, HAPPENED[:known]))
    incident = before.incident
    for event in more:  # in any order: evolve is total
        incident = evolve(incident, event)
    assert written(incident, before).json == incident.model_dump_json()


def test_after_a_state_that_was_only_read_all_of_it_is_written() -> None:
    read = Incident.model_validate_json(replay(NUMBER, HAPPENED).model_dump_json())
    incident = evolve(read, HAPPENED[-1])
    assert written(incident, Written(read)).json == incident.model_dump_json()


def test_a_step_that_did_not_change_is_not_written_again() -> None:
    before = written(replay(NUMBER, HAPPENED))
    ticked = next(event for event in HAPPENED if event.type == "step_done")
    after = written(evolve(before.incident, ticked), before)
    kept = [new is old for new, old in zip(after.items, before.items, strict=True)]
    assert kept.count(False) == 1
