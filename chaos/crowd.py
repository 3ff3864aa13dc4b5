"""Several people at work at once: what each does next is drawn by lot from a seed, and never ends by itself."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bot.domain.runbook import Runbook
from bot.domain.vocabulary import Phase, Severity
from bot.sandbox.delivery import Envelope
from bot.sandbox.server import Sandbox
from chaos.ledger import Ledger
from chaos.people import PATIENCE, Responder, Unanswered
from chaos.rooms import Room

PEOPLE = ("ana", "bo", "chi", "dee", "eli", "fay")
TITLES = ("checkout returns 500", "login loops", "search is empty", "card payments fail", "mails are late")
ECHO_SECONDS = 0.7  # between two requests that Slack delivers once more, at the most
LOOK_AGAIN = 0.05  # seconds between two looks at whether somebody is done with a flag
ECHO_FROM = 200  # of the newest deliveries: Slack gives up after an hour, and so do we
STAYS_OPEN = 0.7  # how often somebody who could close an incident does not: open ones have more to press
UNPROVEN = 0.3  # how often a phase is left by command instead of with its form
REPEATABLE = (
    *("incident note", "incident P", "incident lead", "incident severity", "incident override"),
    *("flag kill", "flag undo"),
)


@dataclass(frozen=True)
class Pace:
    """How much is going on: incidents at the most, people's longest pause between two acts, their patience."""

    incidents: int
    think: float
    patience: float = PATIENCE


