"""Once a day, whatever happens: the day that a job was last done for, moved on with the effect it promises."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

from bot.domain.effects import Effect
from bot.storage import outbox
from bot.storage.engine import Transaction
from bot.storage.timeline import moment, stamp


def begin(transaction: Transaction, *, team_id: str, job: str, day: date) -> None:
    """Count `day` as done when the job is new here, so that a fresh install does not post at once."""
    transaction.run(
        "insert into daily (team_id, job, day) values (:team_id, :job, :day)"
        " on conflict (team_id, job) do nothing",
        team_id=team_id,
        job=job,
        day=day.isoformat(),
    )


def once(
    transaction: Transaction,
    *,
    team_id: str,
    job: str,
    day: date,
    covered_to: datetime,
    effects: Callable[[date, datetime | None], Sequence[Effect]],
    now: datetime,
) -> bool:
    """Promise `effects(the day done before, until when that told)` unless `day` or a later one was done already."""
    transaction.lock(f"{team_id}/{job}")
    row = transaction.one(
        "select day, covered_to from daily where team_id = :team_id and job = :job", team_id=team_id, job=job
    )
    if row is None:
        raise AssertionError(f"begin() comes before once(): {job!r}")
    previous = date.fromisoformat(row["day"])
    if previous >= day:
        return False
    transaction.run(
        "update daily set day = :day, covered_to = :covered_to where team_id = :team_id and job = :job",
        team_id=team_id,
        job=job,
        day=day.isoformat(),
        covered_to=stamp(covered_to),
    )
    until = None if row["covered_to"] is None else moment(row["covered_to"])
    for effect in effects(previous, until):
        outbox.promise(transaction, effect, team_id=team_id, incident=outbox.NOBODY, now=now)
    return True
