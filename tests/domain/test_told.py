"""The timeline as it really was: corrected, in order, with both times."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.commands import CorrectEntry, EntryFacts
from bot.domain.document import timeline_markdown
from bot.domain.events import Event, IncidentClosed, NoteAdded, PhaseEntered, RoleTaken, SurfacePosted
from bot.domain.happened import EntryCorrected
from bot.domain.language import English
from bot.domain.rules import decide
from bot.domain.told import milestone_of, told
from bot.domain.vocabulary import Milestone, Phase, Refused, Role, Surface
from bot.storage.timeline import Entry
from tests.domain.samples import ANA, BO, NOON, TO_THE_END, after, later

ASKED = CorrectEntry(
    by=BO, entry=EntryFacts(number=3, at=later(20)), time=later(7), reason="the graph says so"
)
FIRST = NoteAdded(at=later(10), by=ANA, text="orders drop")
SECOND = NoteAdded(at=later(20), by=ANA, text="the deploy went out")


def recorded(*events: Event) -> list[Entry]:
    """As they are stored, the first with number 2, each written down when it says."""
    return [Entry(number, event.at, event, "") for number, event in enumerate(events, 2)]


def corrected(entry: int, time: datetime, minutes: float = 30) -> EntryCorrected:
    return EntryCorrected(
        at=later(minutes), by=BO, entry=entry, time=time, previous=later(20), reason="the graph says so"
    )


def refusal(command: CorrectEntry) -> str:
    with pytest.raises(Refused) as refused:
        decide(after(), command, later(60))
    return str(refused.value)


def test_a_corrected_entry_stands_where_it_really_was_and_keeps_both_times() -> None:
    read = told(recorded(FIRST, SECOND, corrected(3, later(7))))
    assert [entry.number for entry in read] == [3, 2, 4]
    assert (read[0].at, read[0].first_at, read[0].recorded_at) == (later(7), later(20), later(20))
    assert read[0].is_late
    assert not read[1].is_late


def test_of_several_corrections_the_last_counts() -> None:
    read = told(recorded(FIRST, SECOND, corrected(3, later(7)), corrected(3, later(12), 31)))
    assert [entry.number for entry in read] == [2, 3, 4, 5]
    assert read[1].at == later(12)


def test_bookkeeping_is_left_out_and_keeps_its_number() -> None:
    posted = SurfacePosted(at=NOON, by="firebreak", surface=Surface.CARD, channel="C1", ts="1.1")
    assert [entry.number for entry in told(recorded(posted, FIRST))] == [3]


def test_the_document_tells_both_times_and_the_correction() -> None:
    document = timeline_markdown(after(), recorded(FIRST, SECOND, corrected(3, later(7))), English(), str)
    assert "- 2026-11-21 12:07:00 (recorded 2026-11-21 12:20:00) #3 U01ANA: the deploy went out" in document
    assert (
        "#4 U02BO corrected the time of entry #3 from 2026-11-21 12:20:00 to 2026-11-21 12:07:00. "
        "Reason: the graph says so" in document
    )


def test_an_entry_is_corrected_with_the_time_from_before() -> None:
    assert decide(after(), ASKED, later(60)) == [
        EntryCorrected(
            at=later(60), by=BO, entry=3, time=later(7), previous=later(20), reason="the graph says so"
        )
    ]


def test_a_closed_incident_is_corrected_too_and_the_same_time_changes_nothing() -> None:
    assert decide(after(*TO_THE_END), ASKED, later(60))
    assert decide(after(), replace(ASKED, time=later(20)), later(60)) == []


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (replace(ASKED, entry=EntryFacts(number=99)), "INC-7 has no entry #99, so nothing was changed."),
        (replace(ASKED, time=later(61)), "2026-11-21 13:01 UTC is in the future."),
        (replace(ASKED, time=NOON - timedelta(minutes=5)), "11:55 UTC is before INC-7 began"),
        (
            replace(ASKED, reason=" "),
            "read it later: `/incident correct #3 12:07 <reason>`.",
        ),
        (
            replace(ASKED, entry=EntryFacts(number=1, at=NOON, milestone=Milestone.DECLARED)),
            "the figures go by it: `/incident correct declared 12:07 <reason>`.",
        ),
    ],
)
def test_what_cannot_be_corrected_is_refused_with_what_to_type(command: CorrectEntry, said: str) -> None:
    assert said in refusal(command)


def test_the_events_that_the_figures_go_by_are_milestones() -> None:
    handed_over = RoleTaken(at=NOON, by=BO, role=Role.COMMANDER, person=BO, previous=ANA)
    assert milestone_of(handed_over) is None
    assert milestone_of(handed_over.model_copy(update={"previous": None})) is Milestone.ACKNOWLEDGED
    repairing = PhaseEntered(at=NOON, by=BO, phase=Phase.REPAIR, left=Phase.STABILIZE)
    assert milestone_of(repairing) is Milestone.STABILIZED
    assert milestone_of(IncidentClosed(at=NOON, by=BO)) is Milestone.CLOSED
    assert milestone_of(FIRST) is None
