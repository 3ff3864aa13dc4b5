"""An incident that looks like an earlier one says so below its card, with what worked then."""

from __future__ import annotations

from bot.domain.likeness import LikenessFound
from bot.domain.vocabulary import Phase
from bot.sandbox.workspace import Channel
from tests.handlers.conftest import House
from tests.handlers.gates import PROOF, left, ticked


async def closed_with_something_left(house: House, channel: Channel) -> None:
    """Closed with an action item that is not done."""
    ana = house.person("ana")
    for phase in (Phase.STABILIZE, Phase.REPAIR):
        await left(house, channel, phase)
    await ana.types("/incident action @bo 2030-12-01 alert on retries", channel)
    await ticked(house, channel, Phase.PREVENT)
    await ana.clicks("Close incident", channel=channel)
    await ana.sees_modal()
    proof = PROOF[Phase.PREVENT]
    await ana.fills({asked: said for asked, said in proof.items() if asked != "None needed, because"})
    assert (await ana.submits()).errors == {}
    await house.delivery.idle()


async def test_what_worked_then_and_what_was_left_is_told_below_the_card(house: House) -> None:
    first = await house.declared("checkout returns 500")
    await closed_with_something_left(house, first)
    house.clock.advance(120)
    second = await house.declared("checkout returns 500 again")
    await house.delivery.idle()
    said = house.read(second)
    assert "Looks like INC-1" in said
    assert "because the titles are alike." in said
    assert "What worked then: release 3.14" in said
    assert "Still open from then: alert on retries" in said
    assert said.index("Looks like INC-1") > said.index("checkout returns 500 again")
    (event,) = [
        entry.event for entry in await house.incidents.timeline(2) if entry.event.type == "likeness_found"
    ]
    assert isinstance(event, LikenessFound)
    assert event.earlier[0].channel == first.id


async def test_what_is_still_open_and_what_is_something_else_is_not_pointed_out(house: House) -> None:
    await house.declared("checkout returns 500")
    house.clock.advance(2)
    second = await house.declared("checkout returns 500 too")
    third = await house.declared("search is empty")
    assert "Looks like" not in house.read(second)
    assert "Looks like" not in house.read(third)
