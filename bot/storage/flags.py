"""Flags as incidents see them: which value is served, which is safe, and which incident holds it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import datetime

from bot.domain.commands import Command, ContainFlag, FlagFacts, RestoreFlag
from bot.domain.flags import FIRST_ENVIRONMENT, Definition
from bot.domain.vocabulary import Refused
from bot.storage import flag_definitions, flag_log
from bot.storage.engine import Transaction
from bot.storage.flag_definitions import Stored
from bot.storage.incidents import Outcome, execute


@dataclass(frozen=True)
class Flag:
    """One flag. `serves` is its value when nobody holds it; `held_by` the incident that contains it, or None.

    `safe` is empty when its definition declares none; `holder` is who holds it in words, empty when nobody does.
    """

    key: str
    description: str
    serves: str
    safe: str
    held_by: int | None
    environment: str = FIRST_ENVIRONMENT
    holder: str = ""
    held_at: str | None = None

    @property
    def now(self) -> str:
        """The value it serves at this moment."""
        return self.serves if self.held_at is None else self.held_at


def define(transaction: Transaction, team_id: str, flag: Flag, *, now: datetime, by: str = "") -> None:
    """Add a flag of two values or change it; a flag that is held is refused, because its undo must be exact."""
    simple = Definition.simple(flag.key, serves=flag.serves, safe=flag.safe, description=flag.description)
    flag_definitions.define(transaction, team_id, flag.environment, [simple], by=by, now=now)


def everything(transaction: Transaction, team_id: str, environment: str = FIRST_ENVIRONMENT) -> list[Flag]:
    """All flags of the environment, those that are held first, then by key."""
    return [_flag(stored) for stored in flag_definitions.listed(transaction, team_id, environment)]


def find(
    transaction: Transaction, team_id: str, key: str, environment: str = FIRST_ENVIRONMENT
) -> Flag | None:
    """The flag with exactly this key, or None."""
    found = flag_definitions.find(transaction, team_id, environment, key)
    return None if found is None else _flag(found)


def contain(
    transaction: Transaction,
    *,
    team_id: str,
    number: int,
    flag: str,
    reason: str,
    by: str,
    now: datetime,
    key: str,
    environment: str = FIRST_ENVIRONMENT,
) -> Outcome:
    """Hold a flag at its safe value because of incident `number`; a near miss of its name is refused."""
    flag_log.lock(transaction, team_id)
    facts = _facts(transaction, team_id, environment, flag)
    return _execute(transaction, team_id, number, ContainFlag(by=by, flag=facts, reason=reason), now, key)


def restore(
    transaction: Transaction,
    *,
    team_id: str,
    number: int,
    flag: str,
    by: str,
    now: datetime,
    key: str,
    environment: str = FIRST_ENVIRONMENT,
) -> Outcome:
    """Let go of a flag that incident `number` holds: it serves again exactly what it did before."""
    flag_log.lock(transaction, team_id)
    facts = _facts(transaction, team_id, environment, flag)
    return _execute(transaction, team_id, number, RestoreFlag(by=by, flag=facts), now, key)


def _flag(stored: Stored) -> Flag:
    held = stored.override
    return Flag(
        key=stored.key,
        description=stored.definition.description,
        serves=stored.definition.serves,
        safe=stored.definition.safe or "",
        held_by=None if held is None else held.incident,
        environment=stored.env,
        holder="" if held is None else held.holder,
        held_at=None if held is None else held.variant,
    )


def _execute(
    transaction: Transaction, team_id: str, number: int, command: Command, now: datetime, key: str
) -> Outcome:
    return execute(transaction, team_id=team_id, number=number, command=command, now=now, key=key)


def _facts(transaction: Transaction, team_id: str, environment: str, key: str) -> FlagFacts:
    found = find(transaction, team_id, key, environment)
    if found is None:
        near = difflib.get_close_matches(
            key, flag_definitions.keys(transaction, team_id, environment), n=3, cutoff=0.5
        )
        if near:
            raise Refused(
                "There is no flag `{flag}`. Did you mean {choices}? Nothing was switched.",
                flag=key,
                choices=", ".join(f"`{choice}`" for choice in near),
            )
        raise Refused(
            "There is no flag `{flag}`. `/flag show` lists the flags there are; nothing was switched.",
            flag=key,
        )
    if found.held_at is not None and found.held_by is None:
        raise Refused(
            "`{flag}` is held at `{safe}` already, by {holder} outside of any incident.",
            flag=found.key,
            safe=found.held_at,
            holder=found.holder,
        )
    return FlagFacts(
        key=found.key,
        environment=found.environment,
        safe=found.safe,
        serves=found.serves,
        held_by=found.held_by,
    )
