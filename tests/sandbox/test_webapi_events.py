"""Each change is told three times: to the app as an event, to people as a message, to viewers as a change."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.sandbox.scenes import Scene
from tests.sandbox.serving import ANA, BOT, Served, serving

# what is so before, the call, its arguments, and the events that follow, in order
TOLD: list[tuple[str, str, dict[str, Any], list[str]]] = [
    (
        "",
        "conversations.create",
        {"name": "new"},
        ["channel_created", "message.channel_join", "member_joined_channel"],
    ),
    (
        "",
        "conversations.create",
        {"name": "new", "is_private": True},
        ["message.channel_join", "member_joined_channel"],
    ),
    (
        "room",
        "conversations.invite",
        {"channel": "$room", "users": ANA},
        ["message.channel_join", "member_joined_channel"],
    ),
    (
        "room ana_here",
        "conversations.kick",
        {"channel": "$room", "user": ANA},
        ["message.channel_leave", "member_left_channel"],
    ),
    (
        "room ana_here",
        "conversations.leave",
        {"channel": "$room"},
        ["message.channel_leave", "member_left_channel"],
    ),
    (
        "foreign",
        "conversations.join",
        {"channel": "$foreign"},
        ["message.channel_join", "member_joined_channel"],
    ),
    (
        "room",
        "conversations.rename",
        {"channel": "$room", "name": "new"},
        ["message.channel_name", "channel_rename"],
    ),
    ("room", "conversations.archive", {"channel": "$room"}, ["message.channel_archive", "channel_archive"]),
    ("secret", "conversations.archive", {"channel": "$secret"}, ["message.channel_archive", "group_archive"]),
    ("room", "conversations.setTopic", {"channel": "$room", "topic": "P0"}, ["message.channel_topic"]),
    ("room", "conversations.setPurpose", {"channel": "$room", "purpose": "Why"}, ["message.channel_purpose"]),
    ("room", "chat.postMessage", {"channel": "$room", "text": "hi"}, ["message"]),
    (
        "room message",
        "chat.update",
        {"channel": "$room", "ts": "$ts", "text": "new"},
        ["message.message_changed"],
    ),
    ("room message", "chat.delete", {"channel": "$room", "ts": "$ts"}, ["message.message_deleted"]),
    ("room ana_here", "chat.postEphemeral", {"channel": "$room", "user": ANA, "text": "psst"}, []),
    (
        "room message",
        "pins.add",
        {"channel": "$room", "timestamp": "$ts"},
        ["pin_added", "message.pinned_item"],
    ),
    ("room message pinned", "pins.remove", {"channel": "$room", "timestamp": "$ts"}, ["pin_removed"]),
    (
        "room message",
        "reactions.add",
        {"channel": "$room", "timestamp": "$ts", "name": "eyes"},
        ["reaction_added"],
    ),
    (
        "room message reacted",
        "reactions.remove",
        {"channel": "$room", "timestamp": "$ts", "name": "eyes"},
        ["reaction_removed"],
    ),
    (
        "room uploaded",
        "files.completeUploadExternal",
        {"files": [{"id": "$uploaded"}], "channel_id": "$room"},
        ["message.file_share", "file_shared"],
    ),
    ("room", "conversations.canvases.create", {"channel_id": "$room"}, ["message.channel_canvas_updated"]),
    ("room", "conversations.setTopic", {"channel": "$room", "topic": "x" * 251}, []),
]


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


def listen(served: Served) -> list[dict[str, Any]]:
    heard: list[dict[str, Any]] = []
    served.workspace.on_event(lambda type_, event: heard.append(event))
    return heard


@pytest.mark.parametrize(
    ("before", "method", "arguments", "events"), TOLD, ids=lambda v: v if isinstance(v, str) else None
)
async def test_the_events_api_is_told(
    served: Served, before: str, method: str, arguments: dict[str, Any], events: list[str]
) -> None:
    scene = Scene(served)
    await scene.set(*before.split())
    heard = listen(served)
    await served.call(method, **scene.filled(arguments))
    named = [".".join(filter(None, (event["type"], event.get("subtype")))) for event in heard]
    assert named == events


async def test_a_changed_message_is_told_with_what_it_was(served: Served) -> None:
    scene = Scene(served)
    await scene.set("room", "message")
    heard = listen(served)
    await served.call("chat.update", channel=scene.room.id, ts=scene.names["ts"], text="new")
    (event,) = heard
    assert (event["previous_message"]["text"], event["message"]["text"]) == ("hello", "new")
    assert (event["channel"], event["channel_type"], event["hidden"]) == (scene.room.id, "channel", True)
    assert event["event_ts"] != scene.names["ts"]


async def test_a_message_is_told_with_where_it_is(served: Served) -> None:
    scene = Scene(served)
    await scene.set("secret", "im")
    heard = listen(served)
    for channel in ("secret", "im"):
        await served.call("chat.postMessage", channel=scene.names[channel], text="hi")
    assert [(event["channel_type"], event["text"]) for event in heard] == [("group", "hi"), ("im", "hi")]


async def test_a_topic_shows_as_a_system_message(served: Served) -> None:
    scene = Scene(served)
    await scene.set("room")
    await served.call("conversations.setTopic", channel=scene.room.id, topic="P0 checkout")
    message = scene.room.standing_messages()[-1]
    assert (message.subtype, message.text) == ("channel_topic", "set the channel topic: P0 checkout")
    assert message.extra == {"topic": "P0 checkout"}
    assert message.bot_id is None


async def test_a_reaction_names_the_message_it_is_on(served: Served) -> None:
    scene = Scene(served)
    await scene.set("room", "ana_message")
    heard = listen(served)
    await served.call("reactions.add", channel=scene.room.id, timestamp=scene.names["ana_ts"], name="eyes")
    (event,) = heard
    assert (event["user"], event["item_user"], event["reaction"]) == (BOT, ANA, "eyes")
    assert event["item"] == {"type": "message", "channel": scene.room.id, "ts": scene.names["ana_ts"]}


async def test_whoever_watches_hears_what_to_draw_again(served: Served) -> None:
    scene = Scene(served)
    await scene.set("room", "message")
    async with served.workspace.watch() as changes:
        await served.call("chat.update", channel=scene.room.id, ts=scene.names["ts"], text="new")
        seen = [changes.get_nowait() for _ in range(changes.qsize())]
    assert [(change.kind, change.ts) for change in seen] == [("message", scene.names["ts"]), ("log", None)]


async def test_every_call_is_logged_and_no_token_is(served: Served) -> None:
    served.workspace.log.clear()
    await served.call("chat.postMessage", token=None, channel="C00000001", text="hi")
    form = {"token": "xoxb-sandbox", "channel": "C00000001", "text": "hi"}
    async with served.session.post(f"{served.url}/api/chat.postMessage", data=form) as answer:
        assert answer.status == 200
    await served.call("auth.test", "xoxb-somebody-else")
    calls = [entry for entry in served.workspace.log if entry.direction == "out"]
    assert [(entry.name, entry.outcome) for entry in calls] == [
        ("chat.postMessage", "not_authed"),
        ("chat.postMessage", "ok"),
        ("auth.test", "invalid_auth"),
    ]
    assert calls[1].detail == {"channel": "C00000001", "text": "hi"}
    assert "xoxb" not in repr(calls)
