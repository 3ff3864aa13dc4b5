"""What only looks at a PostgreSQL changes nothing there, and takes a user who may do no more."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from bot import offline
from bot.config import Settings
from bot.doctor.line import Case
from bot.domain.one_incident import ExportForm
from bot.errors import StartError
from bot.storage import workspaces
from bot.storage.address import parse_address
from bot.storage.engine import DatabaseUnusable
from bot.storage.opening import open_engine
from bot.upkeep import verified
from tests.postgres import USER, Server
from tests.storage.doing import TEAM, declares, found

SCHEMA = "select current_schema()"


def execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def schema_of(url: str) -> str:
    with psycopg.connect(url) as connection:
        return str(connection.execute(SCHEMA).fetchall()[0][0])


def tables_of(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        found = connection.execute("select tablename from pg_tables where schemaname = current_schema()")
        return [str(row[0]) for row in found.fetchall()]


@pytest.fixture
def reader(postgres: Server, postgres_url: str) -> Iterator[str]:
    """The address for a user of the server who has no right yet but to come in."""
    if not postgres.is_ours:
        pytest.skip("users are made on a server of our own alone")
    name = f"reader_{secrets.token_hex(4)}"
    execute(postgres_url, f"create role {name} login")
    try:
        yield postgres_url.replace(f"//{USER}@", f"//{name}@")
    finally:
        execute(postgres_url, f"drop owned by {name}", f"drop role {name}")


def may_read(url: str, reader: str) -> None:
    name = reader.split("//")[1].split("@")[0]
    schema = schema_of(url)
    execute(url, f"grant usage on schema {schema} to {name}")
    execute(url, f"grant select on all tables in schema {schema} to {name}")


def settings(url: str) -> Settings:
    return Settings.load({"FIREBREAK_DATABASE": url}, Path("/dev/null"), slack=False)


async def refused(url: str) -> str:
    with pytest.raises(DatabaseUnusable) as error:
        async with open_engine(parse_address(url), to_read=True):
            raise AssertionError("it was opened")
    return str(error.value)


async def test_a_user_who_may_read_can_be_asked_everything(postgres_url: str, reader: str) -> None:
    async with open_engine(parse_address(postgres_url)) as engine:
        await engine.write(lambda transaction: workspaces.remember(transaction, TEAM, "The house"))
        await declares(engine)
    may_read(postgres_url, reader)
    asked = settings(reader)
    counts = await verified(asked, lambda finding: pytest.fail(str(finding)))
    assert counts is not None and counts.incidents == 1
    case = Case({"FIREBREAK_DATABASE": reader}, asked, lambda: datetime.now(UTC))
    assert len(await case.ask(workspaces.everything)) == 1
    async with offline.existing(asked, to_read=True) as database:
        assert "INC-1" in await offline.exported(database, 1, ExportForm.MARKDOWN)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await database.engine.write(lambda transaction: workspaces.remember(transaction, TEAM, "Another"))


async def test_one_who_may_not_is_told_which_rights_to_ask_for(postgres_url: str, reader: str) -> None:
    async with open_engine(parse_address(postgres_url)):
        pass
    execute(postgres_url, f"grant usage on schema {schema_of(postgres_url)} to public")
    assert "Grant it `usage` on the schema and `select` on its tables" in await refused(reader)


async def test_an_empty_database_stays_empty(postgres_url: str) -> None:
    assert "no Firebreak of this version has worked on it yet" in await refused(postgres_url)
    assert tables_of(postgres_url) == []


async def test_a_database_of_an_older_version_stays_as_it_is(postgres_url: str) -> None:
    async with open_engine(parse_address(postgres_url)):
        pass
    execute(
        postgres_url,
        "delete from firebreak_migration where name = (select max(name) from firebreak_migration)",
    )
    assert "lacks " in await refused(postgres_url)


async def test_figures_are_refused_rather_than_too_small(postgres_url: str) -> None:
    async with open_engine(parse_address(postgres_url)) as engine:
        await declares(engine)
        assert await found(engine) is not None
    execute(postgres_url, "update incident set declared_ms = null")
    with pytest.raises(StartError, match="would be left out"):
        async with offline.existing(settings(postgres_url), to_read=True):
            raise AssertionError("it was opened")
