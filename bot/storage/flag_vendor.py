"""What is held in other back-ends: one row a flag, written before the back-end is asked, and settled afterwards.

Two incidents never hold one flag, because the row is one. A row that says `asked` and was taken by a process that
is gone is in doubt: the flag is read again before anything else is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.away import Switch
from bot.storage.engine import Row, Transaction
from bot.storage.timeline import stamp

READ_AGAIN_MOST = timedelta(seconds=60)  # until what is in doubt is read again
ASKED_AGAIN_MOST = timedelta(seconds=600)  # until a back-end that was asked too often may be asked again


class State(StrEnum):
    """How far it has come. A stored name never changes."""

    ASKED = "asked"  # written down; the back-end is asked now
    DOUBT = "doubt"  # it was asked, and its answer is not known
    HELD = "held"  # read back
    LOST = "lost"  # it was held, and somebody brought it back


@dataclass(frozen=True)
class Away:
    """One row. `before` and `after` are what the back-end's adapter needs to bring it back, as JSON."""

    backend: str
    env: str
    key: str
    incident: int
    operation: str
    act: Switch
    state: State
    actor: str
    reason: str
    force: bool
    before: str
    after: str
    asked_at: str
    settled_at: str
    tries: int
    taken: bool  # somebody had begun with it, and did not end

    @property
    def flag(self) -> str:
        return f"{self.backend}:{self.key}"


_SELECT = (
    "select backend, env, key, incident, operation, act, state, actor, reason, force, before, after, asked_at,"
    " settled_at, tries, taken_until from flag_vendor where team_id = :team_id"
)


def find(transaction: Transaction, team_id: str, backend: str, env: str, key: str) -> Away | None:
    """What is known of this flag, or None when nobody holds it or asks for that."""
    row = transaction.one(
        _SELECT + " and backend = :backend and env = :env and key = :key",
        team_id=team_id,
        backend=backend,
        env=env,
        key=key,
    )
    return None if row is None else _away(row)


def everything(transaction: Transaction, team_id: str) -> list[Away]:
    """Every flag that is held elsewhere, or is being switched there."""
    return [_away(row) for row in transaction.all(f"{_SELECT} order by backend, env, key", team_id=team_id)]


def ask(
    transaction: Transaction,
    team_id: str,
    *,
    backend: str,
    env: str,
    key: str,
    incident: int,
    operation: str,
    actor: str,
    reason: str,
    before: str,
    now: datetime,
) -> None:
    """Write down that the flag is to be held."""
    transaction.run(
        "insert into flag_vendor (team_id, backend, env, key, incident, operation, act, state, actor, reason,"
        " force, before, asked_at, due) values (:team_id, :backend, :env, :key, :incident, :operation, 'contain',"
        " 'asked', :actor, :reason, 0, :before, :at, :at) on conflict (team_id, backend, env, key) do update set"
        " incident = excluded.incident, operation = excluded.operation, act = excluded.act,"
        " state = excluded.state, actor = excluded.actor, reason = excluded.reason, force = 0,"
        " before = excluded.before, after = '', asked_at = excluded.asked_at, settled_at = '', due = excluded.due,"
        " tries = 0, taken_until = null",
        team_id=team_id,
        backend=backend,
        env=env,
        key=key,
        incident=incident,
        operation=operation,
        actor=actor,
        reason=reason,
        before=before,
        at=stamp(now),
    )


def ask_back(
    transaction: Transaction,
    team_id: str,
    away: Away,
    *,
    operation: str,
    actor: str,
    reason: str,
    force: bool,
    now: datetime,
) -> None:
    """Write down that the flag is to be let go."""
    transaction.run(
        "update flag_vendor set operation = :operation, act = 'restore', state = 'asked', actor = :actor,"
        " reason = :reason, force = :force, asked_at = :at, due = :at, tries = 0, taken_until = null"
        " where team_id = :team_id"
        " and backend = :backend and env = :env and key = :key",
        operation=operation,
        actor=actor,
        reason=reason,
        force=int(force),
        at=stamp(now),
        **_place(team_id, away),
    )


