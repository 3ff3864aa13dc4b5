"""Declare an incident, in a channel that may belong to another one already: looked up in the same transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.commands import DeclareIncident
from bot.storage.engine import Transaction
from bot.storage.incidents import Outcome, execute, in_channel


def declare(
    transaction: Transaction, *, team_id: str, command: DeclareIncident, now: datetime, key: str
) -> Outcome:
    """The next incident; raises Refused. Of two who adopt one channel at once the second is refused."""
    transaction.lock(f"{team_id}/None")
    if command.adopts is not None:
        owner = in_channel(transaction, team_id, command.adopts.channel)
        command = replace(command, taken_by=None if owner is None else owner.number)
    return execute(transaction, team_id=team_id, number=None, command=command, now=now, key=key)
