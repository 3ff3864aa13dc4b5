"""Hold a flag of another back-end because of an incident: decision, row and audit in one transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from bot.domain.away import FlagSwitching, Switch, parts
from bot.domain.commands import ContainFlag, FlagFacts, LoseContainment, RestoreFlag, SettleFlag
from bot.domain.containing import AT_MOST_A_MINUTE
from bot.domain.events import FlagAsked
from bot.domain.language import Said
from bot.domain.vocabulary import Refused
from bot.storage import flag_audit, flag_log, flag_vendor
from bot.storage.engine import Transaction
from bot.storage.flag_audit import Act, Step, Switching
from bot.storage.flag_vendor import Away, State
from bot.storage.flags import Terms
from bot.storage.incidents import Outcome, execute

OF = {Switch.CONTAIN: Act.CONTAIN, Switch.RESTORE: Act.RESTORE}


class Seen(NamedTuple):
    """How the back-end's flag was read, before anybody decided."""

    version: str
    contained: bool
    cannot: Said | None
    state: str


class AwayMoved(Exception):
    """Somebody changed the flag since it was looked at."""


def contain(
    transaction: Transaction,
    *,
    team_id: str,
    number: int,
    facts: FlagFacts,
    seen: Seen,
    reason: str,
    by: str,
    now: datetime,
    key: str,
    terms: Terms,
) -> Outcome:
    """Write down that it is to be held because of incident `number`, or that a second person is asked."""
    flag_log.lock(transaction, team_id)
    backend, name = parts(facts.key)
    row = flag_vendor.find(transaction, team_id, backend, facts.environment, name)
    ours = row is not None and row.incident == number
    if terms.expected not in (None, seen.version) and not ours:
        raise AwayMoved
    if row is not None and not ours and row.state is not State.LOST:
        facts = _held_by(facts, row)
    elif not ours:
        _can_be_held(facts, seen)
    command = ContainFlag(
        by=by,
        flag=facts,
        reason=reason,
        review=terms.review,
        alone=terms.alone,
        console=terms.console,
        operation=key,
    )
    outcome = execute(transaction, team_id=team_id, number=number, command=command, now=now, key=key)
    for event in outcome.events:
        if isinstance(event, FlagSwitching):
            _not_too_often(transaction, team_id, by, now, key)
            person, approver = (event.asked_by, by) if event.asked_by else (by, "")
            flag_vendor.ask(
                transaction,
                team_id,
                backend=backend,
                env=facts.environment,
                key=name,
                incident=number,
                operation=key,
                actor=by,
                reason=event.reason,
                before=seen.state,
                now=now,
            )
            switching = _switching(key, Act.CONTAIN, facts, number, person, event.reason, approver)
            flag_audit.note(transaction, team_id, switching, Step.ASKED, at=now, mark=seen.version)
        elif isinstance(event, FlagAsked):
            switching = _switching(key, Act.CONTAIN, facts, number, by, event.reason)
            flag_audit.note(transaction, team_id, switching, Step.ASKED, at=now, mark=seen.version)
    return outcome


def restore(
    transaction: Transaction,
    *,
    team_id: str,
    number: int,
    facts: FlagFacts,
    seen: Seen,
    by: str,
    now: datetime,
    key: str,
    terms: Terms,
) -> Outcome:
    """Write down that it is to be let go; refused when it is not as we left it, unless that is forced."""
    flag_log.lock(transaction, team_id)
    backend, name = parts(facts.key)
    row = flag_vendor.find(transaction, team_id, backend, facts.environment, name)
    command = RestoreFlag(
        by=by, flag=facts, alone=terms.alone, force=terms.force, console=terms.console, operation=key
    )
    outcome = execute(transaction, team_id=team_id, number=number, command=command, now=now, key=key)
    if any(isinstance(event, FlagSwitching) for event in outcome.events):
        if row is None or not row.after:
            raise Refused(
                "It is not known how `{flag}` was before it was held, so nothing was switched. Bring it back in "
                "{backend}, then type `/flag permanent {flag} <reason>`.",
                flag=facts.key,
                backend=backend,
            )
        flag_vendor.ask_back(
            transaction,
            team_id,
            row,
            operation=key,
            actor=by,
            reason=terms.alone,
            force=terms.force,
            now=now,
        )
        switching = _switching(key, Act.RESTORE, facts, number, by, terms.alone)
        flag_audit.note(transaction, team_id, switching, Step.ASKED, at=now, mark=seen.version)
    return outcome