def take(
    transaction: Transaction, team_id: str, *, now: datetime, lease: timedelta, only: str = ""
) -> Away | None:
    """One row that is due, for this process alone until the lease ends; `only` the one of this operation.

    What is due further ahead than anything is put off was put off before the clock went back, and is due too.
    """
    row = transaction.one(
        f"{_SELECT} and state in ('asked', 'doubt')"
        " and (due <= :now or due > case state when 'doubt' then :doubt else :asked end)"
        " and (:only = '' or operation = :only)"
        " and (taken_until is null or taken_until <= :now or taken_until > :longest)"
        " order by due limit 1" + transaction.for_update,
        team_id=team_id,
        now=stamp(now),
        doubt=stamp(now + 2 * READ_AGAIN_MOST),
        asked=stamp(now + 2 * ASKED_AGAIN_MOST),
        longest=stamp(now + 2 * lease),  # twice: the clock of whoever took it may be ahead of ours
        only=only,
    )
    if row is None:
        return None
    away = _away(row)
    transaction.run(
        "update flag_vendor set taken_until = :until where team_id = :team_id"
        " and backend = :backend and env = :env and key = :key",
        until=stamp(now + lease),
        **_place(team_id, away),
    )
    return away


def give_up_leases(transaction: Transaction, team_id: str) -> None:
    """What the process before this one had begun is anybody's; that it was begun stays known."""
    transaction.run(
        "update flag_vendor set taken_until = '' where team_id = :team_id and taken_until is not null",
        team_id=team_id,
    )


def doubt(transaction: Transaction, team_id: str, away: Away, *, due: datetime) -> None:
    """It may have been done: it is read again at `due`."""
    _put_off(transaction, team_id, away, State.DOUBT, due)


def later(transaction: Transaction, team_id: str, away: Away, *, due: datetime) -> None:
    """It was surely not done, and is tried again at `due`."""
    _put_off(transaction, team_id, away, State.ASKED, due)


def held(
    transaction: Transaction, team_id: str, away: Away, *, before: str, after: str, now: datetime
) -> None:
    """It is held, and was read back like `after`; `before` is how it was when it was switched."""
    transaction.run(
        "update flag_vendor set act = 'contain', state = 'held', before = :before, after = :after,"
        " settled_at = :at, taken_until = null, tries = 0 where team_id = :team_id"
        " and backend = :backend and env = :env and key = :key and operation = :operation",
        before=before,
        after=after,
        at=stamp(now),
        operation=away.operation,
        **_place(team_id, away),
    )


def still_held(transaction: Transaction, team_id: str, away: Away) -> None:
    """It was asked back, and that was not done."""
    transaction.run(
        "update flag_vendor set act = 'contain', state = 'held', taken_until = null, tries = 0"
        " where team_id = :team_id and backend = :backend and env = :env and key = :key"
        " and operation = :operation",
        operation=away.operation,
        **_place(team_id, away),
    )


def lost(transaction: Transaction, team_id: str, away: Away) -> None:
    """An incident means to hold it, and it is not so; it is not looked at again until it is held anew."""
    transaction.run(
        "update flag_vendor set act = 'contain', state = 'lost', taken_until = null where team_id = :team_id"
        " and backend = :backend and env = :env and key = :key",
        **_place(team_id, away),
    )


def forget(transaction: Transaction, team_id: str, backend: str, env: str, key: str) -> None:
    """Nobody holds it any more, or answers for it."""
    transaction.run(
        "delete from flag_vendor where team_id = :team_id"
        " and backend = :backend and env = :env and key = :key",
        team_id=team_id,
        backend=backend,
        env=env,
        key=key,
    )


def _put_off(transaction: Transaction, team_id: str, away: Away, state: State, due: datetime) -> None:
    transaction.run(
        "update flag_vendor set state = :state, due = :due, tries = tries + 1, taken_until = null"
        " where team_id = :team_id and backend = :backend and env = :env and key = :key"
        " and operation = :operation",
        state=state.value,
        due=stamp(due),
        operation=away.operation,
        **_place(team_id, away),
    )


def _place(team_id: str, away: Away) -> dict[str, str]:
    return {"team_id": team_id, "backend": away.backend, "env": away.env, "key": away.key}


def _away(row: Row) -> Away:
    values = {name: value for name, value in row.items() if name != "taken_until"}
    values |= {"act": Switch(row["act"]), "state": State(row["state"]), "force": bool(row["force"])}
    return Away(**values, taken=row["taken_until"] is not None)
