"""`firebreak verify` and `firebreak backup` as people type them, with a bot at work and without one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from bot.storage.address import parse_address
from bot.storage.opening import open_engine
from tests.cli.test_main import firebreak, refused
from tests.storage.doing import declares
from tests.stories.test_stories import bot_in

NOTHING_WRONG = "Nothing is wrong. Looked at: 1 workspace, 1 incident, "


async def an_incident(slack: Sandbox) -> None:
    await slack.person("ana").types("/incident P1 checkout returns 500", "general")
    await slack.until(lambda: slack.channel("inc-1…").pins)


@pytest.fixture
async def used(slack: Sandbox, tmp_path: Path) -> Path:
    """A database that a bot has led an incident in; the bot has stopped."""
    async with bot_in(slack, "socket", tmp_path) as running:
        await an_incident(slack)
        await running.delivery.idle()
    return tmp_path / "firebreak.db"


def tamper(path: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement).rowcount > 0


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# verify


async def test_what_a_bot_writes_is_verified_while_it_works(slack: Sandbox, tmp_path: Path) -> None:
    async with bot_in(slack, "socket", tmp_path):
        await an_incident(slack)
        done = await asyncio.to_thread(firebreak, "verify", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(NOTHING_WRONG)


def test_a_finding_is_a_line_and_exit_code_1(used: Path) -> None:
    tamper(used, "update timeline set by = 'U99' where version = 2")
    tamper(used, "update incident set severity = 'P4'")
    done = firebreak("verify", cwd=used.parent)
    assert (done.returncode, done.stderr) == (1, "")
    first, second, summary = done.stdout.splitlines()
    assert "INC-1 event 2 (runbook_chosen): was changed after it was written" in first
    assert second.endswith("INC-1: its row differs from a replay of its events in severity")
    assert summary.startswith("2 findings. Looked at: 1 workspace, 1 incident, ")


def test_machines_get_one_document(used: Path) -> None:
    done = firebreak("verify", "--json", cwd=used.parent)
    document = json.loads(done.stdout)
    assert (done.returncode, document["ok"], document["findings"]) == (0, True, [])
    assert (document["database"], document["counts"]["incidents"]) == ("firebreak.db", 1)
    tamper(used, "update incident set severity = 'P4'")
    done = firebreak("verify", "--json", cwd=used.parent)
    document = json.loads(done.stdout)
    assert (done.returncode, document["ok"], len(document["findings"])) == (1, False, 1)
    assert document["findings"][0]["what"].endswith("in severity")


def test_verifying_leaves_every_byte_as_it_was(used: Path) -> None:
    before, content = files(used.parent), used.read_bytes()
    assert firebreak("verify", cwd=used.parent).returncode == 0
    assert (files(used.parent), used.read_bytes()) == (before, content)


def test_a_file_with_a_damaged_page_is_a_finding_and_the_rest_is_read(used: Path) -> None:
    with contextlib.closing(sqlite3.connect(used)) as connection:
        page = connection.execute(
            "select rootpage from sqlite_schema where name = 'incident_open'"
        ).fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    with used.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    done = firebreak("verify", cwd=used.parent)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("the file: ")
    assert "1 incident" in done.stdout


def test_a_file_that_cannot_be_read_to_its_end_is_a_finding(used: Path) -> None:
    with contextlib.closing(sqlite3.connect(used)) as connection:
        page = connection.execute("select rootpage from sqlite_schema where name = 'timeline'").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    with used.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    done = firebreak("verify", cwd=used.parent)
    assert (done.returncode, done.stderr) == (1, "")
    assert "the file: could not be read any further (database disk image is malformed)" in done.stdout


@pytest.mark.parametrize("command", [("verify",), ("verify", "--json"), ("backup", "copy.db")])
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "There is no database at"),
        (b"a letter to my aunt" * 400, "is not a database"),
        (b"", "lacks '0001"),
    ],
)
def test_what_is_no_database_of_ours_is_refused_in_one_sentence(
    tmp_path: Path, command: tuple[str, ...], content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / "firebreak.db").write_bytes(content)
    before = files(tmp_path)
    assert says in refused(firebreak(*command, cwd=tmp_path))
    assert files(tmp_path) == before


def test_a_database_of_a_newer_version_is_left_to_it(used: Path) -> None:
    tamper(
        used,
        "insert into _sqlite_migrations (migration_set, name, applied_at)"
        " values ('firebreak', '9999_flying_cars', '')",
    )
    for command in (("verify",), ("backup", "copy.db")):
        assert "written by a newer Firebreak" in refused(firebreak(*command, cwd=used.parent))


# backup


async def test_a_backup_is_taken_while_a_bot_works_and_another_starts_on_it(
    slack: Sandbox, tmp_path: Path
) -> None:
    folder = tmp_path / "restored"
    folder.mkdir()
    async with bot_in(slack, "socket", tmp_path) as running:
        await an_incident(slack)
        await running.delivery.idle()
        done = await asyncio.to_thread(firebreak, "backup", "restored/firebreak.db", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("restored/firebreak.db: ")
        assert ", 1 incident, " in done.stdout
    assert firebreak("verify", cwd=folder).stdout.startswith(NOTHING_WRONG)
    posted = len(slack.channel("inc-1…").messages)
    async with bot_in(slack, "socket", folder) as running:
        await running.delivery.idle()
        assert len(slack.channel("inc-1…").messages) == posted
        await slack.person("ana").types("/incident note going on", slack.channel("inc-1…").id)
    assert "going on" in firebreak("export", "INC-1", cwd=folder).stdout


async def test_a_message_that_was_delivered_after_the_backup_is_not_posted_again(
    slack: Sandbox, tmp_path: Path
) -> None:
    """The copy knows a promise, Slack has kept it since, and the bot that starts on the copy looks first."""
    folder = tmp_path / "restored"
    folder.mkdir()
    async with bot_in(slack, "socket", tmp_path) as running:
        await an_incident(slack)
        await running.delivery.idle()
        slack.faults.add("rate_limited", "chat.postMessage", times=1, retry_after=3)
        await slack.person("ana").types("/incident note seen in the log", slack.channel("inc-1…").id)
        done = await asyncio.to_thread(firebreak, "backup", "restored/firebreak.db", cwd=tmp_path)
        assert "Unfinished effects: 0" not in done.stdout
        await slack.until(lambda: said(slack, "seen in the log") == 1, timeout=10)
    async with bot_in(slack, "socket", folder) as running:
        await running.delivery.idle()
    assert said(slack, "seen in the log") == 1


def said(slack: Sandbox, words: str) -> int:
    return sum(words in message.text for message in slack.channel("inc-1…").messages.values())


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("firebreak.db", "is a file of the database itself"),
        ("firebreak.db-wal", "is a file of the database itself"),
        ("firebreak.toml", "exists already"),
        (".", "is a folder"),
        ("missing/copy.db", "There is no folder"),
        ("/proc/copy.db", "No file can be written in /proc"),
    ],
)
def test_a_place_where_no_backup_can_be_is_refused_in_one_sentence(used: Path, place: str, says: str) -> None:
    before = files(used.parent)
    assert says in refused(firebreak("backup", place, cwd=used.parent))
    assert files(used.parent) == before


def fill(path: Path, millions: int) -> None:
    """So many million bytes of people."""
    crowd = (("T1", f"U{number}", "x" * 10_000) for number in range(millions * 100))
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany("insert into person (team_id, id, name) values (?, ?, ?)", crowd)


@contextlib.contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file of this process and of those that it starts may grow beyond `size` bytes: a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_gets_full_leaves_no_half_a_backup(used: Path) -> None:
    fill(used, 8)
    before = files(used.parent)
    with largest_file(4_000_000):
        done = firebreak("backup", "copy.db", cwd=used.parent)
    assert "copy.db could not be written" in refused(done)
    assert files(used.parent) == before


def test_a_backup_that_is_stopped_leaves_nothing(used: Path) -> None:
    fill(used, 150)
    before = files(used.parent)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK", "FIREB"))}
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "bot", "backup", "copy.db"], cwd=used.parent, env=environ
    ) as process:
        until = time.monotonic() + 20
        while not any(name.endswith(".partial") for name in files(used.parent)):
            assert process.poll() is None
            assert time.monotonic() < until
        process.terminate()
        assert process.wait(20) == 128 + signal.SIGTERM
    assert files(used.parent) == before


def test_only_the_owner_may_read_a_backup(used: Path) -> None:
    firebreak("backup", "copy.db", cwd=used.parent)
    assert stat.S_IMODE((used.parent / "copy.db").stat().st_mode) == 0o600


# PostgreSQL


async def test_a_postgresql_is_verified(tmp_path: Path, postgres_url: str) -> None:
    async with open_engine(parse_address(postgres_url)) as engine:
        await declares(engine)
        done = await asyncio.to_thread(firebreak, "verify", cwd=tmp_path, FIREBREAK_DATABASE=postgres_url)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(NOTHING_WRONG)
        await engine.write(lambda transaction: transaction.run("update incident set severity = 'P4'"))
    done = firebreak("verify", cwd=tmp_path, FIREBREAK_DATABASE=postgres_url)
    assert (done.returncode, done.stdout.count("\n")) == (1, 2)
    assert "in severity" in done.stdout


def test_a_postgresql_is_backed_up_with_its_own_tools(tmp_path: Path) -> None:
    address = "postgresql://bot:hunter2@db.example.com/firebreak"
    sentence = refused(firebreak("backup", "copy.db", cwd=tmp_path, FIREBREAK_DATABASE=address))
    assert "pg_dump" in sentence
    assert "hunter2" not in sentence
    assert files(tmp_path) == []


def test_a_postgresql_that_does_not_answer_is_said_in_one_sentence(tmp_path: Path) -> None:
    address = "postgresql://bot:hunter2@127.0.0.1:9/firebreak"
    assert "hunter2" not in refused(firebreak("verify", cwd=tmp_path, FIREBREAK_DATABASE=address))
