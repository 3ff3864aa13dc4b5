"""Slack does not take an update: the card says why, and it is taken up again when the cause is gone."""

from __future__ import annotations

from tests.handlers.conftest import House, house, runbook, slack_manifest

__all__ = ["house", "runbook", "slack_manifest"]


async def test_the_card_says_what_waits_and_a_press_tries_it_again(house: House) -> None:
    house.slack.channel("incidents").name = "elsewhere"
    channel = await house.declared()
    ana = house.person("ana")
    await ana.sees("1 update is waiting for Slack", channel)
    await ana.sees("There is no channel #incidents", channel)
    house.slack.channel("elsewhere").name = "incidents"
    await ana.clicks("Try again", channel=channel)
    await ana.sees("checkout returns 500", "incidents")
    await house.delivery.idle(within=3)
    assert "waiting for Slack" not in house.read(channel)


async def test_inviting_the_bot_back_is_enough(house: House) -> None:
    channel = await house.declared()
    bot = house.slack.workspace.app.bot_user
    channel.is_private = True  # into a public one it may post without being in it
    channel.members.remove(bot)
    await house.person("ana").types("/incident note the gateway is slow", channel)
    await house.delivery.idle()
    assert await house.incidents.waiting(1)
    await house.person("ana").invites("firebreak", channel)
    await house.person("ana").sees("the gateway is slow", channel)


async def test_a_channel_of_no_incident_changes_nothing(house: House) -> None:
    house.slack.channel("payments").members.append("U01ANA")
    await house.person("ana").invites("firebreak", house.slack.channel("payments"))
    await house.delivery.idle()
    assert await house.incidents.still_open() == []
