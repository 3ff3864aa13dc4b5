"""Figures before and after, from the command to the card."""

from __future__ import annotations

from bot.domain.events import FigureMeasured
from tests.handlers.conftest import House


async def test_a_figure_is_kept_told_and_shown_on_the_card(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    first = await ana.types(
        "/incident measure payment errors before 412 of 2300 source <!here> grafana", channel
    )
    assert "payment errors, after: not measured" in first.text
    answer = await ana.types("/incident measure payment errors after 3 of 2410", channel)
    assert answer.text.splitlines()[0] == "Measured in INC-1:"
    assert "points below before" in answer.text
    await house.delivery.idle()
    house.clock.advance(10)
    said = house.read(channel)
    assert "payment errors: 17.9 % before, 0.12 % after" in said
    assert "no promise" in said
    assert len([event for event in await house.happened() if isinstance(event, FigureMeasured)]) == 2
    drawn = [str(message.blocks) for message in channel.messages.values() if message.bot_id]
    assert not any("<!here>" in blocks for blocks in drawn)


async def test_what_cannot_be_so_changes_nothing(house: House) -> None:
    channel = await house.declared()
    answer = await house.person("ana").types("/incident measure 5xx share before 140 %", channel)
    assert answer.text == "140 % is no share: it lies between 0 and 100 %."
    assert await house.kinds() == []
