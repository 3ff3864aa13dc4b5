"""Telling those who wait, and those who join late."""

from __future__ import annotations

from bot.sandbox.workspace import Message
from tests.handlers.conftest import House
from tests.handlers.gates import closed


def below_the_announcement(house: House) -> list[Message]:
    """What was said in the announcement's thread."""
    room = house.slack.channel("incidents")
    return [message for message in room.messages.values() if message.thread_ts not in (None, message.ts)]


async def test_an_update_is_told_here_below_the_announcement_and_on_the_card(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    answer = await ana.types("/incident update one payment in five fails <!here>", channel)
    assert answer.text.startswith("Told here and below the announcement of INC-1.")
    await house.delivery.idle()
    house.clock.advance(10)
    said = house.read(channel)
    assert "Update by @Ana Ruiz" in said
    assert "Last update" in said
    (told,) = below_the_announcement(house)
    assert "one payment in five fails" in house.slack.text_of(told)
    assert "<!here>" not in str(told.blocks)


async def test_the_form_asks_what_is_so_what_we_do_and_when_we_speak_again(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    await ana.clicks("Update…", channel=channel)
    modal = await ana.sees_modal("Tell those who wait")
    assert modal.labels == ("What is so?", "What do we do about it?", "When do we speak again?")
    await ana.fills(
        {
            "What is so?": "one payment in five fails",
            "What do we do about it?": "the new gateway is off",
            "When do we speak again?": "in 30 minutes",
        }
    )
    assert (await ana.submits()).errors == {}
    await house.delivery.idle()
    update = (await house.state()).update
    assert update is not None
    assert update.next_at is not None
    assert round((update.next_at - update.at).total_seconds() / 60) == 30
    said = house.read(channel)
    assert "the new gateway is off" in said
    assert "Next update:" in said
    assert len(below_the_announcement(house)) == 1


async def test_an_update_whose_answer_was_lost_is_told_once(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    house.slack.faults.add("reset_after", "chat.postMessage", times=2)
    await ana.types("/incident update one payment in five fails", channel)
    await house.delivery.idle(within=30)
    assert len(below_the_announcement(house)) == 1


async def test_update_alone_opens_the_form_and_not_for_a_closed_incident(house: House) -> None:
    channel, ana = await house.declared(), house.person("ana")
    assert (await ana.types("/incident update", channel)).text == ""
    assert ana.modal is not None
    await ana.closes()
    await closed(house, channel)
    assert "/incident reopen <reason>" in (await ana.types("/incident update", channel)).text


async def test_a_late_joiner_reads_ten_lines_alone(house: House) -> None:
    channel, ana, bo = await house.declared(), house.person("ana"), house.person("bo")
    await ana.types("/incident lead", channel)
    for number in range(12):
        await ana.types(f"/incident note seen {number}", channel)
    await ana.types("/incident update one payment in five fails", channel)
    await bo.joins(channel)
    told = await bo.types("/incident catchup", channel)
    lines = told.text.splitlines()
    assert len(lines) == 10
    assert lines[0] == "P0 INC-1 checkout returns 500"
    assert "Lead: @Ana Ruiz" in lines[1]
    assert "one payment in five fails" in lines[2]
    assert "seen 11" in told.text
    assert lines[-1] == "Next: Note which payments fail"
    assert told.message is not None
    assert told.message.ephemeral_for == bo.id
