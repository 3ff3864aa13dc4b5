"""The command line: what it prints, and one sentence with exit code 2 where it cannot go on."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bot.demo import Running, stopped_by_itself
from bot.sandbox.server import Sandbox
from bot.storage.migrations import migrations
from tests.stories.test_stories import bot_in


def firebreak(*words: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK", "FIREB"))}
    return subprocess.run(
        [sys.executable, "-P", "-m", "bot", *words],
        cwd=cwd,
        env={**inherited, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=40,
    )


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence on stderr of a command that could not go on."""
    assert (done.returncode, done.stdout) == (2, ""), done.stdout + done.stderr
    assert done.stderr.startswith("firebreak: ")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


TOKENS = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}


def test_running_without_tokens_says_which_to_set(tmp_path: Path) -> None:
    sentence = refused(firebreak("run", cwd=tmp_path))
    assert "SLACK_BOT_TOKEN" in sentence
    assert "SLACK_APP_TOKEN" in sentence
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_setting_is_refused_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "firebreak.toml").write_text('timezon = "Europe/Berlin"\n')
    assert refused(firebreak("run", cwd=tmp_path, **TOKENS)).endswith("did you mean 'timezone'?\n")


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_stops_at_once_while_slack_does_not_answer(tmp_path: Path, told: signal.Signals) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/api/"
        environ = {**os.environ, **TOKENS, "SLACK_API_URL": url}
        bot = subprocess.Popen([sys.executable, "-P", "-m", "bot", "run"], cwd=tmp_path, env=environ)
        try:
            silent.settimeout(30)
            asked, _ = silent.accept()
            with asked:
                bot.send_signal(told)
                assert bot.wait(5) == 0  # a call may take 15 s
        finally:
            bot.kill()
            bot.wait()


def test_an_unreachable_slack_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    done = firebreak("run", cwd=tmp_path, SLACK_API_URL=f"http://127.0.0.1:{port}/api/", **TOKENS)
    assert "Slack cannot be reached" in refused(done)


async def run_against(slack: Sandbox, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(firebreak, "run", cwd=cwd, SLACK_API_URL=slack.api_url, **environ)


async def test_a_wrong_bot_token_is_named(slack: Sandbox, tmp_path: Path) -> None:
    done = await run_against(slack, tmp_path, **TOKENS)
    assert "SLACK_BOT_TOKEN (invalid_auth)" in refused(done)


async def test_a_wrong_app_token_is_named(slack: Sandbox, tmp_path: Path) -> None:
    environ = {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": "xapp-wrong"}
    assert "SLACK_APP_TOKEN" in refused(await run_against(slack, tmp_path, **environ))


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"This is a letter to my aunt, and no database at all.\n" * 40, "is not a database"), (None, "newer")],
)
async def test_a_database_that_cannot_be_used_is_left_alone(
    slack: Sandbox, tmp_path: Path, content: bytes | None, says: str
) -> None:
    path = tmp_path / "firebreak.db"
    if content is not None:
        path.write_bytes(content)
    else:
        with sqlite3.connect(path) as connection:
            connection.execute(
                "create table _sqlite_migrations (id integer primary key, migration_set, name, applied_at)"
            )
            connection.execute(
                "insert into _sqlite_migrations (migration_set, name) values (?, '9999_flying_cars')",
                [migrations.name],
            )
        connection.close()
        content = path.read_bytes()
    environ = {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token}
    assert says in refused(await run_against(slack, tmp_path, **environ))
    assert path.read_bytes() == content


async def test_a_database_in_a_missing_folder_is_said_in_one_sentence(slack: Sandbox, tmp_path: Path) -> None:
    environ = {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token}
    done = await run_against(slack, tmp_path, FIREBREAK_DATABASE="nowhere/firebreak.db", **environ)
    assert "nowhere/firebreak.db cannot be opened" in refused(done)


async def test_a_second_bot_on_the_same_file_is_refused(slack: Sandbox, tmp_path: Path) -> None:
    async with bot_in(slack, "socket", tmp_path):
        environ = {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token}
        assert "Another Firebreak works on" in refused(await run_against(slack, tmp_path, **environ))


