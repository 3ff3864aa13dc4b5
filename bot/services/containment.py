"""Hold flags and let go of them as people ask for it, and look after what is held.

The door for Slack and for the command line alike: the same rules, the same audit.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.domain.away import BETWEEN, is_away, parts
from bot.domain.commands import EndContainment, ExtendContainment, FlagFacts
from bot.domain.flags import FIRST_ENVIRONMENT
from bot.domain.language import Said
from bot.domain.spelling import nearest
from bot.domain.vocabulary import Refused, incident_name
from bot.flags.embedded import EMBEDDED
from bot.flags.protocol import FlagState
from bot.services.incidents import Actor, Incidents
from bot.services.vendors import Vendors
from bot.storage import flag_audit, flag_definitions, flag_drills, flag_log, flags, outbox
from bot.storage.engine import Engine, StorageError, Transaction
from bot.storage.flag_audit import Line
from bot.storage.flag_log import FlagEvent, Kind
from bot.storage.flag_vendor import Away, State
from bot.storage.flags import Flag, NoSuchFlag, Terms
from bot.storage.incidents import Outcome
from bot.storage.timeline import stamp

log = logging.getLogger(__name__)

LOOK_EVERY = (
    60.0  # seconds between two looks at what is held: an outage that came back is found within a minute
)
WAKE_EVERY = 2.0  # seconds until the running bot takes up what the command line has promised
RECENT = timedelta(hours=24)
FEW = 3  # near misses that are offered
FOUND_MOST = 20  # flags in an answer to a search
CHANGES_SHOWN = 10
ENVIRONMENT_SHOWN = 60  # characters of what was typed where an environment belongs


@dataclass(frozen=True)
class Places:
    """Where flags are: every environment, the default one first, and those where two persons are wanted."""

    environments: tuple[str, ...] = (FIRST_ENVIRONMENT,)
    production: frozenset[str] = field(default_factory=lambda: frozenset({FIRST_ENVIRONMENT}))

    @property
    def default(self) -> str:
        return self.environments[0]

    def is_production(self, environment: str) -> bool:
        return environment in self.production

    @property
    def practice(self) -> list[str]:
        """Where nothing is at stake."""
        return [name for name in self.environments if not self.is_production(name)]

    def named(self, name: str) -> str:
        """The environment of this name; raises Refused when there is none."""
        if name in self.environments:
            return name
        meant, said = nearest(name, self.environments), name[:ENVIRONMENT_SHOWN]
        if meant is not None:
            raise Refused(
                "There is no environment `{name}`, so nothing was changed. Did you mean `{meant}`?",
                name=said,
                meant=meant,
            )
        raise Refused(
            "There is no environment `{name}`, so nothing was changed. Those of the settings: {known}.",
            name=said,
            known=", ".join(f"`{each}`" for each in self.environments),
        )


@dataclass(frozen=True)
class Looked:
    """A flag as somebody sees it before they decide."""

    facts: FlagFacts
    token: str
    last: FlagEvent | None
    drill: Line | None = None
    description: str = ""
    warnings: tuple[Said, ...] = ()
    url: str = ""


@dataclass(frozen=True)
class Overview:
    """What is held now, and what changed in the last day, newest first."""

    held: list[Flag]
    changes: list[FlagEvent]


class Containment:
    """Raises Refused for what may not be, FlagMoved for what is not as it was seen."""

    def __init__(
        self,
        engine: Engine,
        incidents: Incidents,
        *,
        team_id: str,
        now: Callable[[], datetime],
        places: Places | None = None,
        stored: Callable[[], None] = lambda: None,
        vendors: Vendors | None = None,
    ) -> None:
        self._engine = engine
        self._incidents = incidents
        self._team_id = team_id
        self._now = now
        self._stored = stored
        self.places = places or Places()
        self.vendors = vendors

    async def named(self, flag: str, environment: str) -> str:
        """The full name of the flag that is meant: `unleash:checkout-v2`, or the bare key of one of our own.

        Raises NoSuchFlag where several back-ends have it, or others are near, and Refused where one that may have
        it does not answer.
        """
        if self.vendors is None:
            return flag
        if is_away(flag):
            backend, key = parts(flag)
            return key if backend == EMBEDDED else flag
        ours = await self._engine.read(
            lambda transaction: flag_definitions.find(transaction, self._team_id, environment, flag)
        )
        try:
            others = await self.vendors.having(flag, environment)
        except Refused:
            if ours is None:
                raise
            others = []  # ours is to be held, whoever else is silent
        if ours is not None and others:
            others.insert(0, f"{EMBEDDED}{BETWEEN}{flag}")
        if len(others) > 1:
            raise NoSuchFlag(
                others,
                "`{flag}` is in several back-ends, so nothing was switched. Say which: {choices}.",
                flag=flag,
                choices=", ".join(f"`{each}`" for each in others),
            )
        if others or ours is not None:
            return others[0] if others else flag
        near = await self._engine.read(
            lambda transaction: flags.near_misses(transaction, self._team_id, environment, flag)
        )
        near += await self.vendors.near(flag, environment)
        if near:
            raise NoSuchFlag(
                near[:FEW],
                "There is no flag `{flag}`. Did you mean {choices}? Nothing was switched.",
                flag=flag,
                choices=", ".join(f"`{each}`" for each in near[:FEW]),
            )
        return flag

    async def look(self, flag: str, environment: str) -> Looked:
        """The flag of exactly this name; raises Refused, NoSuchFlag where others are near."""
        production = self.places.is_production(environment)
        if self.vendors is not None and is_away(flag):
            return await self._look_away(self.vendors, flag, environment, production=production)

        def body(transaction: Transaction) -> Looked:
            facts = flags.facts_of(transaction, self._team_id, environment, flag, production=production)
            stored = flag_definitions.find(transaction, self._team_id, environment, flag)
            if stored is None:
                raise AssertionError("its facts were read from the same picture")
            last = flag_log.history(transaction, self._team_id, env=environment, key=flag, limit=1)
            drill = flag_audit.last_drill(transaction, self._team_id, flag)
            newest = last[0] if last else None
            return Looked(facts, stored.token, newest, drill, stored.definition.description)

        return await self._engine.read(body)

    async def _look_away(self, vendors: Vendors, flag: str, environment: str, *, production: bool) -> Looked:
        state, facts = await vendors.look(flag, environment, production=production)
        drill = await self._engine.read(
            lambda transaction: flag_audit.last_drill(transaction, self._team_id, flag)
        )
        warnings = (state.cannot, *state.warnings) if state.cannot else state.warnings
        return Looked(facts, state.version, _last(state), drill, state.description, warnings, state.url)

    async def kill(
        self,
        actor: Actor,
        number: int,
        *,
        flag: str,
        environment: str,
        reason: str,
        key: str,
        terms: Terms = flags.AS_USUAL,
    ) -> Outcome:
        """Hold a flag at its safe value because of this incident, or ask for a second person."""
        now, terms = self._now(), self._here(terms, environment)
        if self.vendors is not None and is_away(flag):
            return await self.vendors.kill(
                actor, number, flag=flag, env=environment, reason=reason, key=key, terms=terms
            )

        def body(transaction: Transaction) -> Outcome:
            return flags.contain(
                transaction,
                team_id=self._team_id,
                number=number,
                flag=flag,
                reason=reason,
                by=actor.id,
                now=now,
                key=key,
                environment=environment,
                terms=terms,
            )

        return await self._incidents.write(actor, body)

    async def undo(
        self,
        actor: Actor,
        number: int,
        *,
        flag: str,
        environment: str,
        key: str,
        terms: Terms = flags.AS_USUAL,
    ) -> Outcome:
        """Let go of a flag that this incident holds."""
        now, terms = self._now(), self._here(terms, environment)
        if self.vendors is not None and is_away(flag):
            return await self.vendors.undo(actor, number, flag=flag, env=environment, key=key, terms=terms)

        def body(transaction: Transaction) -> Outcome:
            return flags.restore(
                transaction,
                team_id=self._team_id,
                number=number,
                flag=flag,
                by=actor.id,
                now=now,
                key=key,
                environment=environment,
                terms=terms,
            )

        return await self._incidents.write(actor, body)

    async def change(
        self, actor: Actor, number: int, command: ExtendContainment | EndContainment, *, key: str
    ) -> Outcome:
        """Keep a flag held for longer, or leave it as it is for good."""
        now = self._now()
        command = await self._as_held(number, command)

        def body(transaction: Transaction) -> Outcome:
            return flags.change_containment(
                transaction, team_id=self._team_id, number=number, command=command, now=now, key=key
            )

        return await self._incidents.write(actor, body)

    async def is_held(self, flag: str, environment: str) -> bool:
        """Read back: whether everybody gets the safe variant at this moment; elsewhere, when it was read last."""
        if self.vendors is not None and is_away(flag):
            row = await self.vendors.held(flag, environment)
            return row is not None and row.state is State.HELD
        found = await self._engine.read(
            lambda transaction: flags.find(transaction, self._team_id, flag, environment)
        )
        return found is not None and found.held_at is not None and found.held_at == found.safe

    async def history(self, flag: str, environment: str) -> list[FlagEvent]:
        """What happened to a flag, newest first."""
        return await self._engine.read(
            lambda transaction: flag_log.history(
                transaction, self._team_id, env=environment, key=flag, limit=CHANGES_SHOWN
            )
        )

    async def last_drill(self, flag: str) -> Line | None:
        """How it went when this flag was switched for practice the last time, wherever that was."""
        return await self._engine.read(
            lambda transaction: flag_audit.last_drill(transaction, self._team_id, flag)
        )

    async def metadata(self, flag: str, environment: str) -> dict[str, object]:
        """What its owner wrote beside its variants."""
        found = await self._engine.read(
            lambda transaction: flag_definitions.find(transaction, self._team_id, environment, flag)
        )
        return {} if found is None else found.definition.metadata

    async def overview(self) -> Overview:
        """What is held in any environment, and what changed in the last day."""
        since = self._now() - RECENT

        def body(transaction: Transaction) -> Overview:
            held: list[Flag] = []
            changes: list[FlagEvent] = []
            for environment in self.places.environments:
                known = flags.everything(transaction, self._team_id, environment)
                held += [flag for flag in known if flag.held_at is not None]
                changes += flag_log.history(
                    transaction, self._team_id, env=environment, since=since, limit=CHANGES_SHOWN
                )
            newest = sorted(changes, key=lambda change: change.seq, reverse=True)
            return Overview(held, newest[:CHANGES_SHOWN])

        seen = await self._engine.read(body)
        if self.vendors is not None:
            seen = replace(seen, held=[*seen.held, *map(_as_held, await self.vendors.everything())])
        return seen

    async def everything(self, environment: str) -> list[Flag]:
        """All flags of an environment, those that are held first."""
        return await self._engine.read(
            lambda transaction: flags.everything(transaction, self._team_id, environment)
        )

    async def find(self, words: str) -> list[Flag]:
        """Flags of any environment with all these words in key, description or owner."""
        wanted = words.casefold().split()
        found: list[Flag] = []
        for environment in self.places.environments:
            found += [
                flag
                for flag in await self.everything(environment)
                if all(word in f"{flag.key} {flag.description}".casefold() for word in wanted)
            ]
        return found[:FOUND_MOST]

    async def audit(self, *, flag: str = "", incident: int | None = None, limit: int = 20) -> list[Line]:
        """Who switched what, newest first."""
        return await self._engine.read(
            lambda transaction: flag_audit.lines(
                transaction, self._team_id, key=flag, incident=incident, limit=limit
            )
        )

    async def look_after(self) -> int:
        """Compare what is held with what is served, and say what was lost; answers how many flags that were."""
        now = self._now()

        def body(transaction: Transaction) -> tuple[int, int]:
            places = self.places.environments
            settled = flag_drills.settle(transaction, self._team_id, environments=places, now=now)
            return len(flags.look_after(transaction, team_id=self._team_id, now=now)), settled

        lost, settled = await self._engine.write(body)
        if lost or settled:
            self._stored()
        elsewhere = 0 if self.vendors is None else await self.vendors.look_after()
        return lost + elsewhere

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look after what is held for as long as the context is open, from the start on."""
        watching = asyncio.create_task(self._watch(), name="containment")
        try:
            yield
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching

    async def _watch(self) -> None:
        looks = 0
        while True:
            try:
                if looks % round(LOOK_EVERY / WAKE_EVERY) == 0:
                    await self.look_after()
                if await self._engine.read(lambda transaction: outbox.has_due(transaction, now=self._now())):
                    self._stored()  # from the command line: it cannot wake us
            except StorageError as error:
                log.warning("flags are not looked after: %s", error, extra={"action": "flags_wait"})
            looks += 1
            await asyncio.sleep(WAKE_EVERY)

    async def _as_held(
        self, number: int, command: ExtendContainment | EndContainment
    ) -> ExtendContainment | EndContainment:
        """The same of the flag under its full name, where the incident holds one of this key elsewhere."""
        here = await self._incidents.find(number)
        if here is None or here.containment(command.flag, command.environment) is not None:
            return command
        held = [
            each.flag
            for each in here.containments
            if parts(each.flag)[1] == command.flag and each.environment == command.environment
        ]
        return replace(command, flag=held[0]) if len(held) == 1 else command

    def _here(self, terms: Terms, environment: str) -> Terms:
        return replace(terms, production=self.places.is_production(environment))


def _as_held(away: Away) -> Flag:
    """A flag that is held elsewhere, as we list our own."""
    before = FlagState.model_validate_json(away.before)
    holder = incident_name(away.incident)
    return Flag(away.flag, "", before.serving, before.safe, away.incident, away.env, holder, before.safe)


def _last(state: FlagState) -> FlagEvent | None:
    """Who changed it there last, as we say it of our own."""
    if state.changed_at is None:
        return None
    at = stamp(state.changed_at)
    return FlagEvent(
        0, state.ref.env, state.ref.key, Kind.DEFINED, at, state.changed_by, None, "", "", state.serving
    )
