"""The draft of a postmortem: the payments story as it stands in tests/golden/postmortem.md, and what it never does.

`UPDATE_GOLDEN=1 python -m pytest tests/domain/test_postmortem.py` writes the file anew; read it before it is kept.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bot.domain.affected import Affected
from bot.domain.commands import (
    AddActionItem,
    AddNote,
    Command,
    CorrectMilestone,
    DeclareIncident,
    HandOver,
    MeasureFigure,
    OverrideGate,
    RestoreFlag,
    SkipStep,
    TakeRole,
)
from bot.domain.events import Event
from bot.domain.evolving import evolve
from bot.domain.incident import Incident
from bot.domain.language import English
from bot.domain.measures import Measure, Side
from bot.domain.postmortem import postmortem
from bot.domain.rules import decide
from bot.domain.vocabulary import Milestone, Phase, Role, Severity
from tests.domain.samples import (
    ANA,
    BO,
    CHANNEL,
    CLEO,
    CLOSE,
    ITEM,
    NUMBER,
    RUNBOOK,
    TO_THE_END,
    contain,
    declare,
    done,
    facts,
    later,
    leave,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "postmortem.md"
NAMES = {ANA: "Ana Ruiz", BO: "Bo Lindqvist", CLEO: "Cleo_Park"}


@dataclass
class Entry:
    version: int
    event: Event
    recorded_at: datetime


def play(*commands: tuple[float, Command]) -> tuple[Incident, list[Entry]]:
    """What becomes of INC-7 when each command is asked so many minutes after noon."""
    incident, entries = Incident(number=NUMBER), []
    for minute, command in commands:
        for event in decide(incident, command, later(minute)):
            incident = evolve(incident, event)
            entries.append(Entry(incident.version, event, later(minute)))
    return incident, entries


def drafted(*commands: tuple[float, Command], at: float = 200) -> str:
    incident, entries = play(*commands)
    return postmortem(incident, entries, English(), lambda person: NAMES.get(person, person), later(at))


def errors(side: Side, hits: int, of: int, start: float) -> MeasureFigure:
    measure = Measure(
        name="payment error share",
        side=side,
        value=hits,
        of=of,
        began=later(start),
        ended=later(start) + timedelta(minutes=40),
        source="grafana, checkout | by path",
    )
    return MeasureFigure(by=CLEO, measure=measure)


PAYMENTS: list[tuple[float, Command]] = [
    (
        0,
        DeclareIncident(
            by=ANA,
            title="checkout returns 500 <for cards>",
            severity=Severity.P0,
            runbook=RUNBOOK,
            impact_started=later(-12),
            affected=Affected(services=("payments-api",), paths=("payment",)),
        ),
    ),
    (0.1, CHANNEL),
    (2, TakeRole(by=BO, role=Role.COMMANDER)),
    (3, TakeRole(by=CLEO, role=Role.SCRIBE)),
    (4, contain()),
    (6, AddNote(by=CLEO, text="errors began with release 3.13", time=later(-12))),
    (20, SkipStep(by=ANA, step="scope", reason="the gateway's page shows no outage")),
    (24, HandOver(by=BO, person=ANA)),
    *((25.0, each) for each in done("hold-flag")),
    (30, leave(Phase.STABILIZE)),
    (31, CorrectMilestone(by=BO, milestone=Milestone.STABILIZED, time=later(27), reason="the graph")),
    (32, CorrectMilestone(by=BO, milestone=Milestone.IMPACT_ENDED, time=later(27), reason="the graph")),
    *((80.0, each) for each in done("fix")),
    (81, leave(Phase.REPAIR)),
    (90, RestoreFlag(by=BO, flag=facts(held_by=NUMBER))),
    (95, errors(Side.BEFORE, 412, 2300, -13)),
    (140, errors(Side.AFTER, 3, 2410, 95)),
    (150, AddActionItem(by=BO, item=ITEM)),
    *((155.0, each) for each in done("review")),
    (160, CLOSE),
]


def test_the_payments_story_is_that_of_the_golden_file() -> None:
    text = drafted(*PAYMENTS)
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_what_was_overridden_is_told_with_what_was_open() -> None:
    override = OverrideGate(by=BO, leaving=Phase.STABILIZE, reason="support waits")
    text = drafted((0, declare()), (1, TakeRole(by=BO, role=Role.COMMANDER)), (2, override))
    assert (
        "## Left unverified\n\n- Phase stabilize by Bo Lindqvist, 2026-11-21 12:02:00: support waits. Open then: "
        "Note which payments fail.; Hold the new gateway.; paths that work again" in text
    )
    assert "It is not closed yet: phase repair." in text


def test_a_draft_of_an_incident_that_has_just_begun_asks_and_claims_nothing() -> None:
    text = drafted((0, declare()), at=5)
    assert "declared → repaired: at least 5 min, still open" in text
    assert "impact started → impact ended: not known" in text
    assert text.count("> ✎ Not answered.") == 5
    assert "Nobody took a role." in text
    assert "> ✎ Not measured." in text


def test_a_flag_that_is_still_held_says_so() -> None:
    text = drafted((0, declare()), (4, contain()))
    assert (
        "payments-new-gateway at off (before: on) since 2026-11-21 12:04:00 by Bo Lindqvist, and still"
        in text
    )


def test_it_has_the_same_sections_for_everybody() -> None:
    short, long = drafted((0, declare())), drafted(*PAYMENTS)
    assert [line for line in short.splitlines() if line.startswith("## ")] == [
        line for line in long.splitlines() if line.startswith("## ")
    ]


def test_what_people_typed_makes_no_heading_and_no_table() -> None:
    note = AddNote(by=BO, text="# not a heading\n| not | a table |\n> ✎ not ours")
    text = drafted((0, declare("# checkout | down")), (1, note))
    assert "\n# not a heading" not in text
    assert "| not | a table |" not in text
    assert text.splitlines()[0] == "# Postmortem of INC-7: \\# checkout \\| down"


def test_every_command_that_an_incident_knows_can_be_told() -> None:
    commands: list[tuple[float, Command]] = [
        (0, declare()),
        *((n + 1.0, c) for n, c in enumerate(TO_THE_END)),
    ]
    assert "missing idempotency" in drafted(*commands)
