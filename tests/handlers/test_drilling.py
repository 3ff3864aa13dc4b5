"""`/flag drill` as people type it."""

from __future__ import annotations

from bot.storage.flags import Flag
from tests.handlers.conftest import House
from tests.handlers.test_flags import defined, served


async def test_a_drill_says_what_was_seen_and_the_next_confirmation_expects_it(house: House) -> None:
    await defined(house, Flag("new-gateway", "", "on", "off", None, "staging"))
    channel = await house.declared()
    ana = house.person("ana")
    assert (
        "Never drilled: /flag drill new-gateway" in (await ana.types("/flag show new-gateway", channel)).text
    )
    said = (await ana.types("/flag drill new-gateway", "general")).text
    assert "new-gateway (staging) was held at off, and that was seen after 0." in said
    assert "It serves on again, exactly as before." in said
    assert "Seen in the database: the bot serves no flags here." in said
    assert await served(house, environment="staging") == "on"
    shown = (await ana.types("/flag show new-gateway production", channel)).text
    assert "as in the last drill (staging, 0 min ago)" in shown
    card = await ana.types("/flag kill new-gateway errors began", channel)
    assert "Expected time to effect: 0." in card.text
    assert "drill, done, by @Ana Ruiz" in (await ana.types("/flag log", channel)).text


async def test_a_drill_in_production_or_of_what_is_unknown_switches_nothing(house: House) -> None:
    await defined(house, Flag("new-gateway", "", "on", "off", None, "staging"))
    ana = house.person("ana")
    refused = await ana.types("/flag drill new-gateway production", "general")
    assert "nobody practises there" in refused.text
    assert "Type /flag drill <flag>" in (await ana.types("/flag drill", "general")).text
    assert "Did you mean new-gateway?" in (await ana.types("/flag drill new-gatewy", "general")).text
    assert "Nothing was switched yet." in (await ana.types("/flag log", "general")).text
