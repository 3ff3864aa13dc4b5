"""A database with a workspace in it, and the command line on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from bot.storage import workspaces
from bot.storage.sqlite import SqliteEngine

Firebreak = Callable[..., Result]
GITHUB = Path(__file__).parent.parent / "data" / "github-status"


def made(path: Path) -> Path:
    async def make() -> None:
        async with SqliteEngine.open(path) as engine:
            await engine.write(lambda transaction: workspaces.remember(transaction, "T1", "Acme"))

    asyncio.run(make())
    return path


def on(database: Path) -> Firebreak:
    """`firebreak` with this database: answers the exit code and what it said."""

    def run(*words: str | Path) -> Result:
        environment = {"FIREBREAK_DATABASE": str(database), "FIREBREAK_CONFIG": ""}
        return CliRunner().invoke(
            main, [str(word) for word in words], env=environment, catch_exceptions=False
        )

    return run


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return made(tmp_path / "firebreak.db")


@pytest.fixture
def firebreak(database: Path) -> Firebreak:
    return on(database)
