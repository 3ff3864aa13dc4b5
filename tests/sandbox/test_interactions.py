"""Payloads as Slack sends them: commands, shortcuts, messages, the Home tab; and what a manifest allows."""

from __future__ import annotations

import re
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp

from bot.sandbox import elements
from bot.sandbox.errors import NotPossibleError
from bot.sandbox.fixture import connected
from bot.sandbox.server import Sandbox
from tests.sandbox.conftest import Running, Wire

Json = dict[str, Any]

MANIFEST: Json = {
    "features": {
        "slash_commands": [
            {"command": "/incident", "description": "Declare", "should_escape": True},
            {"command": "/raw", "description": "As typed"},
        ],
        "shortcuts": [
            {"type": "global", "name": "Declare", "callback_id": "declare"},
            {"type": "message", "name": "Attach", "callback_id": "attach"},
        ],
    },
    "settings": {"event_subscriptions": {"bot_events": ["app_home_opened"]}},
}


@pytest.fixture
def heard(app: AsyncApp) -> list[Json]:
    """Every payload that the app was sent; it acknowledges them all."""
    bodies: list[Json] = []

    async def hear(ack: Any, body: Json) -> None:
        await ack()
        bodies.append(body)

    app.command(re.compile(".*"))(hear)
    app.action(re.compile(".*"))(hear)
    app.shortcut(re.compile(".*"))(hear)
    app.event(re.compile(".*"))(hear)
    return bodies


# slash commands -----------------------------------------------------------


async def test_a_command_carries_every_field_that_slack_sends(
    slack: Sandbox, running: Running, heard: list[Json]
) -> None:
    async with running():
        await slack.person("ana").types("/incident P0 checkout returns 500", channel="incidents")
    body = heard[0]
    assert re.fullmatch(r"\d+\.\d+\.[0-9a-f]{32}", body.pop("trigger_id"))
    assert body.pop("response_url").startswith(f"{slack.url}/response/")
    assert body == {
        "token": "sandbox",
        "team_id": "T0SANDBOX",
        "team_domain": "sandbox",
        "channel_id": slack.channel("incidents").id,
        "channel_name": "incidents",
        "user_id": "U01ANA",
        "user_name": "ana",
        "command": "/incident",
        "text": "P0 checkout returns 500",
        "api_app_id": slack.workspace.app.id,
        "is_enterprise_install": "false",
    }


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("/incident", ""),
        ("/incident   spaced   out  ", "spaced   out"),
        ("/incident *bold* <!channel> & `code`", "*bold* <!channel> & `code`"),
        ("/incident " + "x" * 10_000, "x" * 10_000),
        ("/incident @bo in #general", "@bo in #general"),
        ("/incident première\tligne", "première\tligne"),
        ("/incident\tP0\nsecond line", "P0\nsecond line"),
    ],
)
async def test_what_is_typed_arrives_as_it_was_typed(
    slack: Sandbox, running: Running, heard: list[Json], typed: str, text: str
) -> None:
    async with running():
        await slack.person("ana").types(typed)
    assert heard[0]["text"] == text


async def test_a_manifest_may_have_text_escaped(slack: Sandbox, running: Running, heard: list[Json]) -> None:
    slack.workspace.app.manifest = MANIFEST
    async with running():
        for name in ("/incident", "/raw"):
            await slack.person("ana").types(
                f"{name} @bo saw <b> in #general, ask @payments-oncall or @nobody"
            )
    general = slack.channel("general").id
    assert heard[0]["text"] == (
        f"<@U02BO|bo> saw &lt;b&gt; in <#{general}|general>, "
        "ask <!subteam^S01PAYMENTS|@payments-oncall> or @nobody"
    )
    assert heard[1]["text"] == "@bo saw <b> in #general, ask @payments-oncall or @nobody"


async def test_private_conversations_are_not_named(
    slack: Sandbox, running: Running, heard: list[Json]
) -> None:
    ana = slack.person("ana")
    await ana.creates("hideout", is_private=True)
    async with running():
        await ana.types("/incident", channel="hideout")
        await ana.types("/incident", channel="@firebreak")
        await ana.types("/incident", channel="@bo")
    commands = [body for body in heard if "command" in body]
    assert [body["channel_name"] for body in commands] == ["privategroup", "directmessage", "directmessage"]


