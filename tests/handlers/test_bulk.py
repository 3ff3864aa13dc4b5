"""Several flags are held with one press; each has its own audit, and what changed meanwhile is left alone."""

from __future__ import annotations

from bot.sandbox.blocks import elements_of
from bot.storage.flags import Flag
from tests.handlers.conftest import House
from tests.handlers.test_flags import defined, served


async def three(house: House) -> None:
    for key in ("flag-a", "flag-b"):
        await defined(house, Flag(key, key, "on", "off", None))


async def test_one_press_holds_all_but_the_one_that_changed_and_twice_changes_nothing(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await three(house)
    card = await ana.types("/flag kill new-gateway,flag-a,flag-b for 2h errors began", channel)
    for key in ("new-gateway", "flag-a", "flag-b"):
        assert f"{key}: now on → after OFF for everyone" in card.text
    assert await house.kinds() == []
    await defined(house, Flag("flag-b", "changed since", "on", "off", None))
    house.slack.faults.add("duplicate_delivery", "block_actions")
    await ana.clicks("Hold all 3", channel=channel)
    await house.delivery.idle()
    await ana.sees("flag-b: not done. Somebody changed it since it was shown.", channel)
    assert [await served(house, key) for key in ("new-gateway", "flag-a", "flag-b")] == ["off", "off", "on"]
    assert sorted(await house.kinds()) == ["flag_contained", "flag_contained"]
    lines = await house.desk.containment.audit()
    assert sorted((line.key, line.step.value) for line in lines) == [
        ("flag-a", "asked"),
        ("flag-a", "done"),
        ("new-gateway", "asked"),
        ("new-gateway", "done"),
    ]
    assert len({line.operation for line in lines}) == 2


async def test_a_flag_for_two_persons_is_left_out_with_what_to_type(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await three(house)
    await defined(house, Flag("careful", "risky", "on", "off", None), killSwitch=False)
    card = await ana.types("/flag kill flag-a,flag-b,careful errors began", channel)
    assert "careful: left out, because it takes a second person." in card.text
    assert "/flag kill careful production errors began" in card.text
    await ana.clicks("Hold all 2", channel=channel)
    assert await served(house, "careful") == "on"
    assert await served(house, "flag-b") == "off"


async def test_where_none_can_be_held_there_is_nothing_to_press(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await three(house)
    await ana.types("/flag kill flag-a,flag-b errors began", channel)
    await ana.clicks("Hold all 2", channel=channel)
    again = await ana.types("/flag kill flag-a,flag-b errors go on", channel)
    assert again.text.startswith("None of these can be held now, so there is nothing to confirm.")
    assert "flag-a: left out, because this incident holds it already." in again.text
    assert again.message is not None
    assert not list(elements_of(again.message.blocks or []))


async def test_one_wrong_name_offers_nothing_and_names_the_choices(house: House) -> None:
    channel = await house.declared()
    await three(house)
    told = await house.person("ana").types("/flag kill flag-a,new-gatewy errors began", channel)
    assert "nothing was offered and nothing was switched" in told.text
    assert "new-gatewy: new-gateway" in told.text


async def test_a_bulk_older_than_two_minutes_is_shown_anew(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await three(house)
    await ana.types("/flag kill flag-a,flag-b errors began", channel)
    house.clock.advance(3)
    await ana.clicks("Hold all 2", channel=channel)
    await ana.sees("That was more than two minutes ago, so nothing was switched yet.", channel)
    assert await house.kinds() == []


async def test_a_bulk_of_many_counts_as_one_action(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    keys = [f"f-{number}" for number in range(12)]
    for key in keys:
        await defined(house, Flag(key, key, "on", "off", None))
    await ana.types(f"/flag kill {','.join(keys)} errors began", channel)
    await ana.clicks("Hold all 12", channel=channel)
    assert [await served(house, key) for key in keys] == ["off"] * 12


async def test_names_too_long_for_one_button_are_refused_with_how_many_fit(house: House) -> None:
    channel = await house.declared()
    keys = [f"{'x' * 150}-{number}" for number in range(15)]
    for key in keys:
        await defined(house, Flag(key, key, "on", "off", None))
    told = await house.person("ana").types(f"/flag kill {','.join(keys)} errors began", channel)
    assert "of them fit one confirmation" in told.text
