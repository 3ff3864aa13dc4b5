"""What the doctor hears from Slack: is the token good, whose is it, what may it do, and is our clock right."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.config import Settings
from bot.doctor.line import Case, Found, Level
from bot.slack.errors import meaning
from bot.slack.manifest import SCOPES
from bot.slack.reasons import NO_CHANNEL
from bot.storage import looking, workspaces
from bot.storage.engine import StorageError

SLACK_SECONDS = 8.0  # for one call; Slack answers within one
PAGE = 999  # channels a page, the most that Slack gives: a large workspace within a few calls
SKEW_SMALL = 5.0  # seconds; the header has no fractions and the answer takes a moment
SKEW_LARGE = 120.0  # signatures older than five minutes are refused: https://docs.slack.dev/authentication


async def connection(case: Case) -> Found:
    """Ask who we are; everything else is in that answer."""
    settings = case.settings
    if settings is None or settings.slack_bot_token is None:
        return [(Level.WARN, "Not asked: there is no SLACK_BOT_TOKEN that could be used.")]
    host = urlsplit(settings.slack_api_url).hostname
    timeout = aiohttp.ClientTimeout(total=SLACK_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        client = AsyncWebClient(
            token=settings.bot_token, base_url=settings.slack_api_url, session=session, retry_handlers=[]
        )
        asked = case.now()
        try:
            answer = await client.auth_test()
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            return [(Level.BAD, f"{host} does not let the bot in: {meaning(error)}.".replace("..", "."))]
        found = [_identity(answer), *_scopes(answer.headers)]
        found += _clock(answer.headers, asked, case.now())
        found += await _sockets(client, settings, case)
        found += await _channels(client, settings)
    return found + await _workspace(case, answer)


def _identity(answer: AsyncSlackResponse) -> tuple[Level, str]:
    return Level.OK, (
        f"Slack knows the bot as {answer.get('user')} ({answer.get('user_id')}) in {answer.get('team')} "
        f"({answer.get('team_id')})."
    )


def _header(headers: Mapping[str, str], name: str) -> str | None:
    return next((value for key, value in headers.items() if key.lower() == name), None)


def _scopes(headers: Mapping[str, str]) -> Found:
    """Slack names the scopes of the token in each answer; the manifest has those that we need."""
    said = _header(headers, "x-oauth-scopes")
    if said is None:
        return [(Level.WARN, "Slack did not say which scopes the token has.")]
    missing = sorted(set(SCOPES) - {scope.strip() for scope in said.split(",")})
    if not missing:
        return [(Level.OK, f"The token has all {len(SCOPES)} scopes of the manifest.")]
    return [
        (
            Level.BAD,
            f"The token lacks {', '.join(missing)}. Update the app's manifest (firebreak manifest) and install "
            "the app again.",
        )
    ]


def _clock(headers: Mapping[str, str], asked: datetime, answered: datetime) -> Found:
    said = _header(headers, "date")
    try:
        theirs = parsedate_to_datetime(said or "")
    except ValueError:
        return [(Level.WARN, "Slack did not say what time it is.")]
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    # theirs was taken between the two; outside of them the distance counts
    skew = max((asked - theirs).total_seconds(), (theirs - answered).total_seconds())
    if skew <= SKEW_SMALL:
        return [(Level.OK, "This machine's clock agrees with Slack's.")]
    where = "ahead of" if asked > theirs else "behind"
    text = (
        f"This machine's clock is {skew:.0f} s {where} Slack's: the times of the timeline are wrong by that"
    )
    if skew < SKEW_LARGE:
        return [(Level.WARN, f"{text}. Set it (NTP).")]
    return [(Level.BAD, f"{text}, and Slack's requests will be refused as forged. Set it (NTP).")]


async def _sockets(client: AsyncWebClient, settings: Settings, case: Case) -> Found:
    """Is the app-level token good. A bot that works has shown it, and must not be disturbed by our asking."""
    if settings.app_token is None or (case.file is not None and looking.bot_holds(case.file)):
        return []
    try:
        await client.apps_connections_open(app_token=settings.app_token)
    except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
        return [
            (
                Level.BAD,
                f"Slack does not accept SLACK_APP_TOKEN for Socket Mode: {meaning(error)}.".replace(
                    "..", "."
                ),
            )
        ]
    return [(Level.OK, "Slack accepts SLACK_APP_TOKEN for Socket Mode.")]


async def _channels(client: AsyncWebClient, settings: Settings) -> Found:
    """Are the channels there that the settings name: a typing error is noticed only when something is announced."""
    named = [settings.announcements_channel, *(each.channel for each in settings.summaries if each.enabled)]
    missing = dict.fromkeys(named)
    try:
        async with asyncio.timeout(SLACK_SECONDS):
            async for page in await client.conversations_list(
                types="public_channel,private_channel", exclude_archived=True, limit=PAGE
            ):
                for channel in page["channels"]:
                    missing.pop(channel["id"], missing.pop(channel["name"], None))
                if not missing:
                    break
    except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
        return [(Level.WARN, f"The channels of the settings could not be looked up: {meaning(error)}.")]
    if not missing:
        return [(Level.OK, f"Slack has the channels of the settings: {', '.join(dict.fromkeys(named))}.")]
    return [(Level.BAD, NO_CHANNEL.format(channel=name)) for name in missing]


async def _workspace(case: Case, answer: AsyncSlackResponse) -> Found:
    """A token of another workspace would start a second numbering in the same database."""
    if not case.exists:
        return []
    try:
        known = {row["team_id"]: row["name"] for row in await case.ask(workspaces.everything)}
    except StorageError:  # the check of the database says it
        return []
    team_id = answer.get("team_id")
    if not known or team_id in known:
        return []
    others = ", ".join(f"{name} ({team})" for team, name in known.items())
    return [(Level.BAD, f"The database belongs to {others}, but the token to another workspace ({team_id}).")]
