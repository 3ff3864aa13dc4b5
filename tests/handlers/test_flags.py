"""A flag is held at its safe value because of an incident, and let go of exactly. Production asks first."""

from __future__ import annotations

from functools import partial

import pytest

from bot.domain.events import FlagAsked, FlagContained
from bot.sandbox.delivery import Envelope
from bot.sandbox.people import Actor
from bot.sandbox.workspace import Channel
from bot.storage import flag_definitions, flags
from bot.storage.flags import Flag
from tests.handlers.conftest import House

PRESS = "Switch off in production"


async def served(house: House, key: str = "new-gateway", environment: str = "production") -> str:
    return next(flag.now for flag in await house.desk.containment.everything(environment) if flag.key == key)


async def kills(house: House, who: Actor, channel: Channel, reason: str = "errors began") -> None:
    """The command, and then the button on the confirmation."""
    await who.types(f"/flag kill new-gateway {reason}", channel)
    await who.clicks(PRESS, channel=channel)
    await house.delivery.idle()


async def defined(house: House, flag: Flag, **metadata: object) -> None:
    """One more flag; with metadata of its owner's."""
    team = house.slack.workspace.team_id
    await house.storage.write(partial(flags.define, team_id=team, flag=flag, now=house.clock()))
    if metadata:
        stored = await house.storage.read(
            lambda transaction: flag_definitions.find(transaction, team, flag.environment, flag.key)
        )
        assert stored is not None
        data = {**stored.definition.data, "metadata": {**stored.definition.metadata, **metadata}}
        definition = stored.definition.read(flag.key, data)
        await house.storage.write(
            lambda transaction: flag_definitions.define(
                transaction, team, flag.environment, [definition], by="ana", now=house.clock()
            )
        )


async def test_kill_shows_what_will_be_and_switches_nothing_yet(house: House) -> None:
    channel = await house.declared()
    card = await house.person("ana").types("/flag kill new-gateway for 2h errors  began <today>", channel)
    assert "PRODUCTION: hold new-gateway?" in card.text
    assert "Now: on. After: OFF for everyone." in card.text
    assert "Card payments through the new gateway" in card.text
    assert "Reason: errors began <today>" in card.text
    assert "look at it again after 2 h" in card.text
    assert "That is around when the incident began." in card.text
    assert await served(house) == "on"
    assert await house.kinds() == []


