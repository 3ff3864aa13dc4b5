"""What is asked of the outbox again and again does not become slower with its history: an index answers it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.domain.effects import Draw, Tell
from bot.domain.events import NoteAdded
from bot.domain.vocabulary import Surface
from bot.storage import outbox, parked
from bot.storage.engine import Row, Transaction
from bot.storage.sqlite import SqliteEngine
from tests.domain.samples import ANA, NOON
from tests.storage.doing import TEAM, declares

CARD = Draw(surface=Surface.CARD)
TOLD = Tell(event=NoteAdded(at=NOON, by=ANA, text="x"))


class Explained:
    """A transaction that keeps SQLite's plan of each statement."""

    for_update = skip_locked = ""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self.plans: list[str] = []

    def _explain(self, sql: str, values: dict[str, Any]) -> None:
        steps = self._transaction.all(f"explain query plan {sql}", **values)
        self.plans += [step["detail"] for step in steps]

    def one(self, sql: str, **values: Any) -> Row | None:
        self._explain(sql, values)
        return self._transaction.one(sql, **values)

    def all(self, sql: str, **values: Any) -> list[Row]:
        self._explain(sql, values)
        return self._transaction.all(sql, **values)

    def run(self, sql: str, **values: Any) -> int:
        self._explain(sql, values)
        return self._transaction.run(sql, **values)

    def many(self, sql: str, rows: Sequence[Row]) -> None:
        raise AssertionError("nothing here writes many rows")

    def joined(self, what: str) -> str:
        return self._transaction.joined(what)

    def lock(self, key: str) -> None:
        self._transaction.lock(key)


ASKED: dict[str, Callable[[Transaction], object]] = {
    "why updates of an incident wait": lambda tx: parked.reasons(tx, TEAM, 1),
    "what waits, for the health page": lambda tx: outbox.counted(tx, TEAM),
    "what waits, for the doctor": lambda tx: outbox.unfinished(tx, TEAM),
    "take up what was parked": lambda tx: parked.try_again(tx, now=NOON),
    "claim what is due": lambda tx: outbox.claim(tx, now=NOON, lease=60, limit=9),
    "claim what one command promised": lambda tx: outbox.claim(tx, now=NOON, lease=60, limit=9, of=(TEAM, 1)),
    "when to wake": lambda tx: outbox.next_due(tx, now=NOON),
    "whether anything waits": outbox.any_waits,
    "what others left": lambda tx: outbox.release(tx, now=NOON),
    "promise": lambda tx: outbox.promise(tx, TOLD, CARD, team_id=TEAM, incident=1, now=NOON),
    "promise what waits already": lambda tx: outbox.promise(tx, CARD, team_id=TEAM, incident=1, now=NOON),
}


@pytest.mark.parametrize("what", ASKED)
async def test_no_question_reads_all_effects(tmp_path: Path, what: str) -> None:
    def body(transaction: Transaction) -> list[str]:
        explained = Explained(transaction)
        ASKED[what](explained)
        return explained.plans

    async with SqliteEngine.open(tmp_path / "firebreak.db") as engine:
        await declares(engine)
        plans = await engine.write(body)
    assert plans
    whole = [plan for plan in plans if re.search(r"SCAN (effect|waiting|other)(?! USING)", plan)]
    assert whole == []
