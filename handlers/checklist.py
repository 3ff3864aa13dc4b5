"""Tick the checklist: *Done*, *Skip…* with a reason, *Undo*; as buttons, or as a menu on long checklists."""

from __future__ import annotations

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.commands import CompleteStep, ReopenStep, SkipStep
from bot.domain.incident import Incident, Item
from bot.domain.rules import decide
from bot.domain.vocabulary import Refused
from bot.slack.ids import Action, Blank, Form, StepAct, StepAim, StepMenuAim
from bot.slack.modals import skip_form
from handlers.answers import pressing, show_form, submitting
from handlers.desk import Desk
from handlers.payloads import Body, actor_of, filled, form_key, press_key, pressed, travelled

FORM_DID_NOT_OPEN = Refused("Slack did not open the form, so nothing was changed. Press *Skip…* once more.")


def register(app: AsyncApp, desk: Desk) -> None:
    """Connect the story."""

    @app.action(Action.STEP_DONE)
    async def done(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        async with pressing(desk.face, ack, respond):
            await _complete(desk, body, pressed(StepAim, body))

    @app.action(Action.STEP_UNDO)
    async def undo(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        async with pressing(desk.face, ack, respond):
            await _reopen(desk, body, pressed(StepAim, body))

    @app.action(Action.STEP_SKIP)
    async def skip(ack: AsyncAck, body: Body, respond: AsyncRespond, client: AsyncWebClient) -> None:
        async with pressing(desk.face, ack, respond):
            await _ask_why(desk, client, body, pressed(StepAim, body))

    @app.action(Action.STEP_MENU)
    async def menu(ack: AsyncAck, body: Body, respond: AsyncRespond, client: AsyncWebClient) -> None:
        async with pressing(desk.face, ack, respond):
            await _chosen(desk, client, body, pressed(StepMenuAim, body))

    @app.view(Form.SKIP)
    async def skipped(ack: AsyncAck, body: Body) -> None:
        async with submitting(desk.face, ack, Blank.REASON):
            await _skip(desk, body, travelled(StepAim, body))


async def _chosen(desk: Desk, client: AsyncWebClient, body: Body, aim: StepMenuAim) -> None:
    match aim.act:
        case StepAct.DONE:
            await _complete(desk, body, aim)
        case StepAct.UNDO:
            await _reopen(desk, body, aim)
        case StepAct.SKIP:
            await _ask_why(desk, client, body, StepAim(incident=aim.incident, step=aim.step))


async def _complete(desk: Desk, body: Body, aim: StepAim) -> None:
    actor = actor_of(body)
    command = CompleteStep(by=actor.id, step=aim.step)
    await desk.incidents.carry_out(actor, aim.incident, command, key=press_key(body))


async def _reopen(desk: Desk, body: Body, aim: StepAim) -> None:
    actor = actor_of(body)
    command = ReopenStep(by=actor.id, step=aim.step)
    await desk.incidents.carry_out(actor, aim.incident, command, key=press_key(body))


async def _skip(desk: Desk, body: Body, aim: StepAim) -> None:
    actor = actor_of(body)
    command = SkipStep(by=actor.id, step=aim.step, reason=filled(body, Blank.REASON))
    await desk.incidents.carry_out(actor, aim.incident, command, key=form_key(body))


async def _ask_why(desk: Desk, client: AsyncWebClient, body: Body, aim: StepAim) -> None:
    """Open the form for the reason, unless the rules would refuse whatever it says."""
    item = await _that_may_be_skipped(desk, body, aim)
    await show_form(client, body["trigger_id"], skip_form(desk.face, aim, item), FORM_DID_NOT_OPEN)


async def _that_may_be_skipped(desk: Desk, body: Body, aim: StepAim) -> Item:
    incident = await desk.incidents.find(aim.incident) or Incident(number=aim.incident)
    asked = SkipStep(by=actor_of(body).id, step=aim.step, reason="asked before the reason is known")
    decide(incident, asked, desk.now())
    item = incident.item(aim.step)
    if item is None:
        raise AssertionError("the rules refuse a step that is not there")
    return item
