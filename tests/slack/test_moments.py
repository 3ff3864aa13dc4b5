"""What the channel is told when something happens, in words that need no context at 3 a.m."""

from __future__ import annotations

import json

import pytest

from bot.domain.events import (
    Event,
    FlagContained,
    FlagRestored,
    IncidentClosed,
    NoteAdded,
    PhaseEntered,
    RoleTaken,
    SeverityChanged,
    StepReopened,
)
from bot.domain.vocabulary import NOTE_MAX, Phase, Role, Severity
from bot.slack.moments import moment
from tests.slack.made import ANA, BO, FACE, after, check, elements, incident, read

HELD = FlagContained(at=after(4), by=BO, flag="new-gateway", reason="errors began", safe="off", before="on")


def told(event: Event, *before: Event) -> str:
    return read(check(moment(event, incident(*before, event), FACE)))


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (
            SeverityChanged(at=after(2), by=BO, severity=Severity.P1, previous=Severity.P0),
            f"*P1* now, it was P0 (<@{BO}>). P1: major degradation that costs many users or money",
        ),
        (RoleTaken(at=after(1), by=BO, role=Role.COMMANDER, person=BO), f"*<@{BO}> leads now.*"),
        (
            RoleTaken(at=after(1), by=BO, role=Role.COMMANDER, person=BO, previous=ANA),
            f"*<@{BO}> leads now*, taking over from <@{ANA}>.",
        ),
        (
            RoleTaken(at=after(1), by=BO, role=Role.SCRIBE, person=BO),
            f"<@{BO}> took the role scribe.",
        ),
        (
            PhaseEntered(at=after(34), by=BO, phase=Phase.REPAIR, left=Phase.STABILIZE),
            f"*Stabilized* after 34 min (<@{BO}>). Now repair: the checklist shows the next steps.",
        ),
        (
            PhaseEntered(at=after(100), by=BO, phase=Phase.PREVENT, left=Phase.REPAIR),
            f"*Repaired* after 1 h 40 min (<@{BO}>). Now prevent: what keeps it from coming back.",
        ),
        (
            FlagRestored(at=after(50), by=BO, flag="new-gateway", serves="on"),
            f"`new-gateway` serves `on` again for everyone (<@{BO}>).",
        ),
        (
            StepReopened(at=after(9), by=BO, step="tell", text="Tell support"),
            f"<@{BO}> opened again: Tell support",
        ),
    ],
)
def test_each_moment_says_what_is_so_now(event: Event, words: str) -> None:
    assert told(event) == words


def test_a_flag_that_was_switched_off_says_so_loudly_and_can_be_undone() -> None:
    drawn = check(moment(HELD, incident(HELD), FACE))
    said = read(drawn)
    assert "`new-gateway` is *OFF for everyone*: served `on`, now held at `off`." in said
    assert f"<@{BO}>: errors began" in said
    undo, keep = elements(drawn)
    assert keep["text"]["text"] == "Keep 4 h"
    assert undo["text"]["text"] == "Undo"
    assert json.loads(undo["value"]) == {
        "incident": 7,
        "flag": "new-gateway",
        "environment": "production",
    }
    assert undo["confirm"]["text"]["text"] == "It serves on to everyone again, at once."


def test_a_flag_whose_safe_value_is_no_off_is_not_called_off() -> None:
    said = told(HELD.model_copy(update={"safe": "read-only"}))
    assert "`new-gateway` is *held for everyone*: served `on`, now held at `read-only`." in said
    assert "OFF" not in said


def test_a_flag_with_a_name_too_long_for_a_button_is_told_without_one() -> None:
    assert elements(check(moment(HELD.model_copy(update={"flag": "f" * 3000}), incident(), FACE))) == []


def test_closing_tells_the_times_and_what_is_still_held() -> None:
    said = told(IncidentClosed(at=after(200), by=BO), HELD)
    assert "*INC-7 is closed.*" in said
    assert "declared → closed: 3 h 20 min" in said
    assert "*Still held:* `new-gateway`. Undo each with `/flag undo &lt;flag&gt;`" in said


def test_a_note_says_who_wrote_it_and_keeps_its_lines() -> None:
    said = told(NoteAdded(at=after(9), by=ANA, text="one\ntwo <!channel>"))
    assert said == f"Note by <@{ANA}>\none\ntwo &lt;!channel&gt;"


@pytest.mark.parametrize("character", ["x", "&", "🔥", "\n", "<"])
def test_the_longest_note_is_told_whole(character: str) -> None:
    text = f"a{character * (NOTE_MAX - 2)}z"
    drawn = check(moment(NoteAdded(at=after(9), by=ANA, text=text), incident(), FACE))
    sections = [block["text"]["text"] for block in drawn.blocks if block["type"] == "section"]
    assert len(sections) <= 6
    assert "…" not in "".join(sections)
    assert sections[-1].endswith("z")
