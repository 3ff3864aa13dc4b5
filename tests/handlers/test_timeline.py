"""Writing into the timeline and reading it back; and the list of what is open."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.events import NoteAdded
from tests.handlers.conftest import FACE, House


async def test_a_note_goes_into_the_timeline_and_the_channel(house: House) -> None:
    channel = await house.declared()
    answer = await house.person("ana").types("/incident note the gateway retries twice", channel)
    await house.delivery.idle()
    assert answer.text.startswith("Noted in the timeline of INC-1.\nNext:")
    assert [event.text for event in await house.happened() if isinstance(event, NoteAdded)] == [
        "the gateway retries twice"
    ]
    said = house.read(channel)
    assert "Note by @Ana Ruiz" in said
    assert "the gateway retries twice" in said


async def test_a_note_keeps_its_lines_and_the_mention_of_a_person_and_pings_nobody_else(house: House) -> None:
    channel = await house.declared()
    await house.person("ana").types("/incident note ask @bo\n\n  and <!channel> @here", channel)
    await house.delivery.idle()
    (event,) = await house.happened()
    assert isinstance(event, NoteAdded)
    assert event.text.startswith("ask <@U02BO>\n\n  and")
    drawn = [str(message.blocks) for message in channel.messages.values() if message.bot_id]
    assert any("<@U02BO>" in blocks for blocks in drawn)
    assert not any("<!channel>" in blocks or "<!here>" in blocks for blocks in drawn)


async def test_an_empty_note_is_refused(house: House) -> None:
    channel = await house.declared()
    answer = await house.person("ana").types("/incident note", channel)
    assert answer.text == "The note is empty. Type /incident note <text>."


async def test_a_note_of_ten_thousand_characters_is_refused_with_what_to_do(house: House) -> None:
    channel = await house.declared()
    answer = await house.person("ana").types(f"/incident note {'x' * 10_000}", channel)
    assert "10000 characters and at most 2900 fit" in answer.text
    assert await house.kinds() == []


async def test_the_timeline_tells_what_happened_in_order_and_nothing_else(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await ana.types("/incident lead", channel)
    await ana.types("/incident note it is the <cache>", channel)
    answer = await ana.types("/incident timeline", channel)
    lines = answer.text.splitlines()
    assert lines[0] == "INC-1, what happened:"
    told = [line.split(" UTC ", 1)[1] for line in lines[1:]]
    assert told == [
        "@Ana Ruiz declared P0: checkout returns 500",
        "Runbook: Payments fail",
        "The channel #inc-1-checkout-returns-500 was opened.",
        "@Ana Ruiz took the lead.",
        "@Ana Ruiz: it is the <cache>",
    ]


async def test_a_long_timeline_shows_the_newest_and_says_where_the_rest_is(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    for number in range(20):
        await ana.types(f"/incident note number {number} {'&' * 300}", channel)
    answer = await ana.types("/incident timeline", channel)
    assert answer.message is not None
    assert len(answer.message.text) <= 4000
    assert "earlier ones: /incident timeline 2, or all of it: firebreak export INC-1" in answer.text
    assert "number 19" in answer.text
    seen, page = answer.text, 1
    while "earlier ones" in seen:
        page += 1
        seen = (await ana.types(f"/incident timeline {page}", channel)).text
        assert "number 19" not in seen
    assert page > 1
    assert "declared P0" in seen
    assert "Which page?" in (await ana.types("/incident timeline older", channel)).text


async def test_a_note_may_be_of_something_that_was_earlier(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    house.clock.advance(90)
    await ana.types("/incident note the provider answers", channel)
    zone = FACE.zone
    began = (await house.state()).declared_at
    earlier = (began + timedelta(minutes=30)).astimezone(zone)
    answer = await ana.types(f"/incident note at {earlier:%Y-%m-%d %H:%M} the deploy went out", channel)
    assert answer.text.startswith("Noted in the timeline of INC-1.")
    first, second = (event for event in await house.happened() if isinstance(event, NoteAdded))
    assert (first.text, second.text) == ("the provider answers", "the deploy went out")
    assert second.at < first.at
    told = (await ana.types("/incident timeline", channel)).text
    assert told.index("the deploy went out") < told.index("the provider answers")


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("25:61", "is no time"),
        ("2000-01-01 14:05", "is before INC-1 began"),
        ("2100-01-01 14:05", "is in the future"),
    ],
)
async def test_a_time_that_cannot_be_is_refused_and_nothing_is_noted(
    house: House, at: str, told: str
) -> None:
    channel = await house.declared()
    answer = await house.person("ana").types(f"/incident note at {at} the deploy went out", channel)
    assert told in answer.text
    assert await house.kinds() == []


async def test_a_note_that_begins_with_the_word_is_a_note(house: House) -> None:
    channel = await house.declared()
    await house.person("ana").types("/incident note at last the queue moves", channel)
    (noted,) = (event for event in await house.happened() if isinstance(event, NoteAdded))
    assert noted.text == "at last the queue moves"


async def test_the_list_shows_the_worst_first_with_the_way_there(house: House) -> None:
    await house.declared("search is slow", "P2")
    channel = await house.declared("checkout returns 500", "P0")
    await house.person("ana").types("/incident lead", channel)
    house.clock.advance(34)
    answer = await house.person("ana").types("/incident list", "general")
    assert answer.text.splitlines() == [
        "2 open incidents:",
        "P0 INC-2 #inc-2-checkout-returns-500 checkout returns 500 · stabilize · @Ana Ruiz leads"
        " · declared 34 min ago",
        "P2 INC-1 #inc-1-search-is-slow search is slow · stabilize · nobody leads yet · declared 34 min ago",
    ]


async def test_when_nothing_is_open_the_list_says_how_to_declare(house: House) -> None:
    answer = await house.person("ana").types("/incident list", "general")
    assert answer.text == "No incident is open. To declare one: /incident P1 <title>"


async def test_a_very_long_list_fits_an_answer(house: House) -> None:
    for number in range(25):
        await house.person("ana").types(f"/incident P3 {number} {'&' * 140}", "general")
    answer = await house.person("ana").types("/incident list", "general")
    assert answer.message is not None
    assert len(answer.message.text) <= 4000
    assert "and " in answer.text.splitlines()[-1]
