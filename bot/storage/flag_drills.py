"""Drills of flags: held and let go for practice, outside of any incident and never in production.

What a drill holds is marked as such, so that an incident may take it over at any moment, and what a drill that was
interrupted has left behind is found and let go of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.vocabulary import FIREBREAK, Refused
from bot.storage import flag_audit, flag_definitions, flag_log, flag_overrides
from bot.storage.engine import Transaction
from bot.storage.flag_audit import Act, Step, Switching
from bot.storage.flag_definitions import Override, Stored
from bot.storage.timeline import stamp

LASTS_AT_MOST = timedelta(minutes=1)  # a drill takes seconds; what is older was left by a process that ended
INTERRUPTED = "interrupted; let go of afterwards"
TAKEN_OVER = "an incident took it over"


@dataclass(frozen=True)
class Begun:
    """A flag that is held for practice now. `before` is its token, which it has to have again afterwards."""

    switching: Switching
    safe: str
    serves: str
    before: str


def begin(
    transaction: Transaction,
    team_id: str,
    switching: Switching,
    *,
    environments: Sequence[str],
    now: datetime,
) -> Begun:
    """Hold the flag at its safe variant for practice; raises Refused, also while it is held in any environment."""
    flag_log.lock(transaction, team_id)
    settle(transaction, team_id, environments=environments, now=now)
    _not_twice(transaction, team_id, switching)
    for environment in environments:
        _refuse_if_held(flag_definitions.find(transaction, team_id, environment, switching.key))
    seen = _known(transaction, team_id, switching)
    safe = seen.definition.safe
    if safe is not None and seen.definition.serves == safe:
        raise Refused(
            "`{flag}` serves `{safe}` to everyone in {environment} already, so a drill would show nothing. Have "
            "it serve something else there first.",
            flag=seen.key,
            safe=safe,
            environment=seen.env,
        )
    held = flag_overrides.put_override(
        transaction,
        team_id,
        env=switching.env,
        key=switching.key,
        actor=switching.actor,
        reason=switching.reason,
        now=now,
        policy=flag_overrides.DRILL,
    )
    if held.after.override is None:
        raise AssertionError("what was written is not what is read back")
    flag_audit.note(transaction, team_id, switching, Step.ASKED, at=now, mark=seen.token)
    return Begun(switching, held.after.override.variant, seen.definition.serves, seen.token)


def end(
    transaction: Transaction,
    team_id: str,
    begun: Begun,
    *,
    seconds: float | None,
    detail: str,
    now: datetime,
) -> bool:
    """Let go of it, and note how long it took until the effect was seen (None: it was not seen).

    Answers whether it serves again exactly what it did; not so, when an incident has taken it over meanwhile.
    """
    flag_log.lock(transaction, team_id)
    switching = begun.switching
    seen = flag_definitions.find(transaction, team_id, switching.env, switching.key)
    if seen is None or not _is_drill(seen.override):
        flag_audit.note(transaction, team_id, switching, Step.FAILED, at=now, detail=TAKEN_OVER)
        return False
    _let_go(transaction, team_id, switching, now)
    after = _known(transaction, team_id, switching)
    if after.token != begun.before:
        raise AssertionError("letting go brings back exactly what was there")
    step = Step.FAILED if seconds is None else Step.DONE
    flag_audit.note(
        transaction, team_id, switching, step, at=now, mark=after.token, detail=detail, seconds=seconds
    )
    return True


def settle(transaction: Transaction, team_id: str, *, environments: Sequence[str], now: datetime) -> int:
    """Let go of what interrupted drills have left behind; answers how many flags that were."""
    flag_log.lock(transaction, team_id)
    oldest = stamp(now - LASTS_AT_MOST)
    left = [
        held
        for environment in environments
        for held in flag_overrides.held_as(transaction, team_id, environment, flag_overrides.DRILL)
        if held.created < oldest
    ]
    for held in left:
        last = next(
            iter(flag_audit.lines(transaction, team_id, env=held.env, key=held.key, act=Act.DRILL, limit=1)),
            None,
        )
        operation = f"settled:{held.env}:{held.key}:{held.created}" if last is None else last.operation
        switching = Switching(operation, Act.DRILL, held.env, held.key, held.actor, reason=held.reason)
        _let_go(transaction, team_id, switching, now, by=FIREBREAK)
        flag_audit.note(transaction, team_id, switching, Step.FAILED, at=now, detail=INTERRUPTED)
    return len(left)


def _not_twice(transaction: Transaction, team_id: str, switching: Switching) -> None:
    """A request that is delivered again is not carried out again."""
    known = flag_audit.lines(transaction, team_id, operation=switching.operation, limit=1)
    if not known:
        return
    if known[0].step is Step.ASKED:
        raise _under_way(switching.key)
    raise Refused("That drill is over already. `/flag log {flag}` tells how it went.", flag=switching.key)


def _under_way(flag: str) -> Refused:
    return Refused("A drill of `{flag}` is under way. Try again in a moment.", flag=flag)


def _is_drill(held: Override | None) -> bool:
    return held is not None and held.incident is None and held.policy == flag_overrides.DRILL


def _refuse_if_held(flag: Stored | None) -> None:
    if flag is None or flag.override is None:
        return
    if _is_drill(flag.override):
        raise _under_way(flag.key)
    raise Refused(
        "`{flag}` is held in {environment}, so this is no time to practise with it. Nothing was switched. "
        "By whom: `/flag show {flag}`.",
        flag=flag.key,
        environment=flag.env,
    )


def _known(transaction: Transaction, team_id: str, switching: Switching) -> Stored:
    known = flag_definitions.find(transaction, team_id, switching.env, switching.key)
    if known is None:
        raise Refused(
            "There is no flag `{flag}` in {environment}, so nothing was switched.",
            flag=switching.key,
            environment=switching.env,
        )
    return known


def _let_go(
    transaction: Transaction, team_id: str, switching: Switching, now: datetime, *, by: str = ""
) -> None:
    flag_overrides.let_go(
        transaction,
        team_id,
        env=switching.env,
        key=switching.key,
        actor=by or switching.actor,
        now=now,
        incident=None,
        reason=switching.reason,
    )