@dataclass
class Crowd:
    """The people of one sandbox. Use `working()`; what they were promised is in `ledger` afterwards."""

    slack: Sandbox
    runbooks: list[Runbook]
    flags: list[str]
    pace: Pace
    chance: random.Random
    ledger: Ledger = field(default_factory=Ledger)
    rooms: list[Room] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    _declaring: int = 0
    _count: int = 0
    _held: dict[str, Room] = field(default_factory=dict)
    _switching: set[str] = field(default_factory=set)
    _leaving: bool = False

    @contextlib.asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """People act for as long as the context is open; on leaving, each finishes what they have begun."""
        tasks = [asyncio.create_task(self._works(self._responder(name)), name=name) for name in PEOPLE]
        echo = asyncio.create_task(self._echoes(), name="echo")
        try:
            yield
            self._leaving = True
            _, late = await asyncio.wait(tasks, timeout=self.pace.patience + 10)
            self.troubles += [f"{task.get_name()} did not finish" for task in late]
        finally:
            for task in (*tasks, echo):
                task.cancel()
            results = await asyncio.gather(*tasks, echo, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    def _responder(self, name: str) -> Responder:
        chance = random.Random(f"{self.chance.random()} {name}")
        return Responder(self.slack.person(name), self.slack, self.ledger, chance, self.pace.patience)

    async def _works(self, person: Responder) -> None:
        while not self._leaving:
            act = self._next(person)
            try:
                await act()
            except Unanswered as trouble:
                self.troubles.append(str(trouble))
                if len(self.troubles) >= len(PEOPLE):  # the bot does not come back; waiting on proves nothing
                    return
            await asyncio.sleep(person.chance.uniform(0.0, self.pace.think))

    # choosing --------------------------------------------------------------------------------------------

    def _next(self, person: Responder) -> Callable[[], Awaitable[None]]:
        """What this person does next: something that may be done, and that nobody else is doing."""
        room_left = len(self.rooms) + self._declaring < self.pace.incidents
        busy = [room for room in self.rooms if room.phase is not Phase.CLOSED]
        if room_left and (not busy or person.chance.random() < 0.12):
            return lambda: self._declare(person)
        if not busy:
            return lambda: asyncio.sleep(0.05)
        room = person.chance.choice(busy)
        kinds = [
            "note",
            "tick",
            "tick",
            "tick",
            "skip",
            "lead",
            "severity",
            "advance",
            "flag",
            "look",
            "call",
        ]
        match person.chance.choice(kinds):
            case "note":
                text = self._marked("seen again")
                return lambda: self._alone(room, text, lambda: person.notes(room, text))
            case "tick":
                return lambda: self._tick(person, room)
            case "skip":
                return lambda: self._skip(person, room)
            case "lead":
                return lambda: self._alone(room, "lead", lambda: person.leads(room))
            case "severity":
                severity = person.chance.choice(list(Severity))
                return lambda: self._alone(room, "severity", lambda: person.rates(room, severity))
            case "advance":
                return lambda: self._advance(person, room)
            case "flag":
                return lambda: self._switch(person, room)
            case "call":
                return person.calls_by_name
            case _:
                return lambda: person.looks(room)

    def _marked(self, text: str) -> str:
        """Words that stand for one request and no other."""
        self._count += 1
        return f"{text} r{self._count}"

    async def _declare(self, person: Responder) -> None:
        title, severity = self._marked(person.chance.choice(TITLES)), person.chance.choice(list(Severity))
        self._declaring += 1
        try:
            declares = person.declares if person.chance.random() < 0.7 else person.declares_by_form
            self.rooms.append(await declares(title, severity, self.runbooks))
        finally:
            self._declaring -= 1

    async def _alone(self, room: Room, name: str, act: Callable[[], Awaitable[None]]) -> None:
        """Do it unless somebody is doing it, or the phase is just being left."""
        if not (room.is_free(name) and room.is_free("phase")) or room.phase is Phase.CLOSED:
            return
        async with room.slot(name):
            await act()

    async def _tick(self, person: Responder, room: Room) -> None:
        step = person.chance.choice(room.steps)
        await self._alone(room, f"step {step.id}", lambda: person.ticks(room, step))

    async def _skip(self, person: Responder, room: Room) -> None:
        left = [step for step in room.steps if step.id not in room.done]
        if left:
            step, reason = person.chance.choice(left), self._marked("it can wait")
            await self._alone(room, f"step {step.id}", lambda: person.skips(room, step, reason))

    async def _advance(self, person: Responder, room: Room) -> None:
        """Everything required is done first, by this person if need be; meanwhile nobody undoes it."""
        closes = room.phase.next is Phase.CLOSED
        if not room.nobody_is_busy() or (closes and person.chance.random() < STAYS_OPEN):
            return
        async with room.slot("phase"):
            if closes:
                for flag in [flag for flag, holder in self._held.items() if holder is room]:
                    await self._let_go(person, room, flag)  # no incident closes over a flag that it holds
            for step in room.steps:
                if step.required and step.id not in room.done:
                    await person.ticks(room, step)
            if person.chance.random() < UNPROVEN:
                await person.leads(room)
                await person.overrides(room, self._marked("no time to prove it"))
            else:
                await person.advances(room, self._marked("we looked"))

    async def _switch(self, person: Responder, room: Room) -> None:
        """Kill a flag that nobody holds, or undo one where it is held."""
        flag = person.chance.choice(self.flags)
        holder = self._held.get(flag)
        if flag in self._switching or room.phase is Phase.CLOSED:
            return
        self._switching.add(flag)
        try:
            if holder is None:
                await self._alone(room, f"flag {flag}", lambda: self._kill(person, room, flag))
            else:
                await person.undoes(holder, flag)
                del self._held[flag]
        finally:
            self._switching.discard(flag)

    async def _let_go(self, person: Responder, room: Room, flag: str) -> None:
        """Undo it, unless somebody who was at it already has."""
        while flag in self._switching:  # noqa: ASYNC110 - an event for each of three flags would say no more
            await asyncio.sleep(LOOK_AGAIN)
        if self._held.get(flag) is not room:
            return
        self._switching.add(flag)
        try:
            await person.undoes(room, flag)
            del self._held[flag]
        finally:
            self._switching.discard(flag)

    async def _kill(self, person: Responder, room: Room, flag: str) -> None:
        await person.kills(room, flag, self._marked("since the rollout"))
        self._held[flag] = room

    # Slack -----------------------------------------------------------------------------------------------

    async def _echoes(self) -> None:
        """Slack delivers once more what was taken already: nothing may come of it."""
        while True:
            await asyncio.sleep(self.chance.uniform(0.0, ECHO_SECONDS))
            taken = [
                entry
                for entry in list(self.slack.workspace.log)[-ECHO_FROM:]
                if entry.direction == "in" and entry.outcome == "ok" and _may_come_again(entry.detail)
            ]
            if taken:
                entry = self.chance.choice(taken)
                await self.slack.delivery.send(Envelope(entry.detail["kind"], entry.detail["payload"]))


def _may_come_again(detail: dict[str, Any]) -> bool:
    """Whatever opens a form is left out: its trigger id is used up, and that is told to the person."""
    payload = detail["payload"]
    match detail["kind"]:
        case "slash_commands":
            return f"{payload['command'][1:]} {payload['text']}".startswith(REPEATABLE)
        case "interactive":
            actions = [action["action_id"] for action in payload.get("actions", ())]
            return payload["type"] == "view_submission" or actions not in ([], ["checklist.skip"])
        case _:
            return True
