"""Once a day, whatever happens: the day that a job was last done for, moved on with the effect it promises."""

from __future__ import annotations

from datetime import date, datetime

from bot.domain.effects import Effect
from bot.storage import outbox
from bot.storage.engine import Transaction


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
    transaction: Transaction, *, team_id: str, job: str, day: date, effect: Effect, now: datetime
) -> bool:
    """Promise `effect` unless `day` or a later one was done already; answers whether it was promised."""
    moved = transaction.run(
        "update daily set day = :day where team_id = :team_id and job = :job and day < :day",
        team_id=team_id,
        job=job,
        day=day.isoformat(),
    )
    if moved:
        outbox.promise(transaction, team_id=team_id, incident=outbox.NOBODY, effect=effect, now=now)
    return bool(moved)
