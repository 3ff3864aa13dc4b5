"""Reopen, go back, cancel, merge, correct, drill: what people see of it, and what the figures make of it."""

from __future__ import annotations

import pytest

from bot.domain.vocabulary import Milestone, Phase
from tests.handlers.conftest import House
from tests.handlers.gates import closed, left


async def figures(house: House) -> str:
    return (await house.person("ana").types("/mttr", "general")).text


async def test_a_reopened_incident_counts_with_its_final_times(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    house.clock.advance(30)
    await closed(house, channel)
    assert "/incident reopen" in house.read(channel)
    house.clock.advance(60)
    answer = await ana.types("/incident reopen it is back", channel)
    assert answer.text.startswith("INC-1 is in phase stabilize now.")
    await house.delivery.idle()
    assert "reopened the incident. Reason: it is back" in house.read(channel)
    assert "Reopened once" in house.read(channel)
    assert "still open" in await figures(house)
    house.clock.advance(10)
    await ana.clicks("Next phase: repair", channel=channel)
    modal = await ana.sees_modal("Which critical paths")
    assert modal.values["payment"] == "twenty test orders went through"
    await ana.submits()
    assert "after 1 h 40 min" in await figures(house)


async def test_a_phase_back_draws_its_checklist_again(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    await left(house, channel, Phase.STABILIZE)
    assert "Say why" in (await ana.types("/incident back", channel)).text
    answer = await ana.types("/incident back search is slow again", channel)
    assert answer.text.startswith("INC-1 is in phase stabilize now.")
    await house.delivery.idle()
    assert "went back from repair to stabilize" in house.read(channel)
    assert "Stabilize: 2 of 3 done" in house.read(channel)


async def test_a_cancelled_incident_leaves_the_figures_and_can_come_back(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    answer = await ana.types("/incident cancel a test order", channel)
    assert "INC-1 is cancelled: not an incident." in answer.text
    await house.delivery.idle()
    assert "not an incident" in house.read(house.slack.channel("incidents")).lower()
    assert "1 cancelled" in await figures(house)
    await ana.types("/incident reopen it was one", channel)
    assert "1 cancelled" not in await figures(house)
    assert (await house.state()).phase is Phase.STABILIZE


async def test_a_duplicate_is_merged_and_un_merged_on_both_sides(house: House) -> None:
    first = await house.declared("search is slow")
    house.clock.advance(10)
    second, ana = await house.declared("search returns nothing"), house.person("ana")
    answer = await ana.types("/incident merge INC-2 the same cluster", first)
    assert "INC-1 is a duplicate of INC-2 now." in answer.text
    await house.delivery.idle()
    assert "INC-1 is the same as this one." in house.read(second)
    assert "Duplicates of this one: INC-1" in house.read(second)
    assert "1 duplicate" in await figures(house)
    assert "Longest so far: 10 min" in await figures(house)  # INC-2 begins with the earlier start
    await ana.types("/incident unmerge another cluster", first)
    assert "duplicate" not in await figures(house)
    assert (await house.state(2)).absorbed == {}
    assert (await house.state(1)).phase is Phase.STABILIZE


async def test_a_drill_says_so_everywhere_and_is_in_no_figure(house: House) -> None:
    ana = house.person("ana")
    answer = await ana.types("/incident drill P0 payments fail in the game day", "general")
    assert answer.text.startswith("INC-1 (drill): payments fail in the game day.")
    await house.delivery.idle()
    channel = house.slack.channel("inc-1-…")
    screens = [house.read(channel), house.read(house.slack.channel("incidents")), channel.topic["value"]]
    screens.append((await ana.types("/incident list", "general")).text)
    for screen in screens:
        assert "drill" in screen.lower()
    assert "1 drill" in await figures(house)


async def test_what_is_over_counts_for_the_impact_alone(house: House) -> None:
    ana = house.person("ana")
    answer = await ana.types(
        "/incident retro P2 2026-01-02 02:10 2026-01-02 03:40 cart lost items", "general"
    )
    assert "written down afterwards" in answer.text
    state = await house.state()
    assert state.phase is Phase.PREVENT
    assert "1 recorded after the fact" in await figures(house)


async def test_a_corrected_time_is_told_with_both_times(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    house.clock.advance(30)
    await left(house, channel, Phase.STABILIZE)
    before = (await house.state()).milestones
    at = f"{before[Milestone.DECLARED]:%H:%M}"
    told = await ana.types(f"/incident correct impact-started {at} the graph", channel)
    assert "Impact started:" in told.text
    assert (await house.kinds())[-1] == "milestone_corrected"
    await house.delivery.idle()
    assert "Reason: the graph" in house.read(channel)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("merge", "Type /incident merge INC-3 <reason>"),
        ("merge it with the other", "Type /incident merge INC-3 <reason>"),
        ("merge INC-9 the same", "There is no other incident INC-9"),
        ("merge INC-1 the same", "There is no other incident INC-1"),
        ("correct", "Type /incident correct stabilized 14:05 <reason>"),
        ("correct stabilized 25:61 x", "25:61 is no time"),
        ("correct stabilized 00:00 x", "is not stabilized yet"),
        ("back too early", "first phase"),
        ("cancel", "Say why"),
        ("drill payments fail", "/incident drill P1 <title>"),
        ("retro P2 yesterday it broke", "is no time"),
        ("retro it broke", "/incident retro P2 02:10 03:40 <title>"),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(house: House, typed: str, told: str) -> None:
    channel = await house.declared()
    answer = await house.person("ana").types(f"/incident {typed}", channel)
    assert told in answer.text
    assert await house.kinds() == []
    assert len(await house.incidents.still_open()) == 1
