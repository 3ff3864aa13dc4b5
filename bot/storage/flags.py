"""The flag table: what each flag serves, which value is safe, and which incident holds it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import datetime

from bot.domain.commands import Command, ContainFlag, FlagFacts, RestoreFlag
from bot.domain.vocabulary import Refused
from bot.storage.engine import Transaction
from bot.storage.incidents import Outcome, execute


@dataclass(frozen=True)
class Flag:
    """One flag. `serves` is its value when nobody holds it; `held_by` the incident that contains it, or None."""

    key: str
    description: str
    serves: str
    safe: str
    held_by: int | None

    @property
    def now(self) -> str:
        """The value it serves at this moment."""
        return self.serves if self.held_by is None else self.safe


def define(transaction: Transaction, team_id: str, flag: Flag) -> None:
    """Add a flag or change its definition; a flag that is held is refused, because its undo must be exact."""
    _lock(transaction, team_id)
    known = find(transaction, team_id, flag.key)
    if known is not None and known.held_by is not None:
        raise Refused(
            "`{flag}` is held by INC-{holder}, so its definition was not changed. Undo the containment first.",
            flag=flag.key,
            holder=known.held_by,
        )
    transaction.run(
        "insert into flag (team_id, key, description, serves, safe)"
        " values (:team_id, :key, :description, :serves, :safe)"
        " on conflict (team_id, key) do update set"
        " description = excluded.description, serves = excluded.serves, safe = excluded.safe",
        team_id=team_id,
        key=flag.key,
        description=flag.description,
        serves=flag.serves,
        safe=flag.safe,
    )


def everything(transaction: Transaction, team_id: str) -> list[Flag]:
    """All flags, those that are held first, then by key."""
    rows = transaction.all(
        "select flag.*, containment.incident as held_by from flag"
        " left join containment on containment.team_id = flag.team_id and containment.flag = flag.key"
        " where flag.team_id = :team_id order by containment.incident is null, flag.key",
        team_id=team_id,
    )
    return [Flag(row["key"], row["description"], row["serves"], row["safe"], row["held_by"]) for row in rows]


def find(transaction: Transaction, team_id: str, key: str) -> Flag | None:
    """The flag with exactly this key, or None."""
    return next((flag for flag in everything(transaction, team_id) if flag.key == key), None)


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
) -> Outcome:
    """Hold a flag at its safe value because of incident `number`; a near miss of its name is refused."""
    _lock(transaction, team_id)
    facts = _facts(transaction, team_id, flag)
    return _execute(transaction, team_id, number, ContainFlag(by=by, flag=facts, reason=reason), now, key)


def restore(
    transaction: Transaction, *, team_id: str, number: int, flag: str, by: str, now: datetime, key: str
) -> Outcome:
    """Let go of a flag that incident `number` holds: it serves again exactly what it did before."""
    _lock(transaction, team_id)
    facts = _facts(transaction, team_id, flag)
    return _execute(transaction, team_id, number, RestoreFlag(by=by, flag=facts), now, key)


def _lock(transaction: Transaction, team_id: str) -> None:
    """Who holds what is asked and changed by one at a time. Before the incident's own lock: never the other way."""
    transaction.lock(f"{team_id}/flags")


def _execute(
    transaction: Transaction, team_id: str, number: int, command: Command, now: datetime, key: str
) -> Outcome:
    return execute(transaction, team_id=team_id, number=number, command=command, now=now, key=key)


def _facts(transaction: Transaction, team_id: str, key: str) -> FlagFacts:
    flags = everything(transaction, team_id)
    found = next((flag for flag in flags if flag.key == key), None)
    if found is None:
        near = difflib.get_close_matches(key, [flag.key for flag in flags], n=3, cutoff=0.5)
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
    return FlagFacts(key=found.key, safe=found.safe, serves=found.serves, held_by=found.held_by)
