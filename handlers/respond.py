"""Lead an incident: take the lead, change the severity. Buttons and words."""

from __future__ import annotations

from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.domain.commands import ChangeSeverity, Command, TakeRole
from bot.domain.vocabulary import Refused, Role, Severity
from bot.slack.hints import so_now
from bot.slack.ids import Action, IncidentAim, SeverityAim
from bot.storage.incidents import Outcome
from handlers.answers import pressing
from handlers.commands import Router
from handlers.desk import Desk
from handlers.payloads import Body, Typed, actor_of, press_key, pressed


def register(app: AsyncApp, incident: Router, desk: Desk) -> None:
    """Connect the story."""
    incident.verb("lead", partial(_lead, desk), takes_text=False)
    incident.verb("severity", partial(_severity, desk))

    async def carry_out(body: Body, aim: IncidentAim, command: Command) -> None:
        await desk.incidents.carry_out(actor_of(body), aim.incident, command, key=press_key(body))

    @app.action(Action.TAKE_LEAD)
    async def take_lead(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        async with pressing(desk.face, ack, respond):
            aim = pressed(IncidentAim, body)
            await carry_out(body, aim, TakeRole(by=actor_of(body).id, role=Role.COMMANDER))

    @app.action(Action.CHANGE_SEVERITY)
    async def change_severity(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        async with pressing(desk.face, ack, respond):
            aim = pressed(SeverityAim, body)
            await carry_out(body, aim, ChangeSeverity(by=actor_of(body).id, severity=aim.severity))


async def _lead(desk: Desk, typed: Typed) -> str:
    here = await desk.incidents.of_channel(typed.channel)
    command = TakeRole(by=typed.actor.id, role=Role.COMMANDER)
    outcome = await desk.incidents.carry_out(typed.actor, here.number, command, key=typed.key)
    t, name = desk.face.t, here.name
    said = (
        t("You lead {incident} now.", incident=name)
        if _is_new(outcome)
        else t("You lead {incident} already.", incident=name)
    )
    return so_now(said, outcome.incident, desk.face)


async def _severity(desk: Desk, typed: Typed) -> str:
    here = await desk.incidents.of_channel(typed.channel)
    severity = _meant(typed.text)
    command = ChangeSeverity(by=typed.actor.id, severity=severity)
    outcome = await desk.incidents.carry_out(typed.actor, here.number, command, key=typed.key)
    t, meaning = desk.face.t, desk.face.meaning(severity).removesuffix(".")
    if meaning:
        said = t(
            "{incident} is *{severity}* now: {meaning}.",
            incident=here.name,
            severity=severity.value,
            meaning=meaning,
        )
    else:
        said = t("{incident} is *{severity}* now.", incident=here.name, severity=severity.value)
    return so_now(said, outcome.incident, desk.face)


def _meant(word: str) -> Severity:
    try:
        return Severity(word.upper())
    except ValueError:
        raise Refused(
            "Which severity? Type `/incident severity P1`: they go from P0, the worst, to P4. Nothing was changed."
        ) from None


def _is_new(outcome: Outcome) -> bool:
    """Whether this request changed something: now, or when it was delivered before."""
    return bool(outcome.events) or outcome.repeated
