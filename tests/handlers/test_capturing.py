"""What people do in the incident's channel becomes part of its timeline by itself, once."""

from __future__ import annotations

import hashlib

from bot.domain.captured import (
    FileHashed,
    FileShared,
    Kept,
    MessageCaptured,
    MessageDeleted,
    MessageEdited,
    PersonJoined,
    PersonLeft,
    PinRemoved,
    TopicSet,
)
from bot.domain.vocabulary import FIREBREAK
from bot.sandbox.workspace import Channel
from tests.handlers.conftest import House, house, runbook, slack_manifest

__all__ = ["house", "runbook", "slack_manifest"]

ANA, BO = "U01ANA", "U02BO"


async def quiet(house: House) -> None:
    """Until the bot has heard of everything, and done what followed."""
    await house.slack.settled()
    await house.delivery.idle()
    await house.slack.settled()


async def seen(house: House) -> list[str]:
    await quiet(house)
    return [event.type for event in await house.everything()]


async def bo_is_here(house: House) -> Channel:
    """An incident's channel, with Bo in it."""
    channel = await house.declared()
    await house.person("bo").joins(channel)
    await quiet(house)
    return channel


async def test_a_pinned_message_is_captured_with_who_wrote_it_when_and_where_it_stands(house: House) -> None:
    channel = await bo_is_here(house)
    message = await house.person("ana").says("@bo the gateway answers <502> & worse", channel)
    await house.person("bo").pins(message)
    await quiet(house)
    _, event = await house.everything()
    assert isinstance(event, MessageCaptured)
    assert (event.by, event.author, event.kept, event.ts) == (BO, ANA, Kept.PIN, message.ts)
    assert event.text == "<@U02BO> the gateway answers <502> & worse"
    assert event.permalink.endswith(f"/archives/{channel.id}/p{message.ts.replace('.', '')}")
    assert abs(event.at.timestamp() - float(message.ts)) < 0.002


async def test_a_marked_message_is_captured_once_whoever_reacts_second_and_whatever_the_skin(
    house: House,
) -> None:
    channel = await bo_is_here(house)
    message = await house.person("ana").says("orders drop since 14:05", channel)
    await house.person("bo").reacts("eyes", message)
    await house.person("bo").reacts("pushpin", message)
    await house.person("ana").reacts("pushpin", message)
    await house.person("ana").reacts("pushpin::skin-tone-2", message)
    assert await seen(house) == ["person_joined", "message_captured"]
    await house.person("ana").pins(message)
    assert await seen(house) == ["person_joined", "message_captured"]


async def test_an_answer_in_a_thread_is_found_too(house: House) -> None:
    channel = await bo_is_here(house)
    question = await house.person("ana").says("which bank?", channel)
    answer = await house.person("bo").says("only the second one", channel, thread_ts=question.ts)
    await house.person("ana").reacts("pushpin", answer)
    await quiet(house)
    event = (await house.everything())[-1]
    assert isinstance(event, MessageCaptured)
    assert event.text == "only the second one"


async def test_what_the_bot_says_and_pins_is_not_captured(house: House) -> None:
    channel = await bo_is_here(house)
    assert channel.pins, "the bot has pinned its card"
    card = channel.messages[channel.pins[0]["ts"]]
    await house.person("bo").reacts("pushpin", card)
    await house.person("bo").unpins(card)
    await house.person("bo").pins(card)
    assert await seen(house) == ["person_joined"]


async def test_edits_and_deletions_of_what_was_captured_keep_both_texts(house: House) -> None:
    channel = await bo_is_here(house)
    ana = house.person("ana")
    other = await ana.says("lunch?", channel)
    message = await ana.says("it is the cache", channel)
    await ana.pins(message)
    await quiet(house)
    await ana.edits(other, "lunch at 12?")
    await ana.edits(message, "it is *not* the cache")
    await ana.unpins(message)
    await ana.deletes(message)
    await ana.deletes(other)
    await quiet(house)
    _, captured, edited, unpinned, deleted = await house.everything()
    assert isinstance(captured, MessageCaptured)
    assert isinstance(edited, MessageEdited)
    assert (edited.before, edited.text, edited.by) == ("it is the cache", "it is *not* the cache", ANA)
    assert isinstance(unpinned, PinRemoved)
    assert isinstance(deleted, MessageDeleted)
    assert (deleted.text, deleted.author, deleted.by) == ("it is *not* the cache", ANA, FIREBREAK)


