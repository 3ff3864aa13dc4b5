"""SQLite behind the engine: one thread that writes, one that reads, and commits that are shared.

Requests that arrive while a commit is under way are committed together (group commit): a lone caller waits for
nobody, and thirty at once pay for one fsync.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from bot.storage.engine import (
    Body,
    DatabaseUnusable,
    Row,
    StorageUnavailable,
    Transaction,
    refuse_folder,
)
from bot.storage.migrations import applied_but_unknown, migrations, newer
from bot.storage.tables import Database

T = TypeVar("T")

BATCH_MAX = 256  # jobs in one commit; bounds how long the first of them waits for the last
BUSY_SECONDS = 5.0  # how long another process may hold the file; Slack gives us three, so longer is no use
MEMORY = ":memory:"


class SqliteTransaction:
    """See `Transaction`. There is one writer, so every lock is held already."""

    for_update = skip_locked = ""

    def __init__(self, connection: sqlite3.Connection) -> None:
        # Not through sqlite-utils: it reads each statement to learn whether it begins a transaction. We are in one.
        self._cursor = connection.cursor()

    def one(self, sql: str, **values: Any) -> Row | None:
        rows = self.all(sql, **values)
        return rows[0] if rows else None

    def all(self, sql: str, **values: Any) -> list[Row]:
        # read to the end: a half-read one keeps the write-ahead log from being checkpointed
        rows = self._cursor.execute(sql, values).fetchall()
        names = [column[0] for column in self._cursor.description] if rows else []
        return [dict(zip(names, row, strict=True)) for row in rows]

    def run(self, sql: str, **values: Any) -> int:
        return self._cursor.execute(sql, values).rowcount

    def many(self, sql: str, rows: Sequence[Row]) -> None:
        self._cursor.executemany(sql, rows)

    def joined(self, what: str) -> str:
        return f"group_concat({what})"

    def lock(self, key: str) -> None:
        """Nothing to do: `BEGIN IMMEDIATE` has shut out everybody else."""


@dataclass
class _Job:
    body: Callable[[Transaction], Any]
    done: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


class _Worker:
    """A thread that owns one connection and runs jobs on it, many to a transaction."""

    def __init__(self, connect: Callable[[], Database], begin: str, name: str) -> None:
        self._connect = connect
        self._begin = begin
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._stopped = False
        self.trouble: str | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    async def start(self) -> None:
        """Open the connection inside its thread; raises what opening it raised."""
        self._thread.start()
        await self._opened

    async def stop(self) -> None:
        """Finish what was handed over, then close the connection."""
        self._stopped = True
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    async def submit(self, body: Body[T]) -> T:
        if self._stopped:  # nobody would ever take it up
            raise StorageUnavailable("The database is closed: Firebreak is stopping. Nothing was changed.")
        job = _Job(body, self._loop.create_future())
        self._jobs.put(job)
        result: T = await job.done
        return result

    def _run(self) -> None:
        try:
            database = self._connect()
        except Exception as error:  # noqa: BLE001 - carried to whoever awaits start()
            self._loop.call_soon_threadsafe(self._opened.set_exception, error)
            return
        self._loop.call_soon_threadsafe(self._opened.set_result, None)
        try:
            while batch := self._take():
                self._commit(database, batch)
        finally:
            database.close()

    def _take(self) -> list[_Job]:
        """The next jobs: whatever has queued up, at least one; none at the end."""
        first = self._jobs.get()
        if first is None:
            return []
        batch = [first]
        while len(batch) < BATCH_MAX:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                self._jobs.put(None)
                break
            batch.append(job)
        return batch

    def _commit(self, database: Database, batch: list[_Job]) -> None:
        """Carry out all of them and store what they did; where one raises, it undoes itself alone."""
        connection = database.conn
        before = connection.total_changes
        try:
            if not self._together(connection, batch):
                self._one_by_one(connection, batch)
            connection.execute("COMMIT")
            if connection.total_changes > before:  # what changes nothing needs no room
                self.trouble = None
        except Exception as error:  # noqa: BLE001 - nothing of this batch was stored, and each is told
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            for job in batch:
                job.error = job.error or _explained(error)
        for job in batch:
            if isinstance(job.error, StorageUnavailable):
                self.trouble = str(job.error.__cause__ or job.error)
        self._loop.call_soon_threadsafe(_settle, batch)

    def _together(self, connection: sqlite3.Connection, batch: list[_Job]) -> bool:
        """Begin, and carry out all of them as one; where one raises nothing is left, and it says False.

        Most batches go well, and a savepoint for each of them keeps a copy of every page that it touches.
        """
        transaction = SqliteTransaction(connection)
        connection.execute(self._begin)
        try:
            for job in batch:
                job.result = job.body(transaction)
        except Exception:  # noqa: BLE001 - found again, and told to whom it belongs, one by one
            if connection.in_transaction:  # a full disk rolls everything back at once
                connection.execute("ROLLBACK")
            return False
        return True

    def _one_by_one(self, connection: sqlite3.Connection, batch: list[_Job]) -> None:
        """Begin again, with a savepoint for each, so that those stay that did not raise."""
        transaction = SqliteTransaction(connection)
        connection.execute(self._begin)
        for job in batch:
            connection.execute("SAVEPOINT body")
            try:
                job.result = job.body(transaction)
            except Exception as error:
                job.error = _explained(error)
                if not connection.in_transaction:
                    raise
                connection.execute("ROLLBACK TO body")
            connection.execute("RELEASE body")


def _settle(batch: list[_Job]) -> None:
    for job in batch:
        if job.done.cancelled():
            continue
        if job.error is not None:
            job.done.set_exception(job.error)
        else:
            job.done.set_result(job.result)


def _explained(error: BaseException) -> BaseException:
    """SQLite's passing troubles as one sentence for the person who asked; everything else as it is."""
    # A damaged file is a plain DatabaseError; its other subclasses (a broken constraint) are mistakes of ours.
    if not isinstance(error, sqlite3.OperationalError) and type(error) is not sqlite3.DatabaseError:
        return error
    explained = StorageUnavailable(
        f"The database did not take it ({error}), so nothing was changed. Try again."
    )
    explained.__cause__ = error
    return explained


