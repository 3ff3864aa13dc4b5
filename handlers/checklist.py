"""The checklist: *Done*, *Skip…* with a reason, *Undo*, *Assign…*, *Note…*, and steps added on the fly.

Buttons with a menu beside them; on long checklists a menu alone.
"""

from __future__ import annotations

from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.commands import AddStep, AssignStep, CompleteStep, NoteOnStep, ReopenStep, SkipStep
from bot.domain.incident import Incident, Item
from bot.domain.rules import decide
from bot.domain.vocabulary import Refused
from bot.slack.hints import so_now
from bot.slack.ids import Action, Blank, Form, StepAct, StepAim, StepMenuAim
from bot.slack.modals import assign_form, skip_form, step_note_form
from bot.slack.text import without_mentions
from handlers.answers import pressing, show_form, submitting
from handlers.commands import Router
from handlers.desk import Desk
from handlers.payloads import (
    Body,
    Typed,
    actor_of,
    chosen_person,
    filled,
    form_key,
    press_key,
    pressed,
    travelled,
)

FORM_DID_NOT_OPEN = Refused("Slack did not open the form, so nothing was changed. Press it once more.")


def register(app: AsyncApp, incident: Router, desk: Desk) -> None:
    """Connect the story."""
    incident.verb("step", partial(_add, desk))

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
    @app.action(Action.STEP_MORE)
    async def menu(ack: AsyncAck, body: Body, respond: AsyncRespond, client: AsyncWebClient) -> None:
        async with pressing(desk.face, ack, respond):
            await _chosen(desk, client, body, pressed(StepMenuAim, body))

    @app.view(Form.SKIP)
    async def skipped(ack: AsyncAck, body: Body) -> None:
        async with submitting(desk.face, ack, Blank.REASON):
            await _skip(desk, body, travelled(StepAim, body))

    @app.view(Form.ASSIGN_STEP)
    async def assigned(ack: AsyncAck, body: Body) -> None:
        async with submitting(desk.face, ack, Blank.PERSON):
            person = chosen_person(body, Blank.PERSON)
            if person is None:
                raise Refused("Choose who does it.")
            await _assign(desk, body, travelled(StepAim, body), person, key=form_key(body))

    @app.view(Form.NOTE_ON_STEP)
    async def noted(ack: AsyncAck, body: Body) -> None:
        async with submitting(desk.face, ack, Blank.NOTE):
            actor, aim = actor_of(body), travelled(StepAim, body)
            command = NoteOnStep(by=actor.id, step=aim.step, note=filled(body, Blank.NOTE))
            await desk.incidents.carry_out(actor, aim.incident, command, key=form_key(body))


async def _chosen(desk: Desk, client: AsyncWebClient, body: Body, aim: StepMenuAim) -> None:
    match aim.act:
        case StepAct.DONE:
            await _complete(desk, body, aim)
        case StepAct.UNDO:
            await _reopen(desk, body, aim)
        case StepAct.SKIP:
            await _ask_why(desk, client, body, StepAim(incident=aim.incident, step=aim.step))

        case StepAct.TAKE:
            await _assign(desk, body, aim, actor_of(body).id, key=press_key(body))
        case StepAct.ASSIGN:
            asked = AssignStep(by=actor_of(body).id, step=aim.step, person=actor_of(body).id)
            item = await _that_may_be(desk, asked, aim)
            form = assign_form(desk.face, StepAim(incident=aim.incident, step=aim.step), item)
            await show_form(client, body["trigger_id"], form, FORM_DID_NOT_OPEN)
        case StepAct.NOTE:
            item = await _that_may_be(desk, NoteOnStep(by=actor_of(body).id, step=aim.step, note="…"), aim)
            form = step_note_form(desk.face, StepAim(incident=aim.incident, step=aim.step), item)
            await show_form(client, body["trigger_id"], form, FORM_DID_NOT_OPEN)


async def _assign(desk: Desk, body: Body, aim: StepAim, person: str, *, key: str) -> None:
    actor = actor_of(body)
    command = AssignStep(by=actor.id, step=aim.step, person=person)
    await desk.incidents.carry_out(actor, aim.incident, command, key=key)


async def _add(desk: Desk, typed: Typed) -> str:
    here = await desk.incidents.of_channel(typed.channel)
    command = AddStep(by=typed.actor.id, text=without_mentions(typed.text))
    outcome = await desk.incidents.carry_out(typed.actor, here.number, command, key=typed.key)
    said = desk.face.t("The step is on the checklist of {incident}.", incident=here.name)
    return so_now(said, outcome.incident, desk.face)


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
    reason = "asked before the reason is known"
    item = await _that_may_be(desk, SkipStep(by=actor_of(body).id, step=aim.step, reason=reason), aim)
    await show_form(client, body["trigger_id"], skip_form(desk.face, aim, item), FORM_DID_NOT_OPEN)


async def _that_may_be(desk: Desk, asked: SkipStep | AssignStep | NoteOnStep, aim: StepAim) -> Item:
    incident = await desk.incidents.find(aim.incident) or Incident(number=aim.incident)
    decide(incident, asked, desk.now())
    item = incident.item(aim.step)
    if item is None:
        raise AssertionError("the rules refuse a step that is not there")
    return item
