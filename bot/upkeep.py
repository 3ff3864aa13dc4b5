"""Keep the data: check what is stored, copy it, and nothing else. bot/cli/upkeep.py has what people type."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bot.config import Settings
from bot.errors import StartError
from bot.storage.address import EXAMPLE, PostgresAddress, parse_address
from bot.storage.backup import Backup, back_up
from bot.storage.opening import no_driver, open_engine
from bot.storage.verifying import Counts, Finding, verify, verify_file

if TYPE_CHECKING:
    from bot.storage.copying import Copied


async def verified(settings: Settings, found: Callable[[Finding], None]) -> Counts | None:
    """Look at everything, telling `found` of what is wrong; None when the file is too damaged to be read on.

    Raises DatabaseUnusable where there is none. A bot that works on it goes on.
    """
    database = settings.database
    if isinstance(database, PostgresAddress):
        async with open_engine(database, to_read=True) as engine:
            return await engine.read(lambda transaction: verify(transaction, found))
    return await asyncio.to_thread(verify_file, database, found)


def migrated(source: Path, address: str, copied: Callable[[str, int], None]) -> Copied:
    """Copy a SQLite file into the PostgreSQL at `address`; raises DatabaseUnusable or StartError."""
    try:
        target = parse_address(address)
    except ValueError as error:
        raise StartError(f"The address {error}.") from error
    if not isinstance(target, PostgresAddress):
        raise StartError(f"{address!r} is no address of a PostgreSQL; write one like {EXAMPLE!r}.")
    try:
        from bot.storage.copying import copy_to_postgres  # here, because psycopg is an extra
    except ImportError as error:
        raise no_driver(target, error) from error
    return copy_to_postgres(source, target, copied=copied)


def backed_up(settings: Settings, to: Path) -> Backup:
    """Copy the configured SQLite file to `to`; raises BackupFailed, DatabaseUnusable or StartError."""
    if isinstance(settings.database, PostgresAddress):
        raise StartError(
            f"{settings.database} is backed up with PostgreSQL's own tools: pg_dump, which works while bots run; "
            "docs/operations.md has the command."
        )
    return back_up(settings.database, to)
