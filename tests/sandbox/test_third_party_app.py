"""An app in the shape of Slack's own Python starter, which knows nothing of the sandbox, works in it."""

import re
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_sdk.models import blocks, views

from bot.sandbox.server import Sandbox
from tests.sandbox.conftest import Running


def modal(title: str) -> views.View:
    button = blocks.ButtonElement(text="Update", action_id="sample_action_id")
    text = blocks.PlainTextInputElement(action_id="text", multiline=True)
    channel = blocks.ConversationSelectElement(action_id="channel", response_url_enabled=True)
    first = blocks.SectionBlock(text="Press the button", accessory=button)
    dreams = blocks.InputBlock(block_id="dreams", label="Hopes and dreams", element=text)
    where = blocks.InputBlock(block_id="where", label="Send them to", element=channel)
    held = [first, dreams, where]
    return views.View(type="modal", callback_id="sample_view_id", title=title, submit="Send", blocks=held)


async def test_the_starter_app_works_unchanged(slack: Sandbox, app: AsyncApp, running: Running) -> None:
    @app.message(re.compile("(hi|hello|hey)"))
    async def greeted(context: Any, say: Any) -> None:
        await say(f"{context['matches'][0]}, how are you?")

    @app.command("/sample-command")
    async def command(ack: Any, respond: Any) -> None:
        await ack()
        await respond("Responding to the sample command!")

    @app.shortcut("sample_shortcut_id")
    async def shortcut(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal("Sample modal"))

    @app.action("sample_action_id")
    async def action(ack: Any, body: Any, client: Any) -> None:
        await ack()
        ids = {"view_id": body["view"]["id"], "hash": body["view"]["hash"]}
        await client.views_update(**ids, view=modal("Updated modal"))

    @app.view("sample_view_id")
    async def submitted(ack: Any, view: Any, body: Any, client: Any) -> None:
        await ack()
        held = view["state"]["values"]
        text = f"<@{body['user']['id']}> dreams of {held['dreams']['text']['value']}"
        await client.chat_postMessage(channel=held["where"]["channel"]["selected_conversation"], text=text)

    @app.event("app_home_opened")
    async def home(event: Any, client: Any) -> None:
        held = [blocks.SectionBlock(text=f"*Welcome home, <@{event['user']}>*")]
        await client.views_publish(user_id=event["user"], view=views.View(type="home", blocks=held))

    ana, bo = slack.person("ana"), slack.person("bo")
    async with running():
        await ana.types("hello bot", channel="general")
        await bo.sees("hello, how are you?", channel="general")
        await ana.types("/sample-command")
        await ana.sees("Responding to the sample command!")
        await ana.uses_shortcut("sample_shortcut_id")
        await ana.clicks("Update")
        await ana.sees_modal("Updated modal")
        await ana.fills({"Hopes and dreams": "sleep", "Send them to": "incidents"})
        await ana.submits()
        await bo.sees("@Ana Ruiz dreams of sleep", channel="incidents")
        await ana.opens_home()
        await ana.sees_home("Welcome home, @Ana Ruiz")
