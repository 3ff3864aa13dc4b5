"""Before an incident closes: somebody says what becomes of each flag that it still holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.domain.commands import EndContainment, ExtendContainment
from bot.domain.containing import review_until
from bot.domain.incident import Incident
from bot.domain.rules.flags import undecided
from bot.domain.vocabulary import Refused
from bot.services.incidents import Actor
from bot.slack.gates import gate_form
from bot.slack.held import Asked, Fate, held_blank, held_form
from bot.slack.ids import Form, HeldAim, HeldPlace
from bot.slack.modals import notice
from bot.storage.engine import StorageError
from handlers.answers import plain_refusal_of, refusal_of
from handlers.desk import Desk
from handlers.payloads import Body, actor_of, chosen, chosen_date, chosen_person, form_key, travelled

WHAT_BECOMES = Refused("Choose what becomes of it.")
WHO_ANSWERS = Refused("Say who answers for it, or let go of it.")
WHEN_AGAIN = Refused("Say when somebody looks at it again, or let go of it.")


def register(app: AsyncApp, desk: Desk) -> None:
    """Connect the story."""

    @app.view(Form.HELD)
    async def decided(ack: AsyncAck, body: Body) -> None:
        try:
            aim = travelled(HeldAim, body)
        except Refused as refused:
            await ack(response_action="update", view=notice(desk.face, desk.face.plain_refusal(refused)))
            return
        wrong: dict[str, str] = {}
        said = {held: _said(desk, body, held, wrong) for held in aim.held}
        if wrong:
            await ack(response_action="errors", errors=wrong)
            return
        await _carry_out(
            desk, ack, body, aim, {held: each for held, each in said.items() if each is not None}
        )


@dataclass(frozen=True)
class _Decision:
    """What somebody chose for one flag."""

    fate: Fate
    owner: str
    review: timedelta


def _said(desk: Desk, body: Body, held: HeldPlace, wrong: dict[str, str]) -> _Decision | None:
    """What was chosen for a flag; what is missing goes into `wrong`, below its input."""
    blank = partial(held_blank, held=held)
    owner, day = chosen_person(body, blank(Asked.OWNER)), chosen_date(body, blank(Asked.DAY))
    try:
        fate = Fate(chosen(body, blank(Asked.FATE)) or "")
    except ValueError:
        wrong[blank(Asked.FATE)] = plain_refusal_of(desk.face, WHAT_BECOMES)
        return None
    review = timedelta()
    if fate is not Fate.RESTORE and owner is None:
        wrong[blank(Asked.OWNER)] = plain_refusal_of(desk.face, WHO_ANSWERS)
    if fate is Fate.KEEP:
        try:
            if day is None:
                raise WHEN_AGAIN
            review = review_until(day, desk.now(), desk.face.zone)
        except Refused as refused:
            wrong[blank(Asked.DAY)] = plain_refusal_of(desk.face, refused)
    return _Decision(fate, owner or "", review)


async def _carry_out(
    desk: Desk, ack: AsyncAck, body: Body, aim: HeldAim, said: dict[HeldPlace, _Decision]
) -> None:
    """One after the other; what was refused stands in the form that is shown next, with what is left to decide."""
    actor, note = actor_of(body), ""
    for held, decision in said.items():
        key = f"{form_key(body)}:{held.environment}/{held.flag}:{decision.fate}:{decision.owner}"
        try:
            await _decide(desk, actor, aim.incident, held, decision, key)
        except (Refused, StorageError) as error:
            note = note or refusal_of(desk.face, error)
    here = await desk.incidents.find(aim.incident) or Incident(number=aim.incident)
    left = undecided(here)
    if left:
        if not note and any(HeldPlace(flag=each.flag, environment=each.environment) in said for each in left):
            note = desk.face.t("It is being switched where it is kept. Press Go on again in a moment.")
        await ack(response_action="update", view=held_form(desk.face, here, left, desk.now(), note))
    elif here.is_closed:
        await ack()
    else:
        await ack(response_action="update", view=gate_form(desk.face, here))


async def _decide(
    desk: Desk, actor: Actor, incident: int, held: HeldPlace, decision: _Decision, key: str
) -> None:
    flag, environment = held.flag, held.environment
    match decision.fate:
        case Fate.RESTORE:
            await desk.containment.undo(actor, incident, flag=flag, environment=environment, key=key)
        case Fate.KEEP:
            keep = ExtendContainment(
                by=actor.id,
                flag=flag,
                environment=environment,
                review=decision.review,
                owner=decision.owner,
            )
            await desk.containment.change(actor, incident, keep, key=key)
        case Fate.PERMANENT:
            end = EndContainment(
                by=actor.id,
                flag=flag,
                environment=environment,
                reason=desk.face.t("decided when the incident was closed"),
                owner=decision.owner,
            )
            await desk.containment.change(actor, incident, end, key=key)