async def test_a_command_that_the_manifest_lacks_is_slackbot_s_business(
    slack: Sandbox, running: Running, heard: list[Json]
) -> None:
    slack.workspace.app.manifest = MANIFEST
    async with running():
        reply = await slack.person("ana").types("/incidnet P0")
    assert reply.error is not None
    assert reply.error.startswith("/incidnet is not a valid command.")
    assert heard == []


async def test_commands_are_not_for_threads(slack: Sandbox, running: Running, heard: list[Json]) -> None:
    ana = slack.person("ana")
    message = await ana.says("a thread", "general")
    async with running():
        reply = await ana.types("/incident", thread=message)
        assert reply.error == "/incident is not supported in threads. Sorry!"
    assert not [body for body in heard if "command" in body]
    assert slack.shown("general", "ana")[-1].thread_ts == message.ts


@pytest.mark.parametrize("answer", [{"text": ""}, {"response_type": "in_channel"}, {"text": " "}])
async def test_an_empty_answer_shows_nothing(slack: Sandbox, app: AsyncApp, answer: Json) -> None:
    @app.command("/incident")
    async def incident(ack: Any) -> None:
        await ack(**answer)

    async with connected(slack, app):
        reply = await slack.person("ana").types("/incident", channel="general")
    assert (reply.text, reply.error) == ("", None)
    assert slack.shown("general", "ana") == []


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"text": "x", "blocks": [{"type": "dance"}]}, "invalid_blocks"),
        ({"text": "x", "blocks": "no list"}, "invalid_blocks_format"),
        ({"text": "x", "attachments": [1]}, "invalid_attachments"),
    ],
)
async def test_an_answer_that_is_no_message_is_shown_as_an_error(
    slack: Sandbox, wire: Wire, answer: Json, code: str
) -> None:
    wire.answers.append(web.json_response(answer))
    reply = await slack.person("ana").types("/incident", channel="general")
    assert reply.error == f'/incident failed with the error "{code}"'


@pytest.mark.parametrize(
    "answer",
    [
        {"options": [{"value": "no text"}]},
        {"options": "none"},
        {"option_groups": [{"options": [7]}]},
        {"option_groups": ["group"]},
        {"text": "hello"},
        None,
    ],
)
async def test_options_that_are_none_leave_the_menu_empty(
    slack: Sandbox, app: AsyncApp, wire: Wire, answer: Json | None
) -> None:
    menu = {"type": "external_select", "action_id": "menu", "min_query_length": 0}
    blocks = [{"type": "actions", "elements": [menu]}]
    posted = await app.client.chat_postMessage(channel=slack.channel("general").id, text="x", blocks=blocks)
    message = slack.channel("general").messages[posted["ts"]]
    [spot] = elements.spots(message.blocks or [])
    await slack.until(lambda: slack.delivery.in_flight == 0)
    wire.answers = [web.json_response(answer)]
    offered = await slack.interactions.suggest(slack.person("ana").person, message, spot, "x")
    assert offered == {"options": []}


# messages -----------------------------------------------------------------


BUTTON: Json = {
    "type": "actions",
    "block_id": "row",
    "elements": [
        {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "action_id": "go", "value": "7"}
    ],
}


async def test_a_button_in_a_message_carries_the_message_and_a_way_to_answer(
    slack: Sandbox, app: AsyncApp, running: Running, heard: list[Json]
) -> None:
    general = slack.channel("general").id
    async with running():
        posted = await app.client.chat_postMessage(channel=general, text="press", blocks=[BUTTON])
        await slack.person("ana").clicks("Go")
        body = await slack.until(lambda: next((b for b in heard if b["type"] == "block_actions"), None))
    [action] = body["actions"]
    assert action.pop("action_ts")
    assert action == {
        "type": "button",
        "block_id": "row",
        "action_id": "go",
        "value": "7",
        "text": {"type": "plain_text", "text": "Go", "emoji": True},
    }
    assert body["container"] == {
        "type": "message",
        "message_ts": posted["ts"],
        "channel_id": general,
        "is_ephemeral": False,
    }
    assert body["channel"] == {"id": general, "name": "general"}
    assert body["message"]["ts"] == posted["ts"]
    assert body["message"]["bot_id"] == slack.workspace.app.bot_id
    assert body["user"] == {"id": "U01ANA", "username": "ana", "name": "ana", "team_id": "T0SANDBOX"}
    assert body["team"] == {"id": "T0SANDBOX", "domain": "sandbox"}
    assert body["state"] == {"values": {}}
    assert body["trigger_id"]
    assert body["response_url"]


