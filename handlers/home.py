"""The Home tab: shown to whoever opens it, with a button to declare."""

from __future__ import annotations

import contextlib

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.vocabulary import Refused
from bot.slack.declaring import declare_form
from bot.slack.ids import Action, Heard, Origin
from handlers.answers import show_form
from handlers.declare import FORM_DID_NOT_OPEN
from handlers.desk import Desk
from handlers.payloads import Body


def register(app: AsyncApp, desk: Desk) -> None:
    """Connect the story."""

    @app.event(Heard.HOME_OPENED)
    async def opened(event: Body) -> None:
        person = event.get("user")
        if event.get("tab") == "home" and isinstance(person, str):
            desk.homes.opened(person)

    @app.action(Action.DECLARE)
    async def declare(ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        form = declare_form(desk.face, Origin(), runbooks=desk.incidents.runbooks)
        with contextlib.suppress(Refused):  # it is logged; a Home tab has no place where it could be told
            await show_form(client, body["trigger_id"], form, FORM_DID_NOT_OPEN)
        await ack()
