"""From a command to its effect in Slack, on an idle system; and how many redraws a burst of clicks costs."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp

from benchmarks.acknowledgement import ANA
from benchmarks.bot import Running, running
from bot.domain.commands import AddNote, CompleteStep
from bot.domain.vocabulary import Severity, Surface
from bot.sandbox.workspace import Channel

NOTES = 20
CLICKS = 20  # in one second, as impatient people do


@dataclass(frozen=True)
class Reaction:
    """Milliseconds until Slack has the message of a command, and those of one commit and one call beside it."""

    ours: float
    bare: float

    @property
    def ratio(self) -> float:
        return self.ours / self.bare


async def reaction() -> Reaction:
    """Notes, one at a time, each waited for until it stands in the channel."""
    async with running() as bot:
        channel = await _declared(bot)
        ours = []
        for number in range(NOTES):
            await asyncio.sleep(1.1)  # past the one message a second and channel that Slack allows
            text = f"note number {number} of the bench"
            started = time.perf_counter()
            note = AddNote(by=ANA.id, text=text)
            await bot.bot.incidents.carry_out(ANA, 1, note, key=f"note{number}")
            await bot.slack.until(partial(_stands, channel, text))
            ours.append((time.perf_counter() - started) * 1000)
        bare = [await _commit_and_call(bot, number) for number in range(NOTES)]
    return Reaction(statistics.median(ours), statistics.median(bare))


def _stands(channel: Channel, text: str) -> bool:
    return any(text in message.text for message in channel.messages.values())


async def _declared(bot: Running) -> Channel:
    await bot.bot.incidents.declare(ANA, title="checkout returns 500", severity=Severity.P0, key="bench")
    await bot.bot.delivery.idle()
    return bot.slack.channel("inc-1-checkout-returns-500")


async def _commit_and_call(bot: Running, number: int) -> float:
    """One commit with fsync and one call over loopback: what the work costs without anything around it."""
    path = Path(str(bot.database)).with_name("bare.db")
    connection = await asyncio.to_thread(_open, path)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {bot.slack.bot_token}"}) as session:
        url = f"{bot.slack.api_url}chat.postMessage"
        channel = bot.slack.channel("general").id
        async with session.post(url, json={"channel": channel, "text": "warm"}) as answer:
            await answer.json()
        started = time.perf_counter()
        await asyncio.to_thread(_insert, connection, number)
        async with session.post(url, json={"channel": channel, "text": f"bare {number}"}) as answer:
            await answer.json()
        seconds = time.perf_counter() - started
    connection.close()
    return seconds * 1000


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=full")
    connection.execute("create table if not exists note (id integer primary key, text text)")
    return connection


def _insert(connection: sqlite3.Connection, number: int) -> None:
    connection.execute("begin immediate")
    connection.execute("insert into note (text) values (?)", [f"note {number}"])
    connection.execute("commit")


async def redraws() -> tuple[int, bool]:
    """How many times the checklist was redrawn for a second of clicks, and whether the last one was right."""
    async with running() as bot:
        channel = await _declared(bot)
        await asyncio.sleep(1.2)
        incident = await bot.bot.incidents.find(1)
        if incident is None:
            raise AssertionError("INC-1 was declared")
        place = incident.surfaces[Surface.CHECKLIST]
        before = _updates(bot, place.ts)
        steps = [item.step.id for item in incident.items]
        for number in range(CLICKS):
            step = CompleteStep(by=ANA.id, step=steps[number % len(steps)])
            await bot.bot.incidents.carry_out(ANA, 1, step, key=f"click{number}")
            await asyncio.sleep(1 / CLICKS)
        await asyncio.sleep(1.5)
        await bot.bot.delivery.idle()
        text = bot.slack.text_of(channel.messages[place.ts])
        shown = sum(item.phase is incident.phase for item in incident.items)
        return _updates(bot, place.ts) - before, f"{shown} of {shown} done" in text


def _updates(bot: Running, ts: str) -> int:
    return sum(
        entry.direction == "out" and entry.name == "chat.update" and entry.detail.get("ts") == ts
        for entry in bot.slack.workspace.log
    )
