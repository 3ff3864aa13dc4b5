"""The same commands on PostgreSQL, beside bare psycopg that writes the same rows with a commit for each command."""

from __future__ import annotations

import asyncio
import threading
import time

import psycopg
import pytest
from psycopg.rows import dict_row

from benchmarks.throughput import COMMANDS, TABLES, Throughput, commands, unique
from bot.storage.address import parse_address
from bot.storage.engine import Row
from bot.storage.opening import open_engine
from bot.storage.postgres import CONNECTIONS
from tests.postgres import Server, own_schema, serving


async def on_postgres(runs: int) -> list[Throughput]:
    """In turns, on one server that syncs each commit to disk; empty where there is no PostgreSQL."""
    try:
        with serving(fsync=True) as server:
            return [await _turn(server) for _ in range(runs)]
    except pytest.skip.Exception:
        return []


async def _turn(server: Server) -> Throughput:
    with own_schema(server) as url:
        async with open_engine(parse_address(url)) as engine:
            ours = await commands(engine)
        return Throughput(ours, await asyncio.to_thread(_bare, url))


def _bare(url: str) -> float:
    """The rows of one of our commands, inserted by as many connections as we have, from threads as ours."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        samples = {table: _newest(connection, table) for table in TABLES}
        # every event of the comparison is of one incident, which we keep apart from ours
        connection.execute("truncate " + ", ".join(TABLES))
    statements = {table: _insert(table, row) for table, row in samples.items()}
    ready = threading.Barrier(CONNECTIONS + 1)

    def inserts(first: int) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            ready.wait()
            for done in range(first, COMMANDS, CONNECTIONS):
                with connection.transaction():
                    for table, row in samples.items():
                        connection.execute(statements[table], {**row, **unique(table, done + 1)})

    threads = [threading.Thread(target=inserts, args=(first,)) for first in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    ready.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    return COMMANDS / (time.perf_counter() - started)


def _newest(connection: psycopg.Connection[Row], table: str) -> Row:
    newest = {"timeline": "id", "effect": "id", "incident": "number", "request": "at"}[table]
    statement = f"select * from {table} order by {newest} desc limit 1"  # noqa: S608
    row = connection.execute(statement.encode()).fetchone()
    if row is None:
        raise AssertionError(f"our commands left nothing in {table}")
    return row


def _insert(table: str, row: Row) -> bytes:
    columns = ", ".join(row)
    values = ", ".join(f"%({column})s" for column in row)
    again = " on conflict (team_id, number) do update set state = excluded.state, version = excluded.version"
    over = again if table == "incident" else ""
    return f"insert into {table} ({columns}) values ({values}){over}".encode()  # noqa: S608
