"""What the people know of each incident: its channel, its steps, and which of it somebody is busy with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.domain.runbook import Runbook, Step, best_match
from bot.domain.vocabulary import Phase, Severity
from bot.sandbox import elements
from bot.sandbox.elements import Spot
from bot.sandbox.interactions import blocks_of
from bot.sandbox.workspace import Channel, Message


@dataclass
class Room:
    """One incident as people see it. Whatever is in here was answered with a yes."""

    number: int
    channel: Channel
    runbook: Runbook
    severity: Severity
    phase: Phase = Phase.STABILIZE
    lead: str | None = None
    done: set[str] = field(default_factory=set)
    _slots: dict[str, asyncio.Lock] = field(default_factory=dict)

    @classmethod
    def opened(cls, channel: Channel, title: str, severity: Severity, runbooks: list[Runbook]) -> Room:
        """The room of an incident whose channel is there: `inc-7-…`."""
        runbook = best_match(runbooks, title)
        if runbook is None:
            raise AssertionError("there is always a runbook")
        return cls(int(channel.name.split("-")[1]), channel, runbook, severity)

    @property
    def steps(self) -> list[Step]:
        """Those of the current phase, which are the ones on the checklist."""
        return list(self.runbook.phases.get(self.phase, ()))

    @property
    def gate_is_open(self) -> bool:
        return all(step.id in self.done for step in self.steps if step.required)

    def slot(self, name: str) -> asyncio.Lock:
        """One thing that one person at a time changes, so that what must come of it is known.

        Two people who press the same button at once are right too, but then nobody can say whose event it is.
        """
        return self._slots.setdefault(name, asyncio.Lock())

    def is_free(self, name: str) -> bool:
        return not self.slot(name).locked()

    def nobody_is_busy(self) -> bool:
        return not any(slot.locked() for slot in self._slots.values())


def pressable(channel: Channel, wanted: Callable[[Spot], bool]) -> tuple[Message, Spot] | None:
    """The newest message in the channel with such an element, and the element."""
    for message in reversed(channel.standing_messages()):
        for spot in elements.spots(blocks_of(message)):
            if wanted(spot):
                return message, spot
    return None


def holds(spot: Spot, action: str, value: str) -> bool:
    """Whether this is the button with that action and value, or the menu that offers the value."""
    if spot.action_id != action:
        return False
    options = [option.get("value") for option in elements.options(spot.element)]
    return value in (spot.element.get("value"), *options)