async def test_the_button_holds_it_and_says_so_to_everyone_once_it_is_read_back(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await ana.types("/flag kill new-gateway errors  began <today>", channel)
    await ana.clicks(PRESS, channel=channel)
    await house.delivery.idle()
    assert await served(house) == "off"
    (event,) = await house.happened()
    assert isinstance(event, FlagContained)
    assert event.reason == "errors  began <today>"
    said = house.read(channel)
    assert "new-gateway is OFF for everyone: served on, now held at off. Confirmed in " in said
    assert "Somebody looks at it again:" in said
    assert "To undo it: /flag undo new-gateway" in said
    assert "hold new-gateway?" not in said  # the confirmation is gone


async def test_cancel_switches_nothing(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await ana.types("/flag kill new-gateway errors began", channel)
    await ana.clicks("Cancel", channel=channel)
    await ana.sees("Nothing was switched.", channel)
    assert await house.kinds() == []


async def test_outside_production_it_is_held_at_once(house: House) -> None:
    await defined(house, Flag("new-gateway", "", "on", "off", None, "staging"))
    channel = await house.declared()
    answer = await house.person("ana").types("/flag kill new-gateway staging errors began", channel)
    assert "new-gateway (staging) is held at off for everyone; it served on." in answer.text
    assert (await served(house), await served(house, environment="staging")) == ("on", "off")
    undone = await house.person("ana").types("/flag undo new-gateway staging", channel)
    assert undone.text.startswith("new-gateway (staging) serves on again for everyone.")


async def test_undo_by_words_lets_go_of_it(house: House) -> None:
    channel = await house.declared()
    await kills(house, house.person("ana"), channel)
    await house.person("bo").joins(channel)
    answer = await house.person("bo").types("/flag undo new-gateway", channel)
    await house.delivery.idle()
    assert answer.text.startswith("new-gateway serves on again for everyone.")
    assert await served(house) == "on"
    assert "new-gateway serves on again for everyone" in house.read(channel)


async def test_undo_by_button_asks_first_and_takes_somebody_else(house: House) -> None:
    channel = await house.declared()
    ana, bo = house.person("ana"), house.person("bo")
    await kills(house, ana, channel)
    asked = await ana.clicks("Undo", near="errors began", channel=channel)
    assert asked.asks == "Undo new-gateway?\nIt serves on to everyone again, at once."
    await ana.confirms()
    await ana.sees("You held new-gateway, and this is production", channel)
    assert await served(house) == "off"
    await bo.joins(channel)
    await bo.clicks("Undo", near="errors began", channel=channel)
    await bo.confirms()
    assert await served(house) == "on"


async def test_undo_pressed_a_second_time_says_that_nothing_is_held(house: House) -> None:
    channel = await house.declared()
    await kills(house, house.person("ana"), channel)
    bo = house.person("bo")
    await bo.joins(channel)
    for _ in range(2):
        await bo.clicks("Undo", near="errors began", channel=channel)
        await bo.confirms()
    await bo.sees("INC-1 does not hold new-gateway, so there is nothing to undo.", channel)
    assert await house.kinds() == ["flag_contained", "flag_restored"]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("kill", "Which flag, and why? Nothing was switched."),
        ("kill new-gateway", "Say why, for those who read it later: /flag kill new-gateway <reason>."),
        ("kill new-gatewy because", "There is no flag new-gatewy, so nothing was switched. Which one"),
        ("kill <!channel> because", "There is no flag <!channel>."),
        ("kill new-gateway for -2h errors", "-2h is no time to hold a flag for, so nothing was changed."),
        ("kill new-gateway for 9y errors", "Write from 5m to 7d, such as 2h"),
        ("kill new-gateway for 8d errors", "Write from 5m to 7d, such as 2h"),
        (f"kill new-gateway {'x' * 3000}", "That text has 3000 characters and at most 500 fit."),
        ("undo", "Which flag? Type /flag undo <flag>"),
        ("undo new-gateway", "INC-1 does not hold new-gateway"),
        ("extend new-gateway", "Which flag, and for how long?"),
        ("extend new-gateway 2h", "INC-1 does not hold new-gateway"),
        ("keep new-gateway 2h", "Which flag, who answers for it, and for how long?"),
        ("permanent new-gateway it is old", "INC-1 does not hold new-gateway"),
        ("override", "What does the lead do without a second person, and why?"),
        ("override kill new-gateway no time", "Only the lead may go on without a second person"),
        ("find", "What do you look for?"),
        ("find nothing like it", "No flag has all of these words: nothing like it"),
        ("log", "Nothing was switched yet."),
        ("show nothing-like-it", "There is no flag nothing-like-it."),
        ("kil new-gateway because", "There is no /flag kil, so nothing was done. Did you mean /flag kill?"),
        ("toggle", "There is no /flag toggle, so nothing was done. There is: /flag show,"),
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


async def test_a_near_miss_with_an_endless_reason_is_told_that_it_does_not_fit(house: House) -> None:
    channel = await house.declared()
    told = await house.person("ana").types(f"/flag kill new-gatewy {'z' * 5000}", channel)
    assert (told.error, "at most 500 fit" in told.text) == (None, True)


async def test_a_near_miss_offers_the_flag_and_pressing_it_only_shows_the_confirmation(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await ana.types("/flag kill new-gatewy for 1h errors began", channel)
    await ana.clicks("Look at it", near="new-gateway", channel=channel)
    await ana.sees("hold new-gateway?", channel)
    assert await house.kinds() == []
    await ana.clicks(PRESS, channel=channel)
    (event,) = await house.happened()
    assert isinstance(event, FlagContained)
    assert event.review_at is not None
    assert (event.review_at - event.at).total_seconds() == 3600


@pytest.mark.parametrize("verb", ["kill new-gateway because", "undo new-gateway"])
async def test_a_flag_is_held_for_an_incident_and_nowhere_else(house: House, verb: str) -> None:
    await house.declared()
    answer = await house.person("ana").types(f"/flag {verb}", "general")
    assert answer.text.startswith("This is not the channel of an incident.")


@pytest.mark.parametrize("typed", ["show", "show new-gateway", "find gateway payments"])
async def test_show_says_what_each_flag_serves_and_who_holds_it(house: House, typed: str) -> None:
    ana = house.person("ana")
    before = await ana.types(f"/flag {typed}", "general")
    assert before.text.startswith("new-gateway serves on; safe is off. Card payments through the new gateway")
    channel = await house.declared()
    await kills(house, ana, channel)
    house.clock.advance(2)
    after = await ana.types(f"/flag {typed}", "general")
    assert after.text.startswith("new-gateway is held at off by INC-1; otherwise on.")


async def test_flag_alone_says_what_is_held_and_what_changed(house: House) -> None:
    channel = await house.declared()
    await kills(house, house.person("ana"), channel)
    await house.person("bo").joins(channel)
    told = (await house.person("bo").types("/flag", channel)).text
    assert "Held now:" in told
    assert "new-gateway is held at off by INC-1" in told
    assert "new-gateway held: on → off, by @Ana Ruiz" in told
    assert "new-gateway defined: on, " in told, "by the settings: nothing was before, nobody did it"
    audit = (await house.person("bo").types("/flag log INC-1", channel)).text
    assert "new-gateway (production): hold, done, by @Ana Ruiz, INC-1, errors began" in audit


async def test_a_flag_that_is_no_kill_switch_is_held_by_a_second_person(house: House) -> None:
    await defined(house, Flag("search", "", "on", "off", None), killSwitch=False)
    channel = await house.declared()
    ana, bo = house.person("ana"), house.person("bo")
    await bo.joins(channel)
    await bo.clicks("Take the lead", channel=channel)
    card = await ana.types("/flag kill search slow since noon", channel)
    assert "Here this takes a second person" in card.text
    await ana.clicks("Ask for a second person", channel=channel)
    await house.delivery.idle()
    assert await served(house, "search") == "on"
    assert isinstance((await house.happened())[-1], FlagAsked)
    await ana.clicks(PRESS, near="slow since noon", channel=channel)
    await ana.sees("You asked for it, so somebody else who takes part presses", channel)
    await bo.clicks(PRESS, near="slow since noon", channel=channel)
    event = (await house.happened())[-1]
    assert isinstance(event, FlagContained)
    assert (event.by, event.asked_by, event.reason) == (bo.id, ana.id, "slow since noon")
    assert await served(house, "search") == "off"


async def test_a_step_that_names_a_flag_brings_the_confirmation(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await ana.clicks("Hold the flag…", channel=channel)
    await ana.sees("hold new-gateway?", channel)
    await ana.clicks(PRESS, channel=channel)
    assert await served(house) == "off"


async def test_a_great_many_flags_fit_an_answer(house: House) -> None:
    for number in range(60):
        await defined(house, Flag(f"flag-{number:02}-{'x' * 120}", "&" * 300, "on", "off", None))
    answer = await house.person("ana").types("/flag show", "general")
    assert answer.message is not None
    assert len(answer.message.text) <= 4000


async def test_kill_delivered_again_after_the_undo_holds_nothing(house: House) -> None:
    await defined(house, Flag("new-gateway", "", "on", "off", None, "staging"))
    channel = await house.declared()
    ana = house.person("ana")
    await ana.types("/flag kill new-gateway staging errors began", channel)
    killed = next(entry for entry in house.slack.workspace.log if entry.name == "/flag")
    await ana.types("/flag undo new-gateway staging", channel)
    again = await house.slack.delivery.send(Envelope("slash_commands", killed.detail["payload"]))
    assert again.body == {"text": "`new-gateway` (staging) is held no more."}
    assert await served(house, environment="staging") == "on"
