"""`/incident export`: the whole incident as a file, to whoever asked and nobody else."""

from __future__ import annotations

import json

import pytest

from tests.handlers.conftest import House, house, runbook, slack_manifest

__all__ = ["house", "runbook", "slack_manifest"]


@pytest.mark.parametrize(("typed", "ending"), [("", "md"), (" json", "json"), (" CSV", "csv")])
async def test_the_file_comes_in_a_direct_message(house: House, typed: str, ending: str) -> None:
    channel = await house.declared("checkout <returns> 500")
    answer = await house.person("ana").types(f"/incident export{typed}", channel)
    assert answer.text == "The file comes in a direct message from me."
    await house.delivery.idle()
    (file,) = house.slack.workspace.files.values()
    assert file.name.startswith("inc-1-")
    assert file.name.endswith(f".{ending}")
    (place,) = file.channels
    assert house.slack.workspace.channels[place].is_im
    assert file.content is not None
    text = file.content.decode()
    assert "checkout" in text
    if ending == "json":
        assert json.loads(text)["title"] == "checkout <returns> 500"


async def test_another_form_is_refused_with_what_there_is(house: House) -> None:
    channel = await house.declared()
    answer = await house.person("ana").types("/incident export pdf", channel)
    assert answer.text == "As what? Type /incident export, or /incident export json or csv."
    await house.delivery.idle()
    assert house.slack.workspace.files == {}


async def test_people_who_were_only_seen_stand_in_the_file_by_their_names(house: House) -> None:
    """Slack's events name them by their ids alone."""
    channel = await house.declared()
    await house.person("eli").joins(channel)
    await house.slack.settled()
    await house.person("ana").types("/incident export", channel)
    await house.delivery.idle()
    (file,) = house.slack.workspace.files.values()
    assert file.content is not None
    text = file.content.decode()
    assert "eli" in text
    assert house.person("eli").id not in text
