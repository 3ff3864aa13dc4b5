"""Taking a role, giving one away, and being told in private what it means."""

from __future__ import annotations

import pytest

from bot.domain.vocabulary import Role
from tests.handlers.conftest import House


async def test_a_role_from_the_menu_shows_on_the_card_and_is_explained_in_private(house: House) -> None:
    channel = await house.declared()
    bo = house.person("bo")
    await bo.joins(channel)
    await bo.chooses("Take a role", "Scribe", channel=channel)
    await house.delivery.idle()
    assert "Scribe: @Bo" in house.read(channel)
    brief = await bo.sees("you have the role scribe")
    assert "INC-1" in house.slack.text_of(brief)
    assert brief.channel != channel.id
    assert "you have the role" not in house.read(channel)


@pytest.mark.parametrize(
    ("word", "role"), [("scribe", Role.SCRIBE), ("Comms", Role.COMMUNICATIONS), ("lead", Role.COMMANDER)]
)
async def test_a_role_by_its_word(house: House, word: str, role: Role) -> None:
    channel, ana = await house.declared(), house.person("ana")
    answer = await ana.types(f"/incident role {word}", channel)
    assert "@Ana Ruiz." in answer.text
    assert (await house.state()).holders(role) == (ana.id,)


async def test_somebody_who_is_asleep_gets_the_role_the_invitation_and_the_message(house: House) -> None:
    channel, bo = await house.declared(), house.person("bo")
    await house.person("ana").types("/incident assign lead @bo", channel)
    await house.delivery.idle()
    assert (await house.state()).commander == bo.id
    assert bo.id in channel.members
    assert "Ana Ruiz gave" in house.read(channel)
    await bo.sees("you have the role lead")


async def test_a_handover_tells_the_channel_who_had_the_role_since_when(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    await ana.types("/incident lead", channel)
    answer = await ana.types("/incident handover @bo", channel)
    assert answer.text.startswith("Lead: @Bo")
    await house.delivery.idle()
    assert "handed the role lead over to" in house.read(channel)
    assert "had held it since" in house.read(channel)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("role", "Type /incident role scribe"),
        ("role boss", "Type /incident role scribe"),
        ("assign scribe", "Type /incident assign scribe @name"),
        ("assign @bo", "Type /incident assign scribe @name"),
        ("assign scribe @bo @cleo", "Type /incident assign scribe @name"),
        ("handover", "Type /incident handover @name"),
        ("handover to nobody", "Type /incident handover @name"),
        ("handover @bo", "You hold no role in INC-1"),
    ],
)
async def test_what_is_not_clear_is_refused_with_what_to_type(house: House, typed: str, told: str) -> None:
    channel = await house.declared()
    answer = await house.person("ana").types(f"/incident {typed}", channel)
    assert told in answer.text
    assert await house.kinds() == []


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("assign lead @firebreak", "Firebreak is an app"),
        ("handover @firebreak", "Firebreak is an app"),
        ("assign scribe <@USLACKBOT>", "Slackbot is an app"),
        ("action @firebreak 2199-01-05 look at the logs", "Firebreak is an app"),
        ("assign scribe <@U0NOBODY99>", "There is no such person"),
    ],
)
async def test_nothing_is_asked_of_an_app_or_of_nobody(house: House, typed: str, told: str) -> None:
    channel, ana = await house.declared(), house.person("ana")
    await ana.types("/incident lead", channel)
    answer = await ana.types(f"/incident {typed}", channel)
    assert told in answer.text
    assert "from Slack's list" in answer.text
    assert await house.kinds() == ["role_taken"]


async def test_where_slack_does_not_say_who_it_is_people_are_believed(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    house.slack.faults.add("server_error", "users.info", times=None)
    await ana.types("/incident assign scribe @bo", channel)
    assert await house.kinds() == ["role_taken"]


async def test_slack_is_asked_once_who_somebody_is(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    for role in ("scribe", "communications", "responder"):
        await ana.types(f"/incident assign {role} @bo", channel)
    asked = [entry for entry in house.slack.workspace.log if entry.name == "users.info"]
    assert len(asked) == 1
    assert (await house.incidents.names())[house.person("bo").id] == "bo"
