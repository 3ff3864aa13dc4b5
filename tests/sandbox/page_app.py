"""A small Bolt app for the tests of the page: a command, a card, a form with a pushed view, a Home tab, menus."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import Sandbox
from tests.sandbox.page_kit import CARD, button, field, modal, mrkdwn, option, plain

Json = dict[str, Any]
LATE = 3.3  # seconds: later than Slack waits

MANIFEST: Json = {
    "features": {
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
        "slash_commands": [
            {
                "command": "/incident",
                "description": "Declare an incident",
                "usage_hint": "[P0-P4] [what is broken]",
            },
            {"command": "/flag", "description": "Switch a feature off", "usage_hint": "kill <flag> <reason>"},
        ],
        "shortcuts": [
            {
                "type": "global",
                "name": "Declare an incident",
                "callback_id": "declare_anywhere",
                "description": "x",
            },
            {"type": "message", "name": "Add to the timeline", "callback_id": "note", "description": "x"},
        ],
    },
    "oauth_config": {"scopes": {"bot": ["chat:write", "commands", "users:read", "channels:read"]}},
    "settings": {"event_subscriptions": {"bot_events": ["app_home_opened"]}},
}


def build(slack: Sandbox) -> AsyncApp:
    """The app, knowing nothing of the sandbox but its address and token."""
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])
    app = AsyncApp(client=client, signing_secret=slack.signing_secret)
    for story in (_commands, _buttons, _forms, _shortcuts):
        story(app)
    return app


def _commands(app: AsyncApp) -> None:
    @app.command("/incident")
    async def incident(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        if body.get("text"):
            header = {"type": "header", "text": plain(f"INC-1 · {body['text']}")}
            await client.chat_postMessage(
                channel=body["channel_id"], text=body["text"], blocks=[header, *CARD[1:]]
            )
        else:
            await client.views_open(trigger_id=body["trigger_id"], view=modal(notify_on_close=True))

    @app.command("/flag")
    async def flag(ack: Any) -> None:
        await ack("`new-psp-routing` is *on*.")


def _buttons(app: AsyncApp) -> None:
    @app.action("lead")
    async def lead(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        led = {"type": "section", "text": mrkdwn(f"Led by <@{body['user']['id']}>")}
        blocks = [body["message"]["blocks"][0], led, *CARD[3:]]
        await client.chat_update(
            channel=body["channel"]["id"], ts=body["message"]["ts"], text="led", blocks=blocks
        )

    @app.action("severity")
    async def severity(ack: Any, body: Json, respond: Any) -> None:
        await ack()
        chosen = body["actions"][0]["selected_option"]["value"]
        await respond(text=f"Severity is now {chosen}.", response_type="in_channel", replace_original=False)

    @app.action("close")
    async def close(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.chat_postMessage(channel=body["channel"]["id"], text="INC-1 is closed.")

    @app.action("late")
    async def late(ack: Any) -> None:
        await asyncio.sleep(LATE)
        await ack()

    @app.options("flag")
    async def flags(ack: Any, body: Json) -> None:
        await ack(
            options=[
                option(f"{body['value']}-routing", "routing"),
                option(f"{body['value']}-search", "search"),
            ]
        )

    @app.action(re.compile(".*"))
    async def anything(ack: Any) -> None:
        await ack()


def _forms(app: AsyncApp) -> None:
    @app.view("declare")
    async def declared(ack: Any, body: Json, client: AsyncWebClient) -> None:
        values = body["view"]["state"]["values"]
        title = values["title"]["v"]["value"]
        if len(title) < 10:
            await ack(response_action="errors", errors={"title": "Say a little more."})
            return
        if title.startswith("again"):
            more = {**modal(), "callback_id": "sure", "blocks": [field("Sure?", _text("sure"), "sure")]}
            await ack(response_action="push", view=more)
            return
        await ack()
        chosen = values["severity"]["v"]["selected_option"]["value"]
        await client.chat_postMessage(channel="incidents", text=f"Declared {chosen}: {title}")

    @app.view_closed("declare")
    async def given_up(ack: Any, client: AsyncWebClient) -> None:
        await ack()
        await client.chat_postMessage(channel="incidents", text="The form was given up.")


def _shortcuts(app: AsyncApp) -> None:
    @app.shortcut("declare_anywhere")
    async def anywhere(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal())

    @app.shortcut("note")
    async def note(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        text = f"Noted: {body['message']['text']}"
        await client.chat_postEphemeral(channel=body["channel"]["id"], user=body["user"]["id"], text=text)

    @app.event("app_home_opened")
    async def home(event: Json, client: AsyncWebClient) -> None:
        blocks = [
            {"type": "header", "text": plain("Open incidents")},
            {"type": "section", "text": mrkdwn("*None*")},
        ]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})


def _text(action_id: str) -> Json:
    return {"type": "plain_text_input", "action_id": action_id}


async def post(slack: Sandbox, channel: str, text: str, blocks: list[Json] | None = None) -> str:
    """A message by the app; its ts."""
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])
    answer = await client.chat_postMessage(channel=channel, text=text, blocks=blocks)
    return str(answer["ts"])


LATE_BUTTON: list[Json] = [{"type": "actions", "elements": [button("Slow", "late")]}]
FLAG_MENU: list[Json] = [
    {
        "type": "actions",
        "elements": [
            {
                "type": "external_select",
                "action_id": "flag",
                "placeholder": plain("Search a flag"),
                "min_query_length": 1,
            }
        ],
    }
]
