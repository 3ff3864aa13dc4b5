"""PostgreSQL for these runs: the tests' own server, an empty schema for each run, restarts and cut connections."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.postgres import Server, own_schema, serving

CONNECTED_WITHIN = 30.0  # seconds; a bot starts within two, on a busy machine within ten
CUT = b"select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'firebreak'"


class NoServer(Exception):
    """There is no PostgreSQL to run on. The message says what to do about it."""


@contextlib.contextmanager
def postgres() -> Iterator[Server]:
    """A server for as long as the context is open."""
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(serving())
        except pytest.skip.Exception as skipped:
            raise NoServer(str(skipped)) from skipped
        yield server


@contextlib.contextmanager
def database(server: Server) -> Iterator[str]:
    """The address of an empty database for one run."""
    with own_schema(server) as url:
        yield url


async def shaken(server: Server, times: int, chance: random.Random) -> None:
    """Restart it (if it is ours) or cut every connection, so many times, a second or two apart."""
    for _ in range(times):
        await asyncio.sleep(chance.uniform(0.5, 2.0))
        if server.is_ours and chance.random() < 0.5:
            await asyncio.to_thread(_restart, server)
        else:
            await asyncio.to_thread(_cut, server)


def _restart(server: Server) -> None:
    server.stop()
    server.start()


def _cut(server: Server) -> None:
    """Cut whoever is connected; while every bot is just being killed or started, wait for one."""
    until = time.monotonic() + CONNECTED_WITHIN
    with psycopg.connect(server.url, autocommit=True) as connection:
        while True:
            found: list[tuple[Any, ...]] = connection.execute(CUT).fetchall()
            if found:
                return
            if time.monotonic() > until:
                raise AssertionError("no bot is connected, so nothing was cut")
            time.sleep(0.1)
