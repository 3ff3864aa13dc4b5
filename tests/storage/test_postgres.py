"""PostgreSQL and its troubles: those that pass are not noticed, the others are one sentence."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
import pytest
import pytest_asyncio
from psycopg.conninfo import conninfo_to_dict

from bot.domain.commands import AddNote
from bot.domain.vocabulary import Refused
from bot.storage import incidents, people
from bot.storage.address import parse_address
from bot.storage.engine import DatabaseUnusable, StorageUnavailable, Transaction
from bot.storage.opening import open_engine
from bot.storage.postgres import PostgresEngine
from bot.storage.postgres_connection import numbered
from tests.domain.samples import ANA, NOON, declare
from tests.postgres import PASSWORD, Server, own_schema
from tests.storage.cable import Cable
from tests.storage.doing import TEAM, asks, declares, found, rows


def opened(
    url: str, *, give_up_seconds: float = 5.0
) -> contextlib.AbstractAsyncContextManager[PostgresEngine]:
    address = parse_address(url)
    assert not isinstance(address, Path)
    return PostgresEngine.open(address, give_up_seconds=give_up_seconds)


@pytest_asyncio.fixture
async def engine(postgres_url: str) -> AsyncIterator[PostgresEngine]:
    async with opened(postgres_url) as engine:
        yield engine


async def unusable(url: str) -> str:
    """The one sentence that a database is refused with."""
    with pytest.raises(DatabaseUnusable) as refused:
        async with open_engine(parse_address(url)):
            raise AssertionError("it was opened")
    said = str(refused.value)
    assert said.endswith((".", "'firebreak[postgres]'"))
    assert "\n" not in said
    return said


# SQL


@pytest.mark.parametrize(
    ("sql", "query", "names"),
    [
        ("select :a, :b, :a", b"select $1, $2, $1", ("a", "b")),
        ("select ':a', 'it''s :a', :a", b"select ':a', 'it''s :a', $1", ("a",)),
        ("select x::text, :a::text", b"select x::text, $1::text", ("a",)),
        ("select '50%' like :a_1", b"select '50%' like $1", ("a_1",)),
    ],
)
def test_names_become_numbers_outside_of_texts(sql: str, query: bytes, names: tuple[str, ...]) -> None:
    assert numbered(sql) == (query, names)


async def test_a_nul_in_a_text_is_no_mistake_of_the_database(engine: PostgresEngine) -> None:
    assert await engine.read(lambda transaction: incidents.in_channel(transaction, TEAM, "C\0")) is None


async def test_one_picture_holds_for_all_that_is_read_together(engine: PostgresEngine) -> None:
    loop = asyncio.get_running_loop()

    def twice(transaction: Transaction) -> list[int]:
        before = transaction.all("select * from incident")
        asyncio.run_coroutine_threadsafe(declares(engine), loop).result(5)
        return [len(before), len(transaction.all("select * from incident"))]

    assert await engine.read(twice) == [0, 0]
    assert await found(engine) is not None


async def test_reading_changes_nothing(engine: PostgresEngine) -> None:
    with pytest.raises(psycopg.Error, match="read-only"):
        await engine.read(lambda transaction: people.remember(transaction, TEAM, "a", "b"))


async def test_a_body_that_goes_on_after_a_failed_statement_stores_nothing(engine: PostgresEngine) -> None:
    def body(transaction: Transaction) -> None:
        people.remember(transaction, TEAM, "a", "b")
        with contextlib.suppress(psycopg.Error):
            transaction.run("select 1 / 0")

    with pytest.raises(AssertionError, match="went on"):
        await engine.write(body)
    assert await rows(engine, "select * from person") == []


# Troubles that pass


class Troubled:
    """A body that meets a trouble the first times it runs, and counts them."""

    def __init__(self, trouble: str, times: int = 1) -> None:
        self.trouble, self.times, self.runs = trouble, times, 0

    def __call__(self, transaction: Transaction) -> int:
        self.runs += 1
        people.remember(transaction, TEAM, f"run {self.runs}", "x")
        if self.runs <= self.times:
            transaction.run(self.trouble)
        return self.runs


def raised(code: str) -> str:
    return f"do $$ begin raise exception 'no luck' using errcode = '{code}'; end $$"


@pytest.mark.parametrize(
    "trouble",
    [
        "select pg_terminate_backend(pg_backend_pid())",
        raised("40001"),  # serialization_failure
        raised("40P01"),  # deadlock_detected
        raised("57P03"),  # cannot_connect_now
        raised("08006"),  # connection_failure
    ],
)
async def test_a_trouble_that_passes_is_not_noticed(engine: PostgresEngine, trouble: str) -> None:
    assert await engine.write(Troubled(trouble)) == 2
    assert [row["id"] for row in await rows(engine, "select id from person")] == ["run 2"]


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (raised("53100"), "did not take it (no luck), so nothing was changed"),  # disk_full
        (raised("53300"), "did not take it (no luck), so nothing was changed"),  # too_many_connections
        (raised("55P03"), "did not take it (no luck), so nothing was changed"),  # lock_not_available
        (raised("40P01"), "did not take it (no luck), so nothing was changed"),
    ],
)
async def test_one_that_does_not_pass_is_said_in_one_sentence(
    engine: PostgresEngine, trouble: str, said: str
) -> None:
    with pytest.raises(StorageUnavailable) as refused:
        await engine.write(Troubled(trouble, times=99))
    assert said in str(refused.value)
    assert await rows(engine, "select * from person") == []


async def test_two_that_wait_for_each_other_are_both_carried_out(engine: PostgresEngine) -> None:
    both = threading.Barrier(2)

    def crossing(first: str, second: str) -> list[str]:
        runs: list[str] = []

        def body(transaction: Transaction) -> None:
            runs.append(first)
            transaction.lock(first)
            if len(runs) == 1:
                with contextlib.suppress(threading.BrokenBarrierError):
                    both.wait(5)
            transaction.lock(second)
            people.remember(transaction, TEAM, first, "x")

        waiting.append(asyncio.ensure_future(engine.write(body)))
        return runs

    waiting: list[asyncio.Future[None]] = []
    runs = [crossing("a", "b"), crossing("b", "a")]
    await asyncio.gather(*waiting)
    assert sorted(map(len, runs)) == [1, 2]
    assert {row["id"] for row in await rows(engine, "select id from person")} == {"a", "b"}


async def test_a_lock_that_nobody_lets_go_of_is_not_waited_for_for_ever(engine: PostgresEngine) -> None:
    held, let_go = threading.Event(), threading.Event()

    def holds(transaction: Transaction) -> None:
        transaction.lock("a")
        held.set()
        let_go.wait(20)

    holding = asyncio.ensure_future(engine.write(holds))
    await asyncio.to_thread(held.wait, 5)
    with pytest.raises(StorageUnavailable, match="lock timeout"):
        await engine.write(lambda transaction: transaction.lock("a"))
    await engine.write(lambda transaction: transaction.lock("b"))
    let_go.set()
    await holding


async def test_connections_that_were_cut_while_idle_are_not_noticed(
    engine: PostgresEngine, postgres: Server
) -> None:
    await asyncio.gather(*(declares(engine) for _ in range(10)))
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'firebreak' and pid <> pg_backend_pid()"
        )
    numbers = [
        outcome.incident.number for outcome in await asyncio.gather(*(declares(engine) for _ in range(10)))
    ]
    assert sorted(numbers) == list(range(11, 21))


@pytest.mark.parametrize("arrives", [True, False])
async def test_a_commit_whose_answer_was_lost_is_stored_once(postgres_url: str, arrives: bool) -> None:
    async with Cable(postgres_url).plugged_in() as cable, opened(cable.url) as engine:
        first = await declares(engine, key="trigger-1")
        cable.cut_at, cable.arrives = b"commit\0", arrives
        outcome = await asks(engine, AddNote(by=ANA, text="x"), key="trigger-2")
        assert cable.cuts == 1
        assert outcome.repeated is arrives
        assert outcome.incident.version == first.incident.version + 1
        assert len(await rows(engine, "select * from timeline")) == 3
        assert len(await rows(engine, "select * from request where key like 'trigger-%'")) == 2


async def test_who_cannot_know_whether_it_was_stored_is_told_so(postgres_url: str) -> None:
    async with Cable(postgres_url).plugged_in() as cable, opened(cable.url, give_up_seconds=1) as engine:
        await declares(engine)
        cable.cut_at, cable.arrives, cable.for_good = b"commit\0", True, True
        with pytest.raises(StorageUnavailable, match="went away while it stored this"):
            await declares(engine)
        with pytest.raises(StorageUnavailable, match="nothing was changed"):
            await declares(engine)
    async with opened(postgres_url) as engine:
        assert (await declares(engine)).incident.number == 3


async def test_a_server_that_is_away_is_said_and_found_again(postgres: Server, postgres_url: str) -> None:
    if not postgres.is_ours:
        pytest.skip("a server that is named is not stopped")
    async with opened(postgres_url, give_up_seconds=0.5) as engine:
        await declares(engine)
        await asyncio.to_thread(postgres.stop)
        try:
            for call in (engine.write, engine.read):
                with pytest.raises(StorageUnavailable, match=r"cannot be reached .*nothing was changed"):
                    await call(lambda transaction: transaction.all("select 1"))
        finally:
            await asyncio.to_thread(postgres.start)
    async with opened(postgres_url) as engine:
        assert (await declares(engine)).incident.number == 2


async def test_a_restart_under_load_loses_and_doubles_nothing(postgres: Server, postgres_url: str) -> None:
    if not postgres.is_ours:
        pytest.skip("a server that is named is not stopped")
    async with opened(postgres_url, give_up_seconds=20) as engine:
        await declares(engine)

        async def writes(person: int) -> None:
            for number in range(25):
                await asks(engine, AddNote(by=ANA, text=f"{person}/{number}"), key=f"{person}/{number}")

        def restart() -> None:
            postgres.stop()
            postgres.start()

        await asyncio.gather(*(writes(person) for person in range(6)), asyncio.to_thread(restart))
        incident = await found(engine)
        assert incident is not None
        assert incident.version == 2 + 6 * 25
        assert len(await rows(engine, "select * from effect where lane = 'channel'")) == 1


async def test_closing_finishes_what_was_handed_over_and_then_says_so(postgres_url: str) -> None:
    async with opened(postgres_url) as engine:
        last = [asyncio.ensure_future(declares(engine)) for _ in range(20)]
        await asyncio.sleep(0)
    assert sorted(outcome.incident.number for outcome in await asyncio.gather(*last)) == list(range(1, 21))
    for call in (engine.write, engine.read):
        with pytest.raises(StorageUnavailable, match="closed"):
            await call(lambda transaction: transaction.all("select 1"))


async def test_a_refusal_is_no_trouble(engine: PostgresEngine) -> None:
    with pytest.raises(Refused):
        await engine.write(
            lambda transaction: incidents.execute(
                transaction, team_id=TEAM, number=None, command=declare(" "), now=NOON
            )
        )


# What keeps it from opening


async def test_a_server_that_is_not_there_is_said_in_one_sentence(tmp_path: Path) -> None:
    said = await unusable(f"postgresql://ana:hidden@/x?host={tmp_path}")
    assert said.startswith("postgresql://ana@/x cannot be opened (")
    assert "Check that PostgreSQL runs there" in said
    assert "hidden" not in said


async def test_a_wrong_password_is_said_without_it(postgres: Server) -> None:
    if not postgres.is_ours:
        pytest.skip("a server that is named may ask for no password")
    said = await unusable(postgres.tcp_url("hidden"))
    assert "password authentication failed" in said
    assert "Correct the user or the password" in said
    assert "hidden" not in said
    with own_schema(postgres, postgres.tcp_url(PASSWORD)) as url:
        async with opened(url) as engine:
            await declares(engine)
            assert PASSWORD not in f"{engine!r} {vars(engine)}"


async def test_a_database_that_is_not_there_is_named(postgres: Server) -> None:
    if not postgres.is_ours:
        pytest.skip("the address of a named server may be of any form")
    said = await unusable(postgres.url.replace("/postgres?", "/elsewhere?"))
    assert '"elsewhere" does not exist' in said
    assert "Create it" in said


@pytest.mark.parametrize("address", ["postgresql://u:hid%zzden@h/d", "postgresql://h/d?colour=hidden"])
async def test_an_address_that_cannot_be_read_is_not_repeated(address: str) -> None:
    said = await unusable(address)
    assert "Correct FIREBREAK_DATABASE" in said
    assert "hid" not in said


async def test_a_newer_database_is_left_alone(postgres_url: str) -> None:
    async with opened(postgres_url):
        pass
    with psycopg.connect(postgres_url) as connection:
        connection.execute("insert into firebreak_migration (name) values ('9999_flying_cars')")
    assert "was written by a newer Firebreak (it has '9999_flying_cars')" in await unusable(postgres_url)


@contextlib.contextmanager
def for_a_while(server: Server, what: str, how: str) -> Iterator[str]:
    """A role or a database of the server that is gone afterwards; answers its name."""
    name = f"firebreak_{secrets.token_hex(8)}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"create {what} {name} {how}".encode())
        try:
            yield name
        finally:
            connection.execute(f"drop {what} {name}".encode())


async def test_a_user_who_may_not_make_tables_is_told_so(postgres: Server, postgres_url: str) -> None:
    with for_a_while(postgres, "role", "nologin") as reader:
        said = await unusable(f"{postgres_url}%20-crole%3D{reader}")
    assert "does not let Firebreak make its tables" in said
    assert "Give the user in FIREBREAK_DATABASE the right" in said


async def test_a_schema_that_is_not_there_is_said(postgres_url: str) -> None:
    assert "no schema has been selected" in await unusable(f"{postgres_url}x")


async def test_texts_in_another_encoding_than_utf8_are_refused(postgres: Server) -> None:
    how = "encoding 'LATIN1' locale 'C' template template0"
    with for_a_while(postgres, "database", how) as latin:
        known = {**conninfo_to_dict(postgres.url), "dbname": latin}
        said = await unusable("postgresql://?" + urlencode(known, quote_via=quote))
    assert "keeps its texts in LATIN1" in said


def test_without_the_extra_it_says_what_to_install() -> None:
    """In a process of its own, where the driver cannot be imported."""
    script = (
        "import asyncio, sys\n"
        "sys.modules['psycopg'] = None\n"
        "from bot.storage.address import parse_address\n"
        "from bot.storage.engine import DatabaseUnusable\n"
        "from bot.storage.opening import open_engine\n"
        "async def main():\n"
        "    try:\n"
        "        async with open_engine(parse_address('postgresql://ana:hidden@h/d')): pass\n"
        "    except DatabaseUnusable as refused: print(refused)\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("postgresql://ana@h/d needs a driver that is not installed")
    assert "pip install 'firebreak[postgres]'" in done.stdout
