"""Copy a SQLite file into an empty PostgreSQL: everything and checked, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from bot.storage import looking
from bot.storage.address import PostgresAddress
from bot.storage.engine import DatabaseUnusable, Row
from bot.storage.lock import only_bot_on
from bot.storage.migrations import tables
from bot.storage.postgres_connection import PostgresTransaction, connect, prepare
from bot.storage.verifying import Counts, Finding, verify

PAGE = 1000  # rows read at once: a few megabytes
SHOWN = 3  # findings named in the sentence that refuses a copy; `firebreak verify` lists them all


@dataclass
class Copied:
    """What was copied: rows by table, and what `verify` looked at in the copy.

    `findings` were wrong in the file, and are wrong in the copy in the same way.
    """

    rows: dict[str, int] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    findings: list[Finding] = field(default_factory=list)


def copy_to_postgres(
    source: Path, target: PostgresAddress, *, copied: Callable[[str, int], None] = lambda table, rows: None
) -> Copied:
    """Copy all that the file holds, in one transaction, and verify the copy before it is committed.

    Raises DatabaseUnusable: a bot works on the file, the target is not empty, a row cannot be copied, or the copy
    differs from the file. Then nothing was stored. `copied` is told of each table.
    """
    if not source.exists():
        raise DatabaseUnusable(f"There is no database at {source}, so nothing was copied.")
    with only_bot_on(source), looking.snapshot(source) as reading:
        prepare(target)
        with connect(target) as connection:
            connection.execute("begin isolation level repeatable read read write")
            made = _copy(reading, connection, source, target, copied)
            connection.execute("commit")
    return made


def _copy(
    reading: looking.Snapshot,
    connection: psycopg.Connection[Row],
    source: Path,
    target: PostgresAddress,
    copied: Callable[[str, int], None],
) -> Copied:
    writing = PostgresTransaction(connection)
    for table in tables():
        writing.run(f"lock table {table} in access exclusive mode")
    for table in tables():
        if writing.one(f"select 1 from {table} limit 1") is not None:  # noqa: S608 - our own names
            raise DatabaseUnusable(
                f"{target} is not empty: its table {table!r} has rows. Copy into a new database, or into a schema "
                "of its own (…?options=-csearch_path%3DNAME)."
            )
    made = Copied()
    for table in tables():
        try:
            made.rows[table] = _copy_table(reading, connection, table)
        except psycopg.Error as error:
            said = " ".join(str(error).split())
            raise DatabaseUnusable(
                f"{target} did not take the table {table!r} ({said}). Nothing was stored."
            ) from error
        copied(table, made.rows[table])
    made.counts = verify(writing, made.findings.append)
    if made.findings:
        in_the_file: list[Finding] = []
        verify(reading, in_the_file.append)
        if made.findings != in_the_file:
            new = [finding for finding in made.findings if finding not in in_the_file]
            said = "; ".join(map(str, new[:SHOWN])) or "what is wrong in the file is missing"
            raise DatabaseUnusable(f"The copy of {source} differs from it ({said}). Nothing was stored.")
    return made


def _copy_table(reading: looking.Snapshot, connection: psycopg.Connection[Row], table: str) -> int:
    writing = PostgresTransaction(connection)
    columns = writing.all(
        "select column_name as name, is_identity = 'YES' as counted from information_schema.columns"
        " where table_schema = current_schema() and table_name = :table order by ordinal_position",
        table=table,
    )
    names = ", ".join(column["name"] for column in columns)
    with connection.cursor() as cursor:
        with cursor.copy(f"copy {table} ({names}) from stdin".encode()) as out:
            for row in _rows(reading, table, names):
                out.write_row(row)
        count = cursor.rowcount
    for name in [column["name"] for column in columns if column["counted"]]:
        # or the next row would be given a number that is there
        writing.run(f"select setval(pg_get_serial_sequence('{table}', '{name}'), max({name})) from {table}")  # noqa: S608
    return count


def _rows(reading: looking.Snapshot, table: str, names: str) -> Iterator[tuple[Any, ...]]:
    cursor = reading.connection.execute(f"select {names} from {table} order by rowid")  # noqa: S608 - our own names
    while page := cursor.fetchmany(PAGE):
        yield from page
