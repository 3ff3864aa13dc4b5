"""What becomes of messages: posted, updated, deleted, answered, scheduled, and read again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.sandbox import rooms
from bot.sandbox.workspace import Channel
from tests.sandbox.serving import ANA, BOT, Served, serving

SECTION: list[dict[str, Any]] = [{"type": "section", "text": {"type": "mrkdwn", "text": "*hi*"}}]
METADATA = {"event_type": "card", "event_payload": {"incident": "INC-1"}}


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


@pytest.fixture
def room(served: Served) -> Channel:
    return rooms.create(served.workspace, "inc-1", user=BOT)


async def history(served: Served, room: Channel, **arguments: Any) -> list[dict[str, Any]]:
    answer = await served.call("conversations.history", channel=room.id, **arguments)
    return [message for message in answer["messages"] if message.get("subtype") != "channel_join"]


async def test_a_posted_message_carries_the_app_that_posted_it(served: Served, room: Channel) -> None:
    answer = await served.call("chat.postMessage", channel=room.id, text="hi")
    message = answer["message"]
    assert answer["ts"] == message["ts"]
    assert message["bot_profile"]["name"] == "Sandbox app"
    assert (message["user"], message["bot_id"], message["app_id"], message["team"]) == (
        BOT,
        "B0BOT",
        "A0FIREBREAK",
        "T0SANDBOX",
    )


async def test_blocks_are_stored_with_every_id_and_default(served: Served, room: Channel) -> None:
    button = {"type": "button", "text": {"type": "plain_text", "text": "Done"}}
    blocks = [{"type": "actions", "elements": [button, {**button, "action_id": "mine"}]}]
    answer = await served.call("chat.postMessage", channel=room.id, text="hi", blocks=blocks)
    (stored,) = answer["message"]["blocks"]
    assert stored["block_id"]
    assert stored["elements"][0]["action_id"]
    assert stored["elements"][1]["action_id"] == "mine"
    assert stored["elements"][0]["text"] == {"type": "plain_text", "text": "Done", "emoji": True}


async def test_blocks_without_text_are_given_slacks_apology(served: Served, room: Channel) -> None:
    answer = await served.call("chat.postMessage", channel=room.id, blocks=SECTION)
    assert answer["message"]["text"] == "This content can't be displayed."


async def test_a_text_is_cut_at_forty_thousand_characters(served: Served, room: Channel) -> None:
    answer = await served.call("chat.postMessage", channel=room.id, text="x" * 40_001)
    assert len(answer["message"]["text"]) == 40_000
    assert answer["response_metadata"]["warnings"] == ["message_truncated"]


async def test_an_update_with_text_alone_takes_the_blocks_away(served: Served, room: Channel) -> None:
    ts = (await served.call("chat.postMessage", channel=room.id, text="a", blocks=SECTION))["ts"]
    answer = await served.call("chat.update", channel=room.id, ts=ts, text="b")
    assert answer["message"]["text"] == "b"
    assert "blocks" not in answer["message"]
    assert answer["message"]["edited"]["user"] == BOT


async def test_an_update_made_of_blocks_does_not_look_edited(served: Served, room: Channel) -> None:
    ts = (await served.call("chat.postMessage", channel=room.id, text="a"))["ts"]
    answer = await served.call("chat.update", channel=room.id, ts=ts, text="b", blocks=SECTION)
    assert "edited" not in answer["message"]


async def test_an_update_keeps_the_metadata_unless_told_otherwise(served: Served, room: Channel) -> None:
    ts = (await served.call("chat.postMessage", channel=room.id, text="a", metadata=METADATA))["ts"]
    kept = await served.call("chat.update", channel=room.id, ts=ts, text="b")
    assert kept["message"]["metadata"] == METADATA
    gone = await served.call("chat.update", channel=room.id, ts=ts, text="c", metadata={})
    assert "metadata" not in gone["message"]


async def test_metadata_is_read_only_by_those_who_ask(served: Served, room: Channel) -> None:
    await served.call("chat.postMessage", channel=room.id, text="a", metadata=METADATA)
    assert "metadata" not in (await history(served, room))[0]
    assert (await history(served, room, include_all_metadata=True))[0]["metadata"] == METADATA


async def test_an_attachment_alone_leaves_the_rest_as_it_was(served: Served, room: Channel) -> None:
    ts = (await served.call("chat.postMessage", channel=room.id, text="a", blocks=SECTION))["ts"]
    answer = await served.call("chat.update", channel=room.id, ts=ts, attachments=[{"text": "more"}])
    assert answer["message"]["text"] == "a"
    assert answer["message"]["blocks"]
    assert answer["message"]["attachments"] == [{"id": 1, "fallback": "more", "text": "more"}]


async def test_a_refused_update_changes_nothing(served: Served, room: Channel) -> None:
    ts = (await served.call("chat.postMessage", channel=room.id, text="a", blocks=SECTION))["ts"]
    before = await history(served, room)
    await served.call("chat.update", channel=room.id, ts=ts, text="b", blocks=[{"type": "x"}])
    assert await history(served, room) == before


async def test_a_deleted_message_is_gone_with_its_pin(served: Served, room: Channel) -> None:
    ts = (await served.call("chat.postMessage", channel=room.id, text="a"))["ts"]
    await served.call("pins.add", channel=room.id, timestamp=ts)
    await served.call("chat.delete", channel=room.id, ts=ts)
    assert ts not in [message["ts"] for message in await history(served, room)]
    assert (await served.call("pins.list", channel=room.id))["items"] == []


async def test_a_deleted_message_with_answers_leaves_a_tombstone(served: Served, room: Channel) -> None:
    ts = (await served.call("chat.postMessage", channel=room.id, text="a"))["ts"]
    await served.call("chat.postMessage", channel=room.id, text="b", thread_ts=ts)
    await served.call("chat.delete", channel=room.id, ts=ts)
    thread = await served.call("conversations.replies", channel=room.id, ts=ts)
    assert [message.get("subtype") for message in thread["messages"]] == ["tombstone", None]


async def test_answers_stay_in_their_thread_unless_broadcast(served: Served, room: Channel) -> None:
    ts = (await served.call("chat.postMessage", channel=room.id, text="root"))["ts"]
    await served.call("chat.postMessage", channel=room.id, text="quiet", thread_ts=ts)
    await served.call("chat.postMessage", channel=room.id, text="loud", thread_ts=ts, reply_broadcast=True)
    assert [message["text"] for message in await history(served, room)] == ["loud", "root"]
    thread = (await served.call("conversations.replies", channel=room.id, ts=ts))["messages"]
    assert [message["text"] for message in thread] == ["root", "quiet", "loud"]
    assert (thread[0]["reply_count"], thread[0]["latest_reply"]) == (2, thread[2]["ts"])


async def test_an_ephemeral_message_is_in_nobodys_history(served: Served, room: Channel) -> None:
    rooms.join(served.workspace, room, ANA)
    ts = (await served.call("chat.postEphemeral", channel=room.id, user=ANA, text="psst"))["message_ts"]
    assert room.messages[ts].ephemeral_for == ANA
    assert ts not in [message["ts"] for message in await history(served, room)]
    assert (await served.call("pins.add", channel=room.id, timestamp=ts))["error"] == "message_not_found"


async def test_history_is_paged_newest_first_while_messages_keep_coming(
    served: Served, room: Channel
) -> None:
    for number in range(5):
        await served.call("chat.postMessage", channel=room.id, text=str(number))
    first = await served.call("conversations.history", channel=room.id, limit=2)
    await served.call("chat.postMessage", channel=room.id, text="5, in between")
    cursor = first["response_metadata"]["next_cursor"]
    second = await served.call("conversations.history", channel=room.id, limit=2, cursor=cursor)
    assert [m["text"] for m in first["messages"] + second["messages"]] == ["4", "3", "2", "1"]


async def test_history_is_cut_by_time_on_both_sides(served: Served, room: Channel) -> None:
    stamps = [(await served.call("chat.postMessage", channel=room.id, text=str(n)))["ts"] for n in range(4)]
    between: dict[str, Any] = {"oldest": stamps[0], "latest": stamps[3]}
    assert [m["text"] for m in await history(served, room, **between)] == ["2", "1"]
    assert [m["text"] for m in await history(served, room, **between, inclusive=True)] == ["3", "2", "1", "0"]


async def test_a_scheduled_message_is_posted_when_its_time_comes(served: Served, room: Channel) -> None:
    post_at = int(served.clock.now()) + 600
    await served.call("chat.scheduleMessage", channel=room.id, text="later", post_at=post_at)
    await served.clock.advance(599)
    assert await history(served, room) == []
    await served.clock.advance(2)
    assert [message["text"] for message in await history(served, room)] == ["later"]
    listed = await served.call("chat.scheduledMessages.list")
    assert listed["scheduled_messages"] == []


async def test_a_scheduled_message_that_was_taken_back_is_not_posted(served: Served, room: Channel) -> None:
    post_at = int(served.clock.now()) + 600
    made = await served.call("chat.scheduleMessage", channel=room.id, text="later", post_at=post_at)
    which = {"channel": room.id, "scheduled_message_id": made["scheduled_message_id"]}
    assert (await served.call("chat.deleteScheduledMessage", **which))["ok"]
    await served.clock.advance(601)
    assert await history(served, room) == []


async def test_within_the_last_minute_a_scheduled_message_is_not_taken_back(
    served: Served, room: Channel
) -> None:
    post_at = int(served.clock.now()) + 30
    made = await served.call("chat.scheduleMessage", channel=room.id, text="later", post_at=post_at)
    which = {"channel": room.id, "scheduled_message_id": made["scheduled_message_id"]}
    answer = await served.call("chat.deleteScheduledMessage", **which)
    assert answer["error"] == "invalid_scheduled_message_id"


async def test_a_permalink_names_the_thread_of_an_answer(served: Served, room: Channel) -> None:
    ts = (await served.call("chat.postMessage", channel=room.id, text="a"))["ts"]
    answer_ts = (await served.call("chat.postMessage", channel=room.id, text="b", thread_ts=ts))["ts"]
    link = (await served.call("chat.getPermalink", channel=room.id, message_ts=answer_ts))["permalink"]
    stamp = answer_ts.replace(".", "")
    assert link == f"{served.url}/archives/{room.id}/p{stamp}?thread_ts={ts}&cid={room.id}"


async def test_an_invitation_that_fails_for_one_lets_nobody_in(served: Served, room: Channel) -> None:
    answer = await served.call("conversations.invite", channel=room.id, users=f"{ANA},U9,{BOT}")
    assert answer == {
        "ok": False,
        "error": "user_not_found",
        "errors": [
            {"user": "U9", "ok": False, "error": "user_not_found"},
            {"user": BOT, "ok": False, "error": "cant_invite_self"},
        ],
    }
    assert room.members == [BOT]


async def test_leaving_where_one_is_not_is_neither_ok_nor_an_error(served: Served) -> None:
    foreign = rooms.create(served.workspace, "theirs", user=ANA)
    answer = await served.call("conversations.leave", channel=foreign.id)
    assert answer == {"ok": False, "not_in_channel": True}


async def test_private_channels_and_chats_of_others_are_not_listed(served: Served) -> None:
    rooms.create(served.workspace, "mine", user=BOT, is_private=True)
    rooms.create(served.workspace, "theirs", user=ANA, is_private=True)
    answer = await served.call("conversations.list", types="private_channel,im")
    assert [channel["name"] for channel in answer["channels"]] == ["mine"]
