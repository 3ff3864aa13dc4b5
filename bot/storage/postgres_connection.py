"""A connection to a PostgreSQL of ours: how it is made, how SQL runs on it, and its tables brought up to date."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row

from bot.storage.address import PostgresAddress
from bot.storage.engine import DatabaseUnusable, Row
from bot.storage.migrations import STEPS, for_postgres, newer, unknown

Connection = psycopg.Connection[Row]

OLDEST = 12  # major version of the server: `as materialized` came with it
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
MIGRATION_TABLE = """
create table firebreak_migration (name text primary key, applied_at timestamptz not null default now())
"""
NAME = re.compile(r"'(?:[^']|'')*'|(?<![:\w]):([a-z_]\w*)")


class PostgresTransaction:
    """See `Transaction`."""

    for_update = " for update"
    skip_locked = " for update skip locked"

    def __init__(self, connection: Connection) -> None:
        self._cursor = connection.cursor()  # one for all statements: making one takes as long as running it

    def one(self, sql: str, **values: Any) -> Row | None:
        return self._execute(sql, values).fetchone()

    def all(self, sql: str, **values: Any) -> list[Row]:
        return self._execute(sql, values).fetchall()

    def run(self, sql: str, **values: Any) -> int:
        return self._execute(sql, values).rowcount

    def many(self, sql: str, rows: Sequence[Row]) -> None:
        query, names = numbered(sql)
        self._cursor.executemany(query, [[_storable(row[name]) for name in names] for row in rows])

    def joined(self, what: str) -> str:
        return f"string_agg(cast({what} as text), ',')"

    def lock(self, key: str) -> None:
        """Wait for whoever holds the key. What is read after this is what they have left."""
        # the schema is part of it: two Firebreaks in one database do not wait for each other
        self._execute(
            "select pg_advisory_xact_lock(hashtextextended(current_schema() || '/' || :key, 0))", {"key": key}
        )

    def _execute(self, sql: str, values: dict[str, Any]) -> psycopg.Cursor[Row]:
        query, names = numbered(sql)
        return self._cursor.execute(query, [_storable(values[name]) for name in names])


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


def conninfo(address: PostgresAddress) -> str:
    url = address.url.get_secret_value()
    try:
        missing = CONNECT.keys() - conninfo_to_dict(url)
        return make_conninfo(url, **{name: CONNECT[name] for name in missing})
    except psycopg.ProgrammingError:  # not chained: its text repeats pieces of the address
        raise DatabaseUnusable(
            f"{address} has a part that PostgreSQL does not know, after the '?' perhaps. "
            "Correct FIREBREAK_DATABASE."
        ) from None


def connect(address: PostgresAddress) -> Connection:
    """A connection of its own; raises DatabaseUnusable."""
    try:
        return psycopg.Connection[Row].connect(conninfo(address), **CONNECTION)
    except psycopg.Error as error:
        raise unusable(address, error) from error


def prepare(address: PostgresAddress) -> None:
    """Look whether this is a database for us, and apply what is missing; raises DatabaseUnusable."""
    try:
        with connect(address) as connection:
            _refuse_server(connection, address)
            with connection.transaction():
                _migrate(PostgresTransaction(connection), address)
    except psycopg.Error as error:
        raise unusable(address, error) from error


def look(address: PostgresAddress) -> None:
    """Look whether this version's tables are there, and change nothing; raises DatabaseUnusable.

    A user who may only read is enough, and so is a standby.
    """
    try:
        with connect(address) as connection:
            _refuse_server(connection, address)
            applied = _applied(PostgresTransaction(connection), address)
    except errors.InsufficientPrivilege as error:
        raise DatabaseUnusable(
            f"{address} does not let this user read ({error.diag.message_primary}). "
            "Grant it `usage` on the schema and `select` on its tables."
        ) from error
    except psycopg.Error as error:
        raise unusable(address, error) from error
    missing = next((name for name, _ in STEPS if name not in applied), None)
    if missing is not None:
        raise DatabaseUnusable(
            f"{address} lacks {missing!r}: no Firebreak of this version has worked on it yet. "
            "Start the bot on it once, or use the version that wrote it."
        )


def _refuse_server(connection: Connection, address: PostgresAddress) -> None:
    version = connection.info.server_version // 10_000
    encoding = connection.info.parameter_status("server_encoding")
    if version < OLDEST:
        raise DatabaseUnusable(f"{address} is PostgreSQL {version}; Firebreak needs {OLDEST} or newer.")
    if encoding != "UTF8":
        raise DatabaseUnusable(
            f"{address} keeps its texts in {encoding}, which cannot hold every name. "
            "Create a database with encoding UTF8."
        )


def _applied(transaction: PostgresTransaction, address: PostgresAddress) -> set[str]:
    """The steps that the tables have; raises DatabaseUnusable for those of a newer version."""
    found = transaction.one("select to_regclass('firebreak_migration') is not null as found")
    if found is None or not found["found"]:
        return set()
    applied = {row["name"] for row in transaction.all("select name from firebreak_migration")}
    for step in unknown(applied):
        raise newer(str(address), step)
    return applied


def _migrate(transaction: PostgresTransaction, address: PostgresAddress) -> None:
    """Apply what is missing, one process after the other."""
    transaction.lock("migrations")
    applied = _applied(transaction, address)
    if not applied:
        transaction.run(MIGRATION_TABLE)
    for name, statements in STEPS:
        if name not in applied:
            for statement in statements:
                transaction.run(for_postgres(statement))
            transaction.run("insert into firebreak_migration (name) values (:name)", name=name)


def unusable(address: PostgresAddress, error: psycopg.Error) -> DatabaseUnusable:
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
