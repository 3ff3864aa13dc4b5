"""Whoever opens the Home tab sees it at once, and what changes while they look."""

from __future__ import annotations

from tests.handlers.conftest import House


async def test_the_tab_shows_what_is_open_and_follows_what_changes(house: House) -> None:
    ana = house.person("ana")
    await ana.opens_home()
    said = await ana.sees_home("Nothing is open")
    assert "1 mistake in runbooks" in said
    await house.person("bo").types("/incident P0 checkout returns 500", "general")
    said = await ana.sees_home("1 open incident")
    assert "checkout returns 500" in said
    published = [entry for entry in house.slack.workspace.log if "views.publish" in str(entry)]
    assert len(published) <= 3, "what happens in a moment is one redraw"


async def test_one_declares_from_there(house: House) -> None:
    ana = house.person("ana")
    await ana.opens_home()
    await ana.sees_home("Nothing is open")
    await ana.clicks("Declare an incident")
    await ana.fills({"What is broken?": "search is empty", "How bad is it?": "P2"})
    assert (await ana.submits()).errors == {}
    assert (await house.state()).title == "search is empty"


async def test_an_action_item_stands_on_its_owner_s_tab_after_the_close_too(house: House) -> None:
    ana, channel = house.person("ana"), await house.declared()
    await ana.types("/incident action @ana 2030-01-05 alert on retries", channel)
    await ana.types("/incident cancel a test order", channel)
    await ana.opens_home()
    said = await ana.sees_home("1 action item for you")
    assert "alert on retries" in said
    assert "Nothing is open" in said
    assert (await house.homes.facts(house.person("bo").id)).with_items == []
