"""`/incident correct #12 14:05 …`: when an entry really was, in the timeline, the catch-up and the export."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.happened import EntryCorrected
from tests.handlers.conftest import FACE, House, house, runbook, slack_manifest

__all__ = ["house", "runbook", "slack_manifest"]


async def test_an_entry_is_corrected_by_its_number_and_moves_to_its_place(house: House) -> None:
    channel = await house.declared()
    ana = house.person("ana")
    house.clock.advance(minutes=40)
    await ana.types("/incident note first", channel)
    house.clock.advance(minutes=10)
    await ana.types("/incident note second", channel)
    lines = (await ana.types("/incident timeline", channel)).text.splitlines()
    number = lines[-1].split()[0]
    assert number.startswith("#")
    assert lines[-1].endswith("second")
    really = (house.clock() - timedelta(minutes=30)).astimezone(FACE.zone)
    answer = await ana.types(f"/incident correct {number} {really:%H:%M} the graph says so", channel)
    assert answer.text.startswith(f"{number} stands at ")
    lines = (await ana.types("/incident timeline", channel)).text.splitlines()
    assert [line.partition(" Ruiz: ")[2].split(" (")[0] for line in lines[-3:]] == ["second", "first", ""]
    assert "(recorded " in lines[-3]
    assert "Reason: the graph says so" in lines[-1]
    caught_up = (await ana.types("/incident catchup", channel)).text
    assert caught_up.index("second") < caught_up.index("first")
    *_, event = await house.happened()
    assert isinstance(event, EntryCorrected)
    assert event.previous - event.time >= timedelta(minutes=29)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("#999 14:05 why", "INC-1 has no entry #999"),
        ("#1 00:00 why", "/incident correct declared "),
        ("#3 25:61 why", "25:61 is no time."),
        ("#3 soon why", "soon why is no time."),
        ("twelve 14:05 why", "or #12 in its place"),
    ],
)
async def test_what_cannot_be_corrected_is_refused_and_changes_nothing(
    house: House, typed: str, said: str
) -> None:
    channel = await house.declared()
    answer = await house.person("ana").types(f"/incident correct {typed}", channel)
    assert said in answer.text
    assert await house.kinds() == []
