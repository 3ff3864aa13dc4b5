"""`/incident runbook` and *Change…*: which one fits, and the change while the incident runs."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.runbook import Matching, Runbook, Step
from bot.domain.vocabulary import Phase, Severity, StepState
from bot.sandbox.workspace import Channel
from bot.services.incidents import Actor, Incidents
from tests.handlers.conftest import RUNBOOK, House
from tests.slack.made import STEPS

QUEUE = Runbook(
    id="queue-stuck",
    title="A queue is stuck",
    matching=Matching(words=("queue",)),
    phases={
        **STEPS,
        Phase.STABILIZE: (
            Step(id="poison", text="Set the poison message aside.", required=True),
            STEPS[Phase.STABILIZE][0],
        ),
    },
)
FIRST = "Note which payments fail"


@pytest.fixture
def runbook() -> Runbook:
    """The only runbook that the bot knows; the incidents of these tests were declared with another one."""
    return QUEUE


async def declared(house: House, title: str = "order queue is stuck") -> Channel:
    earlier = Incidents(
        house.storage,
        team_id=house.slack.workspace.team_id,
        runbooks=lambda: [RUNBOOK],
        now=house.clock,
        stored=house.delivery.wake,
    )
    ana = Actor(house.person("ana").id, "ana")
    outcome = await earlier.declare(ana, title=title, severity=Severity.P1, key=title)
    await house.delivery.idle()
    return house.slack.channel(f"inc-{outcome.incident.number}-…")


async def test_the_word_alone_opens_a_form_that_suggests_and_changes(house: House) -> None:
    channel = await declared(house)
    ana = house.person("ana")
    await ana.clicks("Done", near=FIRST, channel=channel)
    await ana.types("/incident runbook", channel)
    form = await ana.sees_modal("Change the runbook")
    assert "A queue is stuck, because the title says “queue”" in form.text
    await ana.submits()
    await house.delivery.idle()
    assert ana.modal is None
    said = house.read(channel)
    assert "@Ana Ruiz changed the runbook to “A queue is stuck”; it was “Payments fail”." in said
    assert f"✅ {FIRST}" in said
    assert "Set the poison message aside." in said
    assert await house.kinds() == ["step_done", "runbook_chosen"]


async def test_the_button_on_the_checklist_opens_the_same_form(house: House) -> None:
    channel = await declared(house, "it is slow")
    ana = house.person("ana")
    await ana.clicks("Change…", channel=channel)
    form = await ana.sees_modal("Change the runbook")
    assert "No runbook's words stand in the title." in form.text
    await ana.fills({"Go on with": "A queue is stuck"})
    await ana.submits()
    assert (await house.state()).runbook == "queue-stuck"


@pytest.mark.parametrize("typed", ["queue-stuck", "Queue-Stuck", "a queue is stuck"])
async def test_a_runbook_can_be_named_by_its_id_or_its_title(house: House, typed: str) -> None:
    channel = await declared(house)
    ana = house.person("ana")
    await ana.clicks("Done", near=FIRST, channel=channel)
    said = await ana.types(f"/incident runbook {typed}", channel)
    assert "INC-1 goes by the runbook A queue is stuck. 1 step stays ticked." in said.text
    scope = (await house.state()).item("scope")
    assert scope is not None
    assert scope.state is StepState.DONE


async def test_two_who_change_it_at_once_change_it_once(house: House) -> None:
    channel = await declared(house)
    await house.person("bo").joins(channel)
    await asyncio.gather(
        *(house.person(name).types("/incident runbook queue-stuck", channel) for name in ("ana", "bo"))
    )
    assert await house.kinds() == ["runbook_chosen"]


async def test_a_name_that_is_none_is_refused_with_the_nearest_one(house: House) -> None:
    channel = await declared(house)
    said = await house.person("ana").types("/incident runbook queue-stcuk", channel)
    assert "There is no runbook queue-stcuk" in said.text
    assert "Did you mean /incident runbook queue-stuck?" in said.text
    said = await house.person("ana").types("/incident runbook xyz", channel)
    assert "Type /incident runbook alone to choose one." in said.text
    assert await house.kinds() == []


async def test_elsewhere_it_says_where_to_type_it(house: House) -> None:
    said = await house.person("ana").types("/incident runbook", "general")
    assert "This is not the channel of an incident." in said.text


async def test_when_slack_does_not_open_the_form_the_command_to_type_is_told(house: House) -> None:
    channel = await declared(house)
    house.slack.faults.add("server_error", "views.open")
    said = await house.person("ana").types("/incident runbook", channel)
    assert "Type /incident runbook <name> instead." in said.text
