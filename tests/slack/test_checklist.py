"""The checklist shows what became of each step, and which one is next."""

from __future__ import annotations

import json
import re

import pytest

from bot.domain.events import FlagContained, IncidentClosed, PhaseEntered, RoleTaken, StepDone, StepSkipped
from bot.domain.runbook import Step
from bot.domain.vocabulary import Phase, Role
from bot.slack.checklist import checklist
from bot.slack.face import Drawing
from tests.slack.made import (
    ANA,
    BO,
    FACE,
    STEPS,
    after,
    check,
    elements,
    incident,
    labels,
    long_steps,
    primaries,
    read,
)

SCOPED = StepDone(at=after(3), by=ANA, step="scope", text="Note which payments fail")
CONTAINED = StepDone(at=after(5), by=ANA, step="contain", text="Hold the new gateway")
SKIPPED = StepSkipped(at=after(6), by=BO, step="tell", text="Tell support", reason="they told us & <you>")


def test_an_open_step_is_an_empty_box_with_its_reason_and_two_buttons() -> None:
    drawn = check(checklist(incident(), FACE, after(1)))
    assert drawn.blocks[0]["text"]["text"] == "*Stabilize: 0 of 3 done*\nRunbook: Payments fail"
    assert [block["type"] for block in drawn.blocks[1:4]] == ["section", "context", "actions"]
    assert drawn.blocks[1]["text"]["text"] == "☐ *Note which payments fail* (required)"
    assert drawn.blocks[2]["elements"][0]["text"] == "It chooses the switch"
    assert labels(drawn)[:3] == ["Change…", "Done", "Skip…"]


def test_a_step_about_a_flag_shows_the_command_to_type() -> None:
    assert "Type `/flag kill new-gateway &lt;reason&gt;`" in read(checklist(incident(), FACE, after(1)))


def test_a_step_about_a_flag_that_is_held_says_so_instead() -> None:
    held = incident(
        FlagContained(
            at=after(2), by=ANA, flag="new-gateway", safe="off", before="on", reason="payments fail"
        )
    )
    shown = read(checklist(held, FACE, after(1)))
    assert "`new-gateway` is held at `off`." in shown
    assert "/flag kill" not in shown


def test_one_button_stands_out_the_first_required_step_that_is_open() -> None:
    drawn = checklist(incident(SCOPED), FACE, after(4))
    assert primaries([drawn]) == ["Done"]
    (button,) = [each for each in elements(drawn) if each.get("style") == "primary"]
    assert json.loads(button["value"]) == {"incident": 7, "step": "contain"}
    assert button["accessibility_label"] == "Done: Hold the new gateway"


def test_a_step_that_is_done_says_who_and_when_and_can_be_undone() -> None:
    drawn = check(checklist(incident(SCOPED), FACE, after(4)))
    section = drawn.blocks[1]
    assert section["text"]["text"].startswith("✅ Note which payments fail\n_Done by <@U01ANA> at <!date^")
    assert section["accessory"]["text"]["text"] == "Undo"


def test_a_skipped_step_says_why() -> None:
    said = read(check(checklist(incident(SKIPPED), FACE, after(7))))
    assert "⏭️ Tell support" in said
    assert "they told us &amp; &lt;you&gt;" in said
    assert "*Stabilize: 0 of 3 done, 1 skipped*" in said


def test_when_nothing_required_is_open_it_says_so_and_offers_the_next_phase() -> None:
    drawn = check(checklist(incident(SCOPED, CONTAINED), FACE, after(6)))
    assert "Everything required in *Stabilize* is done." in read(drawn)
    assert labels(drawn)[-1] == "Next phase: repair"


def test_while_a_required_step_is_open_the_next_phase_is_not_offered() -> None:
    assert "Next phase: repair" not in labels(checklist(incident(SCOPED), FACE, after(6)))


def test_it_shows_the_steps_of_the_current_phase_alone() -> None:
    entered = PhaseEntered(at=after(30), by=BO, phase=Phase.REPAIR, left=Phase.STABILIZE)
    said = read(checklist(incident(entered), FACE, after(31)))
    assert "Fix the cause" in said
    assert "Tell support" not in said


def test_of_a_closed_incident_it_shows_what_became_of_every_step() -> None:
    drawn = check(checklist(incident(SCOPED, SKIPPED, IncidentClosed(at=after(9), by=BO)), FACE, after(9)))
    said = read(drawn)
    assert labels(drawn) == []
    assert "✅ Note which payments fail" in said
    assert "⏭️ Tell support" in said
    assert "☐ *Write down what we learned*" in said


@pytest.mark.parametrize("count", [1, 5, 15, 16, 20, 46, 47, 120])
@pytest.mark.parametrize("required", [True, False])
def test_however_many_and_long_the_steps_it_fits(count: int, required: bool) -> None:
    made = incident(steps=long_steps(count, required=required))
    drawn = check(checklist(made, FACE, after(1)))
    assert ("not fit here" in read(drawn)) is (count > 46)
    check(checklist(incident(IncidentClosed(at=after(9), by=BO), steps=long_steps(count)), FACE, after(9)))


