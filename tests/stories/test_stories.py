"""Every story, played against a bot in this process, over Socket Mode and over signed HTTP."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import offline
from bot.app import Firebreak, firebreak
from bot.config import Settings
from bot.demo import FLAGS
from bot.sandbox.server import Sandbox
from bot.slack.manifest import manifest
from bot.stories import STORIES, Stage
from bot.stories.shopping import OpenShop, Shop, WrongLine, shop_at
from bot.stories.stage import StoryFailed
from chaos.applications import Application, application
from tests.flags.serving import TOKEN, serving


class Official:
    """An application with OpenFeature's own provider, which prints each value that it sees change."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def prints(self, on: bool) -> str:
        line = await self._application.line()
        assert line["value"] is on, line
        return str(line)


def official(url: str) -> OpenShop:
    @contextlib.asynccontextmanager
    async def opened(flag: str) -> AsyncIterator[Shop]:
        async with application("ofrep", url, TOKEN) as started:
            await started.watches(flag)
            yield Official(started)

    return opened


def settings_for(slack: Sandbox, over: str, folder: Path) -> Settings:
    door = (
        {"SLACK_APP_TOKEN": slack.app_token}
        if over == "socket"
        else {"SLACK_SIGNING_SECRET": slack.signing_secret}
    )
    config = folder / "firebreak.toml"
    config.touch()
    return Settings.load(
        {
            **door,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_API_URL": slack.api_url,
            "PORT": "0",
            "FIREBREAK_DATABASE": str(folder / "firebreak.db"),
            "FIREBREAK_FLAG_TOKENS": f"production:{TOKEN}",
        },
        config,
    )


@contextlib.asynccontextmanager
async def bot_in(slack: Sandbox, over: str, folder: Path) -> AsyncIterator[Firebreak]:
    async with firebreak(settings_for(slack, over, folder)) as running:
        if over == "http":
            slack.workspace.app.request_url = f"{running.url}/slack/events"
        yield running


@contextlib.asynccontextmanager
async def stage_for(over: str, folder: Path) -> AsyncIterator[Stage]:
    built = manifest("http", "https://bot.example.com") if over == "http" else manifest("socket")
    async with (
        Sandbox.serve(manifest=built, page=False) as slack,
        bot_in(slack, over, folder) as running,
        offline.existing(settings_for(slack, over, folder)) as database,
    ):
        for flag in FLAGS:
            await offline.define_flag(database, flag)
        assert running.url is not None
        yield Stage(slack, database, running.library.runbooks, official(running.url), tell=lambda line: None)


@pytest.mark.parametrize("over", ["socket", "http"])
@pytest.mark.parametrize("story", sorted(STORIES))
async def test_the_story_goes_as_it_should(story: str, over: str, tmp_path: Path) -> None:
    async with stage_for(over, tmp_path) as stage:
        await STORIES[story](stage)
        assert stage.checked > 5


async def test_a_story_fails_when_the_database_says_something_else(tmp_path: Path) -> None:
    async with stage_for("socket", tmp_path) as stage:
        with pytest.raises(StoryFailed, match=r"nobody was pinged; found: \[1\]"):
            stage.check([1] == [], "nobody was pinged", [1])


async def test_an_incident_goes_on_after_a_restart(tmp_path: Path) -> None:
    async with Sandbox.serve(manifest=manifest("socket"), page=False) as slack:
        ana = slack.person("ana")
        async with bot_in(slack, "socket", tmp_path):
            await ana.types("/incident P1 search is slow", "general")
            channel = await slack.until(lambda: slack.channel("inc-1-search-is-slow"))
            await slack.until(lambda: len(channel.pins) == 2)
        async with bot_in(slack, "socket", tmp_path):
            await slack.until(lambda: slack.connections.open)
            await ana.clicks("Take the lead", channel=channel)
            await ana.sees("leads now", channel)
            await ana.sees("Lead: @Ana Ruiz", channel)
        assert len(channel.pins) == 2


async def test_the_shop_of_the_demo_prints_what_it_serves_and_has_a_safe_default(tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        bot = await stack.enter_async_context(contextlib.AsyncExitStack())
        house = await bot.enter_async_context(serving(tmp_path))
        await house.define("gateway")
        shop = await stack.enter_async_context(shop_at(house.url, TOKEN)("gateway"))
        assert "gateway: ON (STATIC, on)" in await shop.prints(on=True)
        await house.kill("gateway")
        assert "gateway: OFF (STATIC, off)" in await shop.prints(on=False)
        await house.undo("gateway")
        await shop.prints(on=True)
        await bot.aclose()
        assert "the default in its code" in await shop.prints(on=False)


async def test_a_shop_that_serves_something_else_fails_the_story(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        await house.define("gateway")
        async with shop_at(house.url, TOKEN)("gateway") as shop:
            with pytest.raises(WrongLine, match="and not that it is off"):
                await shop.prints(on=False)
