"""Effects that could not succeed as things were: how many there are, why, and taking them up again."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.effects import Draw, coalesce_key
from bot.domain.vocabulary import Surface
from bot.storage import outbox
from bot.storage.engine import Transaction
from bot.storage.outbox import NOBODY, Promise

CARD_AFTER = timedelta(seconds=2)


def aside(transaction: Transaction, promise: Promise, *, error: str) -> None:
    """Park an effect with the reason. It covers older ones of its kind that were parked, but for those in doubt."""
    outbox.park(transaction, promise, error=error)
    transaction.run(
        "update effect set state = 'done' where team_id = :team_id and incident = :incident"
        " and coalesce_key = :key and state = 'parked' and id < :id and in_doubt = 0",
        team_id=promise.team_id,
        incident=promise.incident,
        key=coalesce_key(promise.effect),
        id=promise.id,
    )


def reasons(transaction: Transaction, team_id: str, incident: int) -> list[str]:
    """Why each parked effect of an incident is parked, oldest first."""
    rows = transaction.all(
        "select error from effect where team_id = :team_id and incident = :incident"
        " and state = 'parked' and state <> 'done' order by id",
        team_id=team_id,
        incident=incident,
    )
    return [row["error"] or "" for row in rows]


def everything(transaction: Transaction, team_id: str) -> list[tuple[int, str]]:
    """The incident (0: none) and the reason of every parked effect, oldest first."""
    rows = transaction.all(
        "select incident, error from effect where team_id = :team_id and state = 'parked' order by id",
        team_id=team_id,
    )
    return [(int(row["incident"]), row["error"] or "") for row in rows]


def try_again(
    transaction: Transaction, *, now: datetime, team_id: str | None = None, incident: int | None = None
) -> int:
    """Let parked effects be claimed again: of an incident, of a workspace, or all; answers how many.

    One that a younger of its kind will cover is done with, unless it may have been carried out: then the younger
    joins it, because what it did is looked up by its number.
    """
    rows = transaction.all(
        # +id: sorted after they are found by the index; SQLite would read all effects that ever were, backwards
        "select id, team_id, incident, coalesce_key, in_doubt from effect"  # noqa: S608
        f" where state = 'parked' and state <> 'done' order by +id desc{transaction.for_update}"
    )
    wanted = [
        row for row in rows if team_id in (None, row["team_id"]) and incident in (None, row["incident"])
    ]
    for row in wanted:
        kind = {"team_id": row["team_id"], "incident": row["incident"], "key": row["coalesce_key"]}
        same = "team_id = :team_id and incident = :incident and coalesce_key = :key and state = 'pending'"
        covered = transaction.one(f"select id from effect where {same}", **kind)  # noqa: S608 - a constant
        if covered and row["in_doubt"]:
            transaction.run(f"delete from effect where {same}", **kind)  # noqa: S608
            covered = None
        transaction.run(
            "update effect set state = :state, not_before = :now, failures = 0"
            " where id = :id and state = 'parked'",
            state="done" if covered else "pending",
            now=now.timestamp(),
            id=row["id"],
        )
    for team, number in sorted(
        {(row["team_id"], row["incident"]) for row in wanted if row["incident"] != NOBODY}
    ):
        card = Draw(
            surface=Surface.CARD
        )  # it says what waits; by then the rest has gone well or is parked again
        outbox.promise(transaction, card, team_id=team, incident=number, now=now + CARD_AFTER)
    return len(wanted)
