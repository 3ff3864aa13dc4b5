"""A bot on a sandbox in this process, over signed HTTP, with its database in a file as in earnest."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from slack_sdk.signature import SignatureVerifier

from benchmarks.requests import Door
from bot.app import Firebreak, firebreak
from bot.config import Settings
from bot.sandbox.server import Sandbox
from bot.slack.budgets import Budgets


@dataclass(frozen=True)
class Running:
    slack: Sandbox
    bot: Firebreak
    door: Door
    database: Path


@contextlib.asynccontextmanager
async def running(budgets: Budgets | None = None) -> AsyncIterator[Running]:
    """Sandbox, bot and a door to it, for as long as the context is open."""
    async with contextlib.AsyncExitStack() as stack:
        database = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "firebreak.db"
        slack = await stack.enter_async_context(Sandbox.serve(page=False))
        settings = Settings.load(
            {
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_SIGNING_SECRET": slack.signing_secret,
                "SLACK_API_URL": slack.api_url,
                "PORT": "0",
                "FIREBREAK_DATABASE": str(database),
            }
        )
        bot = await stack.enter_async_context(firebreak(settings, budgets=budgets))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        url = f"{bot.url}/slack/events"
        slack.workspace.app.request_url = url
        yield Running(slack, bot, Door(session, url, SignatureVerifier(slack.signing_secret)), database)
