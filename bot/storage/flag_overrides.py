"""Overrides: one variant for everyone, over a definition that stays as it is.

Holding wins races: who comes second finds the flag held, and that is what was wanted. Letting go loses them: it
names what it has seen, and is refused when that is no longer so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.vocabulary import Refused
from bot.storage import flag_log
from bot.storage.engine import Transaction
from bot.storage.flag_definitions import Override, Stored, find
from bot.storage.flag_log import Kind
from bot.storage.timeline import stamp

DRILL = "drill"  # the policy of what is held for practice: nobody needs it, and an incident may take it over


class FlagMoved(Exception):
    """Somebody changed the flag since it was looked at. `current` is how it is now."""

    def __init__(self, current: Stored) -> None:
        super().__init__(f"{current.key!r} in {current.env!r} is not as it was when it was looked at")
        self.current = current


@dataclass(frozen=True)
class Held:
    """A flag before and after it was held or let go; `changed` is False when it was so already."""

    before: Stored
    after: Stored

    @property
    def changed(self) -> bool:
        return self.before.token != self.after.token


def put_override(
    transaction: Transaction,
    team_id: str,
    *,
    env: str,
    key: str,
    actor: str,
    reason: str,
    now: datetime,
    incident: int | None = None,
    review_at: datetime | None = None,
    policy: str = "",
) -> Held:
    """Hold the flag at its declared safe variant; one that is held already stays as it is.

    Raises Refused: there is no such flag, or it declares no safe variant.
    """
    flag_log.lock(transaction, team_id)
    before = _known(transaction, team_id, env, key)
    if before.override is not None:
        return Held(before, before)
    safe = before.definition.safe
    if safe is None:
        raise Refused(
            "`{flag}` does not say which of its variants is safe, so it was not held. Whoever owns it adds "
            "`safeVariant` to its metadata, or on the bot's machine: `firebreak flag define {flag} --safe …`.",
            flag=key,
        )
    hold(
        transaction,
        team_id,
        env=env,
        key=key,
        variant=safe,
        actor=actor,
        reason=reason,
        now=now,
        incident=incident,
        review_at=review_at,
        policy=policy,
    )
    return Held(before, _known(transaction, team_id, env, key))


def remove_override(
    transaction: Transaction,
    team_id: str,
    *,
    env: str,
    key: str,
    actor: str,
    now: datetime,
    expected: str | None,
    reason: str = "",
) -> Held:
    """Let go of the flag if its token is still `expected` (None: whatever it is); one that is not held stays so.

    Raises Refused when there is no such flag, and FlagMoved when it is held but changed since it was looked at.
    """
    flag_log.lock(transaction, team_id)
    before = _known(transaction, team_id, env, key)
    if before.override is None:
        return Held(before, before)
    if expected is not None and before.token != expected:
        raise FlagMoved(before)
    let_go(
        transaction,
        team_id,
        env=env,
        key=key,
        actor=actor,
        now=now,
        incident=before.override.incident,
        reason=reason,
    )
    return Held(before, _known(transaction, team_id, env, key))


def set_review(
    transaction: Transaction, team_id: str, *, env: str, key: str, review_at: datetime | None
) -> bool:
    """When somebody looks at it again; answers whether the flag is held. What is served stays the same."""
    flag_log.lock(transaction, team_id)
    return bool(
        transaction.run(
            "update flag_override set review_at = :review_at"
            " where team_id = :team_id and env = :env and key = :key",
            team_id=team_id,
            env=env,
            key=key,
            review_at=None if review_at is None else stamp(review_at),
        )
    )


def held_as(transaction: Transaction, team_id: str, env: str, policy: str) -> list[Override]:
    """What is held in this environment under this policy, by no incident."""
    rows = transaction.all(
        "select env, key, variant, incident, actor, reason, created, review_at, policy from flag_override"
        " where team_id = :team_id and env = :env and policy = :policy and incident is null order by key",
        team_id=team_id,
        env=env,
        policy=policy,
    )
    return [Override(**row) for row in rows]


def hand_over(
    transaction: Transaction, team_id: str, *, env: str, key: str, incident: int, owner: str
) -> None:
    """What this incident holds belongs to `owner` and to no incident; what is served stays the same."""
    transaction.run(
        "update flag_override set incident = null, actor = :owner, review_at = null"
        " where team_id = :team_id and env = :env and key = :key and incident = :incident",
        team_id=team_id,
        env=env,
        key=key,
        incident=incident,
        owner=owner,
    )


def hold(
    transaction: Transaction,
    team_id: str,
    *,
    env: str,
    key: str,
    variant: str,
    actor: str,
    reason: str,
    now: datetime,
    incident: int | None,
    review_at: datetime | None = None,
    policy: str = "",
) -> None:
    """Write down that the flag is held, for a caller that holds the lock and has decided it."""
    known = _known(transaction, team_id, env, key)
    transaction.run(
        "insert into flag_override"
        " (team_id, env, key, variant, incident, actor, reason, created, review_at, policy) values"
        " (:team_id, :env, :key, :variant, :incident, :actor, :reason, :created, :review_at, :policy)"
        " on conflict (team_id, env, key) do update set variant = excluded.variant,"
        " incident = excluded.incident, actor = excluded.actor, reason = excluded.reason,"
        " created = excluded.created, review_at = excluded.review_at, policy = excluded.policy",
        team_id=team_id,
        env=env,
        key=key,
        variant=variant,
        incident=incident,
        actor=actor,
        reason=reason,
        created=stamp(now),
        review_at=None if review_at is None else stamp(review_at),
        policy=policy,
    )
    flag_log.note(
        transaction,
        team_id,
        env=env,
        key=key,
        kind=Kind.HELD,
        at=now,
        actor=actor,
        incident=incident,
        reason=reason,
        before=known.definition.serves,
        after=variant,
    )


def let_go(
    transaction: Transaction,
    team_id: str,
    *,
    env: str,
    key: str,
    actor: str,
    now: datetime,
    incident: int | None,
    reason: str = "",
) -> None:
    """Write down that the flag is let go, for a caller that holds the lock and has decided it."""
    known = _known(transaction, team_id, env, key)
    transaction.run(
        "delete from flag_override where team_id = :team_id and env = :env and key = :key",
        team_id=team_id,
        env=env,
        key=key,
    )
    flag_log.note(
        transaction,
        team_id,
        env=env,
        key=key,
        kind=Kind.RELEASED,
        at=now,
        actor=actor,
        incident=incident,
        reason=reason,
        before="" if known.override is None else known.override.variant,
        after=known.definition.serves,
    )


def _known(transaction: Transaction, team_id: str, env: str, key: str) -> Stored:
    known = find(transaction, team_id, env, key)
    if known is None:
        raise Refused(
            "There is no flag `{flag}` in {environment}, so nothing was switched.", flag=key, environment=env
        )
    return known
