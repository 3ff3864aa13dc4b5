"""One payload to the app and its answer, over both transports."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.sandbox.server import Sandbox
from tests.sandbox.conftest import Running


async def test_a_command_is_answered_to_the_one_who_typed_it(
    slack: Sandbox, app: AsyncApp, running: Running
) -> None:
    @app.command("/hello")
    async def hello(ack: Any, command: dict[str, Any]) -> None:
        await ack(f"Hello {command['user_name']}, you said {command['text']!r}")

    async with running():
        reply = await slack.person("ana").types("/hello   there ", channel="general")
    assert reply.text == "Hello ana, you said 'there'"
    assert slack.shown("general", "ana") == [reply.message]
    assert slack.shown("general", "bo") == []
