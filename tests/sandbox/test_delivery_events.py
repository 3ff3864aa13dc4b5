"""The Events API: who is told of what, in which envelope, and how often it is tried again."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp

from bot.sandbox.clock import VirtualClock
from bot.sandbox.fixture import connected
from bot.sandbox.server import Sandbox
from tests.sandbox.conftest import Running, Wire


@pytest.fixture
def slack_clock() -> VirtualClock:
    return VirtualClock()


async def advance(slack: Sandbox, seconds: float) -> None:
    assert isinstance(slack.workspace.clock, VirtualClock)
    await slack.workspace.clock.advance(seconds)


def deliveries(slack: Sandbox, name: str = "event message") -> list[dict[str, Any]]:
    return [entry.detail for entry in slack.workspace.log if entry.direction == "in" and entry.name == name]


def told(slack: Sandbox) -> list[str]:
    """What the app was told of, in order."""
    events = [e.detail["payload"]["event"] for e in slack.workspace.log if e.direction == "in"]
    return [" ".join(filter(None, (e["type"], e.get("subtype")))) for e in events]


async def quiet(slack: Sandbox) -> None:
    """Until everything that was started has been tried once."""
    for _ in range(3):  # a task that was started a moment ago has to get its first turn
        await asyncio.sleep(0)
    await slack.until(lambda: slack.delivery.in_flight == 0)


# what an app hears ------------------------------------------------------


async def test_a_listener_hears_a_message_with_everything_in_the_outer_envelope(
    slack: Sandbox, app: AsyncApp, running: Running
) -> None:
    bodies: list[dict[str, Any]] = []

    @app.event("message")
    async def heard(body: dict[str, Any]) -> None:
        bodies.append(body)

    async with running():
        await slack.person("ana").says("hello", "general")
        await slack.until(lambda: bodies)
    body = bodies[0]
    assert body["type"] == "event_callback"
    assert body["event_id"].startswith("Ev")
    assert body["authorizations"][0]["user_id"] == slack.workspace.app.bot_user
    event = body["event"]
    assert (event["user"], event["text"], event["channel_type"]) == ("U01ANA", "hello", "channel")
    assert event["channel"] == slack.channel("general").id
    assert event["client_msg_id"]
    assert event["event_ts"] == event["ts"]


async def test_a_mention_is_told_twice_as_a_message_and_as_a_mention(slack: Sandbox) -> None:
    await slack.person("ana").says("@firebreak help", "general")
    await quiet(slack)
    assert told(slack)[:2] == ["message", "app_mention"]
    assert deliveries(slack, "event app_mention")[0]["payload"]["event"]["text"] == "<@U0BOT> help"


async def test_a_mention_in_its_own_chat_is_only_a_message(slack: Sandbox) -> None:
    await slack.person("ana").says("@firebreak help", "@firebreak")
    await quiet(slack)
    assert set(told(slack)) == {"message"}
    assert deliveries(slack)[0]["payload"]["event"]["channel_type"] == "im"


async def test_an_app_hears_nothing_from_channels_it_is_not_in(slack: Sandbox) -> None:
    ana = slack.person("ana")
    await ana.says("a secret", "payments")
    await quiet(slack)
    assert told(slack) == []
    await ana.invites("firebreak", "payments")
    await ana.says("welcome", "payments")
    await quiet(slack)
    assert "member_joined_channel" in told(slack)
    assert deliveries(slack)[-1]["payload"]["event"]["text"] == "welcome"


async def test_a_removed_app_is_told_so_and_hears_no_more(slack: Sandbox) -> None:
    ana = slack.person("ana")
    await ana.removes("firebreak", "general")
    await ana.says("is it gone?", "general")
    await quiet(slack)
    assert set(told(slack)) == {"member_left_channel"}


async def test_public_channels_are_announced_and_private_ones_are_not(slack: Sandbox) -> None:
    ana = slack.person("ana")
    public, _private = await ana.creates("war-room"), await ana.creates("secret-room", is_private=True)
    await ana.renames(public, "peace-room")
    await ana.archives(public)
    await ana.unarchives(public)
    await quiet(slack)
    assert [name for name in told(slack) if name.startswith("channel_")][:4] == [
        "channel_created",
        "channel_rename",
        "channel_archive",
        "channel_unarchive",
    ]
    assert "secret-room" not in str(slack.workspace.log)


async def test_everything_people_do_to_a_message_is_told(slack: Sandbox) -> None:
    ana = slack.person("ana")
    message = await ana.says("first", "general")
    await ana.edits(message, "second")
    await ana.reacts("eyes", message)
    await ana.unreacts("eyes", message)
    await ana.pins(message)
    await ana.unpins(message)
    await ana.deletes(message)
    await ana.uploads("trace.txt", b"at line 3", "general")
    await quiet(slack)
    kinds = told(slack)
    assert [kind for kind in dict.fromkeys(kinds) if kind != "message pinned_item"] == [
        "message",
        "message message_changed",
        "reaction_added",
        "reaction_removed",
        "pin_added",
        "pin_removed",
        "message message_deleted",
        "message file_share",
        "file_shared",
    ]


async def test_an_app_is_told_of_its_own_messages_and_bolt_keeps_them_from_listeners(
    slack: Sandbox, app: AsyncApp, running: Running
) -> None:
    heard = []

    @app.event("message")
    async def message(event: dict[str, Any]) -> None:
        heard.append(event["text"])

    async with running():
        await app.client.chat_postMessage(channel=slack.channel("general").id, text="I said so")
        await slack.person("ana").says("so it did", "general")
        await slack.until(lambda: heard)
        await quiet(slack)
    assert heard == ["so it did"]
    own = deliveries(slack)[0]["payload"]["event"]
    assert (own["text"], own["bot_id"]) == ("I said so", slack.workspace.app.bot_id)


@pytest.mark.parametrize(
    ("subscribed", "expected"),
    [
        (["message.channels"], {"message"}),
        (["app_mention"], {"app_mention"}),
        (["message.im", "message.groups"], set()),
        (None, set()),
    ],
)
async def test_a_manifest_says_which_events_are_subscribed(
    slack: Sandbox, subscribed: list[str] | None, expected: set[str]
) -> None:
    slack.workspace.app.manifest = {"settings": {"event_subscriptions": {"bot_events": subscribed}}}
    await slack.person("ana").says("@firebreak help", "general")
    await quiet(slack)
    assert set(told(slack)) == expected


# retries ----------------------------------------------------------------


async def test_an_event_that_fails_is_tried_at_once_then_after_one_and_five_minutes(
    slack: Sandbox, wire: Wire
) -> None:
    wire.answers += [web.Response(status=500) for _ in range(9)]
    await slack.person("ana").says("hello", "general")

    async def tried(times: int) -> None:
        await slack.until(lambda: len(wire.requests) == times)
        await slack.until(lambda: slack.delivery.in_flight == 0)
        assert len(wire.requests) == times

    await tried(2)
    await advance(slack, 59)
    await tried(2)
    await advance(slack, 1)
    await tried(3)
    await advance(slack, 299)
    await tried(3)
    await advance(slack, 1)
    await tried(4)
    await advance(slack, 10_000)
    await tried(4)
    assert len({json.loads(body)["event_id"] for _, body in wire.requests}) == 1
    retries = [headers.get("x-slack-retry-num") for headers, _ in wire.requests]
    reasons = [headers.get("x-slack-retry-reason") for headers, _ in wire.requests]
    assert retries == [None, "1", "2", "3"]
    assert reasons == [None, "http_error", "http_error", "http_error"]


async def test_an_app_can_ask_for_no_retries(slack: Sandbox, wire: Wire) -> None:
    wire.answers.append(web.Response(status=500, headers={"x-slack-no-retry": "1"}))
    await slack.person("ana").says("hello", "general")
    await slack.until(lambda: wire.requests)
    await quiet(slack)
    await advance(slack, 10_000)
    await quiet(slack)
    assert len(wire.requests) == 1


async def test_over_a_socket_the_envelope_says_which_retry_it_is(slack: Sandbox) -> None:
    frames = []
    url = await slack.connections.open_url()
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        await socket.receive_json()
        await slack.person("ana").says("hello", "general")
        for wait in (0, 60, 300):
            frames.append(await socket.receive_json())
            await advance(slack, 3)
            if wait:  # the first retry follows at once
                await quiet(slack)
                await advance(slack, wait)
        frames.append(await socket.receive_json())
        await socket.send_json({"envelope_id": frames[-1]["envelope_id"]})
        await quiet(slack)
    assert [(frame["retry_attempt"], frame["retry_reason"]) for frame in frames] == [
        (0, ""),
        (1, "timeout"),
        (2, "timeout"),
        (3, "timeout"),
    ]
    assert len({frame["envelope_id"] for frame in frames}) == 4
    assert len({frame["payload"]["event_id"] for frame in frames}) == 1


async def test_an_event_that_nobody_was_there_for_comes_a_minute_later(slack: Sandbox, app: AsyncApp) -> None:
    heard = []

    @app.event("message")
    async def message(event: dict[str, Any], request: Any) -> None:
        heard.append((event["text"], request.headers["x-slack-retry-num"]))

    await slack.person("ana").says("is anybody there?", "general")
    await quiet(slack)
    async with connected(slack, app):
        await advance(slack, 59)
        assert heard == []
        await advance(slack, 1)
        await slack.until(lambda: heard)
        await quiet(slack)
    assert heard == [("is anybody there?", ["2"])]


async def test_bolt_sees_the_same_event_id_twice_when_a_delivery_is_doubled(
    slack: Sandbox, app: AsyncApp, running: Running
) -> None:
    heard = []

    @app.event("reaction_added")
    async def reaction(body: dict[str, Any]) -> None:
        heard.append(body["event_id"])

    @app.event("message")
    async def message() -> None:
        return None

    slack.faults.add("duplicate_delivery", "reaction_added")
    async with running():
        ana = slack.person("ana")
        await ana.reacts("eyes", await ana.says("look", "general"))
        await slack.until(lambda: len(heard) == 2)
        await quiet(slack)
    assert heard[0] == heard[1]


async def test_an_event_can_come_after_the_one_that_followed_it(slack: Sandbox) -> None:
    slack.faults.add("out_of_order", "message")
    ana = slack.person("ana")
    for text in ("first", "second", "third"):
        await ana.says(text, "general")
    await quiet(slack)
    texts = [detail["payload"]["event"]["text"] for detail in deliveries(slack)]
    assert list(dict.fromkeys(texts)) == ["second", "first", "third"]
