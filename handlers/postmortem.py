"""The draft of the postmortem: `/incident postmortem`, and the button that is offered at the close."""

from __future__ import annotations

from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.domain.commands import AskPostmortem
from bot.slack.ids import Action, IncidentAim
from handlers.answers import pressing
from handlers.commands import Router
from handlers.desk import Desk
from handlers.payloads import Body, Typed, actor_of, press_key, pressed


def register(app: AsyncApp, incident: Router, desk: Desk) -> None:
    """Connect the story."""
    incident.verb("postmortem", partial(_draft, desk), takes_text=False)

    @app.action(Action.DRAFT_POSTMORTEM)
    async def press(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        async with pressing(desk.face, ack, respond):
            actor, aim = actor_of(body), pressed(IncidentAim, body)
            await desk.incidents.carry_out(
                actor, aim.incident, AskPostmortem(by=actor.id), key=press_key(body)
            )


async def _draft(desk: Desk, typed: Typed) -> str:
    here = await desk.incidents.of_channel(typed.channel)
    await desk.incidents.carry_out(typed.actor, here.number, AskPostmortem(by=typed.actor.id), key=typed.key)
    return desk.face.t("The draft of {incident} comes into this channel in a moment.", incident=here.name)
