"""Ticking the checklist, with its buttons and, where it is long, with its menus."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.runbook import Runbook, Step
from bot.domain.vocabulary import Phase, StepState
from tests.handlers.conftest import House
from tests.slack.made import STEPS

STEP = "Note which payments fail"
OPTIONAL = "Tell support"


async def state_of(house: House, step: str) -> StepState:
    item = (await house.state()).item(step)
    assert item is not None
    return item.state


async def test_done_ticks_the_step_in_place(house: House) -> None:
    channel = await house.declared()
    messages = len(channel.messages)
    await house.person("ana").clicks("Done", near=STEP, channel=channel)
    await house.delivery.idle()
    said = house.read(channel)
    assert f"✅ {STEP}" in said
    assert "Done by @Ana Ruiz" in said
    assert "Stabilize: 1 of 3 done" in said
    assert len(channel.messages) == messages


async def test_undo_opens_it_again(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await ana.clicks("Done", near=STEP, channel=channel)
    await house.delivery.idle()
    await ana.clicks("Undo", near=STEP, channel=channel)
    await house.delivery.idle()
    assert await state_of(house, "scope") is StepState.OPEN
    assert "Stabilize: 0 of 3 done" in house.read(channel)


async def test_skip_asks_why_and_the_checklist_says_it(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await ana.clicks("Skip…", near=OPTIONAL, channel=channel)
    modal = await ana.sees_modal("Skip a step")
    assert OPTIONAL in modal.text
    await ana.fills({"Why can it wait?": "they told us <!here>"})
    await ana.submits()
    await house.delivery.idle()
    assert ana.modal is None
    said = house.read(channel)
    assert f"⏭️ {OPTIONAL}" in said
    assert "Skipped by @Ana Ruiz" in said
    assert "they told us <!here>" in said
    assert not any("<!here>" in str(message.blocks) for message in channel.messages.values())


async def test_a_reason_that_nobody_can_see_keeps_the_form_open(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await ana.clicks("Skip…", near=OPTIONAL, channel=channel)
    await ana.fills({"Why can it wait?": "\u202e"})
    refused = await ana.submits()
    assert refused.errors == {"Why can it wait?": "A skipped step needs a reason: say why it can wait."}
    assert await state_of(house, "tell") is StepState.OPEN


async def test_a_step_that_was_done_meanwhile_is_not_asked_about(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    house.slack.faults.add("rate_limited", "chat.update", times=None, retry_after=60)
    await ana.clicks("Done", near=OPTIONAL, channel=channel)
    await ana.clicks("Skip…", near=OPTIONAL, channel=channel)
    await ana.sees("That step is done already, so it was not skipped.", channel)
    assert ana.modal is None


async def test_a_step_that_was_done_while_the_form_was_open_stays_done(house: House) -> None:
    channel = await house.declared()
    ana, skipping = house.person("ana"), "Skip…"
    await ana.clicks(skipping, near=OPTIONAL, channel=channel)
    await house.person("ana").clicks("Done", near=OPTIONAL, channel=channel)
    await ana.fills({"Why can it wait?": "no time"})
    refused = await ana.submits()
    assert "That step is done already" in refused.errors["Why can it wait?"]
    assert await state_of(house, "tell") is StepState.DONE


async def test_a_step_that_no_longer_exists_is_refused_in_one_sentence(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    for message in channel.messages.values():
        for block in message.blocks or ():
            for element in block.get("elements", ()):
                if element.get("value") == '{"incident":1,"step":"tell"}':
                    element["value"] = '{"incident":1,"step":"gone"}'
    for label in ("Done", "Skip…"):
        await ana.clicks(label, near=OPTIONAL, channel=channel)
        refused = await ana.sees("INC-1 has no step 'gone' any more.", channel)
        assert refused.ephemeral_for == ana.id
    assert await house.kinds() == []


@pytest.mark.parametrize("value", ["", "7", '{"incident":99,"step":"tell"}', '{"step":"tell"}', "null"])
async def test_a_button_with_data_that_is_not_ours_is_refused_in_one_sentence(
    house: House, value: str
) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    for message in channel.messages.values():
        for block in message.blocks or ():
            for element in block.get("elements", ()):
                if "value" in element:
                    element["value"] = value
    pressed = await ana.clicks("Done", near=OPTIONAL, channel=channel)
    assert pressed.error is None
    refused = house.slack.text_of(house.slack.shown(channel, "ana")[-1])
    assert "older Firebreak" in refused or "There is no INC-99" in refused
    assert await house.kinds() == []


async def test_when_slack_does_not_open_the_form_the_person_is_told(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    house.slack.faults.add("server_error", "views.open")
    await ana.clicks("Skip…", near=OPTIONAL, channel=channel)
    await ana.sees("Slack did not open the form, so nothing was changed.", channel)


class TestALongChecklist:
    """More steps than fit with buttons: each has a menu instead."""

    @pytest.fixture
    def runbook(self) -> Runbook:
        steps = tuple(Step(id=f"s-{number}", text=f"Step number {number}.", why="y") for number in range(20))
        return Runbook(id="long", title="Long", phases={**STEPS, Phase.STABILIZE: steps})

    async def test_its_menus_do_what_the_buttons_do(self, house: House) -> None:
        channel = await house.declared()
        ana, third = house.person("ana"), "Step number 3."
        await ana.clicks("Done", near=third, channel=channel)
        await house.delivery.idle()
        assert f"✅ {third}" in house.read(channel)
        await ana.clicks("Undo", near=third, channel=channel)
        await house.delivery.idle()
        assert await state_of(house, "s-3") is StepState.OPEN
        await ana.clicks("Skip…", near=third, channel=channel)
        await ana.fills({"Why can it wait?": "later"})
        await ana.submits()
        assert await state_of(house, "s-3") is StepState.SKIPPED


async def test_a_step_is_assigned_and_the_person_is_brought_in(house: House) -> None:
    channel, ana, bo = await house.declared(), house.person("ana"), house.person("bo")
    await ana.clicks("Assign…", near=STEP, channel=channel)
    await ana.sees_modal("Assign a step")
    await ana.fills({"Who does it?": "bo"})
    await ana.submits()
    await house.delivery.idle()
    assert bo.id in channel.members
    assert "→ @Bo" in house.read(channel)
    assert await house.kinds() == ["step_assigned"]


async def test_whoever_says_i_do_it_does_it(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    for _ in range(2):
        await ana.clicks("I do it", near=STEP, channel=channel)
    item = (await house.state()).item("scope")
    assert item is not None
    assert item.assignee == ana.id
    assert await house.kinds() == ["step_assigned"]


async def test_a_note_on_a_step_stands_beside_it(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    await ana.clicks("Note…", near=STEP, channel=channel)
    await ana.fills({"What did you find?": "only one bank <!here>"})
    await ana.submits()
    await house.delivery.idle()
    assert "@Ana Ruiz: only one bank <!here>" in house.read(channel)
    assert not any("<!here>" in str(message.blocks) for message in channel.messages.values())


async def test_a_step_added_by_words_can_be_ticked(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    answer = await ana.types("/incident step Ask the bank", channel)
    assert answer.text.startswith("The step is on the checklist of INC-1.")
    await house.delivery.idle()
    await ana.clicks("Done", near="Ask the bank", channel=channel)
    assert await house.kinds() == ["step_added", "step_done"]


async def test_two_people_at_once_lose_no_tick(house: House) -> None:
    """Both look at the same old checklist; each presses another step, and both the same third one."""
    channel, ana, bo = await house.declared(), house.person("ana"), house.person("bo")
    await bo.joins(channel)
    house.slack.faults.add("rate_limited", "chat.update", times=None, retry_after=60)
    pressed = [(ana, STEP), (bo, "Hold the new gateway"), (ana, OPTIONAL), (bo, OPTIONAL)]
    await asyncio.gather(*(person.clicks("Done", near=step, channel=channel) for person, step in pressed))
    states = {item.step.id: (item.state, item.by) for item in (await house.state()).items_of(Phase.STABILIZE)}
    assert states["scope"] == (StepState.DONE, ana.id)
    assert states["contain"] == (StepState.DONE, bo.id)
    assert states["tell"][0] is StepState.DONE
    assert await house.kinds() == ["step_done"] * 3
