"""Hold several flags with one confirmation: each by the way a single one goes, and each with its own answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.away import is_away
from bot.domain.bulk import only_once, request_of, seen_as
from bot.domain.commands import ContainFlag
from bot.domain.containing import Policy
from bot.domain.events import FlagAsked
from bot.domain.incident import Incident
from bot.domain.rules import decide
from bot.domain.vocabulary import Refused
from bot.flags.protocol import NotFound
from bot.services.containment import Containment, Looked
from bot.services.incidents import Actor
from bot.storage.engine import StorageError
from bot.storage.flag_away import AwayMoved
from bot.storage.flag_overrides import FlagMoved
from bot.storage.flags import NoSuchFlag, Terms
from bot.storage.incidents import Outcome

MOVED = Refused("Somebody changed it since it was shown.")
NOT_STORED = Refused("It could not be stored; look with `/flag show` before you try again.")


@dataclass(frozen=True)
class Seen:
    """One flag before anybody decides. `why` refuses it; `asks`: a second person is wanted; `held`: it is so."""

    flag: str
    looked: Looked | None
    why: Refused | None = None
    asks: bool = False
    held: bool = False

    @property
    def is_offered(self) -> bool:
        return self.looked is not None and self.why is None and not self.asks and not self.held


@dataclass(frozen=True)
class Came:
    """What came of one flag: an outcome, or why there is none."""

    flag: str
    outcome: Outcome | None
    why: Refused | None = None


class Bulk:
    """Looks before, and holds after the confirmation."""

    def __init__(self, containment: Containment, *, now: Callable[[], datetime]) -> None:
        self._containment = containment
        self._now = now

    async def resolved(self, keys: Sequence[str], environment: str) -> list[str]:
        """The full names of all these flags; raises Refused that names the choices when one is not exact."""
        found = await asyncio.gather(*(self._resolved(key, environment) for key in keys))
        wrong = [
            f"`{key[:100]}`: {', '.join(f'`{each}`' for each in near) or '?'}"
            for key, (_, near) in zip(keys, found, strict=True)
            if near is not None
        ]
        if wrong:
            raise Refused(
                "Not each of these is exactly one flag, so nothing was offered and nothing was switched. Perhaps "
                "you meant: {choices}.",
                choices="; ".join(wrong),
            )
        names = [name for name, _ in found]
        only_once(names)
        return names

    async def see(
        self,
        here: Incident,
        flags: Sequence[str],
        environment: str,
        *,
        by: str,
        reason: str,
        review: timedelta | None,
        console: bool = False,
    ) -> list[Seen]:
        """Each flag as it is now, and what the rules say to holding it because of this incident."""

        async def one(flag: str) -> Seen:
            looked: Looked | None = None
            try:
                looked = await self._containment.look(flag, environment)
                command = ContainFlag(by=by, flag=looked.facts, reason=reason, review=review, console=console)
                happens = decide(here, command, self._now())
            except Refused as error:
                return Seen(flag, looked, error)
            asks = any(isinstance(event, FlagAsked) for event in happens)
            if console and looked.facts.production and looked.facts.policy is not Policy.RESPONDERS:
                asks = bool(happens)  # alone the command line goes on; among many nobody would notice it
            return Seen(flag, looked, asks=asks, held=not happens)

        return list(await asyncio.gather(*map(one, flags)))

    async def kill(
        self,
        actor: Actor,
        number: int,
        wanted: Sequence[tuple[str, str]],
        *,
        environment: str,
        reason: str,
        key: str,
        terms: Terms,
    ) -> list[Came]:
        """Hold each of these flags, named with its state as it was shown; one that changed since is left alone."""

        async def one(place: int, flag: str, shown: str) -> Came:
            try:
                looked = await self._containment.look(flag, environment)
                if seen_as(looked.token) != shown and looked.facts.held_by is None:
                    return Came(flag, None, MOVED)
                outcome = await self._containment.kill(
                    actor,
                    number,
                    flag=flag,
                    environment=environment,
                    reason=reason,
                    key=request_of(key, place),
                    terms=Terms(review=terms.review, console=terms.console, expected=looked.token),
                )
            except (FlagMoved, AwayMoved):
                return Came(flag, None, MOVED)
            except Refused as error:
                return Came(flag, None, error)
            except StorageError:
                return Came(flag, None, NOT_STORED)  # the others may well be held: each says it for itself
            return Came(flag, outcome)

        return list(
            await asyncio.gather(*(one(place, flag, shown) for place, (flag, shown) in enumerate(wanted)))
        )

    async def _resolved(self, key: str, environment: str) -> tuple[str, list[str] | None]:
        """Its full name, and None; or the flags that were perhaps meant."""
        try:
            flag = await self._containment.named(key, environment)
            if not is_away(flag):
                known = await self._containment.everything(environment)
                if all(each.key != flag for each in known):
                    await self._containment.look(flag, environment)  # raises, with what is near
                    raise AssertionError("a flag that is not there was looked at")
        except NoSuchFlag as wrong:
            return key, wrong.near
        except NotFound:
            return key, []
        except Refused:
            if self._containment.vendors is None:
                return key, []
            raise
        return flag, None
