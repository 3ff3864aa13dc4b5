"""Every answer ends with the one next thing to do."""

from __future__ import annotations

import pytest

from bot.domain.events import Event, IncidentClosed, PhaseEntered, RoleTaken, StepDone
from bot.domain.vocabulary import Phase, Role
from bot.slack.hints import next_to_do, so_now
from tests.slack.made import ANA, BO, FACE, after, incident

LEADS = RoleTaken(at=after(1), by=BO, role=Role.COMMANDER, person=BO)
SCOPED = StepDone(at=after(2), by=ANA, step="scope", text="")
CONTAINED = StepDone(at=after(3), by=ANA, step="contain", text="")
REPAIRING = PhaseEntered(at=after(34), by=BO, phase=Phase.REPAIR, left=Phase.STABILIZE)
PREVENTING = PhaseEntered(at=after(100), by=BO, phase=Phase.PREVENT, left=Phase.REPAIR)
LEARNED = StepDone(at=after(150), by=BO, step="learn", text="")


@pytest.mark.parametrize(
    ("events", "hint"),
    [
        ([], "*Next:* somebody takes the lead with `/incident lead`."),
        ([LEADS], "*Next:* Note which payments fail"),
        ([LEADS, SCOPED], "*Next:* Hold the new gateway"),
        ([LEADS, SCOPED, CONTAINED], "*Next:* nothing required is open, so `/incident next`."),
        ([LEADS, REPAIRING, PREVENTING, LEARNED], "*Next:* nothing required is open, so `/incident close`."),
        ([LEADS, IncidentClosed(at=after(200), by=BO)], ""),
    ],
)
def test_the_hint_fits_the_moment(events: list[Event], hint: str) -> None:
    assert next_to_do(incident(*events), FACE) == hint


def test_an_answer_without_a_hint_ends_where_it_ends() -> None:
    assert so_now("It is closed.", incident(IncidentClosed(at=after(1), by=BO)), FACE) == "It is closed."
