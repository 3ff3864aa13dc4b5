"""What the people of many workspaces do in a bad hour: a steady trickle of incidents, and a storm."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

from bot.domain.commands import AddNote, ChangeSeverity, Command, CompleteStep, PostUpdate, TakeRole
from bot.domain.vocabulary import Role, Severity
from bot.services.incidents import Actor, Incidents

HOUR = 3600.0
PER_WORKSPACE = 0.25  # incidents in the hour: two a day, three times as many in a bad hour
STORM_AT, STORM_SHARE = 1200.0, 0.2  # a fifth of them in one minute: somebody's cloud is down
STORM_SECONDS = 60.0
LED_AFTER = 60.0
ACTS = 22  # besides the declaration and the lead: ticks, notes, updates, a severity
LASTS = 1800.0  # seconds over which they are spread
NAMES = ("ana", "bo", "chi", "dee", "eli", "fay")
PEOPLE = [Actor(f"U{n:02}{name.upper()}", name) for n, name in enumerate(NAMES, 1)]


@dataclass
class Load:
    """So many workspaces' worth, on one bot."""

    workspaces: int
    incidents: Incidents
    chance: random.Random
    done: int = field(default=0, init=False)

    async def hour(self) -> None:
        """Everything that is asked in the hour, each at its own moment."""
        count = round(self.workspaces * PER_WORKSPACE) or 1
        storm = round(count * STORM_SHARE) if count >= 10 else 0
        moments = [self.chance.uniform(0, HOUR - LASTS) for _ in range(count - storm)]
        moments += [STORM_AT + self.chance.uniform(0, STORM_SECONDS) for _ in range(storm)]
        async with asyncio.TaskGroup() as people:
            for number, moment in enumerate(sorted(moments)):
                people.create_task(self._incident(number, moment))

    async def _incident(self, number: int, moment: float) -> None:
        await asyncio.sleep(moment)
        by = self.chance.choice(PEOPLE)
        severity = self.chance.choice((Severity.P0, Severity.P1, Severity.P2))
        title = f"payments fail, case {number}"
        declared = await self.incidents.declare(by, title=title, severity=severity, key=f"d{number}")
        self.done += 1
        await asyncio.sleep(self.chance.expovariate(1 / LED_AFTER))
        await self._asks(declared.incident.number, TakeRole(by=by.id, role=Role.COMMANDER), f"{number}-lead")
        steps = [item.step.id for item in declared.incident.items_of(declared.incident.phase)]
        for act in range(ACTS):
            await asyncio.sleep(self.chance.expovariate(ACTS / LASTS))
            person = self.chance.choice(PEOPLE)
            await self._asks(declared.incident.number, self._act(person.id, act, steps), f"{number}-{act}")

    def _act(self, by: str, act: int, steps: list[str]) -> Command:
        kind = self.chance.random()
        if kind < 0.55:
            return CompleteStep(by=by, step=self.chance.choice(steps))
        if kind < 0.85:
            return AddNote(by=by, text=f"what was seen at {act}")
        if kind < 0.95:
            return PostUpdate(by=by, text=f"what is so after {act}", doing="we watch it", next_at=None)
        return ChangeSeverity(by=by, severity=self.chance.choice((Severity.P0, Severity.P1, Severity.P2)))

    async def _asks(self, number: int, command: Command, key: str) -> None:
        await self.incidents.carry_out(Actor(command.by, command.by), number, command, key=key)
        self.done += 1
