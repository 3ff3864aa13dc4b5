"""Card and checklist are one click away however long the channel is; an app not reinstalled goes on without."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.workspace import Channel
from bot.slack.ids import Slash
from bot.slack.manifest import manifest
from tests.handlers.conftest import House, house, runbook

__all__ = ["house", "runbook"]


@pytest.fixture
def scopes() -> list[str]:
    """What the workspace has granted."""
    return list(manifest()["oauth_config"]["scopes"]["bot"])


@pytest.fixture
def slack_manifest(scopes: list[str]) -> dict[str, Any]:
    return {**manifest(), "oauth_config": {"scopes": {"bot": scopes}}}


def bar(channel: Channel) -> dict[str, str]:
    return {each["title"]: each["link"].rpartition("/p")[2] for each in channel.bookmarks}


def stands(channel: Channel) -> list[str]:
    """The pinned messages, as links end: the card and the checklist."""
    return [str(pin["ts"]).replace(".", "") for pin in channel.pins]


async def test_card_and_checklist_stand_in_the_bar_above_the_channel(house: House) -> None:
    channel = await house.declared()
    assert sorted(bar(channel)) == ["Card: state and figures", "Runbook and checklist"]
    assert sorted(bar(channel).values()) == sorted(stands(channel))


@pytest.mark.parametrize("is_private", [False, True])
async def test_a_channel_that_was_adopted_keeps_what_stood_there(house: House, is_private: bool) -> None:
    ana = house.person("ana")
    await ana.creates("war-room", is_private=is_private)
    room = house.slack.channel("war-room")
    if is_private:
        await ana.invites("firebreak", room)
    room.bookmarks.append({"id": "B1", "title": "Dashboard", "link": "https://example.com/p1"})
    await ana.types("/incident adopt P1 payments are down", room)
    await house.delivery.idle()
    assert sorted(bar(room)) == ["Card: state and figures", "Dashboard", "Runbook and checklist"]


async def test_a_private_channel_has_them_too(house: House) -> None:
    await house.person("ana").types(f"{Slash.INCIDENT} private P1 keys leaked", "general")
    await house.delivery.idle()
    assert len(bar(house.slack.channel("inc-1-…"))) == 2


@pytest.mark.parametrize(
    "scopes", [[each for each in manifest()["oauth_config"]["scopes"]["bot"] if "bookmarks" not in each]]
)
async def test_an_app_that_was_not_installed_again_leads_the_incident_without_them(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    assert not channel.bookmarks
    assert len(channel.pins) == 2
    await ana.sees("The app lacks a permission (bookmarks:read)", channel)
    await ana.clicks("Take the lead", channel=channel)
    await ana.sees("leads now", channel)
