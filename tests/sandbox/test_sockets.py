"""Socket Mode as Slack's side speaks it, with the SDK's own client on the other end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.clock import VirtualClock
from bot.sandbox.fixture import connected
from bot.sandbox.server import Sandbox
from bot.sandbox.sockets import ConnectionBrokenError, NotConnectedError

COMMAND = {"command": "/ping", "team_id": "T0SANDBOX", "user_id": "U01ANA", "channel_id": "C1"}


@pytest.fixture
def slack_clock() -> VirtualClock:
    return VirtualClock()


@asynccontextmanager
async def raw_connection(slack: Sandbox) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A WebSocket that answers nothing by itself."""
    url = await slack.connections.open_url()
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        yield socket


async def send(slack: Sandbox) -> dict[str, Any] | None:
    return await slack.connections.send("slash_commands", COMMAND, accepts_response=True)


async def test_the_first_frame_says_hello_and_counts_the_connections(slack: Sandbox) -> None:
    async with raw_connection(slack) as first, raw_connection(slack) as second:
        assert (await first.receive_json())["num_connections"] == 1
        hello = await second.receive_json()
    assert hello["type"] == "hello"
    assert hello["num_connections"] == 2
    assert hello["debug_info"]["approximate_connection_time"] == 3600


async def test_a_ticket_opens_one_connection_only(slack: Sandbox) -> None:
    url = await slack.connections.open_url()
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url) as socket:
            await socket.receive_json()
            with pytest.raises(aiohttp.WSServerHandshakeError, match="404"):
                await session.ws_connect(url)
        with pytest.raises(aiohttp.WSServerHandshakeError, match="404"):
            await session.ws_connect(f"{url}x")


async def test_an_envelope_goes_to_exactly_one_connection_and_they_take_turns(slack: Sandbox) -> None:
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(raw_connection(slack)) for _ in range(3)]
        for socket in sockets:
            await socket.receive_json()
        sending = [asyncio.create_task(send(slack)) for _ in range(6)]
        for socket in sockets:
            for _ in range(2):
                frame = await socket.receive_json()
                await socket.send_json({"envelope_id": frame["envelope_id"], "payload": {"text": "pong"}})
        assert await asyncio.gather(*sending) == [{"text": "pong"}] * 6


async def test_an_acknowledgement_may_come_over_another_connection(slack: Sandbox) -> None:
    async with raw_connection(slack) as first:
        await first.receive_json()
        sending = asyncio.create_task(send(slack))
        frame = await first.receive_json()
        async with raw_connection(slack) as second:
            await second.receive_json()
            await second.send_json({"envelope_id": frame["envelope_id"]})
            assert await sending is None


async def test_an_envelope_says_what_slack_says(slack: Sandbox) -> None:
    async with raw_connection(slack) as socket:
        await socket.receive_json()
        sending = asyncio.create_task(
            slack.connections.send("events_api", {"type": "event_callback"}, accepts_response=False)
        )
        frame = await socket.receive_json()
        await socket.send_json({"envelope_id": frame["envelope_id"], "payload": {"ignored": True}})
        assert await sending is None
    assert frame.pop("envelope_id").count("-") == 4
    assert frame == {
        "type": "events_api",
        "payload": {"type": "event_callback"},
        "accepts_response_payload": False,
        "retry_attempt": 0,
        "retry_reason": "",
    }


async def test_frames_that_are_no_acknowledgement_change_nothing(slack: Sandbox) -> None:
    async with raw_connection(slack) as socket:
        await socket.receive_json()
        sending = asyncio.create_task(send(slack))
        frame = await socket.receive_json()
        for noise in ("", "not json", "[]", "{}", '{"envelope_id": "unknown"}', '{"envelope_id": ["x"]}'):
            await socket.send_str(noise)
        await socket.send_json({"envelope_id": frame["envelope_id"], "payload": {"text": "still here"}})
        assert await sending == {"text": "still here"}


