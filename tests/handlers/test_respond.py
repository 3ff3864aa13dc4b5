"""Leading an incident with buttons and with words."""

from __future__ import annotations

import pytest

from bot.domain.vocabulary import Phase, Severity
from bot.sandbox.workspace import Channel
from tests.handlers.conftest import House
from tests.handlers.gates import closed

REQUIRED = ("Note which payments fail", "Hold the new gateway")


async def done_with_stabilize(house: House, channel: Channel) -> None:
    for step in REQUIRED:
        await house.person("ana").clicks("Done", near=step, channel=channel)
    await house.delivery.idle()


async def test_take_the_lead_shows_on_the_card_and_in_the_channel(house: House) -> None:
    channel = await house.declared()
    await house.person("ana").clicks("Take the lead", channel=channel)
    await house.delivery.idle()
    said = house.read(channel)
    assert "Ana Ruiz leads now." in said
    assert "Lead: @Ana Ruiz" in said
    assert "Ana Ruiz leads" in house.read(house.slack.channel("incidents"))


async def test_taking_the_lead_twice_happens_once(house: House) -> None:
    channel = await house.declared()
    for _ in range(2):
        await house.person("ana").clicks("Take the lead", channel=channel)
    assert await house.kinds() == ["role_taken"]


async def test_a_press_that_is_delivered_twice_happens_once(house: House) -> None:
    channel = await house.declared()
    house.slack.faults.add("duplicate_delivery", "block_actions")
    await house.person("ana").clicks("Done", near=REQUIRED[0], channel=channel)
    await house.delivery.idle()
    assert await house.kinds() == ["step_done"]


async def test_the_lead_by_words_says_what_is_next(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    first = await ana.types("/incident lead", channel)
    assert first.text == "You lead INC-1 now.\nNext: Note which payments fail"
    again = await ana.types("/incident lead", channel)
    assert again.text.startswith("You lead INC-1 already.")


async def test_the_menu_changes_the_severity(house: House) -> None:
    channel = await house.declared()
    await house.person("ana").chooses("Severity", "P2", channel=channel)
    await house.delivery.idle()
    assert (await house.state()).severity is Severity.P2
    assert "P2 now, it was P0" in house.read(channel)
    assert channel.topic["value"].startswith("P2 · ")


async def test_the_severity_by_words_says_what_it_means(house: House) -> None:
    channel = await house.declared()
    answer = await house.person("ana").types("/incident severity p1", channel)
    assert answer.text.startswith("INC-1 is P1 now: major degradation")


@pytest.mark.parametrize("word", ["", "bad", "P5", "P1 please"])
async def test_a_severity_that_is_none_is_refused(house: House, word: str) -> None:
    channel = await house.declared()
    answer = await house.person("ana").types(f"/incident severity {word}", channel)
    assert "Type /incident severity P1" in answer.text
    assert await house.kinds() == []


async def test_next_phase_is_refused_while_required_steps_are_open_and_names_them(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await ana.clicks("Next phase: repair", channel=channel)
    refused = await ana.sees("Phase stabilize is not over.", channel)
    assert refused.ephemeral_for == ana.id
    assert all(step in house.slack.text_of(refused) for step in REQUIRED)
    assert (await house.state()).phase is Phase.STABILIZE


async def test_a_button_of_a_closed_incident_changes_nothing_and_says_why(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    card = next(message for message in channel.messages.values() if "Take the lead" in str(message.blocks))
    old = card.blocks
    await closed(house, channel)
    card.blocks = old
    before = await house.kinds()
    await ana.clicks("Take the lead", channel=channel)
    refused = await ana.sees("INC-1 is closed, so nothing was changed.", channel)
    assert "/incident P0 checkout returns 500" in house.slack.text_of(refused)
    assert await house.kinds() == before


@pytest.mark.parametrize("verb", ["lead", "next", "close", "severity P1", "note x", "timeline"])
async def test_outside_an_incidents_channel_the_person_is_sent_there(house: House, verb: str) -> None:
    answer = await house.person("ana").types(f"/incident {verb}", "general")
    assert answer.text.startswith("This is not the channel of an incident.")


@pytest.mark.parametrize("verb", ["lead", "next", "close", "list"])
async def test_a_verb_that_takes_no_text_does_nothing_when_it_gets_some(house: House, verb: str) -> None:
    channel = await house.declared()
    answer = await house.person("ana").types(f"/incident {verb} the valve is stuck", channel)
    assert answer.text == f"/incident {verb} takes no text, so nothing was done. Type it alone."
    assert await house.kinds() == []


async def test_a_press_that_could_not_be_stored_says_so(house: House) -> None:
    channel = await house.declared()
    house.storage.is_full = True
    ana = house.person("ana")
    pressed = await ana.clicks("Take the lead", channel=channel)
    house.storage.is_full = False
    assert pressed.error is None
    await ana.sees("It could not be stored, so nothing was changed.", channel)
    assert await house.kinds() == []
