"""Many declarations at once: how long each waits for its 200, and how many are carried out in a second.

Beside it a Bolt bot as one would write it: it answers at once, makes the same calls in the same order, and stores
nothing. It is the ceiling for whoever has to commit first.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from benchmarks.bot import Running, running
from benchmarks.declaration import ROUND_TRIP, command
from benchmarks.requests import Door
from bot.slack.budgets import PER_MINUTE, Budgets

TOGETHER, CROWD = 30, 200
UNLIMITED = dict.fromkeys(PER_MINUTE, 1_000_000)  # the sandbox does not limit, and so neither do we
BOOKMARKS = 2  # the last that is done for a declaration: to the card and to the checklist


@dataclass(frozen=True)
class Crowd:
    """Milliseconds until a declaration was acknowledged."""

    ours_p95: float
    theirs_p95: float
    longest: float
    longest_of_200: float

    @property
    def ratio(self) -> float:
        return self.ours_p95 / self.theirs_p95


async def acknowledged() -> Crowd:
    """Thirty at once on both sides, and two hundred on ours."""
    async with running() as bot, _bolt(bot, _answers_only) as noop:
        await _at_once(bot, bot.door, 1, "warm")
        await _at_once(bot, noop, 1, "warm")
        ours = await _at_once(bot, bot.door, TOGETHER, "first")
        theirs = await _at_once(bot, noop, TOGETHER, "first")
        many = await _at_once(bot, bot.door, CROWD, "second")
    return Crowd(_p95(ours), _p95(theirs), max(ours), max(many))


async def a_second() -> float:
    """Declarations a second with all that they cause in Slack, ours ÷ theirs, thirty at once, 80 ms a call."""
    async with running(Budgets(per_minute=UNLIMITED, channel_burst=TOGETHER)) as bot:
        ours = await _carried_out(bot, bot.door)
    async with running() as bot, _bolt(bot, _declares) as other:
        theirs = await _carried_out(bot, other)
    return theirs / ours  # seconds of each: the shorter, the more in a second


async def _carried_out(bot: Running, door: Door) -> float:
    bot.slack.faults.add("latency", "*", seconds=ROUND_TRIP, times=None)
    started = time.perf_counter()
    await _at_once(bot, door, TOGETHER, "outage")
    await bot.slack.until(lambda: _bookmarks(bot) >= BOOKMARKS * TOGETHER, timeout=30)
    seconds = time.perf_counter() - started
    await bot.bot.delivery.idle()
    return seconds


def _bookmarks(bot: Running) -> int:
    return sum(len(channel.bookmarks) for channel in bot.slack.workspace.channels.values())


async def _at_once(bot: Running, door: Door, number: int, what: str) -> list[float]:
    texts = [f"P2 {what} number {each}" for each in range(number)]
    return await asyncio.gather(*(door.post(command(bot.slack, text)) for text in texts))


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[-1]


Listener = Callable[[AsyncApp, AsyncWebClient], None]


def _answers_only(app: AsyncApp, client: AsyncWebClient) -> None:
    @app.command("/incident")
    async def acknowledge(ack: Any) -> None:
        await ack()


def _declares(app: AsyncApp, client: AsyncWebClient) -> None:
    @app.command("/incident")
    async def declare(ack: Any, body: dict[str, Any]) -> None:
        await ack("Declared.")
        name = "inc-" + body["text"].lower().replace(" ", "-")
        announced = asyncio.create_task(client.chat_postMessage(channel="#incidents", text=body["text"]))
        channel = (await client.conversations_create(name=name))["channel"]["id"]
        await asyncio.gather(
            client.conversations_invite(channel=channel, users=body["user_id"]),
            _link(client, announced, channel, body["text"]),
            _topic(client, channel, body["text"]),
            _surfaces(client, channel, body["text"]),
        )


async def _link(client: AsyncWebClient, announced: asyncio.Task[Any], channel: str, text: str) -> None:
    message = await announced
    await client.chat_update(channel=message["channel"], ts=message["ts"], text=f"{text} <#{channel}>")


async def _topic(client: AsyncWebClient, channel: str, text: str) -> None:
    await client.conversations_info(channel=channel)
    await client.conversations_setTopic(channel=channel, topic=text)


async def _surfaces(client: AsyncWebClient, channel: str, text: str) -> None:
    blocks = _blocks(text)
    card = await client.chat_postMessage(channel=channel, text=text, blocks=blocks)
    await asyncio.gather(
        _kept(client, channel, card["ts"], "card"), _below(client, channel, text, blocks)
    )  # neither waits for the other, as with ours


async def _below(client: AsyncWebClient, channel: str, text: str, blocks: list[dict[str, Any]]) -> None:
    checklist = await client.chat_postMessage(channel=channel, text=text, blocks=blocks)
    await _kept(client, channel, checklist["ts"], "checklist")


async def _kept(client: AsyncWebClient, channel: str, ts: str, title: str) -> None:
    pinned = asyncio.create_task(client.pins_add(channel=channel, timestamp=ts))
    link = (await client.chat_getPermalink(channel=channel, message_ts=ts))["permalink"]
    standing = (await client.bookmarks_list(channel_id=channel))["bookmarks"]
    if all(each["link"] != link for each in standing):
        await client.bookmarks_add(channel_id=channel, title=title, type="link", link=link)
    await pinned


def _blocks(text: str) -> list[dict[str, Any]]:
    """About as much as a card has."""
    return [{"type": "section", "text": {"type": "mrkdwn", "text": f"*{text}* {n}"}} for n in range(12)]


@contextlib.asynccontextmanager
async def _bolt(bot: Running, register: Listener) -> AsyncIterator[Door]:
    """Bolt as its documentation shows it, with one listener."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id=bot.bot.identity.team_id, bot_token=bot.slack.bot_token
        )

    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=bot.slack.bot_token, base_url=bot.slack.api_url, session=session)
        app = AsyncApp(signing_secret=bot.slack.signing_secret, authorize=authorize, client=client)
        register(app, client)
        runner = web.AppRunner(app.web_app(path="/slack/events"))
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            yield replace(bot.door, url=f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
        finally:
            await runner.cleanup()