async def test_what_happened_can_be_read_without_slack(slack: Sandbox, tmp_path: Path) -> None:
    async with bot_in(slack, "socket", tmp_path) as running:
        await slack.person("ana").types("/incident P2 search is <slow> & *odd*", "general")
        await slack.until(lambda: slack.channel("inc-1…").pins)
        await running.delivery.idle()
    assert "1 incident declared" in firebreak("report", cwd=tmp_path).stdout
    figures = json.loads(firebreak("report", "--window", "28d", "--json", cwd=tmp_path).stdout)
    assert figures["population"] == {"declared": 1, "open": 1, "excluded": {}}
    assert figures["groups"][0]["key"] == "all"
    document = json.loads(firebreak("export", "INC-1", "--format", "json", cwd=tmp_path).stdout)
    assert [event["type"] for event in document["timeline"]][:2] == ["incident_declared", "runbook_chosen"]
    assert document["title"] == "search is <slow> & *odd*"
    markdown = firebreak("export", "inc-1", cwd=tmp_path).stdout
    assert markdown.startswith("# INC-1")
    assert "ana" in markdown
    table = firebreak("export", "INC-1", "--format", "csv", cwd=tmp_path).stdout.splitlines()
    assert table[0].startswith("number,at,recorded_at,")
    assert "incident_declared" in table[1]
    assert "no INC-9" in refused(firebreak("export", "INC-9", cwd=tmp_path))
    assert "0 days" in refused(firebreak("report", "--window", "0d", cwd=tmp_path))


async def test_flags_are_defined_and_listed(slack: Sandbox, tmp_path: Path) -> None:
    async with bot_in(slack, "socket", tmp_path):
        assert firebreak("flag", "define", "checkout-v2", cwd=tmp_path).returncode == 0
        assert firebreak("flag", "list", cwd=tmp_path).stdout == "checkout-v2\ton\n"
    assert "cannot be the key" in refused(firebreak("flag", "define", "check out", cwd=tmp_path))
    assert "change nothing" in refused(firebreak("flag", "define", "x", "--safe", "on", cwd=tmp_path))


def test_reading_needs_a_database(tmp_path: Path) -> None:
    assert "There is no database" in refused(firebreak("report", cwd=tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_story_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    assert "payments" in refused(firebreak("demo", "--story", "moon", cwd=tmp_path))


def test_a_taken_port_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        sentence = refused(firebreak("demo", "--port", port, cwd=tmp_path))
    assert f"Port {port} on 127.0.0.1 cannot be opened (Address already in use). Take another one" in sentence
    assert "make demo PORT=8081" in sentence


def test_an_address_of_another_machine_is_said_in_one_sentence(tmp_path: Path) -> None:
    sentence = refused(firebreak("demo", "--host", "192.0.2.1", cwd=tmp_path))  # RFC 5737: nobody's
    assert "192.0.2.1 is no address of this machine; 127.0.0.1 always is" in sentence


def test_a_manifest_for_what_is_no_web_address_is_refused(tmp_path: Path) -> None:
    assert "https://bot.example.com" in refused(firebreak("manifest", "--http", "bot.internal", cwd=tmp_path))


async def test_stopping_the_demo_waits_for_the_bots_process() -> None:
    """Otherwise the local Slack is gone before the bot is, which then complains in the terminal."""
    ended = asyncio.create_task(asyncio.sleep(3600, 0))
    waiting = asyncio.create_task(stopped_by_itself(Running(ended, "")))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not ended.cancelled()
    assert ended.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ended


def test_the_sandbox_refuses_a_manifest_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("[1, 2")
    assert "manifest.json" in refused(firebreak("sandbox", "--manifest", "manifest.json", cwd=tmp_path))


def test_the_demo_plays_the_payments_story_to_its_end(tmp_path: Path) -> None:
    done = firebreak("demo", "--story", "payments", cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert "✓ payments" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [(), ("--http", "https://bot.example.com")])
def test_the_manifest_is_json(mode: tuple[str, ...], tmp_path: Path) -> None:
    manifest = json.loads(firebreak("manifest", *mode, cwd=tmp_path).stdout)
    assert {command["command"] for command in manifest["features"]["slash_commands"]} == {
        "/incident",
        "/flag",
        "/mttr",
    }


def test_built_in_runbooks_are_in_order(tmp_path: Path) -> None:
    done = firebreak("runbooks", "check", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "payment-failures" in done.stdout
