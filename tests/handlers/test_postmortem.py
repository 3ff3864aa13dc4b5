"""The draft of the postmortem: asked for, offered at the close, and what becomes of the canvas."""

from __future__ import annotations

import pytest

from bot.domain.events import CanvasLinked
from bot.sandbox.workspace import Channel
from tests.handlers.conftest import House
from tests.handlers.gates import closed


def drafts(house: House) -> list[str]:
    """The files that were shared, as text, each once."""
    return [
        (file.content or b"").decode()
        for file in house.slack.workspace.files.values()
        if file.completed and file.name.endswith(".md")
    ]


def canvas(house: House, channel: Channel) -> str:
    return str(house.slack.workspace.canvases[channel.canvas or ""]["markdown"])


async def test_it_comes_as_a_file_and_into_the_channels_canvas(house: House) -> None:
    channel = await house.declared()
    answer = await house.person("ana").types("/incident postmortem", channel)
    assert answer.text == "The draft of INC-1 comes into this channel in a moment."
    await house.delivery.idle()
    (text,) = drafts(house)
    assert text.startswith("# Postmortem of INC-1: checkout returns 500\n")
    assert "## Who did what, and when" in text
    assert canvas(house, channel).startswith("# Postmortem of INC-1: checkout returns 500")
    assert "It stands in this channel's canvas, too" in house.read(channel)
    assert (await house.state()).canvas == channel.canvas


async def test_it_is_offered_when_the_incident_is_closed(house: House) -> None:
    channel = await house.declared()
    await closed(house, channel)
    await house.delivery.idle()
    await house.person("bo").clicks("Draft the postmortem", channel=channel)
    await house.delivery.idle()
    (text,) = drafts(house)
    assert "## Who did what, and when" in text


async def test_a_second_draft_is_not_laid_over_what_people_wrote_into_the_canvas(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    await ana.types("/incident postmortem", channel)
    await house.delivery.idle()
    house.slack.workspace.canvases[channel.canvas or ""]["markdown"] += "\n\nWe were lucky."
    await ana.types("/incident postmortem", channel)
    await house.delivery.idle()
    assert len(drafts(house)) == 2
    assert canvas(house, channel).endswith("We were lucky.")
    assert "keeps the draft that people have written in since" in house.read(channel)


@pytest.mark.parametrize(
    ("refused", "why"),
    [
        ("canvas_disabled_user_team", "canvases are switched off in this workspace."),
        ("free_team_not_allowed", "this workspace's plan has none to give."),
        ("missing_scope", "the app lacks the permission canvases:write"),
        ("canvas_creation_failed", "Slack refused it (canvas_creation_failed)."),
    ],
)
async def test_where_there_may_be_no_canvas_the_file_comes_and_says_why(
    house: House, refused: str, why: str
) -> None:
    channel = await house.declared()
    house.slack.faults.add("refused", "conversations.canvases.create", error=refused)
    await house.person("ana").types("/incident postmortem", channel)
    await house.delivery.idle()
    assert len(drafts(house)) == 1
    assert why in house.read(channel)
    assert (await house.state()).canvas == ""


async def test_a_canvas_of_somebody_elses_is_left_alone(house: House) -> None:
    channel = await house.declared()
    workspace = house.slack.workspace
    workspace.canvases["F0BO"] = {
        "id": "F0BO",
        "channel": channel.id,
        "title": "Notes",
        "user": "U02BO",
        "created": 0,
        "markdown": "# Notes of Bo",
        "sections": [{"id": "temp:C:1", "markdown": "# Notes of Bo"}],
    }
    channel.canvas = "F0BO"
    await house.person("ana").types("/incident postmortem", channel)
    await house.delivery.idle()
    assert canvas(house, channel) == "# Notes of Bo"
    assert "this channel has one of its own, and nothing was written into it" in house.read(channel)
    assert len(drafts(house)) == 1


async def test_an_answer_that_was_lost_makes_no_second_canvas_and_no_second_file(house: House) -> None:
    channel = await house.declared()
    house.slack.faults.add("reset_after", "conversations.canvases.create")
    house.slack.faults.add("reset_after", "files.completeUploadExternal")
    await house.person("ana").types("/incident postmortem", channel)
    await house.delivery.idle()
    assert len(house.slack.workspace.canvases) == 1
    assert len(drafts(house)) == 1
    happened = [entry.event for entry in await house.incidents.timeline(1)]
    linked = [event.canvas for event in happened if isinstance(event, CanvasLinked)]
    assert linked == [channel.canvas]


async def test_outside_an_incidents_channel_it_is_refused(house: House) -> None:
    answer = await house.person("ana").types("/incident postmortem", "general")
    assert "This is not the channel of an incident." in answer.text
