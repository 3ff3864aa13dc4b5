"""PostgreSQL behind the engine: the same bodies, on as many processes as there are.

Each body runs in a thread, on a connection of a pool. What passes by itself (a deadlock, a connection that was cut,
a server that restarts) is tried again for as long as the person who waits could still be answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn, TypeVar

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool, PoolTimeout

from bot.storage.address import PostgresAddress
from bot.storage.engine import Body, StorageUnavailable
from bot.storage.postgres_connection import (
    CONNECTION,
    Connection,
    PostgresTransaction,
    conninfo,
    look,
    prepare,
)

T = TypeVar("T")

CONNECTIONS = 8  # of one process at the most; more were no faster, and servers allow about a hundred
KEPT_OPEN = 2  # connections when nothing happens
ASK_AGAIN_SECONDS = 0.25  # between two attempts to connect to a server that is away
GIVE_UP_SECONDS = 2.5  # for a body with all its repetitions; Slack gives us three
CLASHES_MAX = 5  # deadlocks and the like, one after the other; each is rare, so many are a mistake of ours


# For each connection. A lock is held for milliseconds; a process that hangs must not hold one for ever.
CONFIGURE = b"""
select set_config('lock_timeout', '2s', false),
    set_config('idle_in_transaction_session_timeout', '10s', false),
    set_config('synchronous_commit', replace(current_setting('synchronous_commit'), 'off', 'on'), false)
"""
WRITE = b"begin isolation level read committed read write"
READ = b"begin isolation level repeatable read read only"  # one picture for all statements of the body

# Troubles of the server, not of the statement: https://www.postgresql.org/docs/current/errcodes-appendix.html
PASSING = {
    "57P01": "the server is shutting down, or somebody ended our session",
    "57P02": "the server crashed",
    "57P03": "the server is starting",
    "57P05": "the session was idle for too long",
    "25P03": "the transaction was idle for too long",
    "0A000": "it has become a standby; or a table got a new column, and a prepared plan no longer fits",
}

# A body that clashed with another is run again: nothing of it was stored.
CLASHES = (errors.SerializationFailure, errors.DeadlockDetected, errors.UniqueViolation)


class PostgresEngine:
    """See `Engine`. Open with `async with PostgresEngine.open(address) as engine`."""

    shared = True

    def __init__(
        self, pool: ConnectionPool[Connection], threads: ThreadPoolExecutor, give_up_seconds: float
    ) -> None:
        self._pool = pool
        self._threads = threads
        self._give_up_seconds = give_up_seconds
        self._trouble: str | None = None

    @property
    def trouble(self) -> str | None:
        return self._trouble

    async def write(self, body: Body[T]) -> T:
        try:
            result = await self._submit(body, WRITE)
        except StorageUnavailable as error:
            self._trouble = str(error.__cause__ or error).splitlines()[0]
            raise
        self._trouble = None
        return result

    async def read(self, body: Body[T]) -> T:
        return await self._submit(body, READ)

    async def _submit(self, body: Body[T], begin: bytes) -> T:
        try:
            work = self._threads.submit(self._run, body, begin)
        except RuntimeError as error:  # the threads have been told to end
            raise StorageUnavailable(
                "The database is closed: Firebreak is stopping. Nothing was changed."
            ) from error
        # shielded: what was handed over is carried out, whether or not somebody still waits for it
        return await asyncio.shield(asyncio.wrap_future(work))

    def _run(self, body: Body[T], begin: bytes) -> T:
        until = time.monotonic() + self._give_up_seconds
        clashes = 0
        in_doubt = False  # whether a commit was asked for and not answered
        while True:
            committing = False
            try:
                with self._connection() as connection, _undone_if_it_fails(connection):
                    _begin(connection, begin)
                    result = body(PostgresTransaction(connection))
                    committing = True
                    if connection.execute(b"commit").statusmessage != "COMMIT":
                        raise AssertionError("a body went on after a statement had failed; all is undone")
                    return result
            except CLASHES as clash:
                clashes += 1
                if clashes == CLASHES_MAX:
                    _raise(clash)
                time.sleep(random.uniform(0, 0.01 * clashes))
            except psycopg.Error as error:
                in_doubt = in_doubt or committing
                if not _passes(error) or time.monotonic() > until:
                    _raise(error, in_doubt=in_doubt)
                self._pool.check()  # where one connection was cut, the others were too

    @contextlib.contextmanager
    def _connection(self) -> Iterator[Connection]:
        connection = self._pool.getconn()
        try:
            yield connection
        finally:
            self._pool.putconn(connection)

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls,
        address: PostgresAddress,
        *,
        give_up_seconds: float = GIVE_UP_SECONDS,
        to_read: bool = False,
    ) -> AsyncIterator[PostgresEngine]:
        """Connect and bring the tables up to date, or only look at them `to_read`; raises DatabaseUnusable."""
        await asyncio.to_thread(look if to_read else prepare, address)
        threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="firebreak-postgres")
        pool = ConnectionPool[Connection](
            conninfo(address),
            kwargs=CONNECTION,
            min_size=KEPT_OPEN,
            max_size=CONNECTIONS,
            open=False,
            configure=_configure,
            name="firebreak",
            timeout=ASK_AGAIN_SECONDS,
            reconnect_timeout=ASK_AGAIN_SECONDS,
        )
        pool.open()
        try:
            yield cls(pool, threads, give_up_seconds)
        finally:
            await asyncio.to_thread(threads.shutdown)  # what was handed over is finished first
            await asyncio.to_thread(pool.close)


def _begin(connection: Connection, begin: bytes) -> None:
    try:
        connection.execute(begin)
    except psycopg.Error:
        connection.close()  # of a standby: another server in the address may take writes by now
        raise


@contextlib.contextmanager
def _undone_if_it_fails(connection: Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        if connection.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            with contextlib.suppress(psycopg.OperationalError):  # cut meanwhile: then the server has done it
                connection.execute(b"rollback")
        raise


def _passes(error: psycopg.Error) -> bool:
    """Whether another connection, or this one in a moment, may do better with the same body.

    A connection can be lost at the commit, and then nobody says whether it was stored. Running the body again is
    right all the same: see `Engine.write`.
    """
    if error.sqlstate is None:  # the connection was cut, or there is none to be had
        return isinstance(error, psycopg.OperationalError)
    return error.sqlstate in PASSING or error.sqlstate.startswith("08")


def _raise(error: psycopg.Error, *, in_doubt: bool = False) -> NoReturn:
    """Raise the server's troubles as one sentence for the person who asked; everything else as it is."""
    said = _said(error)
    if in_doubt:
        sentence = (
            f"The database went away while it stored this ({said}). Look whether it is there, or try again."
        )
    elif _passes(error):
        sentence = f"The database cannot be reached ({said}), so nothing was changed. Try again."
    elif isinstance(error, psycopg.OperationalError):
        sentence = f"The database did not take it ({said}), so nothing was changed. Try again."
    else:
        raise error
    raise StorageUnavailable(sentence) from error


def _said(error: psycopg.Error) -> str:
    if isinstance(error, PoolTimeout):
        return "no connection to be had"
    return (error.diag.message_primary or str(error) or type(error).__name__).splitlines()[0]


def _configure(connection: Connection) -> None:
    connection.execute(CONFIGURE)
