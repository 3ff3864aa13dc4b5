"""What has happened to flags: only added to, and numbered, so that readers ask for what is new to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.storage.engine import Transaction
from bot.storage.timeline import stamp


class Kind(StrEnum):
    """What can happen to a flag in the bot's own table. A stored name never changes."""

    DEFINED = "defined"
    REMOVED = "removed"
    HELD = "held"
    RELEASED = "released"


@dataclass(frozen=True)
class FlagEvent:
    """One change. `before` and `after` say in a few words what was served; `incident` is why, if one was."""

    seq: int
    env: str
    key: str
    kind: Kind
    at: str
    actor: str
    incident: int | None
    reason: str
    before: str
    after: str


def lock(transaction: Transaction, team_id: str) -> None:
    """Flags are asked about and changed by one at a time, which also puts the log's numbers in order.

    Take it before the lock of an incident, never after.
    """
    transaction.lock(f"{team_id}/flags")


def note(
    transaction: Transaction,
    team_id: str,
    *,
    env: str,
    key: str,
    kind: Kind,
    at: datetime,
    actor: str,
    incident: int | None = None,
    reason: str = "",
    before: str = "",
    after: str = "",
) -> None:
    """Add one change to the log; the caller holds the lock."""
    transaction.run(
        "insert into flag_event (team_id, env, key, kind, at, actor, incident, reason, before, after)"
        " values (:team_id, :env, :key, :kind, :at, :actor, :incident, :reason, :before, :after)",
        team_id=team_id,
        env=env,
        key=key,
        kind=kind.value,
        at=stamp(at),
        actor=actor,
        incident=incident,
        reason=reason,
        before=before,
        after=after,
    )


def revision(transaction: Transaction, team_id: str, env: str) -> int:
    """The number of the last change in this environment; 0 before the first."""
    row = transaction.one(
        "select max(seq) as last from flag_event where team_id = :team_id and env = :env",
        team_id=team_id,
        env=env,
    )
    return int(row["last"] or 0) if row else 0


def changed_keys(transaction: Transaction, team_id: str, env: str, *, after: int) -> list[str]:
    """The keys that something has happened to since change number `after`, each once."""
    # No `distinct`: for that SQLite walks an index of all keys, instead of the few changes at the end of another.
    rows = transaction.all(
        "select key from flag_event where team_id = :team_id and env = :env and seq > :after",
        team_id=team_id,
        env=env,
        after=after,
    )
    return list({row["key"]: None for row in rows})


def history(
    transaction: Transaction,
    team_id: str,
    *,
    env: str,
    key: str | None = None,
    since: datetime | None = None,
    limit: int = 100,
) -> list[FlagEvent]:
    """The last changes, newest first: of one flag, or of all in the environment."""
    rows = transaction.all(
        "select seq, env, key, kind, at, actor, incident, reason, before, after from flag_event"
        " where team_id = :team_id and env = :env and (:key = '' or key = :key) and at >= :since"
        " order by seq desc limit :limit",
        team_id=team_id,
        env=env,
        key=key or "",
        since="" if since is None else stamp(since),
        limit=limit,
    )
    return [FlagEvent(**{**row, "kind": Kind(row["kind"])}) for row in rows]
