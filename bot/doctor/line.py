"""One finding of the doctor's, and what its checks are given."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from bot.config import Settings, SettingsError
from bot.storage import looking
from bot.storage.address import PostgresAddress
from bot.storage.engine import Body, DatabaseUnusable, T
from bot.storage.opening import open_engine


class Level(StrEnum):
    """How it is. `bad` asks for a hand; `warn` may become bad."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True)
class Line:
    """`bad   slack     The app lacks the scope pins:write. …`."""

    level: Level
    about: str
    text: str

    def __str__(self) -> str:
        return f"{self.level.value:<5} {self.about:<9} {self.text}"


@dataclass(frozen=True)
class Case:
    """What there is to look at. `settings` are as much of them as can be read, None when that is nothing."""

    environ: Mapping[str, str]
    settings: Settings | None
    now: Callable[[], datetime]

    @classmethod
    def of(cls, environ: Mapping[str, str], now: Callable[[], datetime]) -> Case:
        return cls(environ, _as_far_as_they_go(environ), now)

    @property
    def file(self) -> Path | None:
        """The SQLite file, which may not be there; None where the database is a PostgreSQL, or not known."""
        database = self.settings.database if self.settings else None
        return database if isinstance(database, Path) else None

    @property
    def exists(self) -> bool:
        """Whether there is a database to ask."""
        if self.file is not None:
            return self.file.exists()
        return self.settings is not None

    async def ask(self, body: Body[T]) -> T:
        """Run `body` on the database, without changing a file. Raises DatabaseUnusable and the like."""
        if self.settings is None:
            raise DatabaseUnusable("The settings cannot be read, so there is no database to ask.")
        database = self.settings.database
        if isinstance(database, PostgresAddress):
            async with open_engine(database, to_read=True) as engine:
                return await engine.read(body)

        def look() -> T:
            with looking.snapshot(database) as transaction:
                return body(transaction)

        return await asyncio.to_thread(look)


Found = list[tuple[Level, str]]
Check = Callable[[Case], Awaitable[Found]]


def _as_far_as_they_go(environ: Mapping[str, str]) -> Settings | None:
    """The settings; without the file when that is what is wrong, and the database alone when more is."""
    nowhere = Path(os.devnull)
    database = {name: value for name, value in environ.items() if name == "FIREBREAK_DATABASE"}
    for given, config in ((environ, None), (environ, nowhere), (database, nowhere)):
        with contextlib.suppress(SettingsError):
            return Settings.load(given, config, slack=False)
    return None
