"""Where other back-ends are, and what one answers: as the rules ask for it, and never as something unexpected."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from bot.domain.commands import FlagFacts
from bot.domain.containing import Policy
from bot.domain.language import marked
from bot.flags.protocol import Backend, FlagRef, FlagState, Unavailable
from bot.storage.flag_away import Seen
from bot.storage.flag_vendor import Away, State

T = TypeVar("T")

SLOW = marked("{backend} did not answer within {seconds} s; nothing was switched. Try again.")
STRANGE = marked("{backend} answered something that is not understood ({problem}); look at it there.")


@dataclass(frozen=True)
class Site:
    """One back-end of the settings. `environments` says what each of ours is called there."""

    backend: Backend
    project: str
    environments: Mapping[str, str]

    def ref(self, env: str, key: str) -> FlagRef | None:
        """The flag there; None where this environment is not kept there."""
        named = self.environments.get(env)
        return None if named is None else FlagRef(self.backend.name, self.project, named, key)


def facts_of(flag: str, env: str, state: FlagState, row: Away | None, *, production: bool) -> FlagFacts:
    """What the rules ask about a flag. It is held by an incident while nobody has changed it since."""
    holds = row is not None and row.state is State.HELD
    if row is not None and holds and row.after:
        holds = FlagState.model_validate_json(row.after).fingerprint == state.fingerprint
    return FlagFacts(
        key=flag,
        environment=env,
        safe=state.safe or "off",
        serves=state.serving,
        held_by=row.incident if row is not None and holds else None,
        production=production,
        policy=Policy.RESPONDERS,
        owner=state.owner,
        changed_by=state.changed_by,
    )


def seen_of(state: FlagState) -> Seen:
    return Seen(state.version, state.contained, state.cannot, state.model_dump_json())


async def asked_of(
    backend: str, answer: Awaitable[T], within: float | None = None, *, writes: bool = False
) -> T:
    """What a back-end answers; what it should not raise is an answer that cannot be trusted."""
    try:
        async with asyncio.timeout(within):
            return await answer
    except TimeoutError as error:
        raise Unavailable(SLOW, maybe_applied=writes, backend=backend, seconds=within) from error
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        problem = f"{type(error).__name__}: {error}"[:100]
        raise Unavailable(STRANGE, maybe_applied=writes, backend=backend, problem=problem) from error
