"""`/mttr` answers with figures that say what they measure, and a picture that follows."""

from __future__ import annotations

from bot.domain.vocabulary import Phase
from tests.handlers.conftest import House
from tests.handlers.gates import left


async def test_figures_name_their_end_points_and_their_picture_comes_in_private(house: House) -> None:
    channel = await house.declared()
    house.clock.advance(34)
    await left(house, channel, Phase.STABILIZE)
    ana = house.person("ana")
    answer = await ana.types("/mttr", "general")
    assert answer.text.startswith("Recovery times of the last 28 days")
    assert "declared → stabilized: one incident, after 34 min." in answer.text
    assert "The picture comes in a direct message from me." in answer.text
    await house.delivery.idle()
    (picture,) = [file for file in house.slack.workspace.files.values() if file.completed]
    assert picture.content is not None
    assert picture.content.startswith(b"\x89PNG")
    assert picture.alt_text.startswith("Dots on a logarithmic time axis, one for each incident.")
    assert "n = 0 of 1" in picture.alt_text


async def test_buttons_split_the_figures_and_say_how_they_are_counted(house: House) -> None:
    channel = await house.declared()
    house.clock.advance(34)
    await left(house, channel, Phase.STABILIZE)
    await left(house, channel, Phase.REPAIR)
    ana = house.person("ana")
    await ana.types("/mttr 28d P0", "general")
    await ana.clicks("By cause")
    by_cause = house.read(house.slack.channel("general"))
    assert "A cause is named for 1 of 1." in by_cause
    assert by_cause.count("Only: severity P0.") == 1  # in the place of the figures that were there
    await ana.clicks("How this is counted")
    assert "No figure speaks of a person" in house.read(house.slack.channel("general"))


async def test_another_window_is_a_word_away_and_without_incidents_there_is_no_picture(house: House) -> None:
    answer = await house.person("ana").types("/mttr 90d", "general")
    assert answer.text.startswith("Recovery times of the last 90 days")
    assert "The picture" not in answer.text


async def test_a_full_disk_costs_the_picture_and_not_the_figures(house: House) -> None:
    await house.declared()
    house.storage.is_full = True
    answer = await house.person("ana").types("/mttr 7d", "general")
    house.storage.is_full = False
    assert "1 incident declared" in answer.text
    assert "The picture" not in answer.text


async def test_what_is_no_window_is_refused_with_what_to_type(house: House) -> None:
    answer = await house.person("ana").types("/mttr since <!channel> ever", "general")
    assert "28d" in answer.text
    assert answer.message is not None
    assert "<!channel>" not in answer.message.text


async def test_ten_thousand_characters_are_no_window_either(house: House) -> None:
    answer = await house.person("ana").types(f"/mttr {'9' * 10_000}d", "general")
    assert len(answer.text) < 500


async def test_the_summary_so_far_is_for_whoever_asks(house: House) -> None:
    await house.declared()
    answer = await house.person("ana").types("/mttr summary", "general")
    assert answer.text.startswith("Incidents, ")
    assert "Opened 1 (1 P0), repaired 0, open at end 1" in answer.text
