"""PostgreSQL behind the engine: the same bodies, on as many processes as there are.

Each body runs in a thread, on a connection of a pool. What passes by itself (a deadlock, a connection that was cut,
a server that restarts) is tried again for as long as the person who waits could still be answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import random
import re
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn, TypeVar

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from bot.storage.address import PostgresAddress
from bot.storage.engine import Body, DatabaseUnusable, Row, StorageUnavailable
from bot.storage.migrations import STEPS, for_postgres, newer, unknown

T = TypeVar("T")
Connection = psycopg.Connection[Row]

CONNECTIONS = (
    8  # of one process at the most; more were no faster on two cores, and servers allow about a hundred
)
KEPT_OPEN = 2  # connections when nothing happens
ASK_AGAIN_SECONDS = 0.25  # between two attempts to connect to a server that is away
GIVE_UP_SECONDS = 2.5  # for a body with all its repetitions; Slack gives us three
CLASHES_MAX = 5  # deadlocks and the like, one after the other; each is rare, so many are a mistake of ours
OLDEST = 13  # major version of the server; `as materialized` came with 12, and 13 is the oldest we have tried

# For each connection. A lock is held for milliseconds; a process that hangs must not hold one for ever.
CONFIGURE = b"""
select set_config('lock_timeout', '2s', false),
    set_config('idle_in_transaction_session_timeout', '10s', false),
    set_config('synchronous_commit', replace(current_setting('synchronous_commit'), 'off', 'on'), false)
"""
# Where the address says nothing else: a server that is gone is noticed within seconds.
CONNECT = {
    "connect_timeout": "3",
    "tcp_user_timeout": "5000",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "application_name": "firebreak",
}
CONNECTION: dict[str, Any] = {
    "autocommit": True,
    "row_factory": dict_row,
    "cursor_factory": psycopg.RawCursor,
}
WRITE = b"begin isolation level read committed read write"
READ = b"begin isolation level repeatable read read only"  # one picture for all statements of the body

MIGRATION_TABLE = """
create table firebreak_migration (name text primary key, applied_at timestamptz not null default now())
"""

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
NAME = re.compile(r"'(?:[^']|'')*'|(?<![:\w]):([a-z_]\w*)")


class PostgresTransaction:
    """See `Transaction`."""

    for_update = " for update"
    skip_locked = " for update skip locked"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def one(self, sql: str, **values: Any) -> Row | None:
        return self._execute(sql, values).fetchone()

    def all(self, sql: str, **values: Any) -> list[Row]:
        return self._execute(sql, values).fetchall()

    def run(self, sql: str, **values: Any) -> int:
        return self._execute(sql, values).rowcount

    def lock(self, key: str) -> None:
        """Wait for whoever holds the key. What is read after this is what they have left."""
        # the schema is part of it: two Firebreaks in one database do not wait for each other
        self._execute(
            "select pg_advisory_xact_lock(hashtextextended(current_schema() || '/' || :key, 0))", {"key": key}
        )

    def _execute(self, sql: str, values: dict[str, Any]) -> psycopg.Cursor[Row]:
        query, names = numbered(sql)
        return self._connection.execute(query, [_storable(values[name]) for name in names])


@functools.lru_cache(maxsize=512)
def numbered(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """`:name` as PostgreSQL has it, `$1`, and the names in the order of their numbers."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        name = found[1]
        if name is None:  # a text in quotes, with whatever is in it
            return found[0]
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return NAME.sub(number, sql).encode(), tuple(names)


def _storable(value: Any) -> Any:
    """PostgreSQL has no NUL in texts. People's are clean, so one that comes this far is part of no name we know."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


class PostgresEngine:
    """See `Engine`. Open with `async with PostgresEngine.open(address) as engine`."""

    shared = True

    def __init__(
        self, pool: ConnectionPool[Connection], threads: ThreadPoolExecutor, give_up_seconds: float
    ) -> None:
        self._pool = pool
        self._threads = threads
        self._give_up_seconds = give_up_seconds

    async def write(self, body: Body[T]) -> T:
        return await self._submit(body, WRITE)

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
        cls, address: PostgresAddress, *, give_up_seconds: float = GIVE_UP_SECONDS
    ) -> AsyncIterator[PostgresEngine]:
        """Connect and bring the tables up to date; raises DatabaseUnusable."""
        await asyncio.to_thread(_prepare, address)
        threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="firebreak-postgres")
        pool = ConnectionPool[Connection](
            _conninfo(address),
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


def _conninfo(address: PostgresAddress) -> str:
    url = address.url.get_secret_value()
    try:
        missing = CONNECT.keys() - conninfo_to_dict(url)
        return make_conninfo(url, **{name: CONNECT[name] for name in missing})
    except psycopg.ProgrammingError:  # not chained: its text repeats pieces of the address
        raise DatabaseUnusable(
            f"{address} has a part that PostgreSQL does not know, after the '?' perhaps. "
            "Correct FIREBREAK_DATABASE."
        ) from None


def _prepare(address: PostgresAddress) -> None:
    """Look whether this is a database for us, and apply what is missing."""
    try:
        with psycopg.Connection[Row].connect(_conninfo(address), **CONNECTION) as connection:
            version = connection.info.server_version // 10_000
            encoding = connection.info.parameter_status("server_encoding")
            if version < OLDEST:
                raise DatabaseUnusable(
                    f"{address} is PostgreSQL {version}; Firebreak needs {OLDEST} or newer."
                )
            if encoding != "UTF8":
                raise DatabaseUnusable(
                    f"{address} keeps its texts in {encoding}, which cannot hold every name. "
                    "Create a database with encoding UTF8."
                )
            with connection.transaction():
                _migrate(PostgresTransaction(connection), address)
    except psycopg.Error as error:
        raise _unusable(address, error) from error


def _migrate(transaction: PostgresTransaction, address: PostgresAddress) -> None:
    """Apply what is missing, one process after the other."""
    transaction.lock("migrations")
    applied: set[str] = set()
    found = transaction.one("select to_regclass('firebreak_migration') is not null as found")
    if found is not None and found["found"]:
        applied = {row["name"] for row in transaction.all("select name from firebreak_migration")}
    for step in unknown(applied):
        raise newer(str(address), step)
    if not applied:
        transaction.run(MIGRATION_TABLE)
    for name, statements in STEPS:
        if name not in applied:
            for statement in statements:
                transaction.run(for_postgres(statement))
            transaction.run("insert into firebreak_migration (name) values (:name)", name=name)


def _unusable(address: PostgresAddress, error: psycopg.Error) -> DatabaseUnusable:
    said = " ".join((error.diag.message_primary or str(error)).removeprefix("connection failed: ").split())
    if error.sqlstate is not None:
        return DatabaseUnusable(
            f"{address} does not let Firebreak make its tables ({said}). "
            "Give the user in FIREBREAK_DATABASE the right to create them, or a schema of its own."
        )
    if "password" in said:
        hint = "Correct the user or the password in FIREBREAK_DATABASE."
    elif "does not exist" in said:
        hint = "Create it, or name another one in FIREBREAK_DATABASE."
    else:
        hint = "Check that PostgreSQL runs there, and the address in FIREBREAK_DATABASE."
    return DatabaseUnusable(f"{address} cannot be opened ({said}). {hint}")