async def test_deleting_what_began_a_thread_is_a_deletion(house: House) -> None:
    channel = await bo_is_here(house)
    message = await house.person("ana").says("it is the cache", channel)
    await house.person("bo").says("no", channel, thread_ts=message.ts)
    await house.person("bo").pins(message)
    await quiet(house)
    await house.person("ana").deletes(message)
    assert (await seen(house))[-1] == "message_deleted"


async def test_a_shared_file_is_captured_with_the_hash_of_its_bytes(house: House) -> None:
    channel = await bo_is_here(house)
    content = b"\x89PNG" + bytes(range(256)) * 400
    message = await house.person("bo").uploads("latency.png", content, channel, text="before & after")
    await quiet(house)
    _, shared, hashed = await house.everything()
    assert isinstance(shared, FileShared)
    assert (shared.name, shared.mimetype, shared.size) == ("latency.png", "image/png", len(content))
    assert (shared.by, shared.text, shared.ts) == (BO, "before & after", message.ts)
    assert shared.permalink
    assert isinstance(hashed, FileHashed)
    assert hashed.sha256 == hashlib.sha256(content).hexdigest()
    assert hashed.size == len(content)


async def test_who_comes_and_goes_is_told_and_whom_the_bot_invites_is_not(house: House) -> None:
    channel = await bo_is_here(house)
    await house.person("bo").invites("chi", channel)
    await house.person("chi").leaves(channel)
    await quiet(house)
    came, invited, left = await house.everything()
    assert isinstance(came, PersonJoined)
    assert (came.by, came.inviter) == (BO, None)
    assert isinstance(invited, PersonJoined)
    assert invited.inviter == BO
    assert isinstance(left, PersonLeft)
    assert left.by == invited.by


async def test_a_topic_that_people_set_is_told_and_ours_is_not(house: House) -> None:
    channel = await bo_is_here(house)
    await house.person("bo").sets_topic("call in room 3 & 4", channel)
    await quiet(house)
    _, event = await house.everything()
    assert isinstance(event, TopicSet)
    assert event.topic == "call in room 3 & 4"


async def test_other_channels_are_none_of_our_business(house: House) -> None:
    await house.declared()
    bo = house.person("bo")
    await bo.invites("firebreak", "payments")
    message = await bo.says("lunch?", "payments")
    await bo.pins(message)
    await bo.reacts("pushpin", message)
    await bo.uploads("menu.txt", b"soup", "payments")
    assert await seen(house) == []


async def test_the_timeline_shows_what_was_said_as_plain_characters(house: House) -> None:
    channel = await bo_is_here(house)
    message = await house.person("ana").says("*all* <!channel> of `it`", channel)
    await house.person("bo").pins(message)
    await quiet(house)
    answer = await house.person("ana").types("/incident timeline", channel)
    assert answer.message is not None
    assert "<!channel>" not in answer.message.text
    assert "wrote: *all* &lt;!channel&gt; of `it` (pinned by <@U02BO>)" in answer.message.text


async def test_an_event_that_comes_twice_is_one_entry(house: House) -> None:
    channel = await bo_is_here(house)
    message = await house.person("ana").says("it is the cache", channel)
    house.slack.faults.add("duplicate_delivery", "pin_added")
    house.slack.faults.add("duplicate_delivery", "message", times=None)
    await house.person("ana").pins(message)
    await quiet(house)
    await house.person("bo").sets_topic("call in room 3", channel)
    assert await seen(house) == ["person_joined", "message_captured", "topic_set"]
