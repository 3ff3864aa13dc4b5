"""Effects as rows: promised with the event, claimed before the call, done with its result.

pending -> sending (committed before the call) -> done. A row found in `sending` after a crash, or one whose
answer was lost, is *in doubt*: it is pending again with `in_doubt` set, and whoever delivers it looks first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.effects import Effect, coalesce_key, effect_adapter, lane
from bot.storage.engine import Row, Transaction

NOBODY = 0  # the incident number of an effect that belongs to the workspace itself


@dataclass(frozen=True)
class Promise:
    """One effect to carry out. `attempt` fences it: only the latest attempt may report how it went."""

    id: int
    team_id: str
    incident: int
    effect: Effect
    attempt: int
    failures: int
    in_doubt: bool
    created: float


def promise(transaction: Transaction, *, team_id: str, incident: int, effect: Effect, now: datetime) -> None:
    """Add an effect; one that may coalesce joins the one that already waits."""
    transaction.run(
        "insert into effect (team_id, incident, lane, coalesce_key, body, not_before, created) values"
        " (:team_id, :incident, :lane, :coalesce_key, :body, :now, :now)"
        # DO UPDATE and not DO NOTHING: it takes the row lock, so a claim under way cannot miss this change
        " on conflict (team_id, incident, coalesce_key)"
        " where state = 'pending' and coalesce_key is not null"
        " do update set bumps = effect.bumps + 1",
        team_id=team_id,
        incident=incident,
        lane=lane(effect),
        coalesce_key=coalesce_key(effect),
        body=effect_adapter.dump_json(effect).decode(),
        now=now.timestamp(),
    )


def claim(transaction: Transaction, *, now: datetime, lease: float, limit: int) -> list[Promise]:
    """Take up to `limit` effects that are due and first in their lane, and mark them as being sent."""
    rows = transaction.all(
        "update effect set state = 'sending', attempt = attempt + 1, lease = :until where id in ("
        " select waiting.id from effect as waiting"
        " where waiting.state = 'pending' and waiting.not_before <= :now and not exists ("
        "  select 1 from effect as earlier"
        "  where earlier.team_id = waiting.team_id and earlier.incident = waiting.incident"
        "  and earlier.lane = waiting.lane and earlier.id < waiting.id"
        "  and earlier.state in ('pending', 'sending'))"
        " order by waiting.not_before, waiting.id limit :limit) returning *",
        now=now.timestamp(),
        until=now.timestamp() + lease,
        limit=limit,
    )
    return [_loaded(row) for row in sorted(rows, key=lambda row: int(row["id"]))]


def done(transaction: Transaction, promise: Promise) -> bool:
    """It has happened. False when this attempt no longer owns it, and then its result must be dropped."""
    return bool(
        transaction.run(
            "update effect set state = 'done', error = null, lease = null"
            " where id = :id and attempt = :attempt and state = 'sending'",
            id=promise.id,
            attempt=promise.attempt,
        )
    )


def retry(
    transaction: Transaction, promise: Promise, *, at: datetime, error: str, in_doubt: bool, counts: bool
) -> None:
    """Try again at `at`. A wait that Slack asked for does not count as a failure, or it would slow us down."""
    values: Row = {"id": promise.id, "attempt": promise.attempt}
    newer = transaction.one(
        "select 1 from effect as newer join effect as mine"
        " on newer.team_id = mine.team_id and newer.incident = mine.incident"
        " and newer.coalesce_key = mine.coalesce_key and newer.state = 'pending'"
        " where mine.id = :id and mine.attempt = :attempt and mine.state = 'sending'",
        **values,
    )
    if newer is not None and not in_doubt:  # the newer one draws the same thing from a later state
        done(transaction, promise)
        return
    if newer is not None:
        _merge_into_newer(transaction, promise)
        return
    transaction.run(
        "update effect set state = 'pending', not_before = :at, error = :error, lease = null,"
        " in_doubt = case when :in_doubt = 1 then 1 else in_doubt end, failures = failures + :counts"
        " where id = :id and attempt = :attempt and state = 'sending'",
        **values,
        at=at.timestamp(),
        error=error,
        in_doubt=int(in_doubt),
        counts=int(counts),
    )


def _merge_into_newer(transaction: Transaction, promise: Promise) -> None:
    """The row that waits behind inherits the doubt; its promise covers this one's."""
    key = coalesce_key(promise.effect)
    transaction.run(
        "update effect set in_doubt = 1, created = case when :created < created then :created else created end"
        " where team_id = :team_id and incident = :incident and coalesce_key = :key and state = 'pending'",
        created=promise.created,
        team_id=promise.team_id,
        incident=promise.incident,
        key=key,
    )
    done(transaction, promise)


def park(transaction: Transaction, promise: Promise, *, error: str) -> None:
    """It cannot succeed as things are: keep it, with the reason, out of everybody's way."""
    transaction.run(
        "update effect set state = 'parked', error = :error, lease = null"
        " where id = :id and attempt = :attempt and state = 'sending'",
        id=promise.id,
        attempt=promise.attempt,
        error=error,
    )


def release(transaction: Transaction, *, now: datetime) -> int:
    """Put back what a process left in `sending` and whose lease is over; all of it is in doubt."""
    rows = transaction.all(
        "select * from effect where state = 'sending' and lease <= :now", now=now.timestamp()
    )
    for row in rows:
        retry(
            transaction,
            _loaded(row),
            at=now,
            error="the process stopped before Slack answered",
            in_doubt=True,
            counts=True,
        )
    return len(rows)


def next_due(transaction: Transaction, *, now: datetime) -> float | None:
    """When, after `now`, the next effect wants attention: one that waits, or a lease that ends.

    Seconds since the epoch. What is due already is either claimed or behind another of its lane, whose end
    wakes the dispatcher by itself.
    """
    row = transaction.one(
        "select min(moment) as due from ("
        " select min(not_before) as moment from effect where state = 'pending' and not_before > :now"
        " union all select min(lease) from effect where state = 'sending') as moments",
        now=now.timestamp(),
    )
    return None if row is None or row["due"] is None else float(row["due"])


def has_due(transaction: Transaction, *, now: datetime) -> bool:
    """Whether anything is being sent or could be sent now."""
    row = transaction.one(
        "select 1 from effect where state = 'sending' or state = 'pending' and not_before <= :now limit 1",
        now=now.timestamp(),
    )
    return row is not None


def unfinished(transaction: Transaction, team_id: str) -> list[Row]:
    """What Slack has not been told yet, oldest first: `incident`, `body`, `state`, `attempt`, `error`."""
    return transaction.all(
        "select incident, body, state, attempt, error, created from effect"
        " where team_id = :team_id and state <> 'done' order by id",
        team_id=team_id,
    )


def _loaded(row: Row) -> Promise:
    return Promise(
        id=int(row["id"]),
        team_id=row["team_id"],
        incident=int(row["incident"]),
        effect=effect_adapter.validate_json(row["body"]),
        attempt=int(row["attempt"]),
        failures=int(row["failures"]),
        in_doubt=bool(row["in_doubt"]),
        created=float(row["created"]),
    )
