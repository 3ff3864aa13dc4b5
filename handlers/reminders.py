"""Put a reminder off, and do the action items: *Remind in …*, *Done*, *Open again*, `/incident actions`."""

from __future__ import annotations

from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.domain.commands import Command, CompleteActionItem, ReopenActionItem, SnoozeReminder
from bot.slack.face import Drawing
from bot.slack.ids import Action, ItemAim, SnoozeAim
from bot.slack.reminders import action_items
from bot.slack.text import clock, code
from handlers.answers import pressing, tell
from handlers.commands import Router
from handlers.desk import Desk
from handlers.payloads import Body, Typed, actor_of, press_key, pressed


def register(app: AsyncApp, incident: Router, desk: Desk) -> None:
    """Connect the story."""
    incident.verb("actions", partial(_actions, desk), takes_text=False)

    @app.action(Action.SNOOZE)
    @app.action(Action.SNOOZE_LONGER)
    async def snooze(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        async with pressing(desk.face, ack, respond):
            aim, actor = pressed(SnoozeAim, body), actor_of(body)
            command = SnoozeReminder(by=actor.id, name=aim.name, minutes=aim.minutes)
            outcome = await desk.incidents.carry_out(actor, aim.incident, command, key=press_key(body))
            for event in outcome.events:
                if event.type == "reminder_snoozed":
                    await tell(respond, desk.face.t("You are reminded at {when}.", when=clock(event.until)))

    @app.action(Action.ITEM_DONE)
    async def done(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        async with pressing(desk.face, ack, respond):
            aim = pressed(ItemAim, body)
            await _turn(desk, body, aim, CompleteActionItem(by=actor_of(body).id, number=aim.item))

    @app.action(Action.ITEM_REOPEN)
    async def reopen(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        async with pressing(desk.face, ack, respond):
            aim = pressed(ItemAim, body)
            await _turn(desk, body, aim, ReopenActionItem(by=actor_of(body).id, number=aim.item))


async def _turn(desk: Desk, body: Body, aim: ItemAim, command: Command) -> None:
    await desk.incidents.carry_out(actor_of(body), aim.incident, command, key=press_key(body))


async def _actions(desk: Desk, typed: Typed) -> str | Drawing:
    here = await desk.incidents.of_channel(typed.channel)
    if not here.action_items:
        command = code(desk.face.t("/incident action @name 2026-12-01 <text>"))
        return desk.face.t("No action item yet. To add one: {command}", command=command)
    return action_items(here, desk.face)
