"""Leave a phase: its exit questions as a form, and the action items."""

from __future__ import annotations

from datetime import date
from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.commands import (
    ActionItemDraft,
    AddActionItem,
    CompleteActionItem,
    EnterNextPhase,
    ReopenActionItem,
)
from bot.domain.incident import Incident
from bot.domain.naming import phase_word
from bot.domain.questions import Answer, Proof
from bot.domain.rules.flags import undecided
from bot.domain.rules.gates import Unanswered, may_close, steps_done
from bot.domain.vocabulary import Phase, Refused
from bot.slack.cards import recovery_times
from bot.slack.gates import gate_form, own_blank, path_blank
from bot.slack.held import held_form
from bot.slack.hints import so_now
from bot.slack.ids import Action, Blank, Form, GateAim, PhaseAim
from bot.slack.leftovers import action_lines
from bot.slack.modals import notice
from bot.slack.text import code
from bot.storage.engine import StorageError
from bot.storage.incidents import Outcome
from handlers.answers import plain_refusal_of, pressing, show_form
from handlers.commands import Router
from handlers.desk import Desk
from handlers.payloads import (
    Body,
    Typed,
    actor_of,
    chosen,
    chosen_date,
    chosen_person,
    filled,
    form_key,
    people_in,
    pressed,
    travelled,
)

FORM_DID_NOT_OPEN = Refused(
    "Slack did not open the form, so nothing was changed. Press *Next phase* once more."
)
WHAT_ACTION = Refused(
    "What, who and until when? Type `/incident action @name 2026-12-01 <text>`, or `/incident action done 1`."
)
ALL_THREE = Refused("An action item needs what, who and until when: fill in all three.")
ITEMS_IN_ANSWER = 20  # as many as an incident may have

ANSWERED = {
    Blank.ROOT_CAUSE: Proof.ROOT_CAUSE,
    Blank.FIX: Proof.FIX,
    Blank.REGRESSION_TEST: Proof.REGRESSION_TEST,
    Blank.ALERT: Proof.ALERT,
    Blank.RUNBOOK: Proof.RUNBOOK,
    Blank.OBJECTIVE: Proof.OBJECTIVE,
    Blank.KNOWLEDGE: Proof.KNOWLEDGE,
    Blank.NO_ACTION_ITEM: Proof.NO_ACTION_ITEM,
}


def register(app: AsyncApp, incident: Router, desk: Desk) -> None:
    """Connect the story."""
    incident.verb("next", partial(_next, desk), takes_text=False)
    incident.verb("close", partial(_close, desk), takes_text=False)
    incident.verb("action", partial(_action, desk))

    @app.action(Action.NEXT_PHASE)
    async def next_phase(ack: AsyncAck, body: Body, respond: AsyncRespond, client: AsyncWebClient) -> None:
        async with pressing(desk.face, ack, respond):
            aim = pressed(PhaseAim, body)
            here = await desk.incidents.find(aim.incident) or Incident(number=aim.incident)
            if here.phase is aim.leaving:
                await _ask(desk, client, body["trigger_id"], here)

    @app.view(Form.GATE)
    async def answered(ack: AsyncAck, body: Body) -> None:
        try:
            aim = travelled(GateAim, body)
        except Refused as refused:  # nobody knows which blocks that form has
            await ack(response_action="update", view=notice(desk.face, desk.face.plain_refusal(refused)))
            return
        try:
            await _leave(desk, body, aim)
        except (Refused, StorageError) as error:
            block = _block(aim, error)
            await ack(response_action="errors", errors={block: plain_refusal_of(desk.face, error)})
        else:
            await ack()


async def _ask(desk: Desk, client: AsyncWebClient, trigger_id: str, here: Incident) -> None:
    steps_done(here)
    left = undecided(here) if here.phase.next is Phase.CLOSED else []
    form = held_form(desk.face, here, left, desk.now()) if left else gate_form(desk.face, here)
    await show_form(client, trigger_id, form, FORM_DID_NOT_OPEN)


async def _next(desk: Desk, typed: Typed) -> str:
    here = await _open_here(desk, typed)
    await _ask(desk, typed.client, typed.trigger_id, here)
    return ""


async def _close(desk: Desk, typed: Typed) -> str:
    here = await _open_here(desk, typed)
    may_close(here)
    await _ask(desk, typed.client, typed.trigger_id, here)
    return ""


async def _open_here(desk: Desk, typed: Typed) -> Incident:
    here = await desk.incidents.of_channel(typed.channel)
    if here.is_closed:
        raise Refused(
            "{incident} is closed already, so nothing was changed. To go on with it: `/incident reopen <reason>`.",
            incident=here.name,
        )
    return here


