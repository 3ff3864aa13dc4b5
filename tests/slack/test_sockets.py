"""Socket Mode: frames that nobody sends, and an acknowledgement whose connection is gone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import Sandbox
from bot.slack.sockets import Sockets


def bolt(slack: Sandbox) -> AsyncApp:
    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T", bot_token=slack.bot_token)

    return AsyncApp(
        client=AsyncWebClient(base_url=slack.api_url), authorize=authorize, process_before_response=True
    )


@contextlib.asynccontextmanager
async def connected(slack: Sandbox, app: AsyncApp) -> AsyncIterator[None]:
    async with Sockets(app, slack.app_token).open():
        await slack.connections.reached(2)
        yield


def mistakes(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info
    ]


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "nonsense",
        "null",
        "[]",
        "{",
        "{}",
        '{"type": 1}',
        '{"a":' * 20_000,
        '{"type": "slash_commands", "envelope_id": "1"}',
        '{"type": "slash_commands", "envelope_id": "1", "payload": null}',
        '{"type": "slash_commands", "envelope_id": 1, "payload": {}}',
        '{"type": "slash_commands", "envelope_id": "1", "payload": "text"}',
        '{"type": "slash_commands", "envelope_id": "1", "payload": {"command": "/incident", "text": "\\ud800"}}',
    ],
)
async def test_a_frame_that_slack_never_sends_is_left_alone(
    slack: Sandbox, frame: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = bolt(slack)

    @app.command("/incident")
    async def command(ack: AsyncAck) -> None:
        await ack("still there")

    async with connected(slack, app):
        for connection in slack.connections.open:
            await connection.socket.send_str(frame)
        for _ in range(2):  # over each connection, in turn
            assert (await slack.person("ana").types("/incident list", "general")).text == "still there"
    assert mistakes(caplog) == []


async def test_a_connection_lost_before_the_acknowledgement_is_no_error_of_ours(
    slack: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    app = bolt(slack)
    at_work, done = asyncio.Event(), asyncio.Event()

    @app.command("/incident")
    async def command(ack: AsyncAck) -> None:
        at_work.set()
        for connection in list(slack.connections.open):
            slack.connections.drop(connection)
        await slack.until(lambda: not slack.connections.open)
        await ack()
        done.set()

    async with connected(slack, app):
        typed = asyncio.create_task(slack.person("ana").types("/incident list", "general"))
        await at_work.wait()
        reply = await typed
        await done.wait()
        await slack.connections.reached(2)
    assert reply.error is not None
    assert mistakes(caplog) == []
    assert "acknowledgement lost" in caplog.text
