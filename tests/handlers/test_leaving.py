"""Somebody who has left is asked for nothing, and whoever asks is told so at once."""

from __future__ import annotations

import pytest

from tests.handlers.conftest import House, house, runbook, slack_manifest

__all__ = ["house", "runbook", "slack_manifest"]

LEFT = "chi has left: their account in Slack is switched off, so nothing was changed. Name somebody else."


async def chi_left(house: House) -> None:
    house.slack.switch_account("chi", off=True)
    await house.slack.settled()


@pytest.mark.parametrize(
    "typed", ["assign scribe @chi", "handover @chi", "action @chi 2099-12-01 alert on retries"]
)
async def test_a_role_or_an_action_item_for_somebody_who_left_is_refused(house: House, typed: str) -> None:
    channel, ana = await house.declared(), house.person("ana")
    await ana.types("/incident lead", channel)
    await chi_left(house)
    before = await house.state()
    assert (await ana.types(f"/incident {typed}", channel)).text == LEFT
    assert await house.state() == before


@pytest.mark.parametrize(
    "typed",
    ["assign scribe @firebreak", "handover @firebreak", "action @firebreak 2099-12-01 alert on retries"],
)
async def test_the_bot_itself_is_asked_for_nothing(house: House, typed: str) -> None:
    channel, ana = await house.declared(), house.person("ana")
    await ana.types("/incident lead", channel)
    before = await house.state()
    told = await ana.types(f"/incident {typed}", channel)
    assert told.text == (
        "Firebreak is an app, and an app answers for nothing, so nothing was changed. Do it again with a "
        "person from Slack's list: type @ and their name."
    )
    assert await house.state() == before


async def test_a_step_for_somebody_who_left_keeps_the_form_open(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    await chi_left(house)
    step = (await house.state()).items[0].step.text
    await ana.clicks("Assign…", near=step, channel=channel)
    await ana.fills({"Who does it?": "U03CHI"})
    assert (await ana.submits()).errors == {"Who does it?": LEFT}
    assert (await house.state()).items[0].assignee is None


async def test_whoever_comes_back_can_be_asked_again(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    await chi_left(house)
    house.slack.switch_account("chi", off=False)
    await house.slack.settled()
    assert "Scribe: @Chi Nakamura." in (await ana.types("/incident assign scribe @chi", channel)).text


async def test_somebody_who_left_before_we_knew_is_found_out(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    house.slack.workspace.person("chi").deleted = True
    answer = await ana.types("/incident assign scribe @chi", channel)
    assert answer.text.startswith("chi has left")
    assert await house.kinds() == []


async def test_where_slack_does_not_say_so_it_is_named_where_it_shows(house: House) -> None:
    """Slack refuses the invitation then; the card says so, and the rest goes on."""
    channel, ana = await house.declared(), house.person("ana")
    house.slack.workspace.person("chi").deleted = True
    house.slack.faults.add("server_error", "users.info", times=None)
    await ana.types("/incident assign scribe @chi", channel)
    await house.delivery.idle()
    assert "There is no such person in the workspace any more." in house.read(channel)
