"""A declaration that is corrected is found where it belongs: the searchable column follows the state."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.commands import CorrectMilestone
from bot.domain.vocabulary import Milestone
from bot.storage import incidents
from bot.storage.engine import Transaction
from bot.storage.sqlite import SqliteEngine
from tests.domain.samples import BO, NOON, declare


async def test_the_column_moves_with_the_declaration() -> None:
    earlier = NOON - timedelta(minutes=10)
    moved = CorrectMilestone(by=BO, milestone=Milestone.DECLARED, time=earlier, reason="by telephone")

    def body(transaction: Transaction) -> object:
        incidents.execute(transaction, team_id="T1", number=None, command=declare(), now=NOON)
        incidents.execute(transaction, team_id="T1", number=1, command=moved, now=NOON)
        return transaction.one("select declared_at from incident")

    async with SqliteEngine.open(":memory:") as engine:
        assert await engine.write(body) == {"declared_at": "2026-11-21T11:50:00.000Z"}
