"""The contract every engine keeps: each test that asks for `engine` runs once on each of them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.storage.address import parse_address
from bot.storage.engine import Engine
from bot.storage.opening import open_engine
from bot.storage.sqlite import SqliteEngine

Open = Callable[[Path], contextlib.AbstractAsyncContextManager[Engine]]

# Nothing below these fixtures may know which engine it has.
ENGINES: dict[str, Open] = {
    "sqlite-memory": lambda _: SqliteEngine.open(":memory:"),
    "sqlite-file": lambda folder: SqliteEngine.open(folder / "firebreak.db"),
}
POSTGRES = "postgresql"


@pytest.fixture(params=[*ENGINES, POSTGRES])
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Engine]:
    """An empty database, brought up to date."""
    if request.param == POSTGRES:
        url = request.getfixturevalue("postgres_url")
        opening: contextlib.AbstractAsyncContextManager[Engine] = open_engine(parse_address(url))
    else:
        opening = ENGINES[request.param](tmp_path)
    async with opening as opened:
        yield opened
