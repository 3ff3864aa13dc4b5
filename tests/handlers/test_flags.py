"""A flag is held at its safe value because of an incident, and let go of exactly."""

from __future__ import annotations

from functools import partial

import pytest

from bot.domain.events import FlagContained
from bot.sandbox.delivery import Envelope
from bot.storage import flags
from bot.storage.flags import Flag
from tests.handlers.conftest import House


async def served(house: House, key: str = "new-gateway") -> str:
    return next(flag.now for flag in await house.incidents.flags() if flag.key == key)


async def test_kill_holds_the_flag_and_says_how_to_undo_it(house: House) -> None:
    channel = await house.declared()
    answer = await house.person("ana").types("/flag kill new-gateway errors  began <today>", channel)
    await house.delivery.idle()
    assert "new-gateway is held at off for everyone; it served on." in answer.text
    assert "/flag undo new-gateway" in answer.text
    assert await served(house) == "off"
    (event,) = await house.happened()
    assert isinstance(event, FlagContained)
    assert event.reason == "errors  began <today>"
    said = house.read(channel)
    assert "new-gateway is OFF for everyone: served on, now held at off." in said
    assert "Flags held:" in said


async def test_undo_by_words_lets_go_of_it(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await ana.types("/flag kill new-gateway errors began", channel)
    answer = await ana.types("/flag undo new-gateway", channel)
    await house.delivery.idle()
    assert answer.text.startswith("new-gateway serves on again for everyone.")
    assert await served(house) == "on"
    assert "new-gateway serves on again for everyone" in house.read(channel)


async def test_undo_by_button_asks_first(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await ana.types("/flag kill new-gateway errors began", channel)
    await house.delivery.idle()
    asked = await ana.clicks("Undo", near="errors began", channel=channel)
    assert asked.asks == "Undo new-gateway?\nIt serves on to everyone again, at once."
    await ana.confirms()
    assert await served(house) == "on"


async def test_undo_pressed_a_second_time_says_that_nothing_is_held(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await ana.types("/flag kill new-gateway errors began", channel)
    await house.delivery.idle()
    for _ in range(2):
        await ana.clicks("Undo", near="errors began", channel=channel)
        await ana.confirms()
    await ana.sees("INC-1 does not hold new-gateway, so there is nothing to undo.", channel)
    assert await house.kinds() == ["flag_contained", "flag_restored"]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("kill", "Which flag, and why? Nothing was switched."),
        ("kill new-gateway", "Say why, for those who read it later: /flag kill new-gateway <reason>."),
        ("kill new-gatewy because", "Did you mean new-gateway? Nothing was switched."),
        ("kill <!channel> because", "There is no flag <!channel>."),
        ("undo", "Which flag? Type /flag undo <flag>"),
        ("undo new-gateway", "INC-1 does not hold new-gateway"),
        ("show nothing-like-it", "There is no flag nothing-like-it."),
        ("kil new-gateway because", "There is no /flag kil, so nothing was done. Did you mean /flag kill?"),
        (
            "toggle",
            "There is no /flag toggle, so nothing was done. There is: /flag show, /flag kill, /flag undo.",
        ),
    ],
)
async def test_what_is_not_right_gets_one_sentence_and_switches_nothing(
    house: House, typed: str, told: str
) -> None:
    channel = await house.declared()
    answer = await house.person("ana").types(f"/flag {typed}", channel)
    assert told in answer.text
    assert await served(house) == "on"
    assert await house.kinds() == []


@pytest.mark.parametrize("verb", ["kill new-gateway because", "undo new-gateway"])
async def test_a_flag_is_held_for_an_incident_and_nowhere_else(house: House, verb: str) -> None:
    await house.declared()
    answer = await house.person("ana").types(f"/flag {verb}", "general")
    assert answer.text.startswith("This is not the channel of an incident.")


@pytest.mark.parametrize("typed", ["", "show", "show new-gateway"])
async def test_show_says_what_each_flag_serves_and_who_holds_it(house: House, typed: str) -> None:
    ana = house.person("ana")
    before = await ana.types(f"/flag {typed}", "general")
    assert before.text == "new-gateway serves on; safe is off. Card payments through the new gateway"
    channel = await house.declared()
    await ana.types("/flag kill new-gateway errors began", channel)
    after = await ana.types(f"/flag {typed}", "general")
    assert after.text.startswith("new-gateway is held at off by INC-1; otherwise on.")


async def test_a_great_many_flags_fit_an_answer(house: House) -> None:
    for number in range(60):
        flag = Flag(f"flag-{number:02}-{'x' * 120}", "&" * 300, "on", "off", None)
        await house.storage.write(
            partial(flags.define, team_id=house.slack.workspace.team_id, flag=flag, now=house.clock())
        )
    answer = await house.person("ana").types("/flag show", "general")
    assert answer.message is not None
    assert len(answer.message.text) <= 4000


async def test_kill_delivered_again_after_the_undo_holds_nothing(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await ana.types("/flag kill new-gateway errors began", channel)
    killed = next(entry for entry in house.slack.workspace.log if entry.name == "/flag")
    await ana.types("/flag undo new-gateway", channel)
    again = await house.slack.delivery.send(Envelope("slash_commands", killed.detail["payload"]))
    assert again.body == {"text": "`new-gateway` is held no more."}
    assert await served(house) == "on"
