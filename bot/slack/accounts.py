"""What Slack says of an account, asked while somebody waits for an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.services.introductions import Account, Ask
from bot.slack.errors import code_of

SECONDS = 1.5  # Slack wants its own answer within three, and it has to be stored before
STRANGERS = ("user_not_found", "user_not_visible", "users_not_found")
SLACKBOT = "USLACKBOT"  # users.info does not call it a bot


def accounts(client: AsyncWebClient, bot_user: str) -> Ask:
    """Who asks Slack. Of the bot's own account, which Slack offers wherever a person is chosen, it knows."""
    known = {
        bot_user: Account(name="Firebreak", is_bot=True),
        SLACKBOT: Account(name="Slackbot", is_bot=True),
    }
    return partial(_account, client, known)


async def _account(client: AsyncWebClient, known: Mapping[str, Account], person: str) -> Account | None:
    if person in known:
        return known[person]
    try:
        async with asyncio.timeout(SECONDS):
            answer = await client.users_info(user=person)
    except SlackApiError as error:
        return Account(exists=False) if code_of(error) in STRANGERS else None
    except (aiohttp.ClientError, TimeoutError):
        return None
    user = answer.get("user") or {}
    return Account(
        name=str(user.get("name") or person),
        is_bot=bool(user.get("is_bot")),
        is_off=bool(user.get("deleted")),
    )
