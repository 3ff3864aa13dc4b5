"""What people do among themselves, and where Slack's client would not let them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.errors import NotPossibleError, SlackError
from bot.sandbox.people import Actor
from bot.sandbox.plaintext import plain
from bot.sandbox.server import Sandbox
from bot.sandbox.typed import as_sent
from bot.sandbox.workspace import Workspace


async def test_what_is_typed_is_sent_with_mentions_marked_up_and_the_rest_escaped(slack: Sandbox) -> None:
    said = await slack.person("ana").says(
        "@bo & @here: see #general <b> https://example.org/@bo?a=1&b=2. a@bo", "incidents"
    )
    general = slack.channel("general").id
    assert said.text == (
        f"<@U02BO> &amp; <!here>: see <#{general}|general> &lt;b&gt; <https://example.org/@bo?a=1&amp;b=2>. a@bo"
    )
    assert (
        slack.text_of(said) == "@Bo Lindqvist & @here: see #general <b> https://example.org/@bo?a=1&b=2. a@bo"
    )


@settings(deadline=None)
@given(st.text(alphabet="@#abo <>&;./:?htps-", max_size=60))
def test_whatever_is_typed_is_read_as_it_was_typed(text: str) -> None:
    workspace = Workspace()
    read = plain(as_sent(text, workspace), workspace)
    for person in workspace.people.values():
        read = read.replace(f"@{person.real_name}", f"@{person.handle}")
    assert read == text


async def test_people_stay_where_they_went(slack: Sandbox) -> None:
    ana = slack.person("ana")
    assert (await ana.says("nowhere yet")).channel == slack.channel("general").id
    await ana.says("go there", "incidents")
    assert (await ana.says("and stay")).channel == slack.channel("incidents").id
    assert (await slack.person("bo").says("elsewhere")).channel == slack.channel("general").id


async def test_direct_messages_are_between_two(slack: Sandbox) -> None:
    await slack.person("ana").says("psst", "@bo")
    chat = await slack.person("ana").opens_chat("bo")
    assert (await slack.person("bo").sees("psst")).channel == chat.id
    assert slack.shown(chat, "chi") == []


@pytest.mark.parametrize(
    ("does", "sentence"),
    [
        (lambda ana, hers, his: ana.says("x", "war-room"), "Ana Ruiz is not in #war-room. Join it first."),
        (lambda ana, hers, his: ana.says("x", "old"), "#old is archived."),
        (lambda ana, hers, his: ana.says(" "), "An empty message cannot be sent."),
        (lambda ana, hers, his: ana.says("x" * 12_001), "is longer than 12000"),
        (lambda ana, hers, his: ana.edits(his, "x"), "This message is not Ana Ruiz's own."),
        (lambda ana, hers, his: ana.deletes(his), "This message is not Ana Ruiz's own."),
        (lambda ana, hers, his: ana.reacts("eyes", hers), "already reacted with :eyes:"),
        (lambda ana, hers, his: ana.unreacts("eyes", his), "has not reacted with :eyes:"),
        (lambda ana, hers, his: ana.pins(hers), "already pinned"),
        (lambda ana, hers, his: ana.unpins(his), "not pinned"),
        (lambda ana, hers, his: ana.joins("general"), "is in #general already"),
        (lambda ana, hers, his: ana.joins("old"), "#old is archived."),
        (lambda ana, hers, his: ana.leaves("war-room"), "is not in #war-room"),
        (lambda ana, hers, his: ana.invites("bo", "general"), "Bo Lindqvist is in #general already"),
        (lambda ana, hers, his: ana.removes("firebreak", "payments"), "is not in #payments"),
        (lambda ana, hers, his: ana.archives("war-room"), "is not in #war-room"),
        (lambda ana, hers, his: ana.unarchives("general"), "#general is not archived."),
        (lambda ana, hers, his: ana.creates("general"), "There is a channel #general already."),
    ],
)
async def test_slack_s_client_says_no(
    slack: Sandbox, does: Callable[[Actor, Any, Any], Awaitable[object]], sentence: str
) -> None:
    ana, bo = slack.person("ana"), slack.person("bo")
    await bo.creates("war-room")
    old = await bo.creates("old")
    await ana.joins("old")
    await bo.archives(old)
    hers, his = await ana.says("hers", "general"), await bo.says("his", "general")
    await ana.reacts("eyes", hers)
    await ana.pins(hers)
    with pytest.raises(NotPossibleError) as refused:
        await does(ana, hers, his)
    assert sentence in str(refused.value)


async def test_a_private_channel_does_not_exist_for_others(slack: Sandbox) -> None:
    await slack.person("ana").creates("hideout", is_private=True)
    with pytest.raises(SlackError, match="channel_not_found"):
        slack.person("bo").channel("hideout")
    with pytest.raises(SlackError, match="channel_not_found"):
        await slack.person("bo").joins("hideout")
    await slack.person("ana").invites("bo", "hideout")
    await slack.person("bo").says("thank you", "hideout")


async def test_an_ephemeral_message_can_be_dismissed_and_nothing_else(slack: Sandbox) -> None:
    ana = slack.person("ana")
    reply = await ana.types("/nobody-listens", channel="general")
    assert reply.message is not None
    with pytest.raises(NotPossibleError, match="Only you can see this message"):
        await ana.pins(reply.message)
    await ana.deletes(reply.message)
    assert slack.shown("general", "ana") == []
