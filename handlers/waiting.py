"""Updates that Slack did not take: tried again when somebody presses for it, or when the channel is back."""

from __future__ import annotations

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.domain.vocabulary import Refused
from bot.slack.ids import Action, Heard, IncidentAim
from handlers.answers import pressing
from handlers.desk import Desk
from handlers.payloads import Body, pressed


def register(app: AsyncApp, desk: Desk) -> None:
    """Connect the story."""

    @app.action(Action.TRY_AGAIN)
    async def try_again(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        async with pressing(desk.face, ack, respond):
            await desk.incidents.try_again(pressed(IncidentAim, body).incident)

    @app.event(Heard.CHANNEL_UNARCHIVED)
    @app.event(Heard.GROUP_UNARCHIVED)
    async def unarchived(event: Body) -> None:
        await back(desk, event.get("channel"))


async def back(desk: Desk, channel: object) -> None:
    """The channel can be written to again: opened anew, or the bot was invited back."""
    if not isinstance(channel, str):
        return
    try:
        incident = await desk.incidents.of_channel(channel)
    except Refused:
        return  # a channel that is no incident's
    await desk.incidents.try_again(incident.number)
