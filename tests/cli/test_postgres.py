"""`firebreak` on PostgreSQL as people run it: several bots on one database, one of which is killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from bot.sandbox.server import Sandbox
from tests.cli.test_main import firebreak, refused
from tests.postgres import PASSWORD, Server, own_schema
from tests.stories.test_stories import bot_in

START_SECONDS = 30.0  # for a bot to say that it is connected, on a busy machine


@pytest.fixture
def address(postgres: Server, postgres_url: str) -> str:
    """An address with a password in it, which may show up nowhere."""
    if not postgres.is_ours:
        return postgres_url
    return postgres.tcp_url() + "?" + postgres_url.split("&")[-1]


@dataclass
class Process:
    """One `firebreak run`."""

    process: asyncio.subprocess.Process
    first_line: str

    async def ends(self) -> tuple[int | None, str]:
        """Its exit code, and all that it has said."""
        said, errors = await asyncio.wait_for(self.process.communicate(), START_SECONDS)
        return self.process.returncode, self.first_line + said.decode() + errors.decode()


@contextlib.asynccontextmanager
async def replica(slack: Sandbox, folder: Path, address: str) -> AsyncIterator[Process]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK", "FIREB"))}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "bot", "run"),
        cwd=folder,
        env={
            **inherited,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "FIREBREAK_DATABASE": address,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
        yield Process(process, line.decode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def pinned(slack: Sandbox, number: int) -> None:
    """Everything about the incident is there: card and checklist come last."""
    await slack.until(lambda: len(slack.channel(f"inc-{number}…").pins) == 2)


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_two_bots_share_a_database_and_one_goes_on_when_the_other_is_killed(
    slack: Sandbox, tmp_path: Path, address: str
) -> None:
    ana = slack.person("ana")
    async with replica(slack, tmp_path, address) as one, replica(slack, tmp_path, address) as other:
        for started in (one, other):
            assert "is connected to" in started.first_line
            assert "; database postgresql://" in started.first_line
        for number in (1, 2, 3):
            await ana.types(f"/incident P1 part {number} is slow", "general")
            await pinned(slack, number)
        one.process.kill()
        await one.process.wait()
        await asyncio.sleep(0.2)  # the sandbox sees that its sockets are gone
        await ana.types("/incident P2 search is slow", "general")
        await pinned(slack, 4)
        other.process.terminate()
        code, said = await other.ends()
        assert code == 0
        _, from_the_dead = await one.ends()
        assert quote(PASSWORD) not in said + from_the_dead
        assert PASSWORD not in said + from_the_dead
    channels = [
        channel.name for channel in slack.workspace.channels.values() if channel.name.startswith("inc-")
    ]
    assert sorted(name.split("-")[1] for name in channels) == ["1", "2", "3", "4"]
    checked = await asyncio.to_thread(firebreak, "verify", cwd=tmp_path, FIREBREAK_DATABASE=address)
    assert checked.stdout.startswith("Nothing is wrong"), checked.stdout + checked.stderr
    figures = await asyncio.to_thread(firebreak, "report", cwd=tmp_path, FIREBREAK_DATABASE=address)
    assert "4 incidents declared" in figures.stdout
    assert files(tmp_path) == [], "no file and no lock belongs to PostgreSQL"


async def test_a_file_is_moved_into_postgresql_and_the_bot_goes_on_there(
    slack: Sandbox, tmp_path: Path, postgres: Server, address: str
) -> None:
    async with bot_in(slack, "socket", tmp_path) as running:
        await slack.person("ana").types("/incident P1 checkout returns 500", "general")
        await pinned(slack, 1)
        await running.delivery.idle()
        busy = await asyncio.to_thread(firebreak, "migrate-database", "firebreak.db", address, cwd=tmp_path)
        assert "Another Firebreak works on firebreak.db" in refused(busy)
    done = await asyncio.to_thread(
        firebreak, "migrate-database", "firebreak.db", cwd=tmp_path, FIREBREAK_DATABASE=address
    )
    assert done.returncode == 0, done.stderr
    assert "incident: 1 row\n" in done.stdout
    assert "Copied 1 incident with " in done.stdout
    assert quote(PASSWORD) not in done.stdout + done.stderr
    again = await asyncio.to_thread(firebreak, "migrate-database", "firebreak.db", address, cwd=tmp_path)
    assert "is not empty" in again.stderr
    with contextlib.closing(sqlite3.connect(tmp_path / "firebreak.db")) as file:
        assert file.execute("select count(*) from incident").fetchone() == (1,)
    async with replica(slack, tmp_path, address):
        await slack.person("ana").types("/incident P1 search is slow", "general")
        await pinned(slack, 2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("firebreak.db", "elsewhere.db"), "'elsewhere.db' is no address of a PostgreSQL"),
        (("firebreak.db", "postgresql://a:hid@den@h/d"), "no address that PostgreSQL could read"),
        (("firebreak.db", "mysql://a:hidden@h/d"), "must be the path of a file, or an address like"),
        (("nowhere.db", "postgresql://a:hidden@h/d"), "There is no database at nowhere.db"),
    ],
)
def test_what_cannot_be_moved_is_said_in_one_sentence(
    tmp_path: Path, words: tuple[str, str], said: str
) -> None:
    sentence = refused(firebreak("migrate-database", *words, cwd=tmp_path))
    assert said in sentence
    assert "hid" not in sentence
    assert files(tmp_path) == []


async def test_a_wrong_password_keeps_the_bot_from_starting(
    slack: Sandbox, tmp_path: Path, postgres: Server
) -> None:
    if not postgres.is_ours:
        pytest.skip("a server that is named may ask for no password")
    with own_schema(postgres, postgres.tcp_url("hidden")) as wrong:
        done = await asyncio.to_thread(
            firebreak,
            "run",
            cwd=tmp_path,
            SLACK_BOT_TOKEN=slack.bot_token,
            SLACK_APP_TOKEN=slack.app_token,
            SLACK_API_URL=slack.api_url,
            FIREBREAK_DATABASE=wrong,
        )
    said = refused(done)
    assert "password authentication failed" in said
    assert "hidden" not in said
