"""Arguments reach a method however Slack would have taken them: query, form, multipart, JSON, and from the SDK."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import ButtonElement, SectionBlock
from slack_sdk.models.views import View

from bot.sandbox import rooms
from tests.sandbox.serving import ANA, BOT, Served, serving

SECTION = [{"type": "section", "text": {"type": "mrkdwn", "text": "*hi*"}}]
TOKEN = "xoxb-sandbox"


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


async def post(served: Served, method: str, **how: Any) -> dict[str, Any]:
    how.setdefault("headers", {"Authorization": f"Bearer {TOKEN}"})
    async with served.session.post(f"{served.url}/api/{method}", **how) as answer:
        body: dict[str, Any] = await answer.json()
        return body


def multipart(**fields: str) -> aiohttp.FormData:
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        form.add_field(name, value)
    return form


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"params": {"channel": "C00000001", "text": "hi"}}, id="query"),
        pytest.param({"data": {"channel": "C00000001", "text": "hi"}}, id="form"),
        pytest.param({"data": multipart(channel="C00000001", text="hi")}, id="multipart"),
        pytest.param({"json": {"channel": "C00000001", "text": "hi"}}, id="json"),
        pytest.param({"params": {"text": "?"}, "json": {"channel": "C00000001", "text": "hi"}}, id="both"),
    ],
)
async def test_a_message_arrives_in_every_encoding(served: Served, how: dict[str, Any]) -> None:
    answer = await post(served, "chat.postMessage", **how)
    assert (answer["ok"], answer["message"]["text"]) == (True, "hi")


async def test_get_takes_its_arguments_from_the_query(served: Served) -> None:
    address = f"{served.url}/api/users.info"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with served.session.get(address, params={"user": ANA}, headers=headers) as answer:
        assert (await answer.json())["user"]["name"] == "ana"


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"data": {"token": TOKEN}}, id="form"),
        pytest.param({"params": {"token": TOKEN}}, id="query"),
        pytest.param({"headers": {"Authorization": f"bearer {TOKEN}"}}, id="lower-case bearer"),
    ],
)
async def test_a_token_may_come_as_an_argument(served: Served, how: dict[str, Any]) -> None:
    answer = await post(served, "auth.test", **{"headers": {}, **how})
    assert answer["user_id"] == BOT


async def test_a_token_in_a_json_body_is_not_read(served: Served) -> None:
    answer = await post(served, "auth.test", json={"token": TOKEN}, headers={})
    assert answer["error"] == "not_authed"


@pytest.mark.parametrize(
    ("body", "kind", "error"),
    [
        ("{", "application/json", "invalid_json"),
        ("[1]", "application/json", "json_not_object"),
        ("channel=C1", "text/plain", "invalid_post_type"),
        (b"\xff\xfe{", "application/json", "invalid_json"),
        ("channel=C1", "application/x-www-form-urlencoded; charset=klingon", "invalid_charset"),
        (b"channel=\xff", "application/x-www-form-urlencoded", "invalid_form_data"),
        ("channel=C1", "multipart/form-data", "invalid_form_data"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(
    served: Served, body: str | bytes, kind: str, error: str
) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": kind}
    answer = await post(served, "chat.postMessage", data=body, headers=headers)
    assert answer == {"ok": False, "error": error}


async def test_reading_methods_do_not_read_json(served: Served) -> None:
    answer = await post(served, "conversations.info", json={"channel": "C00000001"})
    assert answer["error"] == "invalid_arguments"
    assert answer["response_metadata"]["messages"] == ["[ERROR] missing required field: channel"]


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(
            {"data": {"channel": "C00000001", "blocks": json.dumps(SECTION)}}, id="string in a form"
        ),
        pytest.param({"json": {"channel": "C00000001", "blocks": SECTION}}, id="list in JSON"),
        pytest.param({"json": {"channel": "C00000001", "blocks": json.dumps(SECTION)}}, id="string in JSON"),
    ],
)
async def test_blocks_come_as_a_list_or_as_a_string_of_json(served: Served, how: dict[str, Any]) -> None:
    answer = await post(served, "chat.postMessage", **how)
    assert answer["message"]["blocks"][0]["text"]["text"] == "*hi*"


@pytest.mark.parametrize("users", ["U01ANA,U02BO", '["U01ANA","U02BO"]', ["U01ANA", "U02BO"]])
async def test_several_users_come_with_commas_or_as_a_list(served: Served, users: Any) -> None:
    channel = rooms.create(served.workspace, "inc-1", user=BOT)
    answer = await post(served, "conversations.invite", json={"channel": channel.id, "users": users})
    assert answer["ok"]
    assert channel.members == [BOT, "U01ANA", "U02BO"]


@pytest.mark.parametrize(("said", "private"), [("1", True), ("true", True), ("0", False), ("false", False)])
async def test_yes_and_no_have_slacks_spellings(served: Served, said: str, private: bool) -> None:
    answer = await post(served, "conversations.create", data={"name": "inc-1", "is_private": said})
    assert answer["channel"]["is_private"] is private


async def test_anything_else_is_neither_yes_nor_no(served: Served) -> None:
    answer = await post(served, "conversations.create", data={"name": "inc-1", "is_private": "maybe"})
    assert answer["response_metadata"]["messages"] == ["[ERROR] must be a boolean [json-pointer:/is_private]"]


async def test_the_official_client_is_understood(served: Served) -> None:
    client = served.client
    made = await client.conversations_create(name="inc-1", is_private=False)
    channel = made["channel"]["id"]
    await client.conversations_invite(channel=channel, users=[ANA])
    block = SectionBlock(text="*hi*", accessory=ButtonElement(text="Done", action_id="done", value="1"))
    metadata = {"event_type": "card", "event_payload": {"incident": "INC-1"}}
    posted = await client.chat_postMessage(channel=channel, text="hi", blocks=[block], metadata=metadata)
    await client.pins_add(channel=channel, timestamp=posted["ts"])
    await client.reactions_add(channel=channel, timestamp=posted["ts"], name="eyes")
    await client.bookmarks_add(channel_id=channel, title="Runbook", type="link", link="https://example.com")
    await client.conversations_setTopic(channel=channel, topic="P0 & more")
    assert served.workspace.channels[channel].topic["value"] == "P0 & more"
    history = await client.conversations_history(channel=channel, include_all_metadata=True, limit=50)
    found = next(message for message in history["messages"] if message["ts"] == posted["ts"])
    assert (found["metadata"], found["reactions"][0]["name"]) == (metadata, "eyes")
    assert [item["message"]["ts"] for item in (await client.pins_list(channel=channel))["items"]] == [
        posted["ts"]
    ]


async def test_the_official_client_pages_through_everybody(served: Served) -> None:
    seen = [m["id"] async for page in await served.client.users_list(limit=2) for m in page["members"]]
    assert seen == list(served.workspace.people)


async def test_the_official_clients_view_opens(served: Served) -> None:
    view = View(type="modal", callback_id="declare", title="Declare", blocks=[SectionBlock(text="hi")])
    trigger_id = served.triggers.issue(ANA)
    opened = await served.client.views_open(trigger_id=trigger_id, view=view)
    assert opened["view"]["callback_id"] == "declare"
    assert served.workspace.modal_stacks[ANA] == [opened["view"]["id"]]


async def test_the_official_client_raises_what_was_refused(served: Served) -> None:
    with pytest.raises(SlackApiError) as refused:
        await served.client.conversations_create(name="general")
    assert refused.value.response["error"] == "name_taken"