async def test_without_a_connection_nothing_waits(slack: Sandbox) -> None:
    with pytest.raises(NotConnectedError):
        await send(slack)


async def test_an_eleventh_connection_is_sent_away(slack: Sandbox) -> None:
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(raw_connection(slack)) for _ in range(11)]
        frames = [await socket.receive_json() for socket in sockets]
    assert [frame["type"] for frame in frames] == ["hello"] * 10 + ["disconnect"]
    assert frames[10]["reason"] == "too_many_websockets"


async def test_a_connection_told_to_go_gets_no_more_envelopes_and_is_closed_in_the_end(
    slack: Sandbox,
) -> None:
    clock = slack.workspace.clock
    assert isinstance(clock, VirtualClock)
    async with raw_connection(slack) as first, raw_connection(slack) as second:
        await first.receive_json()
        await second.receive_json()
        await slack.connections.disconnect("refresh_requested", slack.connections.open[0])
        frame = await first.receive_json()
        assert (frame["type"], frame["reason"]) == ("disconnect", "refresh_requested")
        for _ in range(3):
            sending = asyncio.create_task(send(slack))
            envelope = await second.receive_json()
            await second.send_json({"envelope_id": envelope["envelope_id"]})
            await sending
        closing = asyncio.create_task(first.receive())
        await clock.advance(10)
        assert (await closing).type == aiohttp.WSMsgType.CLOSE


async def test_a_warning_leaves_the_connection_in_use(slack: Sandbox) -> None:
    async with raw_connection(slack) as socket:
        await socket.receive_json()
        await slack.connections.disconnect("warning")
        assert (await socket.receive_json())["reason"] == "warning"
        sending = asyncio.create_task(send(slack))
        frame = await socket.receive_json()
        await socket.send_json({"envelope_id": frame["envelope_id"]})
        assert await sending is None


async def test_the_sdk_reconnects_when_asked_to_and_serves_again(slack: Sandbox) -> None:
    app = AsyncApp(client=AsyncWebClient(token=slack.bot_token, base_url=slack.api_url))

    @app.command("/ping")
    async def ping(ack: Any) -> None:
        await ack("pong")

    async with connected(slack, app):
        before = slack.connections.open[0]
        await slack.connections.disconnect("refresh_requested")
        await slack.connections.reached(1)
        assert slack.connections.open[-1] is not before
        assert await send(slack) == {"text": "pong"}


async def test_once_socket_mode_is_switched_off_no_ticket_lets_in(slack: Sandbox) -> None:
    async with raw_connection(slack) as socket:
        await socket.receive_json()
        await slack.connections.disconnect("link_disabled")
        assert (await socket.receive_json())["reason"] == "link_disabled"
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.WSServerHandshakeError, match="404"):
                await session.ws_connect(await slack.connections.open_url())


async def test_a_dropped_connection_loses_its_envelope_and_the_app_just_sees_it_gone(slack: Sandbox) -> None:
    async with raw_connection(slack) as socket:
        await socket.receive_json()
        with pytest.raises(ConnectionBrokenError):
            await slack.connections.send("slash_commands", COMMAND, accepts_response=True, lose=True)
        gone = await socket.receive()
        assert gone.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
    await slack.until(lambda: not slack.connections.open)


async def test_the_way_in_is_the_web_api_with_the_app_token(slack: Sandbox) -> None:
    client = AsyncWebClient(base_url=slack.api_url)
    answer = await client.apps_connections_open(app_token=slack.app_token)
    assert answer["url"].startswith("ws://127.0.0.1:")
    async with aiohttp.ClientSession() as session, session.ws_connect(answer["url"]) as socket:
        await socket.ping(b"sdk-ping-pong:1")
        hello = json.loads((await socket.receive()).data)
    assert hello["connection_info"] == {"app_id": slack.workspace.app.id}
