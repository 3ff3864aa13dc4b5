"""Flags of the version before become flagd definitions, and what was held stays held by the same incident."""

from __future__ import annotations

from pathlib import Path

import psycopg
from sqlite_utils import Database

from bot.storage import flag_definitions, flags
from bot.storage.address import parse_address
from bot.storage.engine import Engine, Transaction
from bot.storage.migrations import STEPS, for_postgres, migrations
from bot.storage.opening import open_engine
from bot.storage.postgres_connection import MIGRATION_TABLE
from bot.storage.sqlite import SqliteEngine
from tests.storage.doing import TEAM

STEP = "0005_flags"
BEFORE = (
    """insert into flag (team_id, key, description, serves, safe) values
    ('T1', 'gateway', 'Card "payments"', 'on', 'off'),
    ('T1', 'search', 'a' || chr(10) || 'b\\c', '25 %', 'none: "x"')""",
    "insert into containment (team_id, flag, incident) values ('T1', 'gateway', 7)",
    """insert into timeline (id, team_id, incident, version, at, recorded_at, type, by, data, previous, hash) values
    (1, 'T1', 7, 1, '2026-11-21T12:00:00.000Z', '', 'flag_contained', 'U1', '{}', '', '')""",
)


async def as_it_is_now(engine: Engine) -> None:
    def body(transaction: Transaction) -> None:
        gateway, search = flag_definitions.listed(transaction, TEAM, "production")
        assert gateway.definition.data == {
            "state": "ENABLED",
            "variants": {"on": True, "off": False},
            "defaultVariant": "on",
            "metadata": {"description": 'Card "payments"', "safeVariant": "off"},
        }
        assert gateway.override is not None
        assert (gateway.override.incident, gateway.override.variant) == (7, "off")
        assert gateway.override.created == "2026-11-21T12:00:00.000Z"
        assert search.definition.data == {
            "state": "ENABLED",
            "variants": {"25 %": "25 %", 'none: "x"': 'none: "x"'},
            "defaultVariant": "25 %",
            "metadata": {"description": "a\nb\\c", "safeVariant": 'none: "x"'},
        }
        assert search.override is None
        assert [each.now for each in flags.everything(transaction, TEAM)] == ["off", "25 %"]
        assert set(flag_definitions.changes(transaction, TEAM, "production", after=0).flags) == {
            "gateway",
            "search",
        }
        assert transaction.all("select * from flag") == transaction.all("select * from containment") == []

    await engine.read(body)


async def test_a_file_of_the_version_before_keeps_its_flags(tmp_path: Path) -> None:
    path = tmp_path / "firebreak.db"
    database = Database(path)
    migrations.apply(database, stop_before=STEP)
    for statement in BEFORE:
        database.execute(statement.replace("chr(10)", "char(10)"))
    database.conn.commit()
    database.close()
    async with SqliteEngine.open(path) as engine:
        await as_it_is_now(engine)


async def test_a_postgresql_of_the_version_before_keeps_its_flags(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute(MIGRATION_TABLE.encode())
        for name, statements in STEPS[: [name for name, _ in STEPS].index(STEP)]:
            for statement in statements:
                connection.execute(for_postgres(statement).encode())
            connection.execute("insert into firebreak_migration (name) values (%s)", (name,))
        for statement in BEFORE:
            connection.execute(statement.replace("(id, ", "(").replace("(1, ", "(").encode())
    async with open_engine(parse_address(postgres_url)) as engine:
        await as_it_is_now(engine)
