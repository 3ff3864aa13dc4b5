"""Tell those who wait: `/incident update`, the button and its form. And tell a late joiner: `/incident catchup`."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.commands import PostUpdate
from bot.domain.incident import Incident
from bot.domain.told import told
from bot.domain.vocabulary import Refused
from bot.slack.catchup import catchup
from bot.slack.hints import so_now
from bot.slack.ids import Action, Blank, Form, IncidentAim
from bot.slack.modals import update_form
from handlers.answers import pressing, show_form, submitting
from handlers.commands import Router
from handlers.desk import Desk
from handlers.payloads import Body, Typed, actor_of, chosen, filled, form_key, pressed, travelled

FORM_DID_NOT_OPEN = Refused("Slack did not open the form. Type `/incident update <text>` instead.")
CLOSED = Refused(
    "{incident} is closed, so there is nothing left to tell. `/incident reopen <reason>` opens it again."
)


def register(app: AsyncApp, incident: Router, desk: Desk) -> None:
    """Connect the story."""
    incident.verb("update", partial(_update, desk))
    incident.verb("catchup", partial(_catch_up, desk), takes_text=False)

    @app.action(Action.POST_UPDATE)
    async def press(ack: AsyncAck, body: Body, respond: AsyncRespond, client: AsyncWebClient) -> None:
        async with pressing(desk.face, ack, respond):
            aim = pressed(IncidentAim, body)
            here = await desk.incidents.find(aim.incident) or Incident(number=aim.incident)
            await _ask(desk, client, body["trigger_id"], here)

    @app.view(Form.UPDATE)
    async def submitted(ack: AsyncAck, body: Body) -> None:
        async with submitting(desk.face, ack, Blank.SITUATION):
            actor, aim = actor_of(body), travelled(IncidentAim, body)
            command = PostUpdate(
                by=actor.id,
                text=filled(body, Blank.SITUATION),
                doing=filled(body, Blank.DOING),
                next_at=_next(desk, chosen(body, Blank.NEXT_UPDATE)),
            )
            await desk.incidents.carry_out(actor, aim.incident, command, key=form_key(body))


async def _update(desk: Desk, typed: Typed) -> str:
    here = await desk.incidents.of_channel(typed.channel)
    if not typed.text:
        await _ask(desk, typed.client, typed.trigger_id, here)
        return ""
    command = PostUpdate(by=typed.actor.id, text=typed.text)
    outcome = await desk.incidents.carry_out(typed.actor, here.number, command, key=typed.key)
    said = desk.face.t("Told here and below the announcement of {incident}.", incident=here.name)
    if here.private:
        said = desk.face.t("Told here alone: {incident} is private.", incident=here.name)
    return so_now(said, outcome.incident, desk.face)


async def _ask(desk: Desk, client: AsyncWebClient, trigger_id: str, here: Incident) -> None:
    if here.is_closed:
        raise Refused(CLOSED.text, incident=here.name)
    await show_form(client, trigger_id, update_form(desk.face, here), FORM_DID_NOT_OPEN)


def _next(desk: Desk, minutes: str | None) -> datetime | None:
    """When we speak again; the form offers only whole minutes."""
    return desk.now() + timedelta(minutes=int(minutes)) if minutes and minutes.isdecimal() else None


async def _catch_up(desk: Desk, typed: Typed) -> str:
    here = await desk.incidents.of_channel(typed.channel)
    entries = await desk.incidents.timeline(here.number)
    return "\n".join(catchup(here, told(entries), desk.face, desk.now()))
