"""Flags as the whole bot serves them: beside Slack's door, at once after a kill, and while Slack is down."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from bot import offline
from bot.app import Firebreak, firebreak
from bot.config import Settings
from bot.sandbox.server import Sandbox
from bot.slack.manifest import manifest
from bot.storage import flag_overrides
from bot.storage.flags import Flag
from tests.flags.serving import TOKEN


def settings(slack: Sandbox, folder: Path) -> Settings:
    config = folder / "firebreak.toml"
    config.touch()
    environment = {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_API_URL": slack.api_url,
        "PORT": "0",
        "FIREBREAK_DATABASE": str(folder / "firebreak.db"),
        "FIREBREAK_FLAG_TOKENS": f"production:{TOKEN}",
    }
    return Settings.load(environment, config)


async def served(bot: Firebreak, flag: str) -> bool | None:
    address = f"{bot.url}/ofrep/v1/evaluate/flags/{flag}"
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as session,
        session.post(address) as answer,
    ):
        value: bool | None = (await answer.json()).get("value")
        return value


async def test_flags_are_served_and_held_while_slack_is_down(tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        down = await stack.enter_async_context(contextlib.AsyncExitStack())
        slack = await down.enter_async_context(
            Sandbox.serve(page=False, manifest=manifest("http", "https://bot.example.com"))
        )
        read = settings(slack, tmp_path)
        bot = await stack.enter_async_context(firebreak(read))
        async with offline.existing(read) as database:
            await offline.define_flag(database, Flag("gateway", "", "on", "off", None))
        await down.aclose()
        await bot.engine.write(
            lambda transaction: flag_overrides.put_override(
                transaction,
                bot.identity.team_id,
                env="production",
                key="gateway",
                actor="ana",
                reason="Slack is down too",
                now=datetime.now(UTC),
            )
        )
        async with asyncio.timeout(20):
            while await served(bot, "gateway") is not False:  # noqa: ASYNC110 - the bot looks twice a second
                await asyncio.sleep(0.05)
