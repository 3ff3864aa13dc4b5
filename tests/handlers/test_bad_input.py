"""What people get wrong, and what befalls a channel: one clear sentence each, and nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from bot.domain.commands import AddNote, ChangeSeverity
from bot.domain.vocabulary import Severity
from bot.services.incidents import Actor
from tests.handlers.conftest import House


@pytest.mark.parametrize(
    ("title", "channel"),
    [
        ("🔥🔥🔥", "inc-1"),
        ("שלום העולם", "inc-1"),
        ("оплата не работает", "inc-1"),
        ("*bold* _and_ `code` ~gone~ > quoted", "inc-1-bold-and-code-gone-quoted"),
    ],
)
async def test_a_title_in_any_script_opens_a_channel_with_a_safe_name(
    house: House, title: str, channel: str
) -> None:
    await house.person("ana").types(f"/incident P0 {title}", "general")
    await house.delivery.idle()
    declared = await house.state()
    assert (declared.title, declared.channel_name) == (title, channel)


@pytest.mark.parametrize("nothing", ["\u200b", "\u202e", "   ", "\u3164\u3164", "\u2800"])
async def test_a_title_that_cannot_be_seen_is_none(house: House, nothing: str) -> None:
    await house.person("ana").types(f"/incident P0 {nothing}", "general")
    assert await house.incidents.find(1) is None


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("retro P2 25:61 26:00 search was down", "25:61 is no time"),
        ("retro P2 03:40 02:10 search was down", "The end must come after the beginning"),
        ("drill P9 search is down", "How bad would it be?"),
        ("lead", "This is not the channel of an incident"),
        ("note somebody saw it", "This is not the channel of an incident"),
        ("next", "This is not the channel of an incident"),
    ],
)
async def test_each_mistake_gets_its_sentence(house: House, typed: str, said: str) -> None:
    answer = await house.person("ana").types(f"/incident {typed}", "general")
    assert said in answer.text
    assert await house.incidents.find(1) is None


async def test_a_correction_into_the_future_or_out_of_order_changes_nothing(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    before = await house.state()
    for typed in ("detected 25:61 the graph", "detected 2199-01-01 10:00 the graph", "repaired 10:00 no"):
        answer = await ana.types(f"/incident correct {typed}", channel)
        assert answer.text
    assert (await house.state()).milestones == before.milestones


async def test_a_taken_name_gets_the_next_one(house: House) -> None:
    await house.person("bo").creates("inc-1-checkout-returns-500")
    await house.person("ana").types("/incident P0 checkout returns 500", "general")
    await house.delivery.idle()
    assert (await house.state()).channel_name == "inc-1-checkout-returns-500-2"


async def test_thrown_out_of_its_channel_the_bot_says_so_there_and_goes_on_when_it_is_invited_back(
    house: House,
) -> None:
    """Posting it may in any public channel; to bring people in it must be there itself."""
    channel, ana, bo = await house.declared(), house.person("ana"), house.person("bo")
    bot = house.slack.workspace.app.bot_user
    await ana.removes(bot, channel)
    await ana.types("/incident assign scribe @bo", channel)
    await house.slack.settled()
    await house.delivery.idle(within=2)
    assert bo.id not in channel.members
    for place in ("incidents", channel, "@firebreak"):
        await ana.sees("INC-1: I am not in #inc-1-checkout-returns-500 any more.", place)
    assert "The bot is not in the channel. Invite it with /invite." in house.read(channel)
    await ana.invites(bot, channel)
    await house.slack.until(lambda: bo.id in channel.members)
    await house.slack.settled()
    assert "Firebreak is back in the channel" in (await ana.types("/incident timeline", channel)).text


async def test_when_every_name_is_taken_the_home_tab_says_what_to_do(house: House) -> None:
    bo = house.person("bo")
    for ending in ("", "-2", "-3", "-4", "-5"):
        await bo.creates(f"inc-1-checkout-returns-500{ending}")
    await house.person("ana").types("/incident P0 checkout returns 500", "general")
    await house.delivery.idle()
    assert (await house.state()).channel is None
    await bo.opens_home()
    said = "The channel names from inc-1-checkout-returns-500 on are taken. Rename one of them."
    await bo.sees_home(said)


async def test_an_archived_channel_is_named_on_the_home_tab_and_taken_up_when_it_is_back(
    house: House,
) -> None:
    channel, ana, bo = await house.declared(), house.person("ana"), house.person("bo")
    await ana.archives(channel)
    await house.slack.settled()
    aim = (await house.state()).number
    await house.incidents.carry_out(
        Actor(ana.id, "ana"), aim, AddNote(by=ana.id, text="it is back"), key="note"
    )
    await house.delivery.idle(within=2)
    await bo.opens_home()
    await bo.sees_home("The channel is archived. Unarchive it.")
    await ana.unarchives(channel)
    await ana.sees("it is back", channel)


async def test_a_deleted_channel_is_named_on_the_home_tab_and_the_incident_goes_on(house: House) -> None:
    channel, ana, bo = await house.declared(), house.person("ana"), house.person("bo")
    house.slack.delete_channel(channel.name)
    await house.slack.settled()
    outcome = await house.incidents.carry_out(
        Actor(ana.id, "ana"), 1, ChangeSeverity(by=ana.id, severity=Severity.P2), key="worse"
    )
    assert outcome.incident.severity is Severity.P2
    await house.delivery.idle(within=2)
    await bo.opens_home()
    await bo.sees_home("The channel is gone, or the bot cannot see it.")
    await bo.sees("P2", "incidents")


async def test_every_command_of_a_channel_says_so_elsewhere_and_changes_nothing(house: House) -> None:
    """Whatever follows the word, the first thing to know is where to type it."""
    verbs = (
        *(
            "lead",
            "next",
            "close",
            "back no",
            "cancel no",
            "reopen no",
            "override stabilize no",
            "unmerge no",
        ),
        *("note x", "update x", "step x", "severity P1", "role scribe", "runbook", "timeline", "catchup"),
        *("export", "correct declared 14:05 x", "correct #3 14:05 x", "action", "merge INC-3 x"),
    )
    ana = house.person("ana")
    answers = {verb: (await ana.types(f"/incident {verb}", "general")).text for verb in verbs}
    wrong = {
        verb: said for verb, said in answers.items() if "This is not the channel of an incident" not in said
    }
    assert wrong == {}
    assert await house.incidents.still_open() == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (f"P1 {'x' * 5000}", "5000 characters and at most 150 fit"),
        ("P9 search is down", "They go from P0, the worst, to P4: /incident P1 search is down"),
        ("sev1 search is down", "/incident P1 search is down"),
    ],
)
async def test_a_declaration_that_is_not_quite_right_gets_the_line_to_type(
    house: House, typed: str, said: str
) -> None:
    answer = await house.person("ana").types(f"/incident {typed}", "general")
    assert said in answer.text
    assert await house.incidents.find(1) is None


@pytest.mark.parametrize("at", ["25:61", "2199-01-01 10:00", "2001-01-01 10:00"])
async def test_a_note_of_a_time_that_cannot_be_is_refused(house: House, at: str) -> None:
    channel = await house.declared()
    answer = await house.person("ana").types(f"/incident note at {at} the deploy", channel)
    assert any(said in answer.text for said in ("is no time", "is in the future", "began"))
    assert await house.kinds() == []


@pytest.mark.parametrize("nothing", ["\u200b", "\u2060\u200d", "\u3164"])
@pytest.mark.parametrize("verb", ["cancel", "override stabilize", "note", "update", "step"])
async def test_a_reason_or_a_text_that_cannot_be_seen_is_none(house: House, verb: str, nothing: str) -> None:
    channel, ana = await house.declared(), house.person("ana")
    await ana.types("/incident lead", channel)
    await ana.types(f"/incident {verb} {nothing}", channel)
    if ana.modal is not None:
        await ana.closes(everything=True)
    assert await house.kinds() == ["role_taken"]


CALLS_ALL = (
    "<!channel> <!here|here> <!everyone> <!subteam^S01PAYMENTS> @channel <#C1> <https://evil.example|look>"
)
SPOKEN = re.compile(r"<(?:!(?!date\^)|#C1|https://evil\.example\|)")  # a link shows where it leads


def mrkdwn_in(shown: Any) -> Iterator[str]:
    """Whatever Slack reads marks in; plain text and buttons' labels it shows as they are."""
    if isinstance(shown, dict):
        if shown.get("type") == "mrkdwn":
            yield shown["text"]
        for each in shown.values():
            yield from mrkdwn_in(each)
    elif isinstance(shown, list):
        for each in shown:
            yield from mrkdwn_in(each)