async def _leave(desk: Desk, body: Body, aim: GateAim) -> None:
    actor = actor_of(body)
    command = EnterNextPhase(
        by=actor.id, leaving=aim.leaving, answers=_answers(body, aim), action_item=_action_item(body)
    )
    await desk.incidents.carry_out(actor, aim.incident, command, key=form_key(body))


def _answers(body: Body, aim: GateAim) -> tuple[Answer, ...]:
    """What was filled in; what was left empty is no answer."""
    paths = [
        Answer(question=Proof.PATHS, about=path, text=filled(body, path_blank(number)))
        for number, path in enumerate(aim.paths)
    ]
    paths += [
        Answer(question=Proof.OWN, about=question, text=filled(body, own_blank(number)))
        for number, question in enumerate(aim.own)
    ]
    about = {
        Blank.ROOT_CAUSE: chosen(body, Blank.CATEGORY) or "",
        Blank.ALERT: chosen_person(body, Blank.ALERT_OWNER) or "",
    }
    others = [
        Answer(question=question, about=about.get(blank, ""), text=filled(body, blank))
        for blank, question in ANSWERED.items()
    ]
    return tuple(answer for answer in (*paths, *others) if answer.text.strip())


def _action_item(body: Body) -> ActionItemDraft | None:
    text, owner = filled(body, Blank.ACTION).strip(), chosen_person(body, Blank.ACTION_OWNER)
    due = chosen_date(body, Blank.ACTION_DUE)
    if not (text or owner or due):
        return None
    if not (text and owner and due):
        raise Unanswered(Proof.NO_ACTION_ITEM, ALL_THREE.text)
    return ActionItemDraft(text=text, owner=owner, due=due)


def _block(aim: GateAim, error: Refused | StorageError) -> str:
    """Where in the form a refusal is shown."""
    question = error.question if isinstance(error, Unanswered) else None
    if isinstance(error, Unanswered) and question is Proof.OWN:
        return own_blank(aim.own.index(str(error.params["question"])))
    if question is Proof.PATHS and isinstance(error, Unanswered) and error.params.get("path") in aim.paths:
        return path_blank(aim.paths.index(str(error.params["path"])))
    if question is Proof.NO_ACTION_ITEM:
        return Blank.ACTION
    first = {Phase.STABILIZE: path_blank(0), Phase.REPAIR: Blank.ROOT_CAUSE}.get(aim.leaving, Blank.ALERT)
    return next((blank for blank, asked in ANSWERED.items() if asked is question), first)


async def _action(desk: Desk, typed: Typed) -> str:
    """List the action items, add one, or tick one off."""
    here = await desk.incidents.of_channel(typed.channel)
    t, people, rest = desk.face.t, *people_in(typed.text)
    word, _, more = rest.partition(" ")
    if not typed.text:
        lines = action_lines(here, desk.face, ITEMS_IN_ANSWER)
        return "\n".join(lines) or t(
            "No action item yet. To add one: {command}",
            command=code(t("/incident action @name 2026-12-01 <text>")),
        )
    if word.casefold() == "done" and more.isascii() and more.isdecimal() and len(more) < 4:
        done = CompleteActionItem(by=typed.actor.id, number=int(more))
        await desk.incidents.carry_out(typed.actor, here.number, done, key=typed.key)
        return t("Action item {number} is done.", number=more)
    if word.casefold() == "reopen" and more.isascii() and more.isdecimal() and len(more) < 4:
        again = ReopenActionItem(by=typed.actor.id, number=int(more))
        await desk.incidents.carry_out(typed.actor, here.number, again, key=typed.key)
        return t("Action item {number} is open again.", number=more)
    try:
        due = date.fromisoformat(word)
    except ValueError:
        raise WHAT_ACTION from None
    if len(people) != 1 or not more:
        raise WHAT_ACTION
    draft = ActionItemDraft(text=more, owner=people[0], due=due)
    outcome = await desk.incidents.carry_out(
        typed.actor, here.number, AddActionItem(by=typed.actor.id, item=draft), key=typed.key
    )
    return "\n".join(action_lines(outcome.incident, desk.face, ITEMS_IN_ANSWER))


def phase_now(desk: Desk, outcome: Outcome) -> str:
    """Which phase it is in now, and what is next; or its times, when it is closed."""
    t, incident = desk.face.t, outcome.incident
    if incident.is_closed:
        times = "; ".join(recovery_times(incident, desk.face))
        return t(
            "{incident} is closed. {times}. All figures: {command}.",
            incident=incident.name,
            times=times,
            command=code("/mttr"),
        )
    phase = phase_word(incident.phase, t)
    return so_now(
        t("{incident} is in phase *{phase}* now.", incident=incident.name, phase=phase), incident, desk.face
    )
