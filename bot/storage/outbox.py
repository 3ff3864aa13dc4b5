"""Effects as rows: promised with the event, claimed before the call, done with its result.

pending -> sending (committed before the call) -> done. A row found in `sending` after a crash, or one whose
answer was lost, is *in doubt*: it is pending again with `in_doubt` set, and whoever delivers it looks first.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from bot.domain.effects import Effect, coalesce_key, effect_adapter, lane, spacing
from bot.storage.engine import Row, Transaction

NOBODY = 0  # the incident number of an effect that belongs to the workspace itself
GRACE = 2.0  # seconds that Slack may still need for a call whose answer was lost; a look before could miss it
LONGEST_WAIT = 60.0  # seconds: the longest backoff, and the longest lease
ROLLOUT = 3600.0  # seconds that replicas of two versions may work side by side while one replaces the other


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


# When an effect that may coalesce may happen: so long after the last of its kind, and never before now.
EARLIEST = (
    "coalesce((select case when not_before >= :now then :now + :spacing{n}"
    " when not_before + :spacing{n} > :now then not_before + :spacing{n} else :now end"
    " from effect where team_id = :team_id and incident = :incident and coalesce_key = :key{n}"
    " and state in ('sending', 'done') order by id desc limit 1), :now)"
)


@functools.cache  # there are as many as one event has effects, and each kind of them may coalesce or not
def _insert(coalescing: tuple[bool, ...]) -> str:
    rows = ", ".join(
        f"(:team_id, :incident, :lane{n}, :key{n}, :body{n}, {EARLIEST.format(n=n) if may else ':now'}, :now)"
        for n, may in enumerate(coalescing)
    )
    return (
        "insert into effect (team_id, incident, lane, coalesce_key, body, not_before, created) values"  # noqa: S608
        f" {rows} on conflict (team_id, incident, coalesce_key)"
        " where state = 'pending' and coalesce_key is not null"
        # DO UPDATE and not DO NOTHING: it takes the row lock, so a claim under way cannot miss this change
        " do update set bumps = effect.bumps + 1"
    )


@functools.lru_cache(maxsize=64)
def _as_json(effect: Effect) -> str:
    return effect_adapter.dump_json(effect).decode()


def promise(transaction: Transaction, *effects: Effect, team_id: str, incident: int, now: datetime) -> None:
    """Add effects, in one statement. One that may coalesce joins the one that already waits, or keeps its
    distance to the last; two of one key are one."""
    wanted: list[Effect] = []
    keys: list[str | None] = []
    for effect in effects:
        key = coalesce_key(effect)
        if key is None or key not in keys:
            wanted.append(effect)
            keys.append(key)
    if not wanted or (None not in keys and _all_wait(transaction, keys, team_id=team_id, incident=incident)):
        return
    values: dict[str, object] = {}
    for n, (effect, key) in enumerate(zip(wanted, keys, strict=True)):
        values[f"lane{n}"] = lane(effect)
        values[f"key{n}"] = key
        if key is None:
            values[f"body{n}"] = effect_adapter.dump_json(effect).decode()
        else:
            values[f"body{n}"] = _as_json(effect)  # one of few: a surface
            values[f"spacing{n}"] = spacing(effect)
    transaction.run(
        _insert(tuple(key is not None for key in keys)),
        team_id=team_id,
        incident=incident,
        now=now.timestamp(),
        **values,
    )


def _all_wait(transaction: Transaction, keys: Sequence[str | None], *, team_id: str, incident: int) -> bool:
    """Whether one of each kind waits already: in a burst of clicks nearly always, and then nothing is left to do.

    An update and not a look, because it takes the row locks: a claim under way cannot miss this change.
    """
    joined = transaction.run(
        _join(len(keys)),
        team_id=team_id,
        incident=incident,
        **{f"key{n}": key for n, key in enumerate(keys)},
    )
    return joined == len(keys)


@functools.cache
def _join(kinds: int) -> str:
    return (
        "update effect set bumps = bumps + 1 where team_id = :team_id and incident = :incident"  # noqa: S608
        f" and coalesce_key in ({', '.join(f':key{n}' for n in range(kinds))}) and state = 'pending'"
    )


# Due, nothing of its lane is being sent and nothing that waits stands before it. The id of each, the one that
# waits longest first.
_DUE = (
    "select waiting.id from effect as waiting"
    " where {whose}waiting.state = 'pending' and waiting.not_before <= :now and not exists ("
    "  select 1 from effect as other"
    "  where other.team_id = waiting.team_id and other.incident = waiting.incident"
    "  and other.lane = waiting.lane and other.state in ('pending', 'sending')"
    "  and (other.id < waiting.id or other.state = 'sending'))"
    " order by waiting.not_before, waiting.id limit :limit"
)
DUE = _DUE.format(whose="")
DUE_OF_ONE = (
    _DUE.format(  # the states twice, because SQLite looks for the very words of the index effect_lane
        whose="waiting.team_id = :team_id and waiting.incident = :incident"
        " and waiting.state in ('pending', 'sending') and "
    )
)


def claim(
    transaction: Transaction,
    *,
    now: datetime,
    lease: float,
    limit: int,
    others: bool = False,
    of: tuple[str, int] | None = None,
) -> list[Promise]:
    """Take up to `limit` effects that are due and first in their lane, and mark them as being sent.

    `of` (team and number) takes only those of one incident. Others may claim at the same time: what they are taking
    is left to them, and a lane that two would begin is refused to the second by an index (migrations.py), which has
    the engine run it again. With `others`, what this version does not know is left to one that may; alone, it is
    parked.
    """
    due, whose = (DUE, {}) if of is None else (DUE_OF_ONE, {"team_id": of[0], "incident": of[1]})
    rows = transaction.all(
        # materialized: looked up once, or the limit would be taken again for each row that is updated
        f"with free as materialized ({due}{transaction.skip_locked})"  # noqa: S608 - a constant
        # not_before becomes when it was sent, which the next one of its kind keeps its distance to
        " update effect set state = 'sending', attempt = attempt + 1, lease = :until, not_before = :now"
        " where id in (select id from free) returning *",
        now=now.timestamp(),
        until=now.timestamp() + lease,
        limit=limit,
        **whose,
    )
    claimed = []
    for row in sorted(rows, key=lambda row: int(row["id"])):
        try:
            claimed.append(_loaded(row))
        except ValidationError:  # written by another version: it must not stop all the others
            _leave(transaction, row, now=now, others=others)
    return claimed


def _leave(transaction: Transaction, row: Row, *, now: datetime, others: bool) -> None:
    strange = "this version of Firebreak does not know it"
    if others and now.timestamp() < row["created"] + ROLLOUT:
        at = now + timedelta(seconds=GRACE)
        _retry(transaction, row["id"], row["attempt"], at=at, error=strange, in_doubt=False, counts=False)
    else:
        _park(transaction, row["id"], row["attempt"], strange)


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
    _retry(transaction, promise.id, promise.attempt, at=at, error=error, in_doubt=in_doubt, counts=counts)


def _retry(
    transaction: Transaction,
    id: int,
    attempt: int,
    *,
    at: datetime,
    error: str,
    in_doubt: bool,
    counts: bool,
) -> None:
    mine = transaction.one(
        "select team_id, incident, coalesce_key from effect"  # noqa: S608 - a constant
        f" where id = :id and attempt = :attempt and state = 'sending'{transaction.for_update}",
        id=id,
        attempt=attempt,
    )
    if mine is None:
        return
    # One that was promised meanwhile draws the same thing: it joins this one, which keeps its number (what it
    # may have done is looked up by it), its doubt, and the wait that Slack asked for.
    joined = transaction.run(
        "delete from effect where team_id = :team_id and incident = :incident"
        " and coalesce_key = :coalesce_key and state = 'pending'",
        **mine,
    )
    transaction.run(
        "update effect set state = 'pending', not_before = :at, error = :error, lease = null,"
        " in_doubt = case when :in_doubt = 1 then 1 else in_doubt end, failures = failures + :counts,"
        " bumps = bumps + :joined where id = :id",
        id=id,
        at=at.timestamp(),
        error=error,
        in_doubt=int(in_doubt),
        counts=int(counts),
        joined=joined,
    )


def park(transaction: Transaction, promise: Promise, *, error: str) -> None:
    """It cannot succeed as things are: keep it, with the reason, out of everybody's way."""
    _park(transaction, promise.id, promise.attempt, error)


