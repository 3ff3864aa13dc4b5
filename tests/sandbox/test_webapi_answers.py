"""The sandbox says what Slack's documentation says, method by method, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml

from bot.sandbox.methods import METHODS
from tests.sandbox.scenes import Scene
from tests.sandbox.serving import Served, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    method: str
    says: str
    before: str
    arguments: dict[str, Any]
    answer: str | dict[str, Any]
    token: str = "bot"


TABLE = yaml.safe_load(Path(__file__).with_name("answers.yaml").read_text())
ROWS = [Row(method, *line) for method, lines in TABLE.items() for line in lines]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method}: {row.says}")
async def test_slack_answers_as_documented(served: Served, row: Row) -> None:
    scene = Scene(served)
    await scene.set(*row.before.split())
    token = None if row.token == "none" else row.token
    answer = await served.call(row.method, token, **scene.filled(row.arguments))
    expected = row.answer if isinstance(row.answer, dict) else {"error": row.answer}
    wanted = {"ok": isinstance(row.answer, dict), **scene.filled(expected)}
    assert part_of(wanted, answer), f"{wanted} is not part of {answer}"


def part_of(wanted: Any, found: Any) -> bool:
    """Whether everything in `wanted` stands in `found`; lists are compared item by item, in order."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            key in found and part_of(value, found[key]) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return len(wanted) == len(found) and all(map(part_of, wanted, found))
    return bool(wanted == found)


async def test_the_table_asks_every_method_and_hears_it_refuse() -> None:
    never_refuse = {"emoji.list", "auth.test", "api.test"}  # but for the token, or when asked to
    asked = {row.method for row in ROWS}
    refused = {row.method for row in ROWS if isinstance(row.answer, str)}
    assert set(METHODS) - asked == set()
    assert len(ROWS) >= 110
    unrefused = set(METHODS) - refused - never_refuse
    assert unrefused == {"usergroups.list"}  # has nothing to refuse
