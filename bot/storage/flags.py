"""Flags as incidents see them: which value is served, which is safe, and which incident holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.away import is_away
from bot.domain.commands import (
    Command,
    ContainFlag,
    EndContainment,
    ExtendContainment,
    FlagFacts,
    LoseContainment,
    RestoreFlag,
)
from bot.domain.containing import AT_MOST_A_MINUTE, OWNER, policy_in
from bot.domain.events import FlagAsked, FlagContained
from bot.domain.flags import FIRST_ENVIRONMENT, Definition
from bot.domain.spelling import meant
from bot.domain.vocabulary import FIREBREAK, Refused
from bot.storage import flag_audit, flag_definitions, flag_log, flag_overrides
from bot.storage.engine import Transaction
from bot.storage.flag_audit import Act, Step, Switching
from bot.storage.flag_definitions import Stored
from bot.storage.flag_overrides import FlagMoved
from bot.storage.incidents import Outcome, execute, holding
from bot.storage.timeline import stamp


class NoSuchFlag(Refused):
    """No flag has this key. `near` are those that were perhaps meant."""

    def __init__(self, near: list[str], text: str, /, **params: object) -> None:
        super().__init__(text, **params)
        self.near = near


@dataclass(frozen=True)
class Flag:
    """One flag. `serves` is its value when nobody holds it; `held_by` the incident that contains it, or None.

    `safe` is empty when its definition declares none; `holder` is who holds it in words, empty when nobody does.
    """

    key: str
    description: str
    serves: str
    safe: str
    held_by: int | None
    environment: str = FIRST_ENVIRONMENT
    holder: str = ""
    held_at: str | None = None

    @property
    def now(self) -> str:
        """The value it serves at this moment."""
        return self.serves if self.held_at is None else self.held_at


def define(transaction: Transaction, team_id: str, flag: Flag, *, now: datetime, by: str = "") -> None:
    """Add a flag of two values or change it; a flag that is held is refused, because its undo must be exact."""
    simple = Definition.simple(flag.key, serves=flag.serves, safe=flag.safe, description=flag.description)
    flag_definitions.define(transaction, team_id, flag.environment, [simple], by=by, now=now)


def everything(transaction: Transaction, team_id: str, environment: str = FIRST_ENVIRONMENT) -> list[Flag]:
    """All flags of the environment, those that are held first, then by key."""
    return [_flag(stored) for stored in flag_definitions.listed(transaction, team_id, environment)]


def find(
    transaction: Transaction, team_id: str, key: str, environment: str = FIRST_ENVIRONMENT
) -> Flag | None:
    """The flag with exactly this key, or None."""
    found = flag_definitions.find(transaction, team_id, environment, key)
    return None if found is None else _flag(found)


@dataclass(frozen=True)
class Terms:
    """How something is asked for, beside what: see the commands of the same words.

    `production`: two persons are wanted here. `expected` is the token of the flag that the person saw; None for
    whatever it is by now.
    """

    production: bool = False
    review: timedelta | None = None
    alone: str = ""
    force: bool = False
    console: bool = False
    expected: str | None = None


AS_USUAL = Terms()


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
    environment: str = FIRST_ENVIRONMENT,
    terms: Terms = AS_USUAL,
) -> Outcome:
    """Hold a flag at its safe value because of incident `number`; a near miss of its name is refused.

    Raises FlagMoved when it is not as it was expected, unless this incident holds it already: holding wins races.
    """
    flag_log.lock(transaction, team_id)
    facts = facts_of(transaction, team_id, environment, flag, production=terms.production)
    seen = _stored(transaction, team_id, environment, flag)
    if terms.expected not in (None, seen.token) and facts.held_by is None:
        raise FlagMoved(seen)
    command = ContainFlag(
        by=by,
        flag=facts,
        reason=reason,
        review=terms.review,
        alone=terms.alone,
        console=terms.console,
    )
    outcome = _execute(transaction, team_id, number, command, now, key)
    for event in outcome.events:
        if isinstance(event, FlagContained):
            _not_too_often(transaction, team_id, by, now, key)
            person, approver = (event.asked_by, by) if event.asked_by else (by, "")
            switching = Switching(key, Act.CONTAIN, environment, flag, person, number, event.reason, approver)
            _noted(transaction, team_id, switching, now, before=seen, is_held=True)
        elif isinstance(event, FlagAsked):
            switching = Switching(key, Act.CONTAIN, environment, flag, by, number, event.reason)
            flag_audit.note(transaction, team_id, switching, Step.ASKED, at=now, mark=seen.token)
    return outcome


def restore(
    transaction: Transaction,
    *,
    team_id: str,
    number: int,
    flag: str,
    by: str,
    now: datetime,
    key: str,
    environment: str = FIRST_ENVIRONMENT,
    terms: Terms = AS_USUAL,
) -> Outcome:
    """Let go of a flag that incident `number` holds: it serves again exactly what it did before."""
    flag_log.lock(transaction, team_id)
    facts = facts_of(transaction, team_id, environment, flag, production=terms.production)
    seen = _stored(transaction, team_id, environment, flag)
    command = RestoreFlag(by=by, flag=facts, alone=terms.alone, force=terms.force, console=terms.console)
    outcome = _execute(transaction, team_id, number, command, now, key)
    if outcome.events:
        switching = Switching(key, Act.RESTORE, environment, flag, by, number, terms.alone)
        _noted(transaction, team_id, switching, now, before=seen, is_held=False)
    return outcome


def change_containment(
    transaction: Transaction,
    *,
    team_id: str,
    number: int,
    command: ExtendContainment | EndContainment,
    now: datetime,
    key: str,
) -> Outcome:
    """Keep holding a flag for longer, or leave it so for good."""
    flag_log.lock(transaction, team_id)
    outcome = _execute(transaction, team_id, number, command, now, key)
    if not outcome.events:
        return outcome
    act = Act.EXTEND if isinstance(command, ExtendContainment) else Act.END
    reason = "" if isinstance(command, ExtendContainment) else command.reason
    switching = Switching(key, act, command.environment, command.flag, command.by, number, reason)
    if isinstance(command, ExtendContainment):
        flag_overrides.set_review(
            transaction, team_id, env=command.environment, key=command.flag, review_at=now + command.review
        )
    flag_audit.note(transaction, team_id, switching, Step.DONE, at=now)
    return outcome


def look_after(transaction: Transaction, *, team_id: str, now: datetime) -> list[Outcome]:
    """Compare what incidents hold with what is served; answers those that have lost a flag."""
    flag_log.lock(transaction, team_id)
    found = []
    for incident in holding(transaction, team_id):
        for held in incident.containments:
            if held.lost or is_away(held.flag):  # bot/services/vendors.py asks those back-ends
                continue
            facts = _facts_or_gone(transaction, team_id, held.environment, held.flag)
            if facts.held_by == incident.number:
                continue
            command = LoseContainment(by=FIREBREAK, flag=facts)
            outcome = execute(transaction, team_id=team_id, number=incident.number, command=command, now=now)
            if outcome.events:
                name = f"lost:{incident.number}:{held.environment}:{held.flag}:{stamp(now)}"
                lost = Switching(
                    name, Act.LOST, held.environment, held.flag, facts.changed_by, incident.number
                )
                flag_audit.note(transaction, team_id, lost, Step.DONE, at=now, detail=facts.serves)
                found.append(outcome)
    return found


def facts_of(
    transaction: Transaction, team_id: str, environment: str, key: str, *, production: bool = False
) -> FlagFacts:
    """The flag of exactly this key; raises Refused with the nearest ones when there is none."""
    found = _find(transaction, team_id, environment, key)
    held = found.override
    if held is not None and held.incident is None and held.policy != flag_overrides.DRILL:
        raise Refused(
            "`{flag}` is held at `{safe}` already, by {holder} outside of any incident.",
            flag=found.key,
            safe=held.variant,
            holder=held.holder,
        )
    return _facts(transaction, team_id, found, production=production)


def _flag(stored: Stored) -> Flag:
    held = stored.override
    return Flag(
        key=stored.key,
        description=stored.definition.description,
        serves=stored.definition.serves,
        safe=stored.definition.safe or "",
        held_by=None if held is None else held.incident,
        environment=stored.env,
        holder="" if held is None else held.holder,
        held_at=None if held is None else held.variant,
    )


def _execute(
    transaction: Transaction, team_id: str, number: int, command: Command, now: datetime, key: str
) -> Outcome:
    return execute(transaction, team_id=team_id, number=number, command=command, now=now, key=key)


def _find(transaction: Transaction, team_id: str, environment: str, key: str) -> Stored:
    found = flag_definitions.find(transaction, team_id, environment, key)
    if found is not None:
        return found
    near = near_misses(transaction, team_id, environment, key)
    if near:
        raise NoSuchFlag(
            near,
            "There is no flag `{flag}`. Did you mean {choices}? Nothing was switched.",
            flag=key,
            choices=", ".join(f"`{choice}`" for choice in near),
        )
    raise Refused(
        "There is no flag `{flag}`. `/flag show` lists the flags there are; nothing was switched.", flag=key
    )


def near_misses(transaction: Transaction, team_id: str, environment: str, key: str) -> list[str]:
    """The keys that were perhaps meant."""
    known = flag_definitions.keys(transaction, team_id, environment)
    return meant(key, known)


def _facts(transaction: Transaction, team_id: str, found: Stored, *, production: bool) -> FlagFacts:
    held, metadata = found.override, found.definition.metadata
    last = flag_log.history(transaction, team_id, env=found.env, key=found.key, limit=1)
    safe = found.definition.safe or ""
    is_safe = held is not None and held.variant == safe
    return FlagFacts(
        key=found.key,
        environment=found.env,
        safe=safe,
        serves=found.definition.serves,
        held_by=held.incident if held is not None and is_safe else None,
        production=production,
        policy=policy_in(metadata),
        owner=str(metadata.get(OWNER, "")),
        changed_by=last[0].actor if last else "",
    )


def _facts_or_gone(transaction: Transaction, team_id: str, environment: str, key: str) -> FlagFacts:
    """What is known of a flag that was there once."""
    found = flag_definitions.find(transaction, team_id, environment, key)
    if found is None:
        return FlagFacts(key=key, environment=environment, safe="", serves="?", held_by=None)
    return _facts(transaction, team_id, found, production=False)


def _stored(transaction: Transaction, team_id: str, environment: str, key: str) -> Stored:
    found = flag_definitions.find(transaction, team_id, environment, key)
    if found is None:
        raise AssertionError("its facts were read in this transaction")
    return found


def _not_too_often(transaction: Transaction, team_id: str, by: str, now: datetime, key: str) -> None:
    since = now - timedelta(minutes=1)
    if flag_audit.asked_since(transaction, team_id, by, Act.CONTAIN, since, beside=key) >= AT_MOST_A_MINUTE:
        raise Refused(
            "You held {count} flags within a minute, so this one was not switched. If that is meant, wait a "
            "minute and go on.",
            count=AT_MOST_A_MINUTE,
        )


def _noted(
    transaction: Transaction,
    team_id: str,
    switching: Switching,
    now: datetime,
    *,
    before: Stored,
    is_held: bool,
) -> None:
    """Write both rows of what was done in this transaction, and read back that it is so.

    The bot's own table needs no row before the write: asking, writing and the outcome are stored together or not.
    """
    after = _stored(transaction, team_id, switching.env, switching.key)
    if (after.override is not None) is not is_held:
        raise AssertionError("what was written is not what is read back")
    flag_audit.note(transaction, team_id, switching, Step.ASKED, at=now, mark=before.token)
    flag_audit.note(transaction, team_id, switching, Step.DONE, at=now, mark=after.token)
