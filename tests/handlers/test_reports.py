"""`/mttr` answers with figures that say what they measure."""

from __future__ import annotations

from bot.domain.vocabulary import Phase
from tests.handlers.conftest import House
from tests.handlers.gates import left


async def test_figures_name_their_end_points(house: House) -> None:
    channel = await house.declared()
    house.clock.advance(34)
    await left(house, channel, Phase.STABILIZE)
    answer = await house.person("ana").types("/mttr", "general")
    assert answer.text.startswith("Recovery times of the last 28 days")
    assert "declared → stabilized: one incident, after 34 min." in answer.text


async def test_another_window_is_a_word_away(house: House) -> None:
    answer = await house.person("ana").types("/mttr 90d", "general")
    assert answer.text.startswith("Recovery times of the last 90 days")


async def test_what_is_no_window_is_refused_with_what_to_type(house: House) -> None:
    answer = await house.person("ana").types("/mttr since <!channel> ever", "general")
    assert "28d" in answer.text
    assert answer.message is not None
    assert "<!channel>" not in answer.message.text


async def test_ten_thousand_characters_are_no_window_either(house: House) -> None:
    answer = await house.person("ana").types(f"/mttr {'9' * 10_000}d", "general")
    assert len(answer.text) < 500
