"""Events told as sentences, and an incident as a document that can be read on its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from markdown_it import MarkdownIt

from bot.domain.document import markdown, timeline_markdown
from bot.domain.events import (
    ChannelOpened,
    Event,
    FlagContained,
    FlagRestored,
    IncidentClosed,
    IncidentDeclared,
    NoteAdded,
    PhaseEntered,
    RoleTaken,
    RunbookChosen,
    SeverityChanged,
    StepDone,
    StepReopened,
    StepSkipped,
    SurfacePosted,
)
from bot.domain.evolving import replay
from bot.domain.language import English
from bot.domain.naming import milestone_word, phase_word, role_word
from bot.domain.runbook import Step
from bot.domain.story import is_told, line
from bot.domain.vocabulary import Milestone, Phase, Role, Severity, Surface

t = English()
NOON = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
NAMES = {"U1": "Ana", "U2": "Bo"}
STEPS = {phase: (Step(id=phase.value, text="Look"),) for phase in list(Phase)[:3]}


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def who(person: str) -> str:
    return NAMES.get(person, person)


def by(person: str, minutes: float = 0) -> dict[str, object]:
    return {"by": person, "at": after(minutes)}


DECLARED = IncidentDeclared(by="U1", at=NOON, number=7, title="checkout <500>", severity=Severity.P1)
CHOSEN = RunbookChosen(by="U1", at=NOON, runbook="pay", title="Payments fail", steps=STEPS)
OPENED = ChannelOpened(by="firebreak", at=NOON, channel="C7", name="inc-7-checkout")
POSTED = SurfacePosted(by="firebreak", at=NOON, surface=Surface.CARD, channel="C7", ts="1.0")
WORSE = SeverityChanged(by="U2", at=after(2), severity=Severity.P0, previous=Severity.P1)
LEADS = RoleTaken(by="U2", at=after(3), role=Role.COMMANDER, person="U2")
HELD = FlagContained(by="U2", at=after(5), flag="new-gateway", reason="errors began", safe="off", before="on")
NOTED = NoteAdded(by="U1", at=after(8), text="- see https://a.example/x_y\n# *no* heading")
REPAIRING = PhaseEntered(by="U2", at=after(34), phase=Phase.REPAIR, left=Phase.STABILIZE)
EVERYTHING: list[Event] = [DECLARED, CHOSEN, OPENED, POSTED, WORSE, LEADS, HELD, NOTED, REPAIRING]


@dataclass(frozen=True)
class Entry:
    event: Event
    recorded_at: datetime
    version: int


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (DECLARED, "Ana declared P1: checkout <500>"),
        (CHOSEN, "Runbook: Payments fail"),
        (OPENED, "The channel #inc-7-checkout was opened."),
        (POSTED, "A message that is kept up to date was posted: card"),
        (WORSE, "Bo changed the severity from P1 to P0."),
        (LEADS, "Bo took the lead."),
        (LEADS.model_copy(update={"previous": "U1"}), "Bo took the lead over from Ana."),
        (LEADS.model_copy(update={"role": Role.SCRIBE}), "Bo took the role scribe."),
        (StepDone(by="U1", at=NOON, step="scope", text="Look"), "Ana did: Look"),
        (
            StepSkipped(by="U1", at=NOON, step="scope", text="Look", reason="seen"),
            "Ana skipped: Look. Reason: seen",
        ),
        (StepReopened(by="U1", at=NOON, step="scope", text="Look"), "Ana opened again: Look"),
        (REPAIRING, "Bo: stabilized. Phase repair begins."),
        (
            PhaseEntered(by="U2", at=NOON, phase=Phase.PREVENT, left=Phase.REPAIR),
            "Bo: repaired. Phase prevent begins.",
        ),
        (
            PhaseEntered(by="U2", at=NOON, phase=Phase.STABILIZE, left=Phase.PREVENT),
            "Bo: phase stabilize begins.",
        ),
        (IncidentClosed(by="U2", at=NOON), "Bo closed the incident."),
        (NoteAdded(by="U1", at=NOON, text="it is the cache"), "Ana: it is the cache"),
        (
            HELD,
            "Bo contained the flag new-gateway: served on, now held at off. Reason: errors began",
        ),
        (
            FlagRestored(by="U2", at=NOON, flag="new-gateway", serves="on"),
            "Bo let go of the flag new-gateway: it serves on again.",
        ),
    ],
)
def test_every_event_is_one_sentence(event: Event, sentence: str) -> None:
    assert line(event, t, who) == sentence


def test_what_people_typed_is_quoted_and_names_are_not() -> None:
    assert line(DECLARED, t, lambda person: f"<@{person}>", str.upper) == "<@U1> declared P1: CHECKOUT <500>"


def test_bookkeeping_is_not_told() -> None:
    assert [event for event in EVERYTHING if not is_told(event)] == [POSTED]


def test_every_phase_role_and_milestone_has_a_word() -> None:
    assert [phase_word(phase, t) for phase in Phase] == ["stabilize", "repair", "prevent", "closed"]
    assert [role_word(role, t) for role in Role] == ["lead", "communications", "scribe", "responder"]
    assert len({milestone_word(milestone, t) for milestone in Milestone}) == len(Milestone)


def exported(events: list[Event], late: timedelta = timedelta()) -> str:
    entries = [Entry(event, event.at + late, number) for number, event in enumerate(events, 1)]
    return timeline_markdown(replay(7, events), entries, t, who)


def test_the_export_has_facts_milestones_and_what_happened_in_order() -> None:
    assert exported([DECLARED, CHOSEN, OPENED, POSTED, WORSE, LEADS, HELD, REPAIRING]) == (
        "# INC-7: checkout \\<500\\>\n"
        "\n"
        "- Severity: P0\n"
        "- Phase: repair\n"
        "- Declared by: Ana\n"
        "- Lead: Bo\n"
        "- Runbook: Payments fail\n"
        "- Channel: \\#inc-7-checkout\n"
        "- Flag still held: new-gateway at off\n"
        "\n"
        "## Milestones\n"
        "\n"
        "| milestone | time (UTC) | after declared |\n"
        "|---|---|---|\n"
        "| declared | 2026-09-01 12:00:00 |  |\n"
        "| acknowledged | 2026-09-01 12:03:00 | 3 min |\n"
        "| stabilized | 2026-09-01 12:34:00 | 34 min |\n"
        "\n"
        "## Roles\n"
        "\n"
        "| role | who | from (UTC) | to (UTC) |\n"
        "|---|---|---|---|\n"
        "| lead | Bo | 2026-09-01 12:03:00 |  |\n"
        "\n"
        "## Timeline\n"
        "\n"
        "All times are UTC.\n"
        "\n"
        "- 2026-09-01 12:00:00 #1 Ana declared P1: checkout \\<500\\>\n"
        "- 2026-09-01 12:00:00 #2 Runbook: Payments fail\n"
        "- 2026-09-01 12:00:00 #3 The channel #inc-7-checkout was opened.\n"
        "- 2026-09-01 12:02:00 #5 Bo changed the severity from P1 to P0.\n"
        "- 2026-09-01 12:03:00 #6 Bo took the lead.\n"
        "- 2026-09-01 12:05:00 #7 Bo contained the flag new-gateway: served on, now held at off. "
        "Reason: errors began\n"
        "- 2026-09-01 12:34:00 #8 Bo: stabilized. Phase repair begins.\n"
    )


def test_a_severity_that_was_worse_once_is_remembered() -> None:
    calmer = SeverityChanged(by="U2", at=after(9), severity=Severity.P3, previous=Severity.P0)
    assert "- Severity at its worst: P0\n" in exported([DECLARED, CHOSEN, WORSE, calmer])


def test_what_was_recorded_late_shows_both_times_and_stands_where_it_happened() -> None:
    entries = [Entry(DECLARED, NOON, 1), Entry(REPAIRING, after(34), 2), Entry(NOTED, after(40), 3)]
    told = timeline_markdown(replay(7, EVERYTHING), entries, t, who).split("## Timeline")[1]
    assert "- 2026-09-01 12:08:00 (recorded 2026-09-01 12:40:00) #3 Ana: " in told
    assert told.index("12:08:00") < told.index("12:34:00")


def test_a_milestone_before_the_declaration_says_so() -> None:
    made = replay(7, [DECLARED, CHOSEN])
    earlier = made.model_copy(update={"milestones": made.milestones | {Milestone.IMPACT_STARTED: after(-12)}})
    assert "| impact started | 2026-09-01 11:48:00 | 12 min before |" in timeline_markdown(
        earlier, [], t, who
    )


@pytest.mark.parametrize(
    "text",
    [
        "*not bold* _nor this_ `nor code` ~~nor struck~~",
        "# no heading\n- no list\n1. no list either\n> no quote",
        "<script>alert(1)</script> &amp; [no](link) ![no](image)",
        "| no | table |",
        "back\\slash",
        "+ plus\n= equals\n=== rule",
    ],
)
def test_markdown_shows_what_was_typed_as_it_was_typed(text: str) -> None:
    tokens = MarkdownIt().enable("strikethrough").parse(markdown(text))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children or []
    shown = "".join("\n" if child.type == "softbreak" else child.content for child in children)
    assert {child.type for child in children} <= {"text", "softbreak", "text_special"}
    assert shown == text


def test_an_address_in_a_note_is_a_link_and_stays_whole() -> None:
    assert markdown("see https://a.example/x_y?b=*") == "see <https://a.example/x_y?b=*>"


def test_a_note_of_several_lines_stays_one_item_of_the_list() -> None:
    tokens = MarkdownIt().parse(exported([DECLARED, CHOSEN, NOTED]))
    headings = [token for token in tokens if token.type == "heading_open"]
    items = [token for token in tokens if token.type == "list_item_open"]
    assert len(headings) == 3
    assert len(items) == 4 + 3  # facts, then what happened