def settle(
    transaction: Transaction,
    *,
    team_id: str,
    away: Away,
    command: SettleFlag,
    before: str,
    after: str,
    mark: str,
    now: datetime,
) -> Outcome:
    """What came of it: the row, the audit and the timeline say the same."""
    flag_log.lock(transaction, team_id)
    current = flag_vendor.find(transaction, team_id, away.backend, away.env, away.key)
    is_ours = current is not None and current.operation == away.operation
    outcome = execute(transaction, team_id=team_id, number=away.incident, command=command, now=now)
    if not is_ours:
        return outcome
    seconds = (now - datetime.fromisoformat(away.asked_at)).total_seconds()
    if command.done and away.act is Switch.CONTAIN:
        flag_vendor.held(transaction, team_id, away, before=before or away.before, after=after, now=now)
    elif away.act is Switch.CONTAIN and outcome.incident.containment(away.flag, away.env) is not None:
        flag_vendor.lost(transaction, team_id, away)  # it was to be held again
    elif away.act is Switch.CONTAIN:
        flag_vendor.forget(transaction, team_id, away.backend, away.env, away.key)
    elif not command.done:
        flag_vendor.still_held(transaction, team_id, away)
    flag_audit.note(
        transaction,
        team_id,
        _of(away),
        Step.DONE if command.done else Step.FAILED,
        at=now,
        mark=mark,
        detail=command.why,
        seconds=seconds,
    )
    return outcome


def put_off(
    transaction: Transaction,
    team_id: str,
    away: Away,
    *,
    doubt: bool,
    why: str,
    due: datetime,
    now: datetime,
) -> None:
    """It is not known what came of it, or it was asked too often: another look at `due`."""
    if not doubt:
        flag_vendor.later(transaction, team_id, away, due=due)
        return
    flag_vendor.doubt(transaction, team_id, away, due=due)
    if away.state is not State.DOUBT:
        flag_audit.note(transaction, team_id, _of(away), Step.UNKNOWN, at=now, detail=why)


def lose(
    transaction: Transaction, *, team_id: str, away: Away, command: LoseContainment, now: datetime
) -> Outcome:
    """Somebody brought it back without us."""
    flag_log.lock(transaction, team_id)
    outcome = execute(transaction, team_id=team_id, number=away.incident, command=command, now=now)
    flag_vendor.lost(transaction, team_id, away)
    if outcome.events:
        lost = Switching(
            f"lost:{away.operation}",
            Act.LOST,
            away.env,
            away.flag,
            command.flag.changed_by,
            away.incident,
            backend=away.backend,
        )
        flag_audit.note(transaction, team_id, lost, Step.DONE, at=now, detail=command.flag.serves)
    return outcome


def _can_be_held(facts: FlagFacts, seen: Seen) -> None:
    if seen.cannot is not None:
        raise Refused("`{flag}` cannot be held: {why} Nothing was switched.", flag=facts.key, why=seen.cannot)
    if seen.contained:
        raise Refused(
            "`{flag}` is off for everyone already, and no incident holds it, so nothing was switched.",
            flag=facts.key,
        )


def _held_by(facts: FlagFacts, row: Away) -> FlagFacts:
    values = {**vars(facts), "held_by": row.incident}
    return FlagFacts(**values)


def _not_too_often(transaction: Transaction, team_id: str, by: str, now: datetime, key: str) -> None:
    since = now - timedelta(minutes=1)
    if flag_audit.asked_since(transaction, team_id, by, Act.CONTAIN, since, beside=key) >= AT_MOST_A_MINUTE:
        raise Refused(
            "You held {count} flags within a minute, so this one was not switched. If that is meant, wait a "
            "minute and go on.",
            count=AT_MOST_A_MINUTE,
        )


def _switching(
    key: str, act: Act, facts: FlagFacts, number: int, actor: str, reason: str, approver: str = ""
) -> Switching:
    backend, _ = parts(facts.key)
    return Switching(key, act, facts.environment, facts.key, actor, number, reason, approver, backend=backend)


def _of(away: Away) -> Switching:
    return Switching(
        away.operation,
        OF[away.act],
        away.env,
        away.flag,
        away.actor,
        away.incident,
        away.reason,
        backend=away.backend,
    )
