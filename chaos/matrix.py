"""Every fault of Slack's at every step of declaring: the incident is complete in the end, everything there once.

The steps are not written down here: a declaration without faults shows which calls there are.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from bot.domain.vocabulary import Severity
from bot.sandbox.faults import FaultKind
from chaos.bots import Transport
from chaos.house import House, house
from chaos.people import Unanswered
from chaos.rooms import Room
from chaos.witness import Verdict

SIDE_BY_SIDE = 8  # cases at once: most of each is waiting for Slack's grace
CASE_SECONDS = 150.0
SHORT_CALL = (
    2.5  # seconds that a call may take here; the limit of a bot in earnest would make each silence fifteen
)
SLOW = 0.4  # seconds of a slow answer that still comes in time
NOT_AN_EFFECT = ("auth.test", "apps.connections.open")


@dataclass(frozen=True)
class Wrong:
    """One thing that goes wrong with one call or one delivery. `after` lets that many pass first."""

    kind: FaultKind
    target: str
    after: int = 0
    settings: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        details = "".join(f" {name}={value}" for name, value in self.settings)
        return f"{self.kind}{details} at {self.target} #{self.after + 1}"


@dataclass(frozen=True)
class Case:
    """What goes wrong while an incident is declared and led."""

    wrongs: tuple[Wrong, ...]
    transport: Transport = "socket"

    def __str__(self) -> str:
        return f"{self.transport}: {', then '.join(map(str, self.wrongs))}"


@dataclass(frozen=True)
class Outcome:
    """`reached` is False when the call that should fail was not made: two draws may have become one."""

    case: Case
    verdict: Verdict
    reached: bool
    seconds: float


@dataclass
class Matrix:
    """All that was tried, and what came of it."""

    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def failed(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if not outcome.verdict.is_clean]

    @property
    def line(self) -> str:
        counts = Counter(
            {
                "lost": sum(len(each.verdict.lost) for each in self.outcomes),
                "doubled": sum(len(each.verdict.doubled) for each in self.outcomes),
                "stale": sum(len(each.verdict.stale) for each in self.outcomes),
                "broken": sum(len(each.verdict.broken) for each in self.outcomes),
            }
        )
        missed = sum(not each.reached for each in self.outcomes)
        tried = f"{len(self.outcomes)} cases tried, {len(self.failed)} failed, {missed} never came about"
        return f"fault matrix: {tried}; " + ", ".join(f"{name} {n}" for name, n in counts.items())


ON_A_CALL: tuple[tuple[FaultKind, tuple[tuple[str, Any], ...]], ...] = (
    ("rate_limited", (("retry_after", 1),)),
    ("rate_limited", (("retry_after", None),)),
    ("server_error", (("status", 500),)),
    ("server_error", (("status", 503),)),
    ("reset_before", ()),
    ("reset_after", ()),
    ("half_json", ()),
    ("latency", (("seconds", SLOW),)),
    ("timeout_after", (("seconds", SLOW),)),
    ("timeout_after", (("seconds", None),)),  # silence, for longer than the bot waits
)
ON_A_DELIVERY: tuple[FaultKind, ...] = ("duplicate_delivery", "drop_socket")
DELIVERIES = ("/incident", "block_actions", "view_submission", "app_mention")

# What can go wrong once more, where the bot looks up what became of a call.
LOOKED_UP_BY = {"chat.postMessage": "conversations.history", "conversations.create": "conversations.list"}


async def steps(transport: Transport) -> list[tuple[str, int]]:
    """Each call that the story makes when nothing goes wrong: the method, and the how-manieth of it."""
    async with house(transport, call_seconds=SHORT_CALL) as home:
        await _story(home)
        await home.verdict()
        log = home.slack.workspace.log
        counted = Counter(entry.name for entry in log if entry.direction == "out")
    return [
        (method, nth)
        for method, times in sorted(counted.items())
        if method not in NOT_AN_EFFECT
        for nth in range(times)
    ]


def cases(found: Iterable[tuple[str, int]], transport: Transport) -> list[Case]:
    """Every fault at every step, each lookup that fails as well, and every fault of a delivery."""
    steps = list(found)
    single = [
        Case((Wrong(kind, method, nth, settings),), transport)
        for method, nth in steps
        for kind, settings in ON_A_CALL
    ]
    in_doubt = [
        Case((Wrong("reset_after", method, nth), Wrong(kind, LOOKED_UP_BY[method], 0, settings)), transport)
        for method, nth in steps
        if method in LOOKED_UP_BY
        for kind, settings in ON_A_CALL
        if (LOOKED_UP_BY[method], 0) not in steps or kind != "latency"
    ]
    kinds = ON_A_DELIVERY if transport == "socket" else ("duplicate_delivery",)
    delivered = [Case((Wrong(kind, target),), transport) for kind in kinds for target in DELIVERIES]
    delivered.append(Case((Wrong("out_of_order", "app_mention"),), transport))
    return [*single, *in_doubt, *delivered]


Database = Callable[[], AbstractContextManager[str | None]]


async def play(chosen: list[Case], matrix: Matrix, database: Database | None = None) -> Matrix:
    """Play these cases, several side by side, each on a database of its own."""
    places = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(case: Case) -> None:
        async with places:
            began = time.monotonic()
            with (database or nullcontext)() as own:
                verdict, reached = await _played(case, own)
            matrix.outcomes.append(Outcome(case, verdict, reached, time.monotonic() - began))

    async with asyncio.TaskGroup() as playing:
        for case in chosen:
            playing.create_task(one(case))
    return matrix


def sample(every: list[Case], number: int, seed: int) -> list[Case]:
    """Some of them, each kind of fault at least once while `number` allows it."""
    chance = random.Random(seed)
    shuffled = chance.sample(every, len(every))
    first: dict[object, Case] = {}
    for case in shuffled:
        first.setdefault((case.wrongs[0].kind, case.wrongs[0].settings, len(case.wrongs)), case)
    chosen = list(first.values())[:number]
    return chosen + [case for case in shuffled if case not in chosen][: number - len(chosen)]


async def _played(case: Case, database: str | None) -> tuple[Verdict, bool]:
    """The verdict, and whether everything went wrong that should."""
    async with house(case.transport, database=database, call_seconds=SHORT_CALL) as home:
        faults = home.slack.faults
        for wrong in case.wrongs:
            faults.add(wrong.kind, wrong.target, after=wrong.after, **dict(wrong.settings))
        try:
            async with asyncio.timeout(CASE_SECONDS):
                await _story(home)
        except (Unanswered, TimeoutError) as trouble:
            return Verdict(broken=[f"the story came to an end: {trouble!r}"]), True
        return await home.verdict(), all(rule.spent for rule in faults.rules)


async def _story(home: House) -> None:
    """Each way in, and each kind of effect: by command, button, menu and form, and an event."""
    ana, bo = home.person("ana"), home.person("bo")
    room: Room = await home.declared("ana")
    await bo.leads(room)
    await ana.notes(room, "seen again r100")
    await ana.ticks(room, room.steps[0])
    await bo.rates(room, Severity.P1)
    await ana.skips(room, room.steps[1], "it can wait r101")
    for _ in range(2):  # the second is what an event that is held back waits for
        await bo.calls_by_name()
