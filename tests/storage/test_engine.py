"""What an engine promises: durable when it answers, each failure its own, readers see what is committed."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from functools import partial
from pathlib import Path

import pytest

from bot.domain.commands import AddNote
from bot.domain.vocabulary import Refused
from bot.storage import people
from bot.storage.engine import Engine, StorageUnavailable, Transaction
from bot.storage.sqlite import SqliteEngine
from tests.domain.samples import ANA, CHANNEL, TO_REPAIR
from tests.storage.doing import TEAM, asks, declares, found, rows


def name(transaction: Transaction, person: str) -> str:
    people.remember(transaction, TEAM, person, f"Name of {person}")
    return person


async def known(engine: Engine) -> set[str]:
    return set(await engine.read(lambda transaction: people.names(transaction, TEAM)))


async def test_a_write_answers_what_its_body_answered_and_is_stored(engine: Engine) -> None:
    assert await engine.write(lambda transaction: name(transaction, "a")) == "a"
    assert await known(engine) == {"a"}


async def test_what_a_body_raises_reaches_the_caller_and_undoes_that_body(engine: Engine) -> None:
    def body(transaction: Transaction) -> None:
        name(transaction, "a")
        raise Refused("No.")

    with pytest.raises(Refused, match=r"^No\.$"):
        await engine.write(body)
    assert await known(engine) == set()


async def test_run_says_how_many_rows_it_touched(engine: Engine) -> None:
    await asyncio.gather(*(engine.write(partial(name, person=person)) for person in ("a", "b")))
    sql = "update person set name = 'x' where team_id = :team"
    assert await engine.write(lambda transaction: transaction.run(sql, team=TEAM)) == 2
    assert await engine.write(lambda transaction: transaction.run(sql, team="T9")) == 0


async def test_one_answers_the_first_row_or_none(engine: Engine) -> None:
    await engine.write(lambda transaction: name(transaction, "a"))
    sql = "select id from person where id = :id"
    assert await engine.read(lambda transaction: transaction.one(sql, id="a")) == {"id": "a"}
    assert await engine.read(lambda transaction: transaction.one(sql, id="b")) is None


async def test_values_are_never_read_as_sql(engine: Engine) -> None:
    evil = "x'); drop table person; --"
    await engine.write(lambda transaction: name(transaction, evil))
    assert await known(engine) == {evil}


async def test_a_body_that_fails_in_a_shared_commit_takes_nobody_with_it(engine: Engine) -> None:
    """The first body holds the writer until all the others have queued up behind it."""
    await declares(engine)
    queued = threading.Event()

    def first(transaction: Transaction) -> str:
        queued.wait(5)
        return name(transaction, "first")

    def failing(transaction: Transaction) -> str:
        name(transaction, "failing")
        name(transaction, "failing too")
        raise Refused("No.")

    waiting = asyncio.gather(
        engine.write(first),
        engine.write(lambda transaction: name(transaction, "before")),
        engine.write(failing),
        engine.write(lambda transaction: name(transaction, "after")),
        asks(engine, TO_REPAIR[-1]),  # refused: its required steps are open
        asks(engine, AddNote(by=ANA, text="x")),
        return_exceptions=True,
    )
    await asyncio.sleep(0)
    queued.set()
    outcomes = await waiting
    assert [type(outcome) for outcome in outcomes if isinstance(outcome, BaseException)] == [Refused, Refused]
    assert await known(engine) == {"first", "before", "after"}
    incident = await found(engine)
    assert incident is not None
    assert incident.version == 3


async def test_a_statement_that_the_database_refuses_undoes_its_body_alone(engine: Engine) -> None:
    def twice(transaction: Transaction) -> None:
        name(transaction, "a")
        for _ in range(2):
            transaction.run("insert into person (team_id, id, name) values ('T1', 'same', 'x')")

    outcomes = await asyncio.gather(
        engine.write(twice), engine.write(lambda transaction: name(transaction, "b")), return_exceptions=True
    )
    assert isinstance(outcomes[0], Exception)
    assert await known(engine) == {"b"}


async def test_a_reader_sees_everything_that_was_committed_before_it_asked(engine: Engine) -> None:
    for number in range(20):
        await engine.write(partial(name, person=f"p{number}"))
        assert len(await known(engine)) == number + 1


async def test_a_caller_that_gives_up_waiting_changes_nothing_for_the_others(engine: Engine) -> None:
    given_up = asyncio.ensure_future(engine.write(lambda transaction: name(transaction, "a")))
    await asyncio.sleep(0)
    given_up.cancel()
    await engine.write(lambda transaction: name(transaction, "b"))
    assert given_up.cancelled()
    for _ in range(500):
        if await known(engine) == {"a", "b"}:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it had been handed over")


async def test_one_channel_belongs_to_one_incident(engine: Engine) -> None:
    await declares(engine)
    await declares(engine)
    await asks(engine, CHANNEL, number=1)
    with pytest.raises(Exception, match=r"(?i)unique"):
        await asks(engine, CHANNEL, number=2)
    second = await found(engine, 2)
    assert second is not None
    assert second.channel is None


# SQLite in a file


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "fire break%20?.db"  # blanks, percent and question marks are fine in a file's name


async def test_what_was_stored_is_there_when_the_file_is_opened_again(database: Path) -> None:
    async with SqliteEngine.open(database) as engine:
        before = (await declares(engine, key="k")).incident
    async with SqliteEngine.open(database) as engine:
        assert await found(engine) == before
        assert (await declares(engine, key="k")).repeated


async def test_closing_finishes_what_was_handed_over(database: Path) -> None:
    async with SqliteEngine.open(database) as engine:
        last = [asyncio.ensure_future(declares(engine)) for _ in range(20)]
        await asyncio.sleep(0)
    assert [(await done).incident.number for done in last] == list(range(1, 21))


async def test_a_closed_database_says_so_instead_of_waiting_for_ever(database: Path) -> None:
    async with SqliteEngine.open(database) as engine:
        pass
    for call in (engine.write, engine.read):
        with pytest.raises(StorageUnavailable, match="closed"):
            await call(lambda transaction: transaction.all("select 1"))


async def test_a_reader_waits_for_no_writer_and_sees_no_unfinished_work(database: Path) -> None:
    async with SqliteEngine.open(database) as engine:
        written, go_on = threading.Event(), threading.Event()

        def slow(transaction: Transaction) -> None:
            name(transaction, "a")
            written.set()
            go_on.wait(5)

        writing = asyncio.ensure_future(engine.write(slow))
        await asyncio.to_thread(written.wait, 5)
        assert await asyncio.wait_for(known(engine), 2) == set()
        go_on.set()
        await writing
        assert await known(engine) == {"a"}


async def test_a_reader_cannot_write(database: Path) -> None:
    async with SqliteEngine.open(database) as engine:
        with pytest.raises(StorageUnavailable, match="readonly"):
            await engine.read(lambda transaction: name(transaction, "a"))
        assert await known(engine) == set()


async def test_the_file_can_be_read_by_other_programs_while_the_bot_works(database: Path) -> None:
    async with SqliteEngine.open(database) as engine:
        await declares(engine)
        other = sqlite3.connect(database)
        try:
            counted = other.execute("select count(*) from timeline").fetchone()
        finally:
            other.close()
        assert counted == (2,)


async def test_it_is_durable_and_does_not_block_readers(database: Path) -> None:
    """synchronous=FULL is 2: a commit is on the disk when it answers, even if the power fails after it."""
    async with SqliteEngine.open(database) as engine:
        pragmas = await engine.write(
            lambda transaction: [
                transaction.one(f"pragma {pragma}")
                for pragma in ("journal_mode", "synchronous", "foreign_keys")
            ]
        )
    assert pragmas == [{"journal_mode": "wal"}, {"synchronous": 2}, {"foreign_keys": 1}]


async def test_opening_twice_at_once_makes_the_tables_once(database: Path) -> None:
    async def opened() -> None:
        async with SqliteEngine.open(database) as engine:
            await declares(engine)

    await asyncio.gather(*(opened() for _ in range(4)))
    async with SqliteEngine.open(database) as engine:
        numbers = await rows(engine, "select number from incident order by number")
        assert [row["number"] for row in numbers] == [1, 2, 3, 4]
