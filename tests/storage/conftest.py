"""The contract every engine keeps: each test that asks for `engine` runs once on each of them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.storage.engine import Engine
from bot.storage.sqlite import SqliteEngine

Open = Callable[[Path], contextlib.AbstractAsyncContextManager[Engine]]

# PostgreSQL joins here; nothing below this fixture may know which engine it has.
ENGINES: dict[str, Open] = {
    "sqlite-memory": lambda _: SqliteEngine.open(":memory:"),
    "sqlite-file": lambda folder: SqliteEngine.open(folder / "firebreak.db"),
}


@pytest.fixture(params=ENGINES)
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Engine]:
    """An empty database, brought up to date."""
    async with ENGINES[request.param](tmp_path) as opened:
        yield opened
