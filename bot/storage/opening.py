"""Open the database that the settings name, whichever it is."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from bot.storage import figures
from bot.storage.address import PostgresAddress
from bot.storage.engine import DatabaseUnusable, Engine
from bot.storage.lock import only_bot_on
from bot.storage.sqlite import SqliteEngine


@contextlib.asynccontextmanager
async def open_engine(
    database: Path | PostgresAddress, *, as_bot: bool = False, to_read: bool = False
) -> AsyncIterator[Engine]:
    """The engine, with its tables up to date; raises DatabaseUnusable.

    `as_bot` keeps a second bot off a SQLite file. PostgreSQL may have as many as there are. There `to_read` changes
    nothing: a user who may only read is enough, or a standby, and a bot of this version has made the tables.
    """
    async with contextlib.AsyncExitStack() as stack:
        if isinstance(database, PostgresAddress):
            try:
                from bot.storage.postgres import PostgresEngine  # here, because psycopg is an extra
            except ImportError as error:
                raise no_driver(database, error) from error
            engine: Engine = await stack.enter_async_context(PostgresEngine.open(database, to_read=to_read))
            if to_read:  # what is not filled in is left out of figures; the bot does it when it starts
                yield engine
                return
        else:
            if as_bot:
                stack.enter_context(only_bot_on(database))
            engine = await stack.enter_async_context(SqliteEngine.open(database))
        while await engine.read(figures.has_unfilled):
            await engine.write(figures.refill)
        yield engine


def no_driver(database: PostgresAddress, error: ImportError) -> DatabaseUnusable:
    """The refusal of a PostgreSQL without the extra that it takes."""
    return DatabaseUnusable(
        f"{database} needs a driver that is not installed ({error}). "
        "Install it: pip install 'firebreak[postgres]'"
    )