def twenty(*done: StepDone) -> Drawing:
    steps = {
        **STEPS,
        Phase.STABILIZE: tuple(Step(id=f"s-{n}", text=f"Step {n}", why="because") for n in range(20)),
    }
    return check(checklist(incident(*done, steps=steps), FACE, after(60)))


def test_of_a_long_checklist_the_next_steps_have_buttons_and_the_later_ones_a_menu() -> None:
    drawn = twenty()
    assert labels(drawn).count("Done") == 13
    later = elements(drawn, "overflow")[-7:]
    for number, menu in enumerate(later, start=13):
        offered = [option["text"]["text"] for option in menu["options"]]
        assert offered == ["Done", "Skip…", "I do it", "Assign…", "Note…"]
        aim = {"incident": 7, "step": f"s-{number}", "act": "done"}
        assert json.loads(menu["options"][0]["value"]) == aim


def test_what_is_done_makes_room_for_the_buttons_of_later_steps() -> None:
    done = [StepDone(at=after(n), by=ANA, step=f"s-{n}", text=f"Step {n}") for n in range(7)]
    drawn = twenty(*done)
    assert labels(drawn).count("Undo") == 7
    assert labels(drawn).count("Done") == 13


def test_of_very_many_steps_the_open_ones_are_shown_first() -> None:
    steps = {**STEPS, Phase.STABILIZE: tuple(Step(id=f"s-{n}", text=f"Step {n}.") for n in range(60))}
    done = [StepDone(at=after(n), by=ANA, step=f"s-{n}", text=f"Step {n}.") for n in range(30)]
    said = read(check(checklist(incident(*done, steps=steps), FACE, after(60))))
    assert all(f"Step {number}." in said for number in range(30, 60))


HELPED = Step(
    id="restart",
    text="Restart the consumers",
    why="They hang after a failover",
    due_after=30,
    owner=Role.COMMUNICATIONS,
    link="https://wiki.example/consumers?a=1&b=2",
    command="kubectl rollout restart deploy/consumer && echo <ok>",
)


@pytest.mark.parametrize("others", [0, 19])
def test_a_step_shows_what_it_brings_along_in_both_forms(others: int) -> None:
    rest = tuple(Step(id=f"s-{n}", text=f"Step {n}.", why="because") for n in range(others))
    made = incident(steps={**STEPS, Phase.STABILIZE: (*rest, HELPED)})
    said = read(check(checklist(made, FACE, after(1))))
    assert "They hang after a failover" in said
    assert "for communications · due <!date^" in said
    assert "Run `kubectl rollout restart deploy/consumer &amp;&amp; echo &lt;ok&gt;`" in said
    assert "<https://wiki.example/consumers?a=1&amp;b=2|Open the page>" in said


def test_who_has_the_role_is_named_and_a_late_step_says_so() -> None:
    taken = RoleTaken(at=after(2), by=BO, role=Role.COMMUNICATIONS, person=BO)
    made = incident(taken, steps={**STEPS, Phase.STABILIZE: (HELPED,)})
    said = read(checklist(made, FACE, after(31)))
    assert "for communications (<@U02BO>) · *overdue since <!date^" in said
    assert "overdue" not in read(checklist(made, FACE, after(30)))


def test_a_step_of_repair_is_due_from_when_the_repair_began() -> None:
    made = incident(
        PhaseEntered(at=after(40), by=BO, phase=Phase.REPAIR, left=Phase.STABILIZE),
        steps={**STEPS, Phase.REPAIR: (HELPED,), Phase.PREVENT: (Step(id="x", text="x", due_after=5),)},
    )
    assert made.due(made.items_of(Phase.REPAIR)[0]) == after(70)
    assert made.due(made.items_of(Phase.PREVENT)[0]) is None


@pytest.mark.parametrize("count", [1, 12, 20, 46])
@pytest.mark.parametrize("character", ["&", "é", "🔥"])
def test_steps_that_bring_along_the_most_fit_and_keep_command_and_link_whole(
    count: int, character: str
) -> None:
    link = "https://" + character * 250
    steps = tuple(
        Step(
            id=f"s-{n}",
            text=character * 200,
            why=character * 400,
            flag=character * 100,
            due_after=1,
            owner=Role.COMMUNICATIONS,
            link=link,
            command=character * 300,
        )
        for n in range(count)
    )
    said = read(check(checklist(incident(steps={**STEPS, Phase.STABILIZE: steps}), FACE, after(9))))
    if character != "&":
        assert said.count(f"`{character * 300}`") == said.count(f"<{link}|") == count
    assert not re.search(r"<https://[^>]*…", said)
