"""Databases that cannot be used: each is one sentence for the person who starts the bot, and nothing is changed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.domain.commands import AddNote
from bot.storage.engine import DatabaseUnusable, Engine, StorageUnavailable, Transaction
from bot.storage.lock import only_bot_on
from bot.storage.sqlite import SqliteEngine
from tests.domain.samples import ANA
from tests.storage.doing import asks, declares, everything, found, rows

ROOT = Path(__file__).parents[2]
QUICK = 0.05  # seconds that these tests wait for a lock


async def refusal(database: Path) -> str:
    """Why the database cannot be used: one sentence or two that name the file."""
    with pytest.raises(DatabaseUnusable) as unusable:
        async with SqliteEngine.open(database, busy_seconds=QUICK):
            pass
    said = str(unusable.value)
    assert said.startswith(str(database))
    assert said.endswith(".")
    assert "\n" not in said
    return said


async def used(database: Path) -> Path:
    """A database with an incident in it."""
    async with SqliteEngine.open(database) as engine:
        await declares(engine)
    return database


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def dump(database: Path) -> list[str]:
    connection = sqlite3.connect(database)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


@contextlib.contextmanager
def held_by_another_program(database: Path) -> Iterator[None]:
    """Another process that keeps the write lock."""
    script = (
        "import sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('begin exclusive')\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        yield
        other.communicate("")


# At the start


@pytest.mark.parametrize("content", [b"these are notes, not tables\n" * 100, b"\x00\xff" * 4096])
async def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    database = tmp_path / "notes.txt"
    database.write_bytes(content)
    assert "is not a database that SQLite can read" in await refusal(database)
    assert database.read_bytes() == content
    assert names(tmp_path) == ["notes.txt"]


async def test_a_database_of_a_newer_version_is_left_as_it_is(tmp_path: Path) -> None:
    database = await used(tmp_path / "firebreak.db")
    connection = sqlite3.connect(database)
    with connection:
        connection.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at)"
            " values ('firebreak', '9999_tomorrow', 'x')"
        )
        connection.execute("create table tomorrow (x)")
    connection.close()
    before = dump(database)
    said = await refusal(database)
    assert "was written by a newer Firebreak (it has '9999_tomorrow')" in said
    assert "Start that version, or restore a backup" in said
    assert dump(database) == before


async def test_a_database_that_another_program_has_locked_is_named(tmp_path: Path) -> None:
    database = await used(tmp_path / "firebreak.db")
    with held_by_another_program(database):
        assert "is locked by another program" in await refusal(database)
    async with SqliteEngine.open(database) as engine:
        assert await found(engine) is not None


async def test_a_new_database_that_another_program_has_locked_is_named(tmp_path: Path) -> None:
    database = tmp_path / "firebreak.db"
    with held_by_another_program(database):
        assert "is locked by another program" in await refusal(database)


async def test_a_folder_that_is_missing_is_named_and_not_made(tmp_path: Path) -> None:
    said = await refusal(tmp_path / "no" / "firebreak.db")
    assert "cannot be opened for writing" in said
    assert "Check that its folder exists" in said
    assert names(tmp_path) == []


async def test_a_folder_is_no_database(tmp_path: Path) -> None:
    says = (
        f"{tmp_path} is a folder. Name the file in it that is the database, such as {tmp_path}/firebreak.db."
    )
    assert await refusal(tmp_path) == says
    with pytest.raises(DatabaseUnusable, match="is a folder"), only_bot_on(tmp_path):
        raise AssertionError("locked")
    assert names(tmp_path) == []


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


async def test_a_new_database_is_for_its_owner_alone_and_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    database = tmp_path / "firebreak.db"
    async with SqliteEngine.open(database):
        assert {mode_of(tmp_path / name) for name in names(tmp_path)} == {0o600}
        assert f"{database.name}-wal" in names(tmp_path)
    database.chmod(0o640)
    async with SqliteEngine.open(database):
        pass
    assert mode_of(database) == 0o640


NOBODY_S_UID = 65534


@contextlib.contextmanager
def without_the_right_to_write(folder: Path) -> Iterator[None]:
    """Nothing in `folder` can be written or made. Root can always write, so root is `nobody` for that long."""
    paths = [*folder.iterdir(), folder]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    me = os.geteuid()
    if me == 0:
        os.seteuid(NOBODY_S_UID)
    try:
        yield
    finally:
        os.seteuid(me)
        for path in paths:
            path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that every user can reach; pytest's own can be reached by one."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


async def test_a_database_that_may_only_be_read_is_named_and_left_as_it_is(public_folder: Path) -> None:
    database = await used(public_folder / "firebreak.db")
    before = database.read_bytes()
    with without_the_right_to_write(public_folder):
        said = await refusal(database)
        with pytest.raises(DatabaseUnusable, match="cannot be opened for writing"), only_bot_on(database):
            raise AssertionError("locked")
    assert "cannot be opened for writing" in said
    assert "belongs to the user who runs Firebreak" in said
    assert database.read_bytes() == before
    assert names(public_folder) == ["firebreak.db"]


async def test_a_folder_where_nothing_can_be_made_is_named(public_folder: Path) -> None:
    with without_the_right_to_write(public_folder):
        assert "cannot be opened for writing" in await refusal(public_folder / "firebreak.db")


async def test_a_refused_database_leaves_no_thread_behind(tmp_path: Path) -> None:
    before = ours()
    await refusal(tmp_path / "no" / "firebreak.db")
    for _ in range(100):
        if ours() == before:
            break
        await asyncio.sleep(0.01)
    assert ours() == before


def ours() -> int:
    """The threads of databases; a test before may still have others, which end by themselves."""
    return sum(thread.name.startswith("firebreak-") for thread in threading.enumerate())


# One bot a file


async def test_a_second_bot_on_the_same_file_is_refused_while_the_first_one_lives(tmp_path: Path) -> None:
    database = tmp_path / "firebreak.db"
    with only_bot_on(database):
        with (
            pytest.raises(DatabaseUnusable, match=r"Another Firebreak works on .* already"),
            only_bot_on(database),
        ):
            raise AssertionError("two of them")
        with only_bot_on(tmp_path / "other.db"):
            pass
    with only_bot_on(database):
        pass


def test_a_bot_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    database = tmp_path / "firebreak.db"
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from bot.storage.lock import only_bot_on\n"
        "with only_bot_on(Path(sys.argv[1])):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(database)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(DatabaseUnusable), only_bot_on(database):
            raise AssertionError("two of them")
        other.kill()
    with only_bot_on(database):
        pass


def test_the_lock_needs_its_folder(tmp_path: Path) -> None:
    with (
        pytest.raises(DatabaseUnusable, match="Check that its folder exists"),
        only_bot_on(tmp_path / "no" / "x"),
    ):
        raise AssertionError("locked")


# At work


@pytest.fixture
async def full_disk(tmp_path: Path) -> AsyncIterator[Engine]:
    """A database with an incident, on a disk that has no room for one page more."""
    async with SqliteEngine.open(tmp_path / "firebreak.db") as engine:
        await declares(engine)
        await room_for(engine, 0)
        yield engine


async def room_for(engine: Engine, pages: int) -> None:
    def limit(transaction: Transaction) -> None:
        used_now = transaction.all("pragma page_count")[0]["page_count"]
        transaction.all(f"pragma max_page_count = {used_now + pages}")

    await engine.write(limit)


LONG = AddNote(by=ANA, text="x" * 2900)


async def test_a_full_disk_refuses_in_a_sentence_and_stores_nothing_of_it(full_disk: Engine) -> None:
    before = await everything(full_disk)
    with pytest.raises(StorageUnavailable) as refused:
        for _ in range(20):  # some fit into pages that are half empty
            before = await everything(full_disk)
            await asks(full_disk, LONG)
    assert str(refused.value) == (
        "The database did not take it (database or disk is full), so nothing was changed. Try again."
    )
    assert await everything(full_disk) == before


async def test_with_room_again_it_goes_on_where_it_was(full_disk: Engine) -> None:
    with pytest.raises(StorageUnavailable):
        await fill(full_disk)
    version = (await everything(full_disk))["incident"][0]["version"]
    await room_for(full_disk, 1000)
    assert (await asks(full_disk, LONG)).incident.version == version + 1
    stored = await rows(full_disk, "select previous, hash from timeline order by version")
    assert [row["previous"] for row in stored[1:]] == [row["hash"] for row in stored[:-1]]


async def fill(engine: Engine) -> None:
    for _ in range(20):
        await asks(engine, LONG)


async def test_on_a_full_disk_everybody_in_the_same_commit_is_told_the_truth(full_disk: Engine) -> None:
    """Whoever was answered is stored, and whoever was refused is not."""
    outcomes = await asyncio.gather(*(asks(full_disk, LONG) for _ in range(20)), return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert refused
    assert {type(outcome) for outcome in refused} == {StorageUnavailable}
    incident = await found(full_disk)
    assert incident is not None
    assert incident.version == 2 + len(outcomes) - len(refused)


async def test_while_another_program_keeps_the_lock_people_are_told_to_try_again(tmp_path: Path) -> None:
    database = tmp_path / "firebreak.db"
    async with SqliteEngine.open(database, busy_seconds=QUICK) as engine:
        await declares(engine)
        other = sqlite3.connect(database, isolation_level=None)
        other.execute("begin immediate")
        with pytest.raises(
            StorageUnavailable, match=r"database is locked\), so nothing was changed. Try again\."
        ):
            await declares(engine)
        assert await found(engine, 1) is not None  # reading goes on
        other.execute("rollback")
        other.close()
        assert (await declares(engine)).incident.number == 2


async def test_a_database_that_is_damaged_says_so_instead_of_breaking_the_bot(tmp_path: Path) -> None:
    database = tmp_path / "firebreak.db"
    async with SqliteEngine.open(database) as engine:
        await declares(engine)
        (page,) = await rows(engine, "select rootpage from sqlite_master where name = 'timeline'")
    with database.open("r+b") as opened:
        opened.seek((page["rootpage"] - 1) * 4096)
        opened.write(b"\xff" * 4096)
    async with SqliteEngine.open(database) as engine:
        with pytest.raises(StorageUnavailable, match="malformed"):
            await asks(engine, LONG)
        with pytest.raises(StorageUnavailable, match="malformed"):
            await rows(engine, "select * from timeline")
        assert await found(engine) is not None
