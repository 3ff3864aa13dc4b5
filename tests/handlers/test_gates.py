"""A phase ends when its questions are answered: in a form, with an override, and with action items."""

from __future__ import annotations

import pytest

from bot.domain.questions import Proof
from bot.domain.vocabulary import Phase
from tests.handlers.conftest import House
from tests.handlers.gates import PROOF, closed, left, ticked


async def test_next_phase_asks_which_paths_work_and_tells_the_channel(house: House) -> None:
    channel = await house.declared()
    await left(house, channel, Phase.STABILIZE)
    said = house.read(channel)
    assert "How we know that stabilize is over" in said
    assert "payment: twenty test orders went through" in said
    assert "Stabilized after" in said
    assert "Repair: 0 of 1 done" in said
    assert (await house.kinds())[-2:] == ["gate_answered", "phase_entered"]


async def test_a_phase_does_not_end_without_one_path_that_works(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    await ticked(house, channel, Phase.STABILIZE)
    answer = await ana.types("/incident next", channel)
    assert answer.text == ""
    modal = await ana.sees_modal("Which critical paths work again")
    assert modal.labels == ("signup", "search", "cart", "payment")
    refused = await ana.submits()
    assert refused.errors == {"signup": "Name at least one path that works again, and how you know."}
    assert (await house.state()).phase is Phase.STABILIZE


async def test_repair_wants_the_cause_the_fix_and_the_test(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    await left(house, channel, Phase.STABILIZE)
    await ticked(house, channel, Phase.REPAIR)
    await ana.types("/incident next", channel)
    refused = await ana.submits()
    assert set(refused.errors) == set(PROOF[Phase.REPAIR])


async def test_prevent_wants_an_action_item_or_why_there_is_none(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    for phase in (Phase.STABILIZE, Phase.REPAIR):
        await left(house, channel, phase)
    await ticked(house, channel, Phase.PREVENT)
    assert "is in phase" not in (await ana.types("/incident close", channel)).text
    answers = {label: text for label, text in PROOF[Phase.PREVENT].items() if label != "None needed, because"}
    await ana.fills(answers)
    assert "say why none is needed" in (await ana.submits()).errors["Action item"]
    await ana.fills({"Action item": "alert on retries"})
    assert "fill in all three" in (await ana.submits()).errors["Action item"]
    await ana.fills({"Its owner": "bo", "Due on": "2001-01-01"})
    assert "2001-01-01 is over" in (await ana.submits()).errors["Action item"]
    await ana.fills({"Due on": "2040-01-15"})
    assert (await ana.submits()).errors == {}
    await house.delivery.idle()
    state = await house.state()
    assert state.is_closed
    assert [(item.text, item.owner) for item in state.action_items] == [
        ("alert on retries", house.person("bo").id)
    ]
    assert "1. alert on retries — @Bo" in house.read(channel)


async def test_a_closed_incident_tells_its_times(house: House) -> None:
    channel = await house.declared()
    await closed(house, channel)
    said = house.read(channel)
    assert "INC-1 is closed." in said
    assert "declared → stabilized:" in said
    assert "Take the lead" not in said
    answers = (await house.state()).answers
    assert answers[Phase.REPAIR][0].about == "missing idempotency"
    assert answers[Phase.PREVENT][0].question is Proof.ALERT


async def test_two_who_answer_at_once_leave_one_phase(house: House) -> None:
    channel, ana, bo = await house.declared(), house.person("ana"), house.person("bo")
    await bo.joins(channel)
    await ticked(house, channel, Phase.STABILIZE)
    for person in (ana, bo):
        await person.clicks("Next phase: repair", channel=channel)
        await person.sees_modal()
        await person.fills(PROOF[Phase.STABILIZE])
    for person in (ana, bo):
        assert (await person.submits()).errors == {}
    assert (await house.state()).phase is Phase.REPAIR
    assert (await house.kinds()).count("phase_entered") == 1


async def test_the_lead_goes_on_without_proof_and_it_stays_visible(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    assert "Only the lead may" in (await ana.types("/incident override support waits", channel)).text
    await ana.types("/incident lead", channel)
    assert "Say why" in (await ana.types("/incident override stabilize", channel)).text
    answer = await ana.types("/incident override stabilize support waits", channel)
    assert answer.text.startswith("INC-1 is in phase repair now.")
    await house.delivery.idle()
    shown = [house.read(channel), house.read(house.slack.channel("incidents")), channel.topic["value"]]
    shown.append((await ana.types("/incident list", channel)).text)
    for screen in shown:
        assert "left unverified: stabilize" in screen.lower()
    assert "Open: Note which payments fail" in house.read(channel)


async def test_an_override_is_bound_to_the_phase_that_was_read(house: House) -> None:
    channel, ana, bo = await house.declared(), house.person("ana"), house.person("bo")
    await ana.types("/incident lead", channel)
    await ana.types("/incident override support waits", channel)
    modal = await ana.sees_modal("Still open in phase stabilize")
    assert "Note which payments fail" in modal.text
    assert modal.values["Why do we go on without proof?"] == "support waits"
    await bo.joins(channel)
    await bo.types("/incident lead", channel)
    await bo.types("/incident override stabilize it is the gateway", channel)
    await bo.types("/incident handover @ana", channel)
    reply = await ana.submits()
    assert "INC-1 is in phase repair by now, so nothing was changed" in str(reply.errors)
    answer = await ana.types("/incident override stabilize support waits", channel)
    assert "INC-1 is in phase repair by now" in answer.text
    assert (await house.state()).unverified == {Phase.STABILIZE: "it is the gateway"}
    assert (await house.state()).phase is Phase.REPAIR


async def test_the_form_leaves_the_phase_that_it_tells_of(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    await ana.types("/incident lead", channel)
    await ana.types("/incident override", channel)
    await ana.fills({"Why do we go on without proof?": "support waits"})
    assert (await ana.submits()).errors == {}
    assert (await house.state()).unverified == {Phase.STABILIZE: "support waits"}


async def test_action_items_are_added_listed_and_ticked_by_words(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    assert "No action item yet." in (await ana.types("/incident action", channel)).text
    added = await ana.types("/incident action @bo 2040-12-01 alert on retries", channel)
    assert "due 2040-12-01" in added.text
    for _ in range(2):
        assert (await ana.types("/incident action done 1", channel)).text == "Action item 1 is done."
    assert "(done)" in (await ana.types("/incident action", channel)).text
    assert await house.kinds() == ["action_item_added", "action_item_done"]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("action alert on retries", "/incident action @name 2026-12-01"),
        ("action @bo tomorrow alert", "/incident action @name 2026-12-01"),
        ("action @bo 2040-12-01", "/incident action @name 2026-12-01"),
        ("action @bo 2001-12-01 alert", "2001-12-01 is over"),
        ("action done 7", "has no action item 7"),
        ("close", "INC-1 is in phase stabilize."),
        ("next", "Phase stabilize is not over"),
    ],
)
async def test_what_cannot_be_is_refused_in_a_sentence(house: House, typed: str, told: str) -> None:
    channel = await house.declared()
    answer = await house.person("ana").types(f"/incident {typed}", channel)
    assert told in answer.text
    assert await house.kinds() == []
