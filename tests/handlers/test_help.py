"""Help names everything that can be typed, to the person who asks and to nobody else."""

from __future__ import annotations

import re

from bot.slack.ids import Slash
from bot.slack.manifest import COMMANDS
from handlers.help import help_text
from tests.handlers.conftest import House
from tests.slack.made import FACE


async def test_help_comes_in_private(house: House) -> None:
    answer = await house.person("ana").types("/incident help", "general")
    assert answer.message is not None
    assert answer.message.ephemeral_for == house.person("ana").id
    assert "/incident P0 <title>" in answer.text


async def test_help_may_be_asked_about_something(house: House) -> None:
    answer = await house.person("ana").types("/incident help me please", "general")
    assert answer.text.startswith("Declare, from anywhere")


async def test_whoever_calls_the_bot_by_name_is_told_how_to_use_it(house: House) -> None:
    ana, channel = house.person("ana"), await house.declared()
    await ana.says(f"<@{house.slack.workspace.app.bot_user}> what now?", channel)
    told = await ana.sees("Declare, from anywhere", channel)
    assert told.ephemeral_for == ana.id


def test_every_verb_of_the_usage_hints_is_explained() -> None:
    text = help_text(FACE, "pushpin")
    for slash in (Slash.INCIDENT, Slash.FLAG):
        for verb in re.findall(r"(?:^\[|\| )([a-z]+)", COMMANDS[slash][1]):
            if verb != "help":
                assert f"{slash} {verb}" in text, f"{slash} {verb}"
    assert "/mttr" in text
