"""Closing over held flags: the form asks about each, and only then for the exit questions."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.events import ContainmentEnded, ContainmentExtended, FlagRestored
from bot.domain.vocabulary import Phase
from bot.sandbox.workspace import Channel
from bot.storage.flags import Flag
from tests.handlers.conftest import House
from tests.handlers.gates import PROOF, left, ticked
from tests.handlers.test_flags import defined, kills, served

RESTORE, KEEP, PERMANENT = "Let go of it now", "Keep it held", "Leave it so for good"
FATE = "What becomes of new-gateway?"


async def before_the_end(house: House) -> Channel:
    """Everything of prevent is done, and production's gateway is held by Ana."""
    channel = await house.declared()
    await kills(house, house.person("ana"), channel)
    for phase in (Phase.STABILIZE, Phase.REPAIR):
        await left(house, channel, phase)
    await ticked(house, channel, Phase.PREVENT)
    return channel


async def test_a_flag_is_let_go_of_by_somebody_else_and_then_the_questions_come(house: House) -> None:
    channel = await before_the_end(house)
    ana, bo = house.person("ana"), house.person("bo")
    await ana.clicks("Close incident", channel=channel)
    await ana.sees_modal("INC-1 holds 1 flag. What becomes of it when the incident is closed?")
    assert set((await ana.submits()).errors) == {FATE}
    await ana.fills({FATE: RESTORE})
    await ana.submits()
    refused = await ana.sees_modal("You held new-gateway, and this is production")
    assert "INC-1 holds 1 flag." in refused.text
    assert await served(house) == "off"
    await bo.joins(channel)
    await bo.clicks("Close incident", channel=channel)
    await bo.sees_modal("INC-1 holds 1 flag.")
    await bo.fills({FATE: RESTORE})
    await bo.submits()
    await bo.sees_modal("The alert that will tell us first")
    assert isinstance((await house.happened())[-1], FlagRestored)
    assert await served(house) == "on"
    await bo.fills(PROOF[Phase.PREVENT])
    assert (await bo.submits()).errors == {}
    await house.delivery.idle()
    assert (await house.state()).is_closed


async def test_one_is_kept_with_its_owner_and_one_is_left_so_for_good(house: House) -> None:
    await defined(house, Flag("search", "", "on", "off", None, "staging"))
    channel = await before_the_end(house)
    ana = house.person("ana")
    await ana.types("/flag kill search staging slow too", channel)
    await ana.types("/incident close", channel)
    await ana.sees_modal("INC-1 holds 2 flags.")
    await ana.fills(
        {
            FATE: KEEP,
            "Who answers for new-gateway, if it stays?": "bo",
            "When is new-gateway looked at again, if it is kept?": "2040-01-01",
            "What becomes of search (staging)?": PERMANENT,
        }
    )
    refused = await ana.submits()
    assert "at most a week from now" in "".join(refused.errors.values())
    assert len((await house.state()).containments) == 2
    tomorrow = (house.clock() + timedelta(days=2)).date().isoformat()
    await ana.fills({"When is new-gateway looked at again, if it is kept?": tomorrow})
    await ana.submits()
    await ana.sees_modal("The alert that will tell us first")
    kept, ended = (await house.happened())[-2:]
    assert isinstance(kept, ContainmentExtended)
    assert kept.owner == house.person("bo").id
    assert isinstance(ended, ContainmentEnded)
    assert (ended.flag, ended.owner) == ("search", ana.id)
    assert (await served(house), await served(house, "search", "staging")) == ("off", "off")
    assert [each.flag for each in (await house.state()).containments] == ["new-gateway"]
