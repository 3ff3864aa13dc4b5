"""Go on without proof: a form that says what is left open, or the phase and the reason in one line.

Either is bound to the phase that the lead saw: when somebody else has ended it meanwhile, nothing is changed.
"""

from __future__ import annotations

from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.domain.commands import OverrideGate
from bot.domain.rules.gates import may_override
from bot.domain.vocabulary import Phase, Refused
from bot.slack.gates import override_form
from bot.slack.ids import Blank, Form, PhaseAim
from handlers.answers import show_form, submitting
from handlers.commands import Router
from handlers.desk import Desk
from handlers.gates import phase_now
from handlers.payloads import Body, Typed, actor_of, filled, form_key, travelled

FORM_DID_NOT_OPEN = Refused(
    "Slack did not open the form, so nothing was changed. Name the phase to go on without it: "
    "`/incident override stabilize <reason>`."
)


def register(app: AsyncApp, incident: Router, desk: Desk) -> None:
    """Connect the story."""
    incident.verb("override", partial(_override, desk))

    @app.view(Form.OVERRIDE)
    async def overridden(ack: AsyncAck, body: Body) -> None:
        async with submitting(desk.face, ack, Blank.REASON):
            aim, actor = travelled(PhaseAim, body), actor_of(body)
            command = OverrideGate(by=actor.id, leaving=aim.leaving, reason=filled(body, Blank.REASON))
            await desk.incidents.carry_out(actor, aim.incident, command, key=form_key(body))


async def _override(desk: Desk, typed: Typed) -> str:
    here = await desk.incidents.of_channel(typed.channel)
    word, _, reason = typed.text.partition(" ")
    if word.casefold() in [phase.value for phase in Phase]:
        command = OverrideGate(by=typed.actor.id, leaving=Phase(word.casefold()), reason=reason)
        return phase_now(
            desk, await desk.incidents.carry_out(typed.actor, here.number, command, key=typed.key)
        )
    if here.is_closed:
        raise Refused(
            "{incident} is closed already, so nothing was changed. To go on with it: `/incident reopen <reason>`.",
            incident=here.name,
        )
    may_override(here, typed.actor.id)
    await show_form(
        typed.client, typed.trigger_id, override_form(desk.face, here, typed.text), FORM_DID_NOT_OPEN
    )
    return ""