async def test_an_ephemeral_message_is_not_sent_along(
    slack: Sandbox, app: AsyncApp, running: Running, heard: list[Json]
) -> None:
    general = slack.channel("general").id
    async with running():
        await app.client.chat_postEphemeral(channel=general, user="U01ANA", text="x", blocks=[BUTTON])
        await slack.person("ana").clicks("Go")
        await slack.until(lambda: heard)
    assert heard[0]["container"]["is_ephemeral"] is True
    assert "message" not in heard[0]


async def test_a_response_url_replaces_the_message_five_times(
    slack: Sandbox, app: AsyncApp, running: Running
) -> None:
    statuses: list[int] = []

    @app.action("go")
    async def go(ack: Any, respond: Any) -> None:
        await ack()
        for number in range(1, 7):
            answer = await respond(text=f"answer {number}", replace_original=True)
            statuses.append(answer.status_code)

    async with running():
        general = slack.channel("general").id
        await app.client.chat_postMessage(channel=general, text="press", blocks=[BUTTON])
        await slack.person("ana").clicks("Go")
        await slack.until(lambda: len(statuses) == 6)
    assert statuses == [200, 200, 200, 200, 200, 404]
    assert [slack.text_of(message) for message in slack.shown("general", "bo")] == ["answer 5"]


# shortcuts and Home -------------------------------------------------------


async def test_a_global_shortcut_has_no_channel(slack: Sandbox, running: Running, heard: list[Json]) -> None:
    async with running():
        await slack.person("ana").uses_shortcut("declare")
    assert (heard[0]["type"], heard[0]["callback_id"]) == ("shortcut", "declare")
    assert heard[0]["trigger_id"]
    assert not {"channel", "response_url", "message"} & set(heard[0])


async def test_a_message_shortcut_has_the_message(
    slack: Sandbox, running: Running, heard: list[Json]
) -> None:
    ana = slack.person("ana")
    async with running():
        message = await ana.says("log attached", "general")
        await ana.uses_shortcut("attach", message)
        body = await slack.until(lambda: next((b for b in heard if b["type"] == "message_action"), None))
    assert body["message_ts"] == message.ts
    assert body["message"]["text"] == "log attached"
    assert body["channel"]["name"] == "general"
    assert body["response_url"]


async def test_only_shortcuts_of_the_manifest_can_be_used(slack: Sandbox) -> None:
    slack.workspace.app.manifest = MANIFEST
    ana = slack.person("ana")
    with pytest.raises(NotPossibleError, match="no global shortcut 'attach'"):
        await ana.uses_shortcut("attach")
    with pytest.raises(NotPossibleError, match="no message shortcut 'declare'"):
        await ana.uses_shortcut("declare", await ana.says("x", "general"))


async def test_the_home_tab_is_told_of_with_the_view_that_is_there(
    slack: Sandbox, app: AsyncApp, running: Running, heard: list[Json]
) -> None:
    home = {"type": "home", "blocks": [BUTTON]}
    async with running():
        ana = slack.person("ana")
        await ana.opens_home()
        await slack.until(lambda: heard)
        await app.client.views_publish(user_id="U01ANA", view=home)
        await ana.opens_home()
        await slack.until(lambda: len(heard) == 2)
        await ana.clicks("Go")
        await slack.until(lambda: len(heard) == 3)
    first, second = (body["event"] for body in heard[:2])
    assert (first["type"], first["tab"], first["user"]) == ("app_home_opened", "home", "U01ANA")
    assert "view" not in first
    assert second["view"]["type"] == "home"
    assert heard[2]["container"] == {"type": "view", "view_id": second["view"]["id"]}
    assert heard[2]["view"]["id"] == second["view"]["id"]


async def test_the_messages_tab_is_another_tab(slack: Sandbox, running: Running, heard: list[Json]) -> None:
    slack.workspace.app.manifest = MANIFEST
    async with running():
        channel = await slack.person("ana").opens_app_chat()
        await slack.until(lambda: heard)
    assert heard[0]["event"]["tab"] == "messages"
    assert heard[0]["event"]["channel"] == channel.id
