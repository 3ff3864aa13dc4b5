"""A response_url answers five times in half an hour: to one person, to everybody, or in place of a message."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.sandbox import acts, rooms
from bot.sandbox.workspace import Channel, Message
from tests.sandbox.serving import ANA, BOT, Served, serving


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


@pytest.fixture
def room(served: Served) -> Channel:
    channel = rooms.create(served.workspace, "inc-1", user=BOT)
    rooms.join(served.workspace, channel, ANA)
    return channel


def response_url(served: Served, room: Channel, message: Message | None = None) -> str:
    ts = message.ts if message else None
    return served.triggers.issue_response_url(served.url, channel=room.id, user=ANA, message_ts=ts)


async def respond(url: str, **body: Any) -> tuple[int, str]:
    answer = await AsyncWebhookClient(url).send_dict(body)
    return answer.status_code, answer.body


def said(room: Channel) -> list[tuple[str, str | None]]:
    """What was said since everybody is in: the text, and who alone sees it."""
    messages = [m for m in room.messages.values() if m.subtype != "channel_join"]
    return [(message.text, message.ephemeral_for) for message in messages]


async def test_by_default_only_the_person_who_acted_sees_it(served: Served, room: Channel) -> None:
    assert await respond(response_url(served, room), text="noted") == (200, "ok")
    assert said(room) == [("noted", ANA)]


async def test_in_channel_everybody_sees_it(served: Served, room: Channel) -> None:
    await respond(response_url(served, room), text="declared", response_type="in_channel")
    assert said(room) == [("declared", None)]


async def test_it_reaches_a_channel_that_the_app_is_not_in(served: Served) -> None:
    foreign = rooms.create(served.workspace, "theirs", user=ANA)
    await respond(response_url(served, foreign), text="hello", response_type="in_channel")
    assert said(foreign) == [("hello", None)]


async def test_a_message_is_replaced(served: Served, room: Channel) -> None:
    message = acts.post(served.workspace, room, user=BOT, text="press", blocks=[{"type": "divider"}])
    await respond(response_url(served, room, message), text="pressed", replace_original=True)
    assert said(room) == [("pressed", None)]
    assert message.blocks is None


async def test_an_ephemeral_message_is_replaced_and_then_deleted(served: Served, room: Channel) -> None:
    message = acts.post_ephemeral(served.workspace, room, user=BOT, viewer=ANA, text="press")
    url = response_url(served, room, message)
    await respond(url, text="pressed", replace_original=True)
    assert said(room) == [("pressed", ANA)]
    await respond(url, delete_original=True)
    assert said(room) == []


async def test_somebody_elses_message_is_never_replaced(served: Served, room: Channel) -> None:
    message = acts.post(served.workspace, room, user=ANA, text="mine")
    await respond(response_url(served, room, message), text="yours", replace_original=True)
    assert said(room) == [("mine", None), ("yours", ANA)]


async def test_the_answer_to_a_click_in_a_thread_stays_there(served: Served, room: Channel) -> None:
    root = acts.post(served.workspace, room, user=BOT, text="root")
    message = acts.post(served.workspace, room, user=BOT, text="press", thread_ts=root.ts)
    await respond(response_url(served, room, message), text="pressed")
    assert [m.thread_ts for m in room.messages.values() if m.text == "pressed"] == [root.ts]


async def test_five_answers_and_no_more(served: Served, room: Channel) -> None:
    url = response_url(served, room)
    for number in range(5):
        assert (await respond(url, text=str(number)))[0] == 200
    status, body = await respond(url, text="six")
    assert (status, '"used_url"' in body) == (404, True)
    assert len(said(room)) == 5


async def test_after_half_an_hour_it_is_over(served: Served, room: Channel) -> None:
    url = response_url(served, room)
    await served.clock.advance(1800)
    assert (await respond(url, text="just in time"))[0] == 200
    await served.clock.advance(1)
    status, body = await respond(url, text="too late")
    assert (status, '"expired_url"' in body) == (404, True)


async def test_an_invented_address_is_not_found(served: Served) -> None:
    assert (await respond(f"{served.url}/response/nothing", text="hi"))[0] == 404


@pytest.mark.parametrize(
    ("body", "error"),
    [({"text": ""}, "no_text"), ({"blocks": [{"type": "x"}]}, "invalid_blocks"), ({"text": "  "}, "no_text")],
)
async def test_what_cannot_be_shown_is_refused(
    served: Served, room: Channel, body: dict[str, Any], error: str
) -> None:
    status, answer = await respond(response_url(served, room), **body)
    assert (status, f'"{error}"' in answer) == (400, True)
    assert said(room) == []


async def test_a_body_that_is_no_json_is_refused(served: Served, room: Channel) -> None:
    async with served.session.post(response_url(served, room), data=b"hello") as answer:
        assert (answer.status, (await answer.json())["error"]) == (400, "invalid_payload")


async def test_an_archived_channel_is_answered_no_more(served: Served, room: Channel) -> None:
    url = response_url(served, room)
    rooms.archive(served.workspace, room, user=BOT)
    status, body = await respond(url, text="hello", response_type="in_channel")
    assert (status, '"channel_is_archived"' in body) == (410, True)


async def test_each_use_is_in_the_log(served: Served, room: Channel) -> None:
    await respond(response_url(served, room), text="noted")
    entry = served.workspace.log[-1]
    assert (entry.name, entry.outcome, entry.detail) == ("response_url", "ok", {"text": "noted"})