def _park(transaction: Transaction, id: int, attempt: int, error: str) -> None:
    transaction.run(
        "update effect set state = 'parked', error = :error, lease = null"
        " where id = :id and attempt = :attempt and state = 'sending'",
        id=id,
        attempt=attempt,
        error=error,
    )


def release(transaction: Transaction, *, now: datetime, crashed: bool = False) -> int:
    """Put back what is in `sending` beyond its lease; all of it is in doubt, so it waits out the grace.

    `crashed` says that whoever had it is gone: then nothing waits for a lease.
    """
    rows = transaction.all(
        "select id, attempt from effect"  # noqa: S608 - a constant
        # +id: sorted after they are found by an index, or SQLite reads all effects that ever were, in order
        f" where state = 'sending' and (lease <= :now or :crashed = 1) order by +id{transaction.skip_locked}",
        now=now.timestamp(),
        crashed=int(crashed),
    )
    for row in rows:
        _retry(
            transaction,
            row["id"],
            row["attempt"],
            at=now + timedelta(seconds=GRACE),
            error="the process stopped before Slack answered",
            in_doubt=True,
            counts=True,
        )
    return len(rows)


def clock_went_back(transaction: Transaction, *, now: datetime) -> None:
    """What waits for longer than anything ever should, waits for a moment that was near before: take it up soon.

    Without this a clock that is set back an hour would stop every lane with something in it for that hour.
    """
    latest = now.timestamp() + LONGEST_WAIT
    transaction.run(
        "update effect set not_before = :soon where state = 'pending' and not_before > :latest",
        soon=now.timestamp() + GRACE,
        latest=latest,
    )
    transaction.run(
        "update effect set lease = :latest where state = 'sending' and lease > :latest", latest=latest
    )


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


def any_waits(transaction: Transaction) -> bool:
    """Whether anything waits, for now or for later."""
    return transaction.one("select 1 as one from effect where state = 'pending' limit 1") is not None


def has_due(transaction: Transaction, *, now: datetime) -> bool:
    """Whether anything is being sent or could be sent now."""
    sending = transaction.one("select 1 from effect where state = 'sending' limit 1")
    return sending is not None or transaction.one(DUE, now=now.timestamp(), limit=1) is not None


def unfinished(transaction: Transaction, team_id: str) -> list[Row]:
    """What Slack has not been told yet, oldest first: the columns of each, and its `body` as JSON."""
    return transaction.all(
        "select incident, body, state, attempt, in_doubt, not_before, error, created from effect"
        " where team_id = :team_id and state <> 'done' order by id",
        team_id=team_id,
    )


def counted(transaction: Transaction, team_id: str) -> tuple[int, int]:
    """How many effects Slack has not been told yet, and how many of them are parked."""
    rows = transaction.all(
        "select state, count(*) as number from effect where team_id = :team_id and state <> 'done' group by state",
        team_id=team_id,
    )
    numbers = {row["state"]: int(row["number"]) for row in rows}
    return sum(numbers.values()), numbers.get("parked", 0)


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