async def test_nothing_that_people_type_calls_everybody(house: House) -> None:
    """Titles, notes, updates, steps, reasons, action items: wherever a message shows them."""
    ana = house.person("ana")
    await ana.types(f"/incident P1 it is {CALLS_ALL}", "general")
    await house.delivery.idle()
    channel = house.slack.channel("inc-1-…")
    for typed in (
        *("lead", f"note {CALLS_ALL}", f"update {CALLS_ALL}", f"step {CALLS_ALL}", f"flag {CALLS_ALL}"),
        *(f"action @bo 2199-01-05 {CALLS_ALL}", f"correct detected 00:01 {CALLS_ALL}", "catchup", "timeline"),
        *(
            f"override stabilize {CALLS_ALL}",
            f"back {CALLS_ALL}",
            f"cancel {CALLS_ALL}",
            f"reopen {CALLS_ALL}",
        ),
        *("list", "actions", f"merge {CALLS_ALL}", f"assign {CALLS_ALL}", f"runbook {CALLS_ALL}"),
    ):
        await ana.types(f"/incident {typed}", channel)
    await house.delivery.idle()
    places = house.slack.workspace.channels.values()
    said = [message for place in places for message in place.messages.values() if message.subtype is None]
    shown = [text for message in said for text in (message.text, *mrkdwn_in(message.blocks))]
    assert sum("!channel&gt;" in text for text in shown) > 20, "it was typed, and is shown as it was"
    assert [text for text in shown if SPOKEN.search(text)] == []
