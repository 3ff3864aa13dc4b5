"""From submit to the declarer being in the channel, counted in round trips to Slack."""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass

from benchmarks.acknowledgement import ANA
from benchmarks.bot import running
from bot.sandbox.faults import Faults
from bot.sandbox.server import Sandbox

ROUND_TRIP = 0.080  # seconds added to every call; a bot far from Slack's data centre sees about that


@dataclass(frozen=True)
class Trips:
    acknowledged: float
    declarer_in: float
    first_message: float


def command(slack: Sandbox, text: str) -> dict[str, str]:
    """The form fields of `/incident <text>`, each one a request of its own."""
    workspace = slack.workspace
    return {
        "command": "/incident",
        "text": text,
        "team_id": workspace.team_id,
        "team_domain": workspace.domain,
        "channel_id": workspace.channel("general").id,
        "channel_name": "general",
        "user_id": ANA.id,
        "user_name": ANA.name,
        "api_app_id": workspace.app.id,
        "trigger_id": uuid.uuid4().hex,
        "response_url": "http://127.0.0.1:9/unused",
    }


async def round_trips() -> Trips:
    """Declare one incident on a slow network."""
    async with running() as bot:
        _slow(bot.slack.faults)
        started = time.perf_counter()

        async def when_in() -> float:
            await bot.slack.until(lambda: ANA.id in bot.slack.channel("inc-1-checkout-returns-500").members)
            return time.perf_counter() - started

        async def when_told() -> float:
            def told() -> bool:
                messages = bot.slack.channel("inc-1-checkout-returns-500").messages.values()
                return any(message.bot_id and message.blocks for message in messages)

            await bot.slack.until(told)
            return time.perf_counter() - started

        acknowledged, declarer_in, first_message = await asyncio.gather(
            bot.door.post(command(bot.slack, "P0 checkout returns 500")), when_in(), when_told()
        )
        await bot.bot.delivery.idle()
    return Trips(acknowledged / 1000 / ROUND_TRIP, declarer_in / ROUND_TRIP, first_message / ROUND_TRIP)


def _slow(faults: Faults) -> None:
    """Every call takes a round trip longer, for good."""
    faults.add("latency", "*", seconds=ROUND_TRIP, times=None)
