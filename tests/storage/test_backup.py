"""A backup is whole and checked, whatever the bot does meanwhile; where it cannot be, nothing is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import stat
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.commands import AddNote
from bot.storage import looking, people
from bot.storage.backup import Backup, BackupFailed, back_up
from bot.storage.engine import DatabaseUnusable, Engine, Transaction
from bot.storage.sqlite import SqliteEngine
from bot.storage.verifying import verify
from tests.domain.samples import ANA, later
from tests.storage.doing import TEAM, asks, claims, declares, finishes, releases, rows, unfinished

PEOPLE = 40_000  # 15 MB of them: several steps of a copy, and still under a second


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    """A file with two incidents and a few effects; no bot works on it."""
    path = tmp_path / "firebreak.db"
    async with SqliteEngine.open(path) as engine:
        await declares(engine)
        await declares(engine)
        await finishes(engine, (await claims(engine, limit=1))[0])
        await claims(engine, limit=1)
    return path


@contextlib.asynccontextmanager
async def busy(path: Path) -> AsyncIterator[Engine]:
    """A bot that writes one note after the other, on a file that takes several steps to copy."""

    def crowd(transaction: Transaction) -> None:
        for number in range(PEOPLE):
            people.remember(transaction, TEAM, f"U{number}", "x" * 300)

    async def write() -> None:
        for number in range(1_000_000):
            await asks(engine, AddNote(by=ANA, text=f"note {number}"), now=later(number / 60))
            await asyncio.sleep(0)  # a commit each

    async with SqliteEngine.open(path) as engine:
        await engine.write(crowd)
        await declares(engine)
        task = asyncio.create_task(write())
        try:
            yield engine
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def wrong_in(path: Path) -> list[str]:
    found: list[str] = []
    with looking.snapshot(path) as transaction:
        found += looking.damage(transaction)
        verify(transaction, lambda finding: found.append(str(finding)))
    return found


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_backup_is_one_file_that_holds_everything(database: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    made = back_up(database, folder / "copy.db")
    assert made == Backup(folder / "copy.db", (folder / "copy.db").stat().st_size, 2, 4, 3)
    assert files(folder) == ["copy.db"]
    assert wrong_in(made.path) == []
    assert files(folder) == ["copy.db"]


async def test_only_its_owner_may_read_a_backup(database: Path, tmp_path: Path) -> None:
    made = back_up(database, tmp_path / "copy.db")
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600


async def test_what_was_unfinished_is_in_doubt_in_the_copy_and_as_before_in_the_database(
    database: Path, tmp_path: Path
) -> None:
    asked = "select state, in_doubt from effect order by id"
    with contextlib.closing(sqlite3.connect(database)) as connection:
        before = connection.execute(asked).fetchall()
    made = back_up(database, tmp_path / "copy.db")
    with contextlib.closing(sqlite3.connect(database)) as connection:
        assert connection.execute(asked).fetchall() == before
    async with SqliteEngine.open(made.path) as engine:
        states = [(row["state"], row["in_doubt"]) for row in await rows(engine, asked)]
        assert states == [("done", 0), ("sending", 0), ("pending", 1), ("pending", 1)]
        await releases(engine, now=later(1), crashed=True)  # as a bot does when it starts
        assert [row["in_doubt"] for row in await unfinished(engine)] == [1, 1, 1]


async def test_a_backup_comes_to_its_end_however_often_others_commit(tmp_path: Path) -> None:
    """SQLite starts a copy again whenever somebody commits between two of its steps, unless a snapshot is held."""
    path = tmp_path / "firebreak.db"
    async with busy(path):
        pass
    steps = 0
    with contextlib.closing(sqlite3.connect(path)) as other:

        def commit() -> None:
            nonlocal steps
            steps += 1
            assert steps < 100, "it starts again and again"
            other.execute("update person set name = ? where id = 'U1'", [str(steps)])
            other.commit()

        made = back_up(path, tmp_path / "copy.db", between=commit)
        assert steps > 2
    assert wrong_in(made.path) == wrong_in(path) == []
    async with SqliteEngine.open(made.path) as copied, SqliteEngine.open(path) as original:
        asked = "select name from person where id = 'U1'"
        assert await rows(copied, asked) == [{"name": "x" * 300}]
        assert await rows(original, asked) == [{"name": str(steps)}]


async def test_a_bot_goes_on_writing_while_a_backup_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "firebreak.db"
    async with busy(path) as engine:
        taking = asyncio.create_task(asyncio.to_thread(back_up, path, tmp_path / "copy.db"))
        written = 0
        while not taking.done():
            await asks(engine, AddNote(by=ANA, text="meanwhile"))
            written += 1
        await taking
    assert written > 5
    assert wrong_in(path) == wrong_in(tmp_path / "copy.db") == []


async def test_a_bot_can_start_on_a_backup(database: Path, tmp_path: Path) -> None:
    made = back_up(database, tmp_path / "copy.db")
    async with SqliteEngine.open(made.path) as engine:
        assert (await declares(engine)).incident.number == 3
    assert wrong_in(made.path) == []


# Places where no backup can be


@pytest.mark.parametrize(
    ("place", "says"),
    [
        (".", "is a folder"),
        ("firebreak.db", "is a file of the database itself"),
        ("firebreak.db-wal", "is a file of the database itself"),
        ("firebreak.db.lock", "is a file of the database itself"),
        ("loop/firebreak.db", "is a file of the database itself"),
        ("old.db", "exists already"),
        ("nowhere.db", "exists already"),
        ("missing/copy.db", "There is no folder"),
        ("old.db/copy.db", "There is no folder"),
        ("beside.db", "beside.db-journal lies there"),
    ],
)
async def test_a_place_where_no_backup_can_be_is_refused(
    database: Path, tmp_path: Path, place: str, says: str
) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "old.db").write_text("precious")
    (tmp_path / "nowhere.db").symlink_to("gone")
    (tmp_path / "beside.db-journal").write_text("of another file")
    before = files(tmp_path)
    with pytest.raises(BackupFailed, match=says):
        back_up(database, tmp_path / place)
    assert files(tmp_path) == before
    assert (tmp_path / "old.db").read_text() == "precious"


async def test_a_folder_that_may_not_be_written_is_refused(database: Path) -> None:
    with pytest.raises(BackupFailed, match="No file can be written in /proc"):
        back_up(database, Path("/proc/copy.db"))


async def test_a_file_made_meanwhile_is_left_as_it_is(tmp_path: Path) -> None:
    path, to = tmp_path / "firebreak.db", tmp_path / "copy.db"

    def rival() -> None:
        until = time.monotonic() + 10
        while not list(tmp_path.glob(".copy.db.*")) and time.monotonic() < until:
            pass
        to.write_text("precious")

    async with busy(path):
        thread = threading.Thread(target=rival)
        thread.start()
        with pytest.raises(BackupFailed, match="somebody else meanwhile"):
            await asyncio.to_thread(back_up, path, to)
        thread.join()
    assert to.read_text() == "precious"
    assert files(tmp_path) == ["copy.db", "firebreak.db"]


# Databases that cannot be copied


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "There is no database"),
        (b"a letter to my aunt" * 400, "is not a database"),
        (b"", "lacks '0001_incidents'"),
    ],
)
def test_what_is_no_database_of_ours_is_refused(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "firebreak.db"
    if content is not None:
        path.write_bytes(content)
    before = files(tmp_path)
    with pytest.raises(DatabaseUnusable, match=says):
        back_up(path, tmp_path / "copy.db")
    assert files(tmp_path) == before


async def test_a_damaged_database_gives_no_backup(database: Path, tmp_path: Path) -> None:
    """One page of an index is overwritten, as a failing disk does it."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page, size = (
            connection.execute("select rootpage from sqlite_schema where name = 'incident_open'").fetchone()[
                0
            ],
            connection.execute("PRAGMA page_size").fetchone()[0],
        )
    with database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(os.urandom(size))
    with pytest.raises(BackupFailed, match="The copy is not sound"):
        back_up(database, tmp_path / "copy.db")
    assert not any("copy.db" in name for name in files(tmp_path))


async def test_a_forged_timeline_gives_no_backup(database: Path, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("update timeline set by = 'U99' where incident = 2 and version = 2")
    with pytest.raises(BackupFailed, match="T1 INC-2 event 2"):
        back_up(database, tmp_path / "copy.db")
    assert not any("copy.db" in name for name in files(tmp_path))
