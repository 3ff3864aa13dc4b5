"""`firebreak migrate-database`: all that a SQLite file holds arrives in PostgreSQL, or nothing does."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio

from bot.domain.commands import AddNote
from bot.domain.effects import Tell
from bot.domain.events import NoteAdded
from bot.storage import flag_vendor
from bot.storage.address import PostgresAddress, parse_address
from bot.storage.copying import copy_to_postgres
from bot.storage.engine import DatabaseUnusable, Engine
from bot.storage.lock import only_bot_on
from bot.storage.migrations import EMPTIED, tables
from bot.storage.opening import open_engine
from bot.storage.sqlite import SqliteEngine
from tests.domain.samples import ANA, NOON, later
from tests.storage.doing import asks, claims, declares, defines, everything, imports, promises, rows
from tests.storage.test_verifying import lead_one, verified


@pytest_asyncio.fixture
async def file(tmp_path: Path) -> Path:
    """A database with everything in it: incidents, flags held and let go, effects in every state, names."""
    path = tmp_path / "firebreak.db"
    async with SqliteEngine.open(path) as engine:
        await lead_one(engine)
        await declares(engine, team="T2", now=later(5))
        await declares(engine, now=later(5))
        odd = AddNote(by=ANA, text="tab\t newline\n \\N back\\slash 🔥 ä {x}")
        await asks(engine, odd, number=2, key="odd")
        await claims(engine)
        await defines(engine, "search-v3")
        await imports(engine, team="T2")
        await engine.write(
            lambda transaction: transaction.run(
                "insert into person (team_id, id, name) values ('T1', :id, 'Ana')", id=ANA
            )
        )
        await engine.write(
            lambda transaction: flag_vendor.ask(
                transaction,
                "T1",
                backend="unleash",
                env="production",
                key="checkout",
                incident=1,
                operation="op",
                actor=ANA,
                reason="errors",
                before="{}",
                now=later(5),
            )
        )
    return path


@pytest.fixture
def target(postgres_url: str) -> PostgresAddress:
    address = parse_address(postgres_url)
    assert isinstance(address, PostgresAddress)
    return address


@contextlib.asynccontextmanager
async def both(file: Path, target: PostgresAddress) -> AsyncIterator[tuple[Engine, Engine]]:
    async with SqliteEngine.open(file) as one, open_engine(target) as other:
        yield one, other


def refusal(file: Path, target: PostgresAddress) -> str:
    with pytest.raises(DatabaseUnusable) as refused:
        copy_to_postgres(file, target)
    said = str(refused.value)
    assert said.endswith((".", ")."))
    assert "\n" not in said
    return said


async def is_empty(target: PostgresAddress) -> bool:
    async with open_engine(target) as engine:
        return not any((await everything(engine)).values())


def change(file: Path, statement: str, *values: object) -> None:
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        assert connection.execute(statement, values).rowcount > 0


async def test_every_row_of_every_table_arrives(file: Path, target: PostgresAddress) -> None:
    told: dict[str, int] = {}
    made = copy_to_postgres(file, target, copied=told.__setitem__)
    async with both(file, target) as (one, other):
        for table in tables():
            before, after = [await rows(engine, f"select * from {table}") for engine in (one, other)]
            assert sorted(map(repr, after)) == sorted(map(repr, before)), table
            assert len(before) == made.rows[table] == told[table]
            assert before or table in ("daily", "timer", *EMPTIED), f"nothing was tried with {table}"
        assert await verified(other) == ([], made.counts)
        assert made.findings == []


async def test_the_bot_goes_on_where_it_stopped(file: Path, target: PostgresAddress) -> None:
    copy_to_postgres(file, target)
    async with open_engine(target) as engine:
        tell = Tell(event=NoteAdded(at=NOON, by=ANA, text="x"))
        assert (await declares(engine, now=later(9))).incident.number == 3
        assert (await verified(engine))[0] == []
        assert (await declares(engine, key="declare")).repeated
        last = max(row["id"] for row in await rows(engine, "select id from effect"))
        await promises(engine, tell, number=3)
        assert max(row["id"] for row in await rows(engine, "select id from effect")) > last


async def test_a_target_with_a_row_in_it_is_refused_and_left_as_it_is(
    file: Path, target: PostgresAddress
) -> None:
    copy_to_postgres(file, target)
    async with open_engine(target) as engine:
        before = await everything(engine)
        assert "is not empty: its table 'workspace' has rows" in refusal(file, target)
        assert await everything(engine) == before


async def test_a_file_that_a_bot_works_on_is_not_copied(file: Path, target: PostgresAddress) -> None:
    with only_bot_on(file):
        assert "Another Firebreak works on" in refusal(file, target)
    assert await is_empty(target)


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path, target: PostgresAddress) -> None:
    assert "There is no database at" in refusal(tmp_path / "other.db", target)
    assert list(tmp_path.iterdir()) == []


async def test_a_file_of_a_newer_version_is_not_copied(file: Path, target: PostgresAddress) -> None:
    change(file, "insert into _sqlite_migrations (migration_set, name) values ('firebreak', '9999_gadgets')")
    assert "newer Firebreak" in refusal(file, target)


async def test_a_row_that_postgresql_cannot_hold_leaves_nothing_behind(
    file: Path, target: PostgresAddress
) -> None:
    change(file, "update person set name = ?", "A\0na")
    said = refusal(file, target)
    assert "did not take the table 'person'" in said
    assert "NUL" in said
    assert await is_empty(target)


async def test_what_was_wrong_in_the_file_is_copied_as_it_is_and_named(
    file: Path, target: PostgresAddress
) -> None:
    change(file, "update timeline set by = 'U0EVIL' where incident = 1 and version = 3 and team_id = 'T1'")
    made = copy_to_postgres(file, target)
    assert [finding for finding in made.findings if "was changed after it was written" in finding.what]
    async with both(file, target) as (one, other):
        before, after = (await verified(one))[0], (await verified(other))[0]
        assert after == before == list(map(str, made.findings))


async def test_a_copy_that_differs_from_its_file_is_not_kept(file: Path, target: PostgresAddress) -> None:
    """A server that changes what it is given: here by a trigger."""
    async with open_engine(target):
        pass
    with psycopg.connect(target.url.get_secret_value()) as connection:
        connection.execute(
            "create function meddle() returns trigger language plpgsql as"
            " $$ begin new.data = new.data || ' '; return new; end $$"
        )
        connection.execute(
            "create trigger meddle before insert on timeline for each row execute function meddle()"
        )
    said = refusal(file, target)
    assert "differs from it" in said
    assert "was changed after it was written" in said
    assert await is_empty(target)
