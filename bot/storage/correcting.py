"""Correct an entry of the timeline: what it says now is read in the transaction that decides."""

from __future__ import annotations

from datetime import datetime

from bot.domain.commands import CorrectEntry, EntryFacts
from bot.domain.told import milestone_of, told
from bot.storage.engine import Transaction
from bot.storage.incidents import Outcome, execute
from bot.storage.timeline import entries


def correct(
    transaction: Transaction,
    *,
    team_id: str,
    number: int,
    entry: int,
    time: datetime,
    reason: str,
    by: str,
    now: datetime,
    key: str,
) -> Outcome:
    """Entry number `entry` really was at `time`; raises Refused."""
    transaction.lock(f"{team_id}/{number}")
    read = told(entries(transaction, team_id, number))
    found = next((each for each in read if each.number == entry), None)
    facts = EntryFacts(
        number=entry,
        at=None if found is None else found.at,
        milestone=None if found is None else milestone_of(found.event),
    )
    command = CorrectEntry(by=by, entry=facts, time=time, reason=reason)
    return execute(transaction, team_id=team_id, number=number, command=command, now=now, key=key)
