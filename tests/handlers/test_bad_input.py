"""What people get wrong, and what befalls a channel: one clear sentence each, and nothing is lost."""

from __future__ import annotations

import pytest

from tests.handlers.conftest import House


@pytest.mark.parametrize(
    ("title", "channel"),
    [
        ("🔥🔥🔥", "inc-1"),
        ("שלום העולם", "inc-1"),
        ("оплата не работает", "inc-1"),
        ("*bold* _and_ `code` ~gone~ > quoted", "inc-1-bold-and-code-gone-quoted"),
    ],
)
async def test_a_title_in_any_script_opens_a_channel_with_a_safe_name(
    house: House, title: str, channel: str
) -> None:
    await house.person("ana").types(f"/incident P0 {title}", "general")
    await house.delivery.idle()
    declared = await house.state()
    assert (declared.title, declared.channel_name) == (title, channel)


@pytest.mark.parametrize("nothing", ["\u200b", "\u202e", "   "])
async def test_a_title_that_cannot_be_seen_is_none(house: House, nothing: str) -> None:
    await house.person("ana").types(f"/incident P0 {nothing}", "general")
    assert await house.incidents.find(1) is None


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("retro P2 25:61 26:00 search was down", "25:61 is no time"),
        ("retro P2 03:40 02:10 search was down", "The end must come after the beginning"),
        ("drill P9 search is down", "How bad would it be?"),
        ("lead", "This is not the channel of an incident"),
        ("note somebody saw it", "This is not the channel of an incident"),
        ("next", "This is not the channel of an incident"),
    ],
)
async def test_each_mistake_gets_its_sentence(house: House, typed: str, said: str) -> None:
    answer = await house.person("ana").types(f"/incident {typed}", "general")
    assert said in answer.text
    assert await house.incidents.find(1) is None


async def test_a_correction_into_the_future_or_out_of_order_changes_nothing(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    before = await house.state()
    for typed in ("detected 25:61 the graph", "detected 2199-01-01 10:00 the graph", "repaired 10:00 no"):
        answer = await ana.types(f"/incident correct {typed}", channel)
        assert answer.text
    assert (await house.state()).milestones == before.milestones


async def test_a_taken_name_gets_the_next_one(house: House) -> None:
    await house.person("bo").creates("inc-1-checkout-returns-500")
    await house.person("ana").types("/incident P0 checkout returns 500", "general")
    await house.delivery.idle()
    assert (await house.state()).channel_name == "inc-1-checkout-returns-500-2"


async def test_thrown_out_of_its_channel_the_bot_says_so_there_and_goes_on_when_it_is_invited_back(
    house: House,
) -> None:
    """Posting it may in any public channel; to bring people in it must be there itself."""
    channel, ana, bo = await house.declared(), house.person("ana"), house.person("bo")
    bot = house.slack.workspace.app.bot_user
    await ana.removes(bot, channel)
    await ana.types("/incident assign scribe @bo", channel)
    await house.delivery.idle(within=2)
    assert bo.id not in channel.members
    assert "The bot is not in the channel. Invite it with /invite." in house.read(channel)
    await ana.invites(bot, channel)
    await house.slack.until(lambda: bo.id in channel.members)
