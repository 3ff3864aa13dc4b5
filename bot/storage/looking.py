"""Look at a SQLite file without changing it: a snapshot to read, whether the file is whole, who holds it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from bot.storage.engine import DatabaseUnusable, refuse_folder
from bot.storage.migrations import applied_but_unknown, migrations
from bot.storage.sqlite import BUSY_SECONDS, SqliteTransaction
from bot.storage.tables import Database

STEPS_BETWEEN_LOOKS = 10_000  # instructions of SQLite's machine between two looks at the clock: under 1 ms


class Snapshot(SqliteTransaction):
    """One read transaction on a file that is opened read-only, and the connection for what SQLite says of it."""

    def __init__(self, database: Database) -> None:
        super().__init__(database.conn)
        self.connection = database.conn


@contextlib.contextmanager
def snapshot(path: Path) -> Iterator[Snapshot]:
    """What is committed now, for as long as the context is open, whoever writes meanwhile.

    Raises DatabaseUnusable where there is no database of ours, and where reading finds it damaged.
    """
    if not path.exists():
        raise DatabaseUnusable(
            f"There is no database at {path}. Start the bot once with `firebreak run`, or name the right file "
            "in FIREBREAK_DATABASE."
        )
    refuse_folder(path)
    try:
        with contextlib.closing(_connect(path)) as database:
            database.execute("BEGIN")  # the snapshot is taken by the first read below
            _refuse_other_versions(database, path)
            yield Snapshot(database)
    except sqlite3.DatabaseError as error:
        raise unreadable(path, error) from error


def damage(transaction: Snapshot, *, quick: bool = False, seconds: float | None = None) -> list[str]:
    """What SQLite itself finds wrong with the file, a line each; empty when it is whole.

    `quick` leaves out whether the indexes fit the tables. Raises TimeoutError after `seconds`.
    """
    connection = transaction.connection
    if seconds is not None:
        deadline = time.monotonic() + seconds
        connection.set_progress_handler(lambda: int(time.monotonic() > deadline), STEPS_BETWEEN_LOOKS)
    try:
        lines = _said(transaction, "PRAGMA quick_check" if quick else "PRAGMA integrity_check")
        return lines + _said(transaction, "PRAGMA foreign_key_check")
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            raise TimeoutError from error
        raise
    finally:
        connection.set_progress_handler(None, 0)


def _said(transaction: Snapshot, pragma: str) -> list[str]:
    try:
        rows = transaction.all(pragma)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:  # where it is too damaged to be checked, that is the finding
        return [str(error)]
    if pragma.endswith("foreign_key_check"):
        return [
            f"row {row['rowid']} of {row['table']} refers to a row of {row['parent']} that is not there"
            for row in rows
        ]
    lines = [line for row in rows for value in row.values() for line in str(value).splitlines()]
    return [line for line in lines if line != "ok"]


def write_locked(path: Path, *, seconds: float) -> bool:
    """Whether somebody keeps the right to write for longer than `seconds`. Takes it for an instant itself."""
    uri = f"{path.absolute().as_uri()}?mode=rw"
    with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=seconds)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "busy" in str(error):
                return True
            raise
        connection.execute("ROLLBACK")
    return False


def bot_holds(path: Path) -> bool:
    """Whether a bot works on this file: it holds `<database>.lock` as long as it lives.

    The lock is tried shared and let go of at once: the bot's own, which excludes others, is what is in the way.
    """
    try:
        descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def unreadable(path: Path, error: sqlite3.Error) -> DatabaseUnusable:
    """What SQLite says about a file that cannot be read, as one sentence with what to do."""
    said = str(error)
    if "not a database" in said:
        return DatabaseUnusable(
            f"{path} is not a database that SQLite can read ({said}). Name the right file."
        )
    if "malformed" in said:
        return DatabaseUnusable(
            f"{path} is damaged ({said}). Stop the bot, keep the file, and restore a backup; "
            "docs/operations.md says how."
        )
    if "locked" in said or "busy" in said:
        return DatabaseUnusable(f"{path} is locked by another program ({said}). Try again.")
    return DatabaseUnusable(
        f"{path} cannot be read ({said}). Check that it and its folder belong to the user who runs Firebreak."
    )


def _connect(path: Path) -> Database:
    """Read-only, and with nothing left behind.

    Where a write-ahead log lies beside the file, it stays as it is. Where none does, reading makes an empty one,
    and only a connection that could write takes it away again.
    """
    kept = path.with_name(path.name + "-wal").exists()
    uri = f"{path.absolute().as_uri()}?mode={'ro' if kept else 'rw'}"
    database = Database(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS))
    database.execute("PRAGMA query_only=ON")
    return database


def _refuse_other_versions(database: Database, path: Path) -> None:
    unknown = applied_but_unknown(database)
    if unknown:
        raise DatabaseUnusable(
            f"{path} was written by a newer Firebreak (it has {unknown[0]!r}). Use that version's command."
        )
    missing = [step.name for step in migrations.pending(database)]
    if missing:
        raise DatabaseUnusable(
            f"{path} lacks {missing[0]!r}: no Firebreak of this version has worked on it yet. "
            "Start the bot on it once, or use the version that wrote it."
        )
