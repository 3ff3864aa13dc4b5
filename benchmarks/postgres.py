"""The same commands on PostgreSQL, beside bare psycopg that writes the same rows with a commit for each command."""

from __future__ import annotations

import asyncio
import threading
import time

import psycopg
import pytest
from psycopg.rows import dict_row

from benchmarks.throughput import COMMANDS, STATEMENTS, Throughput, commands, newest, table_of, unique
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
        samples = {name: _one(connection, newest(name)) for name in STATEMENTS}
        connection.execute("delete from timeline where version > 3")
        connection.execute("delete from request")
    statements = {name: _insert(name, row) for name, row in samples.items()}
    ready = threading.Barrier(CONNECTIONS + 1)

    def inserts(first: int) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            ready.wait()
            for done in range(first, COMMANDS, CONNECTIONS):
                with connection.transaction():
                    for name, row in samples.items():
                        connection.execute(statements[name], {**row, **unique(name, done + 1)})

    threads = [threading.Thread(target=inserts, args=(first,)) for first in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    ready.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    return COMMANDS / (time.perf_counter() - started)


def _one(connection: psycopg.Connection[Row], statement: str) -> Row:
    row = connection.execute(statement.encode()).fetchone()
    if row is None:
        raise AssertionError("our commands left nothing behind")
    return row


def _insert(name: str, row: Row) -> bytes:
    columns = [column for column in row if not (column == "id" and table_of(name) == "effect")]
    values = ", ".join(f"%({column})s" for column in columns)
    statement = f"insert into {table_of(name)} ({', '.join(columns)}) values ({values})"  # noqa: S608
    return f"{statement}{STATEMENTS[name]}".encode()
