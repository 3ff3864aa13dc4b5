"""An incident begins where people are: in a channel that they use already, or with a message that tells of it."""

from __future__ import annotations

from bot.domain.captured import MessageCaptured
from bot.domain.events import ChannelOpened
from bot.domain.told import told
from bot.sandbox.people import Actor
from bot.slack.ids import Shortcut
from tests.handlers.conftest import House

ADOPT = "/incident adopt P1 payments are down"


async def adopted(house: House, ana: Actor, *, is_private: bool = False) -> str:
    """A room that Ana has made becomes an incident's; answers what she is told."""
    room = await ana.creates("payments-war-room", is_private=is_private)
    if is_private:
        await ana.invites("firebreak", room)
        await ana.invites("bo", room)
    answer = await ana.types(ADOPT, room)
    await house.delivery.idle()
    return answer.text


async def test_a_channel_in_use_becomes_the_incident_s(house: House) -> None:
    answer = await adopted(house, house.person("ana"))
    assert answer.startswith(
        "INC-1 is declared as P1: payments are down. #payments-war-room is its channel now."
    )
    room = house.slack.channel("payments-war-room")
    assert room.topic["value"] == "P1 · stabilize · payments are down"
    assert len(room.pins) == 2, "card and checklist are pinned"
    assert house.slack.workspace.app.bot_user in room.members
    assert "#payments-war-room payments are down" in house.read(house.slack.channel("incidents"))
    assert not [each for each in house.slack.workspace.channels.values() if each.name.startswith("inc-")]
    (opened,) = (e.event for e in await house.incidents.timeline(1) if isinstance(e.event, ChannelOpened))
    assert opened.adopted
    answered = await house.person("ana").types("/incident timeline", room)
    assert "The channel #payments-war-room became the incident's." in answered.text


async def test_a_private_channel_makes_a_private_incident_of_all_who_are_in_it(house: House) -> None:
    answer = await adopted(house, house.person("ana"), is_private=True)
    assert "It is private" in answer
    incident = await house.state()
    assert incident.private
    assert {house.person("ana").id, house.person("bo").id} <= set(incident.insiders)
    assert "INC-1" not in house.read(house.slack.channel("incidents"))
    assert "payments are down" in (await house.person("bo").types("/incident list", "general")).text
    assert "No incident is open" in (await house.person("chi").types("/incident list", "general")).text


async def test_into_a_private_channel_the_bot_must_be_invited(house: House) -> None:
    ana = house.person("ana")
    answer = await ana.types(ADOPT, await ana.creates("war-room", is_private=True))
    assert "Invite me with /invite @firebreak" in answer.text
    assert await house.incidents.find(1) is None


async def test_a_channel_belongs_to_one_incident(house: House) -> None:
    ana = house.person("ana")
    await adopted(house, ana)
    answer = await ana.types("/incident adopt P2 search is slow", "payments-war-room")
    assert "belongs to INC-1 already" in answer.text
    assert await house.incidents.find(2) is None


async def test_where_everybody_reads_nothing_is_adopted(house: House) -> None:
    for place in ("general", "incidents"):
        answer = await house.person("ana").types(f"{ADOPT} {place}", place)
        assert "Everybody reads this channel" in answer.text
    chat = await house.person("ana").opens_chat("bo")
    assert "A direct message" in (await house.person("ana").types(ADOPT, chat)).text
    assert await house.incidents.find(1) is None


async def test_alone_it_asks_in_the_form(house: House) -> None:
    ana = house.person("ana")
    room = await ana.creates("checkout-is-slow")
    await ana.types("/incident adopt", room)
    modal = await ana.sees_modal("What is broken?")
    assert modal.values["What is broken?"] == "checkout is slow"
    await ana.fills({"How bad is it?": "P2"})
    assert (await ana.submits()).errors == {}
    await house.delivery.idle()
    assert (await house.state()).channel == room.id
    assert "How bad is it?" in (await ana.types("/incident adopt checkout is slow", room)).text


async def test_a_message_opens_the_form_and_begins_the_timeline(house: House) -> None:
    ana, bo = house.person("ana"), house.person("bo")
    message = await bo.says("checkout answers 502 since the deploy\nseen by *three* customers", "general")
    await ana.uses_shortcut(Shortcut.DECLARE_FROM_MESSAGE, message)
    modal = await ana.sees_modal("What is broken?")
    assert modal.values["What is broken?"] == "checkout answers 502 since the deploy"
    await ana.fills({"How bad is it?": "P1"})
    assert (await ana.submits()).errors == {}
    await house.delivery.idle()
    first = told(await house.incidents.timeline(1))[0].event
    assert isinstance(first, MessageCaptured)
    assert (first.author, first.by, first.ts) == (bo.id, ana.id, message.ts)
    assert first.text.endswith("seen by *three* customers")
    assert message.ts.replace(".", "") in first.permalink
    answer = await ana.sees("INC-1 is declared as P1", "general")
    assert answer.ephemeral_for == ana.id


async def test_a_message_where_the_bot_is_not_begins_it_with_what_slack_told(house: House) -> None:
    ana = house.person("ana")
    room = await ana.creates("payments-team", is_private=True)
    message = await ana.says("the gateway " + 'says "no" ' * 400, room)
    await ana.uses_shortcut(Shortcut.DECLARE_FROM_MESSAGE, message)
    await ana.fills({"What is broken?": "the gateway refuses", "How bad is it?": "P1"})
    assert (await ana.submits()).errors == {}
    await house.delivery.idle()
    first = told(await house.incidents.timeline(1))[0].event
    assert isinstance(first, MessageCaptured)
    assert first.text.startswith("the gateway says")
    assert 500 < len(first.text) <= 1000
    assert await house.incidents.waiting(1) == []
