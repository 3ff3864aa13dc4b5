"""An incident is one line away: typed, filled in, or chosen from the lightning menu."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.vocabulary import Milestone, Severity
from bot.slack.ids import Shortcut
from tests.handlers.conftest import House


async def nothing_was_declared(house: House) -> bool:
    return await house.incidents.find(1) is None


async def test_one_line_declares_and_says_what_happens_next(house: House) -> None:
    answer = await house.person("ana").types("/incident P0 checkout returns 500", "general")
    assert answer.text.startswith("INC-1 is declared as P0: checkout returns 500. Its channel opens now")


async def test_the_channel_has_a_card_a_checklist_and_whoever_declared(house: House) -> None:
    channel = await house.declared()
    assert channel.name == "inc-1-checkout-returns-500"
    assert house.person("ana").id in channel.members
    said = house.read(channel)
    assert "Nobody leads" in said or "Lead: nobody yet." in said
    assert "Stabilize: 0 of 3 done" in said
    assert channel.topic["value"] == "P0 · stabilize · checkout returns 500"
    assert len(channel.pins) == 2


async def test_the_announcement_stands_where_everybody_looks(house: House) -> None:
    await house.declared()
    said = house.read(house.slack.channel("incidents"))
    assert "P0 #inc-1-checkout-returns-500 checkout returns 500" in said


@pytest.mark.parametrize("typed", ["p0 checkout", "P0: checkout", "P0   checkout", "P0\ncheckout"])
async def test_small_differences_in_typing_do_not_matter(house: House, typed: str) -> None:
    await house.person("ana").types(f"/incident {typed}", "general")
    declared = await house.state()
    assert (declared.severity, declared.title) == (Severity.P0, "checkout")


@pytest.mark.parametrize(
    ("typed", "suggested"),
    [
        ("sev1 checkout is down", "/incident P1 checkout is down"),
        ("SEV-2: search is slow", "/incident P2 search is slow"),
        ("P 0 checkout is down", "/incident P0 checkout is down"),
        ("sev 1 checkout", "/incident P1 checkout"),
        ("s3", "/incident P3 <title>"),
        ("p9 checkout is down", "/incident P1 checkout is down"),
        ("checkout is down", "/incident P1 checkout is down"),
    ],
)
async def test_what_is_almost_right_gets_the_line_to_type(house: House, typed: str, suggested: str) -> None:
    answer = await house.person("ana").types(f"/incident {typed}", "general")
    assert suggested in answer.text
    assert "othing was declared" in answer.text
    assert await nothing_was_declared(house)


async def test_a_title_of_ten_thousand_characters_is_refused_with_what_to_do(house: House) -> None:
    answer = await house.person("ana").types(f"/incident P0 {'x' * 10_000}", "general")
    assert "10000 characters and at most 150 fit" in answer.text
    assert await nothing_was_declared(house)


async def test_ten_thousand_characters_without_a_severity_get_a_short_answer(house: House) -> None:
    answer = await house.person("ana").types(f"/incident {'checkout ' * 1200}", "general")
    assert "How bad is it?" in answer.text
    assert len(answer.text) < 600


async def test_a_title_full_of_markup_pings_nobody(house: House) -> None:
    channel = await house.declared("<!channel> *500* <@U02BO> & `more`")
    everywhere = [*channel.messages.values(), *house.slack.channel("incidents").messages.values()]
    drawn = [message for message in everywhere if message.bot_id]
    assert drawn
    for message in drawn:
        told = [str(block) for block in message.blocks or () if block["type"] != "header"]
        assert "<!" not in message.text
        assert not any("<!channel" in text or "<@U02BO" in text for text in told)


async def test_the_command_alone_opens_a_form(house: House) -> None:
    ana = house.person("ana")
    await ana.types("/incident", "general")
    modal = await ana.sees_modal("What is broken?")
    assert modal.labels[:2] == ("What is broken?", "How bad is it?")
    await ana.fills({"What is broken?": "search is empty", "How bad is it?": "P2"})
    done = await ana.submits()
    assert done.errors == {}
    assert ana.modal is None
    declared = await house.state()
    assert (declared.title, declared.severity) == ("search is empty", Severity.P2)


async def test_a_form_is_answered_where_it_was_asked_for(house: House) -> None:
    ana = house.person("ana")
    await ana.types("/incident P1", "general")
    await ana.fills({"What is broken?": "search is empty"})
    await ana.submits()
    told = await ana.sees("INC-1 is declared as P1: search is empty", "general")
    assert told.ephemeral_for == ana.id


async def test_a_title_that_nobody_can_see_keeps_the_form_open_and_says_why(house: House) -> None:
    ana = house.person("ana")
    await ana.types("/incident P1", "general")
    await ana.fills({"What is broken?": "\u202e"})
    refused = await ana.submits()
    assert "What is broken? Type a title" in refused.errors["What is broken?"]
    assert await nothing_was_declared(house)


async def test_the_same_form_filled_in_again_declares_once_it_is_right(house: House) -> None:
    ana = house.person("ana")
    await ana.types("/incident P1", "general")
    await ana.fills({"What is broken?": "\u202e"})
    await ana.submits()
    await ana.fills({"What is broken?": "search is empty"})
    await ana.submits()
    assert (await house.state()).title == "search is empty"


async def test_the_shortcut_opens_the_same_form(house: House) -> None:
    ana = house.person("ana")
    await ana.uses_shortcut(Shortcut.DECLARE)
    await ana.sees_modal("What is broken?")
    await ana.fills({"What is broken?": "search is empty", "How bad is it?": "P3"})
    await ana.submits()
    assert (await house.state()).severity is Severity.P3


async def test_when_slack_does_not_open_the_form_the_answer_says_what_to_type(house: House) -> None:
    house.slack.faults.add("server_error", "views.open")
    answer = await house.person("ana").types("/incident", "general")
    assert "Type /incident P1 <title> instead" in answer.text


async def test_when_the_database_takes_nothing_the_person_is_told_and_nothing_happens(house: House) -> None:
    house.storage.is_full = True
    answer = await house.person("ana").types("/incident P0 checkout returns 500", "general")
    assert answer.text == "It could not be stored, so nothing was changed. Try again in a moment."
    house.storage.is_full = False
    assert await nothing_was_declared(house)


async def test_a_form_that_could_not_be_stored_stays_open(house: House) -> None:
    ana = house.person("ana")
    await ana.types("/incident P1", "general")
    await ana.fills({"What is broken?": "search is empty"})
    house.storage.is_full = True
    refused = await ana.submits()
    house.storage.is_full = False
    assert "could not be stored" in refused.errors["What is broken?"]
    assert ana.modal is not None


async def test_the_form_asks_what_is_affected_and_calls_who_is_on_call(house: House) -> None:
    ana = house.person("ana")
    await ana.types("/incident P1", "general")
    await ana.fills(
        {
            "What is broken?": "cards are declined",
            "Which services are affected?": ["payments-api", "ledger"],
            "Which critical paths do not work?": ["cart"],
            "Which runbook?": "Payments fail",
        }
    )
    assert (await ana.submits()).errors == {}
    await house.delivery.idle()
    declared = await house.state()
    assert (declared.services, declared.paths) == (("payments-api", "ledger"), ("cart", "payment"))
    channel = house.slack.channel("inc-1-…")
    assert set(house.slack.workspace.groups["S01PAYMENTS"].users) <= set(channel.members)
    said = house.read(channel)
    assert "Affected: payments-api, ledger · paths: cart, payment" in said
    assert "There is no user group @nobody-knows" in said


async def test_a_beginning_in_the_future_is_refused_below_its_field(house: House) -> None:
    ana = house.person("ana")
    await ana.types("/incident P1", "general")
    tomorrow = house.clock() + timedelta(days=1)
    await ana.fills(
        {"What is broken?": "cards are declined", "When did it begin?": int(tomorrow.timestamp())}
    )
    refused = await ana.submits()
    assert "is in the future" in refused.errors["When did it begin?"]
    assert await nothing_was_declared(house)
    began = house.clock() - timedelta(minutes=20)
    await ana.fills({"When did it begin?": int(began.timestamp())})
    await ana.submits()
    started = (await house.state()).milestones[Milestone.IMPACT_STARTED]
    assert started == began.replace(microsecond=0)
