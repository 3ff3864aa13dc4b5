"""Incidents to draw, made from events, and what a drawing says and must keep to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.events import (
    ChannelOpened,
    Event,
    IncidentDeclared,
    RunbookChosen,
)
from bot.domain.evolving import replay
from bot.domain.incident import Incident
from bot.domain.language import English
from bot.domain.runbook import Step
from bot.domain.vocabulary import FIREBREAK, Phase, Severity
from bot.sandbox.limits import check_blocks
from bot.slack.face import Drawing, Face

ANA, BO = "U01ANA", "U02BO"
NOON = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
MEANINGS = {
    Severity.P0: "total blockage of the product or of a key business flow",
    Severity.P1: "major degradation that costs many users or money",
    Severity.P2: "partial, with a workaround",
    Severity.P3: "minor",
    Severity.P4: "cosmetic",
}
FACE = Face(t=English(), meanings=MEANINGS, zone=ZoneInfo("UTC"), announcements="incidents")

STEPS = {
    Phase.STABILIZE: (
        Step(id="scope", text="Note which payments fail", why="It chooses the switch", required=True),
        Step(id="contain", text="Hold the new gateway", required=True, flag="new-gateway"),
        Step(id="tell", text="Tell support"),
    ),
    Phase.REPAIR: (Step(id="fix", text="Fix the cause", required=True),),
    Phase.PREVENT: (Step(id="learn", text="Write down what we learned", required=True),),
}


def after(minutes: float) -> datetime:
    """So long after the incident of these tests was declared, at noon."""
    return NOON + timedelta(minutes=minutes)


def incident(
    *events: Event,
    title: str = "checkout returns 500",
    severity: Severity = Severity.P0,
    steps: dict[Phase, tuple[Step, ...]] = STEPS,
    number: int = 7,
    channel: str | None = "C07",
) -> Incident:
    """INC-7, declared by Ana at noon, and what `events` made of it."""
    beginning: list[Event] = [
        IncidentDeclared(at=NOON, by=ANA, number=number, title=title, severity=severity),
        RunbookChosen(at=NOON, by=ANA, runbook="payment-failures", title="Payments fail", steps=steps),
    ]
    if channel is not None:
        opened = ChannelOpened(at=NOON, by=FIREBREAK, channel=channel, name="inc-7-checkout")
        beginning.append(opened)
    return replay(number, [*beginning, *events])


def long_steps(count: int, *, required: bool = True, character: str = "&") -> dict[Phase, tuple[Step, ...]]:
    """`count` steps in each phase, each as long as a runbook may have them, of characters that grow by escaping."""
    return {
        phase: tuple(
            Step(
                id=f"{phase.value}-{number}",
                text=character * 200,
                why=character * 400,
                required=required,
                flag=character * 100,
            )
            for number in range(count)
        )
        for phase in (Phase.STABILIZE, Phase.REPAIR, Phase.PREVENT)
    }


def check(drawing: Drawing) -> Drawing:
    """Raises what Slack would answer; and gives the drawing back."""
    check_blocks(drawing.blocks)
    assert all(text.get("verbatim") for text in marked_up(drawing.blocks)), "a typed @here would ping"
    assert 0 < len(drawing.text) <= 4000, "chat.update refuses a longer text, and screen readers need one"
    return drawing


def marked_up(blocks: Any) -> Iterator[dict[str, Any]]:
    """Every mrkdwn object in blocks."""
    inside = blocks.values() if isinstance(blocks, dict) else blocks if isinstance(blocks, list) else ()
    if isinstance(blocks, dict) and blocks.get("type") == "mrkdwn":
        yield blocks
    for part in inside:
        yield from marked_up(part)


def texts(blocks: Any) -> Iterator[str]:
    """Every text that stands in blocks, with its markup."""
    if isinstance(blocks, dict):
        if isinstance(blocks.get("text"), str):
            yield blocks["text"]
        for value in blocks.values():
            yield from texts(value)
    elif isinstance(blocks, list):
        for block in blocks:
            yield from texts(block)


def read(drawing: Drawing) -> str:
    """All of a drawing's text, with its markup."""
    return "\n".join(texts(drawing.blocks))


def elements(drawing: Drawing, type_: str = "button") -> list[dict[str, Any]]:
    """The interactive elements of a type, in the order they stand."""
    found: list[dict[str, Any]] = []
    for block in drawing.blocks:
        accessory = [block["accessory"]] if "accessory" in block else []
        inside = block.get("elements", []) if block["type"] == "actions" else []
        found += [element for element in (*accessory, *inside) if element["type"] == type_]
    return found


def labels(drawing: Drawing) -> list[str]:
    """What the buttons say."""
    return [button["text"]["text"] for button in elements(drawing)]


def primaries(drawings: Iterable[Drawing]) -> list[str]:
    """The buttons that stand out."""
    return [
        button["text"]["text"]
        for drawing in drawings
        for button in elements(drawing)
        if button.get("style") == "primary"
    ]
