"""A flag in an Unleash, switched by the whole bot: from Slack, from the command line, and as the doctor sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from click.testing import CliRunner, Result

from bot.__main__ import main
from bot.app import Firebreak, firebreak
from bot.config import Settings, SettingsError
from bot.sandbox.server import Sandbox
from bot.slack.manifest import manifest
from bot.storage import flags
from bot.storage.flags import Flag
from tests.flags.fakes.unleash import EDITOR, VIEWER, FakeUnleash

BACKEND = """
[flags.backends.unleash]
kind = "unleash"
url = "{url}"
environments = {{ production = "production" }}
token_from = "UNLEASH_TOKEN"
"""


@pytest.fixture
def slack_manifest() -> dict[str, Any]:
    return manifest("socket")


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeUnleash]:
    async with FakeUnleash().serving() as serving:
        serving.make("risky-gateway")
        yield serving
        assert serving.surprises == []


@pytest.fixture
def environ(slack: Sandbox, fake: FakeUnleash, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "firebreak.toml").write_text(BACKEND.format(url=fake.url), encoding="utf-8")
    return {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "UNLEASH_TOKEN": EDITOR,
        "FIREBREAK_DATABASE": str(tmp_path / "firebreak.db"),
        "FIREBREAK_CONFIG": str(tmp_path / "firebreak.toml"),
    }


async def says(environ: Mapping[str, str], *words: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, main, list(words), env=dict(environ))


async def kinds(bot: Firebreak) -> list[str]:
    return [entry.event.type for entry in await bot.incidents.timeline(1)]


async def becomes(bot: Firebreak, kind: str) -> None:
    async with asyncio.timeout(20):
        while kind not in await kinds(bot):  # noqa: ASYNC110 - it is asked in the background
            await asyncio.sleep(0.01)
    await bot.delivery.idle()


async def test_a_flag_elsewhere_is_found_held_and_let_go_from_slack(
    slack: Sandbox, fake: FakeUnleash, environ: dict[str, str]
) -> None:
    async with firebreak(Settings.load(environ)) as bot:
        ana, bo = slack.person("ana"), slack.person("bo")
        await ana.types("/incident P1 checkout returns 500", "general")
        await bot.delivery.idle()
        channel = slack.channel("inc-1-…")
        await bo.joins(channel)
        found = (await ana.types("/flag find gateway", channel)).text
        assert "unleash:risky-gateway serves ON." in found
        offered = await ana.types("/flag kill risky-gatewai errors began", channel)
        assert "Which one did you mean?" in offered.text
        card = await ana.types("/flag kill risky-gateway errors began", channel)
        assert "PRODUCTION: hold unleash:risky-gateway?" in card.text
        await ana.clicks("Switch off in production")
        await becomes(bot, "flag_contained")
        said = "\n".join(slack.text_of(each) for each in slack.shown(channel, "ana"))
        assert (
            "unleash:risky-gateway is OFF for everyone: served ON flexibleRollout 37%, now held at off"
            in said
        )
        assert "Confirmed in " in said
        assert not fake.here("risky-gateway")["enabled"]
        shown = (await bo.types("/flag show risky-gateway", channel)).text
        assert "Held by INC-1." in shown
        answer = (await bo.types("/flag undo risky-gateway", channel)).text
        assert "is being let go" in answer
        await becomes(bot, "flag_restored")
        assert fake.here("risky-gateway")["enabled"]
        log = (await ana.types("/flag log unleash:risky-gateway", channel)).text
        assert log.count(" done") == 2


async def test_flags_here_and_elsewhere_are_held_with_one_press(
    slack: Sandbox, fake: FakeUnleash, environ: dict[str, str]
) -> None:
    async with firebreak(Settings.load(environ)) as bot:
        ana = slack.person("ana")
        await ana.types("/incident P1 checkout returns 500", "general")
        await bot.delivery.idle()
        channel = slack.channel("inc-1-…")
        ours, team = Flag("ours", "", "on", "off", None), bot.identity.team_id
        await bot.engine.write(partial(flags.define, team_id=team, flag=ours, now=datetime.now(UTC)))
        card = await ana.types("/flag kill risky-gateway,ours errors began", channel)
        assert "unleash:risky-gateway: now ON flexibleRollout 37% → after OFF" in card.text
        await ana.clicks("Hold all 2")
        await ana.sees("unleash:risky-gateway: being checked", channel)
        while (await kinds(bot)).count("flag_contained") < 2:
            await becomes(bot, "flag_contained")
            await asyncio.sleep(0.01)
        assert not fake.here("risky-gateway")["enabled"]


async def test_a_flag_elsewhere_is_switched_from_the_command_line_without_slack(
    slack: Sandbox, fake: FakeUnleash, environ: dict[str, str]
) -> None:
    async with firebreak(Settings.load(environ)):
        pass  # it has been there once
    killed = await says(
        environ, "flag", "kill", "unleash:risky-gateway", "errors", "began", "--declare", "P1"
    )
    assert "is held for everyone, confirmed in" in killed.output, killed.output
    assert not fake.here("risky-gateway")["enabled"]
    shown = await says(environ, "flag", "show", "risky-gateway")
    assert "unleash:risky-gateway in production serves OFF, held by INC-1." in shown.output
    undone = await says(environ, "flag", "undo", "risky-gateway", "--alone", "nobody else is awake")
    assert "serves what it did before again, confirmed in" in undone.output, undone.output
    assert fake.here("risky-gateway")["enabled"]
    fake.reviewed.add("production")
    refused = await says(environ, "flag", "kill", "risky-gateway", "errors", "again")
    assert refused.exit_code == 2
    assert "not done." in refused.stderr
    assert "approved" in refused.stderr


async def test_the_doctor_says_what_each_token_may_do_and_shows_none(
    fake: FakeUnleash, environ: dict[str, str]
) -> None:
    said = (await says(environ, "doctor")).output
    assert "unleash answers; its token: may switch; production is production." in said
    weak = (await says({**environ, "UNLEASH_TOKEN": VIEWER}, "doctor")).output
    assert "the token may only read" in weak
    wrong = (await says({**environ, "UNLEASH_TOKEN": "no-such-token"}, "doctor")).output
    assert "does not let our token do that (401" in wrong
    assert "no-such-token" not in wrong
    assert EDITOR not in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('kind = "unleash"', 'kind = "split"'), "kind"),
        (("url =", "# url ="), "flags.backends.unleash.url is missing"),
        (("production =", "staging ="), "environments names 'staging', which [flags] environments lacks"),
        (("UNLEASH_TOKEN", "OTHER_TOKEN"), "OTHER_TOKEN is not set"),
        (("backends.unleash]", "backends.embedded]"), "the name of the bot's own flags"),
        (("environments = {{", "inverted = [] # {{"), "environments is missing"),
    ],
)
def test_settings_that_do_not_fit_are_named(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    config = tmp_path / "firebreak.toml"
    config.write_text(BACKEND.replace(*change).format(url="http://127.0.0.1:1"), encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        Settings.load({"UNLEASH_TOKEN": EDITOR}, config, slack=False)
    assert said in str(error.value)
    assert EDITOR not in str(error.value)


def test_a_token_is_read_from_the_environment_and_never_shown(tmp_path: Path) -> None:
    config = tmp_path / "firebreak.toml"
    config.write_text(BACKEND.format(url="http://127.0.0.1:1"), encoding="utf-8")
    settings = Settings.load({"UNLEASH_TOKEN": EDITOR}, config, slack=False)
    assert EDITOR not in repr(settings)
