"""Socket Mode: what happens to an acknowledgement when its connection is gone."""

from __future__ import annotations

import asyncio
import logging

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import Sandbox
from bot.slack.sockets import Sockets


async def test_a_connection_lost_before_the_acknowledgement_is_no_error_of_ours(
    slack: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T", bot_token=slack.bot_token)

    app = AsyncApp(
        client=AsyncWebClient(base_url=slack.api_url), authorize=authorize, process_before_response=True
    )
    at_work, done = asyncio.Event(), asyncio.Event()

    @app.command("/incident")
    async def command(ack: AsyncAck) -> None:
        at_work.set()
        for connection in list(slack.connections.open):
            slack.connections.drop(connection)
        await slack.until(lambda: not slack.connections.open)
        await ack()
        done.set()

    sockets = Sockets(app, slack.app_token)
    async with sockets.open():
        await slack.connections.reached(2)
        typed = asyncio.create_task(slack.person("ana").types("/incident list", "general"))
        await at_work.wait()
        reply = await typed
        await done.wait()
        await slack.connections.reached(2)
    assert reply.error is not None
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert "acknowledgement lost" in caplog.text
