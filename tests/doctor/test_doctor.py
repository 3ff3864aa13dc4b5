"""The doctor names what is broken, each thing by itself, and shows no secret."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.app import firebreak as running_bot
from bot.doctor import CHECKS, Line, diagnose
from bot.doctor.line import Case, Found
from bot.sandbox.server import Sandbox
from bot.slack.manifest import SCOPES, manifest
from bot.storage import workspaces
from bot.storage.address import parse_address
from bot.storage.engine import Engine
from bot.storage.opening import open_engine
from bot.storage.sqlite import SqliteEngine
from tests.cli.test_main import firebreak
from tests.domain.samples import later
from tests.storage.doing import declares
from tests.stories.test_stories import settings_for


@pytest.fixture
def slack_manifest() -> dict[str, Any]:
    return manifest("socket")


@pytest.fixture
def environ(slack: Sandbox, tmp_path: Path) -> dict[str, str]:
    """What the bot of this sandbox would be started with."""
    (tmp_path / "firebreak.toml").touch()
    return {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "FIREBREAK_DATABASE": str(tmp_path / "firebreak.db"),
        "FIREBREAK_CONFIG": str(tmp_path / "firebreak.toml"),
    }


async def says(environ: Mapping[str, str], **how: Any) -> list[Line]:
    """All lines; and whatever they are about, none of them shows a secret."""
    lines = [line async for line in diagnose(environ, **how)]
    for secret in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"):
        assert not any(environ.get(secret, "a secret") in str(line) for line in lines)
    assert not any("\n" in line.text for line in lines)
    return lines


def about(lines: list[Line], check: str) -> list[str]:
    """`bad …` for each line of one check."""
    return [f"{line.level} {line.text}" for line in lines if line.about == check]


def wrong(lines: list[Line]) -> list[str]:
    return [str(line) for line in lines if line.level != "ok"]


@pytest.fixture
async def database(environ: dict[str, str], slack: Sandbox) -> Path:
    """A database that a bot has used in this workspace."""
    path = Path(environ["FIREBREAK_DATABASE"])
    async with SqliteEngine.open(path) as engine:
        await belongs_to(engine, slack.workspace.team_id)
    return path


async def belongs_to(engine: Engine, team_id: str) -> None:
    await engine.write(lambda transaction: workspaces.remember(transaction, team_id, "Northwind"))


# All well


async def test_with_a_bot_at_work_everything_is_well(
    slack: Sandbox, environ: dict[str, str], tmp_path: Path
) -> None:
    async with running_bot(settings_for(slack, "socket", tmp_path)) as running:
        assert running.url is not None
        lines = await says({**environ, "PORT": running.url.rpartition(":")[2]})
    assert wrong(lines) == []
    assert [line.about for line in lines] == sorted(
        [line.about for line in lines], key=[about for about, _ in CHECKS].index
    )
    assert about(lines, "bot")[0] == "ok A bot works on this database."
    assert "slack connected, waiting 0, parked 0" in about(lines, "bot")[1]
    assert f"in {slack.workspace.team_name} ({slack.workspace.team_id})" in about(lines, "slack")[0]
    assert about(lines, "slack")[1:] == [
        f"ok The token has all {len(SCOPES)} scopes of the manifest.",
        "ok This machine's clock agrees with Slack's.",
        "ok Slack has the channels of the settings: incidents.",
    ]
    assert about(lines, "effects") == ["ok Slack has been told everything."]


async def test_without_a_bot_the_app_token_is_tried_and_the_bot_is_missed(
    environ: dict[str, str], database: Path
) -> None:
    lines = await says(environ)
    assert "ok Slack accepts SLACK_APP_TOKEN for Socket Mode." in about(lines, "slack")
    (line,) = about(lines, "bot")
    assert line.startswith("bad No bot works on this database")


async def test_the_command_prints_a_line_each_and_ends_with_1_when_something_is_bad(
    slack: Sandbox, environ: dict[str, str], database: Path, tmp_path: Path
) -> None:
    done = await asyncio.to_thread(firebreak, "doctor", cwd=tmp_path, **environ)
    assert (done.returncode, done.stderr) == (1, "")
    *lines, verdict = done.stdout.splitlines()
    assert [line for line in lines if not line.startswith(("ok    ", "warn  ", "bad   "))] == []
    assert verdict == "1 bad, 0 to keep an eye on."
    async with running_bot(settings_for(slack, "socket", tmp_path)):
        done = await asyncio.to_thread(firebreak, "doctor", cwd=tmp_path, **environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "Everything is well."


async def test_before_the_first_start_nothing_is_bad(environ: dict[str, str], tmp_path: Path) -> None:
    lines = await says(environ)
    assert [line for line in lines if line.level == "bad"] == []
    assert "There is no database" in about(lines, "database")[0]
    assert not (tmp_path / "firebreak.db").exists()


async def test_a_channel_of_the_settings_that_is_not_there_is_named(
    environ: dict[str, str], tmp_path: Path
) -> None:
    settings = 'announcements.channel = "incdents"\nsummary.channel = "general"\n'
    (tmp_path / "firebreak.toml").write_text(settings + 'summary.more = [{channel = "enginering"}]\n')
    lines = [line for line in about(await says(environ), "slack") if "channel" in line]
    assert [line.split(",")[0] for line in lines] == [
        "bad There is no channel #incdents",
        "bad There is no channel #enginering",
    ]


# Settings


async def test_the_names_of_what_was_found_are_shown(environ: dict[str, str]) -> None:
    (line,) = about(await says(environ), "settings")
    assert environ["FIREBREAK_CONFIG"] in line
    assert "SLACK_BOT_TOKEN, SLACK_APP_TOKEN, SLACK_API_URL, FIREBREAK_DATABASE, FIREBREAK_CONFIG" in line


async def test_a_misspelt_variable_is_named_with_the_right_one(environ: dict[str, str]) -> None:
    lines = about(await says({**environ, "FIREBREAK_DATABSE": "x"}), "settings")
    assert "warn FIREBREAK_DATABSE means nothing; did you mean FIREBREAK_DATABASE?" in lines


async def test_a_broken_settings_file_is_bad_and_everything_else_is_looked_at(
    environ: dict[str, str], database: Path
) -> None:
    (database.parent / "firebreak.toml").write_text("timezone = 7\n")
    lines = await says(environ)
    assert "timezone" in about(lines, "settings")[1]
    assert "opens" in about(lines, "database")[0]
    assert "Slack knows the bot" in about(lines, "slack")[0]


async def test_with_wrong_tokens_the_database_is_still_looked_at(
    environ: dict[str, str], database: Path
) -> None:
    lines = await says({**environ, "SLACK_BOT_TOKEN": "xapp-1", "FIREBREAK_CONFIG": "gone.toml"})
    assert "gone.toml cannot be read" in about(lines, "settings")[1]
    assert "opens" in about(lines, "database")[0]
    assert about(lines, "slack") == ["warn Not asked: there is no SLACK_BOT_TOKEN that could be used."]


async def test_an_address_that_is_none_leaves_the_rest(environ: dict[str, str]) -> None:
    lines = await says({**environ, "FIREBREAK_DATABASE": "mysql://root:hunter2@host/x"})
    assert "FIREBREAK_DATABASE" in about(lines, "settings")[1]
    assert "was not looked at" in about(lines, "database")[0]
    assert not any("hunter2" in str(line) for line in lines)


# Database


@pytest.mark.parametrize(
    ("content", "says_so"),
    [
        (b"a letter to my aunt" * 400, "is not a database that SQLite can read"),
        (b"", "lacks '0001_incidents'"),
    ],
)
async def test_a_file_that_is_no_database_of_ours_is_bad(
    environ: dict[str, str], tmp_path: Path, content: bytes, says_so: str
) -> None:
    (tmp_path / "firebreak.db").write_bytes(content)
    (line,) = about(await says(environ), "database")
    assert line.startswith("bad")
    assert says_so in line


async def test_a_newer_database_is_bad(environ: dict[str, str], database: Path) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at) values ('firebreak', '9999_x', '')"
        )
    (line,) = about(await says(environ), "database")
    assert "written by a newer Firebreak" in line


async def test_a_damaged_file_is_bad(environ: dict[str, str], database: Path) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        page = connection.execute(
            "select rootpage from sqlite_schema where name = 'incident_open'"
        ).fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    with database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\x00" * size)
    lines = about(await says(environ), "database")
    assert any(line.startswith("bad The file is damaged: ") for line in lines), lines


async def test_a_program_that_does_not_let_go_of_the_file_is_bad(
    environ: dict[str, str], database: Path
) -> None:
    with contextlib.closing(sqlite3.connect(database)) as other:
        other.execute("begin immediate")
        lines = about(await says(environ), "database")
    assert lines[-1].startswith("bad Another program has kept the right to write for 2 s")


async def test_a_missing_folder_is_bad(environ: dict[str, str], tmp_path: Path) -> None:
    lines = await says({**environ, "FIREBREAK_DATABASE": str(tmp_path / "gone" / "firebreak.db")})
    assert about(lines, "database")[0].startswith("bad There is no folder")
    assert about(lines, "disk")[0].startswith("bad There is no folder")


async def test_looking_changes_nothing(environ: dict[str, str], database: Path, tmp_path: Path) -> None:
    def everything() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    before = everything()
    await says(environ)
    assert everything() == before


# Slack


async def test_a_slack_that_cannot_be_reached_is_bad(environ: dict[str, str], database: Path) -> None:
    lines = await says({**environ, "SLACK_API_URL": "http://127.0.0.1:9/api/"})
    assert about(lines, "slack") == ["bad 127.0.0.1 does not let the bot in: Slack cannot be reached."]
    assert about(lines, "runbooks") != []


async def test_a_token_that_slack_does_not_know_is_bad(environ: dict[str, str]) -> None:
    (line,) = about(await says({**environ, "SLACK_BOT_TOKEN": "xoxb-unknown"}), "slack")
    assert "no longer accepts the bot's token" in line


async def test_an_app_token_that_slack_does_not_know_is_bad(environ: dict[str, str]) -> None:
    lines = about(await says({**environ, "SLACK_APP_TOKEN": "xapp-unknown"}), "slack")
    assert lines[-2].startswith("bad Slack does not accept SLACK_APP_TOKEN for Socket Mode")


async def test_missing_scopes_are_named(slack: Sandbox, environ: dict[str, str]) -> None:
    old = manifest("socket")
    old["oauth_config"]["scopes"]["bot"] = [each for each in SCOPES if each not in ("pins:write", "im:write")]
    slack.install(old)
    lines = about(await says(environ), "slack")
    assert any(line.startswith("bad The token lacks im:write, pins:write.") for line in lines), lines


@pytest.mark.parametrize(
    ("off", "level", "words"),
    [
        (timedelta(hours=1), "bad", r"is 3(59|60)\d s ahead of Slack's"),
        (timedelta(hours=-1), "bad", r"is 3(59|60)\d s behind Slack's"),
        (timedelta(seconds=40), "warn", r"is \d\d s ahead of Slack's"),
        (timedelta(seconds=-40), "warn", r"is \d\d s behind Slack's"),
        (timedelta(seconds=1), "ok", "agrees with Slack's"),
    ],
)
async def test_a_clock_that_is_wrong_is_noticed_by_slacks(
    environ: dict[str, str], off: timedelta, level: str, words: str
) -> None:
    lines = about(await says(environ, now=lambda: datetime.now(UTC) + off), "slack")
    (line,) = [line for line in lines if "clock" in line]
    assert line.startswith(level)
    assert re.search(words, line)


async def test_a_token_of_another_workspace_is_bad(environ: dict[str, str]) -> None:
    async with SqliteEngine.open(environ["FIREBREAK_DATABASE"]) as engine:
        await belongs_to(engine, "T0ELSE")
    lines = about(await says(environ), "slack")
    assert lines[-1].startswith("bad The database belongs to Northwind (T0ELSE), but the token to another")


# The bot's process, runbooks


async def test_another_program_on_the_port_is_noticed(environ: dict[str, str], database: Path) -> None:
    async def hello(_: web.Request) -> web.Response:
        return web.json_response(["hello"])

    application = web.Application()
    application.add_routes([web.get("/{anything}", hello)])
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        lines = about(await says({**environ, "PORT": str(runner.addresses[0][1])}), "bot")
    finally:
        await runner.cleanup()
    assert lines[0].startswith("bad No bot works on this database")
    assert "is not the health page of a Firebreak; another program has the port." in lines[1]


async def test_a_broken_runbook_is_named(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "odd.yaml").write_text("id: [\n")
    (tmp_path / "firebreak.toml").write_text('[runbooks]\nfolders = ["books"]\n')
    lines = about(await says(environ), "runbooks")
    assert lines[0] == "bad No runbook can be used, so no incident can be declared."
    assert "odd.yaml" in lines[1]


# What breaks while looking


async def test_a_check_that_breaks_is_a_line_and_the_next_one_runs(environ: dict[str, str]) -> None:
    async def breaks(case: Case) -> Found:
        raise ZeroDivisionError("division\nby zero")

    lines = await says(environ, checks=[("first", breaks), *CHECKS[:1]])
    assert str(lines[0]) == "bad   first     This could not be checked (ZeroDivisionError: division)."
    assert lines[1].about == "settings"


async def test_a_check_that_hangs_is_a_line(environ: dict[str, str]) -> None:
    async def hangs(case: Case) -> Found:
        raise TimeoutError

    (line,) = await says(environ, checks=[("first", hangs)])
    assert "could not be checked within" in line.text


# PostgreSQL


async def test_a_postgresql_is_asked_too(environ: dict[str, str], slack: Sandbox, postgres_url: str) -> None:
    async with open_engine(parse_address(postgres_url)) as engine:
        await belongs_to(engine, slack.workspace.team_id)
        await declares(engine, team=slack.workspace.team_id)
    lines = await says({**environ, "FIREBREAK_DATABASE": postgres_url}, now=lambda: later(5))
    assert "answers. 1 workspace." in about(lines, "database")[0]
    assert about(lines, "effects")[0].startswith("warn INC-1, open the channel: waiting")
    assert about(lines, "disk") == []


async def test_a_postgresql_that_does_not_answer_is_bad(environ: dict[str, str]) -> None:
    lines = await says({**environ, "FIREBREAK_DATABASE": "postgresql://bot:hunter2@127.0.0.1:9/x"})
    assert about(lines, "database")[0].startswith("bad ")
    assert not any("hunter2" in str(line) for line in lines)
