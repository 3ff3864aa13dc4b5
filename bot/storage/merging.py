"""Merge an incident into another and take it back: both halves in one transaction, or neither."""

from __future__ import annotations

from datetime import datetime

from bot.domain.commands import Absorb, MergeIncident, ParentFacts, Release, UnmergeIncident
from bot.domain.privacy import may_see
from bot.domain.vocabulary import Milestone
from bot.storage.engine import Transaction
from bot.storage.incidents import Outcome, execute, load


def merge(
    transaction: Transaction,
    *,
    team_id: str,
    number: int,
    into: int,
    reason: str,
    by: str,
    now: datetime,
    key: str,
) -> Outcome:
    """Incident `number` is a duplicate of `into`; raises Refused."""
    _lock(transaction, team_id, number, into)
    parent = load(transaction, team_id, into)
    facts = ParentFacts(number=into, exists=False)
    if parent is not None and may_see(parent, by):
        facts = ParentFacts(
            number=into,
            exists=True,
            merged_into=parent.merged_into,
            private=parent.private,
            cancelled=parent.cancelled is not None,
            kind=parent.kind,
        )
    command = MergeIncident(by=by, parent=facts, reason=reason)
    outcome = execute(transaction, team_id=team_id, number=number, command=command, now=now, key=key)
    if outcome.events:
        child = outcome.incident
        absorb = Absorb(
            by=by,
            child=number,
            declared=child.declared_at,
            impact_started=child.milestones.get(Milestone.IMPACT_STARTED),
            reason=reason,
        )
        execute(transaction, team_id=team_id, number=into, command=absorb, now=now)
    return outcome


def unmerge(
    transaction: Transaction, *, team_id: str, number: int, reason: str, by: str, now: datetime, key: str
) -> Outcome:
    """Incident `number` is one of its own after all; raises Refused."""
    child = load(transaction, team_id, number)
    parent = child.merged_into if child is not None else None
    _lock(transaction, team_id, number, parent or number)
    command = UnmergeIncident(by=by, reason=reason)
    outcome = execute(transaction, team_id=team_id, number=number, command=command, now=now, key=key)
    if outcome.events and parent is not None:
        release = Release(by=by, child=number, reason=reason)
        execute(transaction, team_id=team_id, number=parent, command=release, now=now)
    return outcome


def _lock(transaction: Transaction, team_id: str, *numbers: int) -> None:
    """In one order for everybody, so that two who merge at once do not wait for each other for ever."""
    for number in sorted(set(numbers)):
        transaction.lock(f"{team_id}/{number}")
