"""Switch a flag off and on again for practice, and measure how long it takes until the effect is there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.away import is_away
from bot.domain.vocabulary import Refused
from bot.services.containment import Containment, Places
from bot.services.incidents import Actor
from bot.storage import flag_drills
from bot.storage.engine import Engine
from bot.storage.flag_audit import Act, Switching
from bot.storage.flag_drills import Begun

REASON = "drill"
LOOK_EVERY = 0.05  # seconds between two looks whether the effect is there
SEEN_WITHIN = 1.0  # seconds; whoever typed the command waits, and Slack waits three for the answer

Held = Callable[[str, str], Awaitable[bool]]


class Seen(StrEnum):
    """Where the effect is looked for. Stored in the audit: a name never changes."""

    STORED = "database"  # nothing is served from here, so that this is all that can be said
    SERVED = "served"  # in what applications get from us, the file included
    FILE = "file"  # in the flagd file that another process writes


@dataclass(frozen=True)
class Drilled:
    """How a drill went. `seconds` until the effect was seen, or None; `is_back`: it was seen to serve as before."""

    flag: str
    environment: str
    safe: str
    serves: str
    where: Seen
    seconds: float | None
    is_back: bool


class Drills:
    """`held` reads back whether everybody gets a flag's safe variant in an environment; `where` says in what."""

    def __init__(
        self,
        engine: Engine,
        containment: Containment,
        *,
        team_id: str,
        now: Callable[[], datetime],
        held: Held,
        where: Seen,
        stored: Callable[[], None] = lambda: None,
        seen_within: float = SEEN_WITHIN,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._containment = containment
        self._team_id = team_id
        self._now = now
        self._held = held
        self._where = where
        self._stored = stored
        self._seen_within = seen_within
        self._stopwatch = stopwatch

    async def run(self, actor: Actor, flag: str, environment: str | None, *, key: str) -> Drilled:
        """Hold it, see the effect, let go of it, see that too. Raises Refused; then nothing was switched.

        It is let go of in any case; a process that is ended in between has left it to `flag_drills.settle`.
        """
        places = self._containment.places
        place = practice_place(places, environment)
        if is_away(flag):
            raise Refused(
                "`{flag}` is kept elsewhere, and only flags of our own table can be drilled. Nothing was switched.",
                flag=flag,
            )
        await self._containment.look(flag, place)  # a near miss is offered, and nothing is switched
        switching = Switching(key, Act.DRILL, place, flag, actor.id, reason=REASON)
        began = self._stopwatch()
        begun = await self._engine.write(
            lambda transaction: flag_drills.begin(
                transaction, self._team_id, switching, environments=places.environments, now=self._now()
            )
        )
        self._stored()
        seconds: float | None = None
        try:
            if await self._becomes(flag, place, held=True):
                seconds = self._stopwatch() - began
        finally:
            exact = await self._end(begun, seconds)
        is_back = exact and await self._becomes(flag, place, held=False)
        return Drilled(flag, place, begun.safe, begun.serves, self._where, seconds, is_back)

    async def _end(self, begun: Begun, seconds: float | None) -> bool:
        exact = await self._engine.write(
            lambda transaction: flag_drills.end(
                transaction, self._team_id, begun, seconds=seconds, detail=self._where, now=self._now()
            )
        )
        self._stored()
        return exact

    async def _becomes(self, flag: str, environment: str, *, held: bool) -> bool:
        """Whether it is seen to be so within the time that somebody waits."""
        until = self._stopwatch() + self._seen_within
        while await self._held(flag, environment) is not held:
            if self._stopwatch() >= until:
                return False
            await asyncio.sleep(LOOK_EVERY)
        return True


def practice_place(places: Places, named: str | None) -> str:
    """The environment that was named, or the only one where nothing is at stake. Raises Refused."""
    practice = places.practice
    if named is not None:
        if places.is_production(places.named(named)):
            raise Refused(
                "{environment} is production, and nobody practises there. Nothing was switched. Name one of: "
                "{others}.",
                environment=named,
                others=", ".join(practice) or "-",
            )
        return named
    if len(practice) == 1:
        return practice[0]
    if not practice:
        raise Refused(
            "There is no environment to practise in: all of them are production. Whoever runs the bot adds one to "
            "`[flags] environments`. Nothing was switched."
        )
    raise Refused(
        "Where? Name one of these behind the flag: {others}. Nothing was switched.",
        others=", ".join(practice),
    )