class SqliteEngine:
    """See `Engine`. Open with `async with SqliteEngine.open(path) as engine`."""

    shared = False  # the lock file keeps other bots away

    def __init__(self, writer: _Worker, reader: _Worker | None) -> None:
        self._writer = writer
        self._reader = reader

    @property
    def trouble(self) -> str | None:
        return self._writer.trouble

    async def write(self, body: Body[T]) -> T:
        return await self._writer.submit(body)

    async def read(self, body: Body[T]) -> T:
        """Run `body` on what is committed, without waiting for the writer (in memory: behind it)."""
        return await (self._reader or self._writer).submit(body)

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls, path: Path | str, *, busy_seconds: float = BUSY_SECONDS
    ) -> AsyncIterator[SqliteEngine]:
        """Open or create the database and bring its tables up to date; raises DatabaseUnusable.

        `":memory:"` makes one that is gone with the context.
        """
        async with contextlib.AsyncExitStack() as stack:
            writer = _Worker(
                lambda: _open_writer(str(path), busy_seconds), "BEGIN IMMEDIATE", "firebreak-writer"
            )
            await writer.start()
            stack.push_async_callback(writer.stop)
            reader: _Worker | None = None
            if str(path) != MEMORY:
                reader = _Worker(lambda: _open_reader(Path(path), busy_seconds), "BEGIN", "firebreak-reader")
                await reader.start()
                stack.push_async_callback(reader.stop)
            yield cls(writer, reader)


def _open_writer(path: str, busy_seconds: float) -> Database:
    if path != MEMORY:
        refuse_folder(Path(path))
        _for_the_owner_alone(Path(path))
    try:
        connection = sqlite3.connect(path, timeout=busy_seconds)
    except sqlite3.Error as error:
        raise _unusable(path, error) from error
    database = Database(connection)
    try:
        _refuse_others(database, path)  # before anything is written: switching to WAL changes the file
        _refuse_newer(database, path)
        database.execute("PRAGMA journal_mode=WAL").fetchall()
        database.execute("PRAGMA synchronous=FULL")
        database.execute("PRAGMA foreign_keys=ON")
        _migrate(database, path)
    except sqlite3.Error as error:
        database.close()
        raise _unusable(path, error) from error
    except DatabaseUnusable:
        database.close()
        raise
    return database


def _for_the_owner_alone(path: Path) -> None:
    """A new file holds what people write, private incidents too; SQLite gives its log the same mode."""
    with contextlib.suppress(OSError):  # it is there already; or it cannot be made, which SQLite says itself
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))


def _open_reader(path: Path, busy_seconds: float) -> Database:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=busy_seconds)
    return Database(connection)


def _migrate(database: Database, path: str) -> None:
    """Apply what is missing, under the write lock, so that two who start at once do not both try."""
    database.execute("BEGIN IMMEDIATE")
    try:
        _refuse_newer(database, path)
        migrations.apply(database)
    except BaseException:
        if database.conn.in_transaction:
            database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def _refuse_others(database: Database, path: str) -> None:
    """Another program's file would get our tables beside its own."""
    tables = database.table_names()
    if tables and not migrations.applied(database):
        raise DatabaseUnusable(
            f"{path} belongs to another program (it has a table {tables[0]!r} and none of Firebreak's). "
            "Name another file in FIREBREAK_DATABASE."
        )


def _refuse_newer(database: Database, path: str) -> None:
    for step in applied_but_unknown(database):
        raise newer(path, step)


def _unusable(path: str, error: sqlite3.Error) -> DatabaseUnusable:
    said = str(error)
    if "not a database" in said or "malformed" in said:
        return DatabaseUnusable(
            f"{path} is not a database that SQLite can read ({said}). "
            "Name another file in FIREBREAK_DATABASE, or restore a backup."
        )
    if "locked" in said or "busy" in said:
        return DatabaseUnusable(
            f"{path} is locked by another program ({said}). Stop that program, then start again."
        )
    return DatabaseUnusable(
        f"{path} cannot be opened for writing ({said}). "
        "Check that its folder exists and belongs to the user who runs Firebreak."
    )
