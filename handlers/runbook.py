"""Change the runbook of an incident that runs: `/incident runbook`, *Change…* on the checklist."""

from __future__ import annotations

from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.commands import ChangeRunbook
from bot.domain.incident import Incident
from bot.domain.rules import decide
from bot.domain.vocabulary import Refused, StepState
from bot.slack.hints import so_now
from bot.slack.ids import Action, Blank, Form, IncidentAim
from bot.slack.runbooks import runbook_form
from bot.slack.text import quoted
from handlers.answers import pressing, show_form, submitting
from handlers.commands import Router
from handlers.desk import Desk
from handlers.payloads import Body, Typed, actor_of, chosen_option, form_key, pressed, travelled

TITLE_SHOWN = 300  # a title has at most 100 characters; escaping makes some of them longer
FORM_DID_NOT_OPEN = Refused(
    "Slack did not open the form, so nothing was changed. Type `/incident runbook <name>` instead."
)
NONE_TO_CHOOSE = Refused(
    "No runbook could be read, so there is none to choose. `firebreak runbooks check` says what is wrong."
)


def register(app: AsyncApp, incident: Router, desk: Desk) -> None:
    """Connect the story."""
    incident.verb("runbook", partial(_runbook, desk))

    @app.action(Action.CHANGE_RUNBOOK)
    async def change(ack: AsyncAck, body: Body, respond: AsyncRespond, client: AsyncWebClient) -> None:
        async with pressing(desk.face, ack, respond):
            aim = pressed(IncidentAim, body)
            incident = await desk.incidents.find(aim.incident) or Incident(number=aim.incident)
            await _ask_which(desk, client, body["trigger_id"], incident, actor_of(body).id)

    @app.view(Form.RUNBOOK)
    async def chosen(ack: AsyncAck, body: Body) -> None:
        async with submitting(desk.face, ack, Blank.OTHER_RUNBOOK):
            number, runbook = travelled(IncidentAim, body).incident, chosen_option(body, Blank.OTHER_RUNBOOK)
            await desk.incidents.change_runbook(actor_of(body), number, runbook=runbook, key=form_key(body))


async def _runbook(desk: Desk, typed: Typed) -> str:
    here = await desk.incidents.of_channel(typed.channel)
    if not typed.text:
        await _ask_which(desk, typed.client, typed.trigger_id, here, typed.actor.id)
        return ""
    outcome = await desk.incidents.change_runbook(typed.actor, here.number, runbook=typed.text, key=typed.key)
    t, incident = desk.face.t, outcome.incident
    kept = sum(item.state is not StepState.OPEN for item in incident.items)
    said = t(
        "{incident} goes by the runbook *{title}*.",
        incident=incident.name,
        title=quoted(incident.runbook_title, TITLE_SHOWN),
    )
    ticks = t.n("{count} step stays ticked.", "{count} steps stay ticked.", kept) if kept else ""
    return so_now(f"{said} {ticks}".strip(), incident, desk.face)


async def _ask_which(
    desk: Desk, client: AsyncWebClient, trigger_id: str, incident: Incident, person: str
) -> None:
    """Open the form, unless the rules would refuse whatever it says."""
    found = desk.incidents.fitting(incident)
    if not found:
        raise NONE_TO_CHOOSE
    decide(incident, ChangeRunbook(by=person, runbook=found[0].runbook), desk.now())
    await show_form(client, trigger_id, runbook_form(incident, found, desk.face), FORM_DID_NOT_OPEN)
