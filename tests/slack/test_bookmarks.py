"""The bar above an incident's channel: one link to the card, one to the checklist, whatever Slack answers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.domain.commands import LinkSurface
from bot.domain.effects import Bookmark, Draw
from bot.domain.events import ChannelOpened, SurfacePosted
from bot.domain.evolving import replay
from bot.domain.incident import Incident
from bot.domain.vocabulary import Surface
from bot.sandbox.server import Sandbox
from bot.services.delivery import Failed, Hopeless
from bot.slack.client import SlackOutside
from tests.slack.test_client import declared, now, outside_of, promised, with_channel

CARD = promised(Bookmark(surface=Surface.CARD), id=5)


@pytest.fixture
async def outside(slack: Sandbox) -> AsyncIterator[SlackOutside]:
    async with outside_of(slack) as built:
        yield built


async def with_card(outside: SlackOutside, incident: Incident, *, id: int) -> Incident:
    """The incident with a card that is posted now."""
    assert incident.channel is not None
    card = await outside.deliver(promised(Draw(surface=Surface.CARD), id=id), incident)
    assert isinstance(card, LinkSurface)
    opened = ChannelOpened(at=now(), by="firebreak", channel=incident.channel, name="inc-7")
    posted = SurfacePosted(at=now(), by="firebreak", surface=Surface.CARD, channel=card.channel, ts=card.ts)
    return replay(7, [*declared(), opened, posted])


def bar(slack: Sandbox, incident: Incident) -> list[tuple[str, str]]:
    """What stands above the incident's channel."""
    assert incident.channel is not None
    return [(each["title"], each["link"]) for each in slack.channel(incident.channel).bookmarks]


def ends(incident: Incident) -> str:
    """How a link to the card ends."""
    return "/p" + incident.surfaces[Surface.CARD].ts.replace(".", "")


@pytest.mark.parametrize("fault", ["timeout_after", "reset_after", "half_json", "reset_before"])
async def test_a_bookmark_whose_answer_was_lost_stands_there_once(
    slack: Sandbox, outside: SlackOutside, fault: str
) -> None:
    incident = await with_card(outside, await with_channel(outside), id=1)
    slack.faults.add(fault, "bookmarks.add")  # type: ignore[arg-type]
    with pytest.raises(Failed):
        await outside.deliver(CARD, incident)
    for _ in range(2):
        await outside.deliver(CARD, incident)
    ((title, link),) = bar(slack, incident)
    assert title == "Card: state and figures"
    assert link.endswith(ends(incident))


async def test_the_link_follows_a_card_that_was_deleted_and_posted_anew(
    slack: Sandbox, outside: SlackOutside
) -> None:
    first = await with_card(outside, await with_channel(outside), id=1)
    await outside.deliver(CARD, first)
    assert first.channel is not None
    channel = slack.channel(first.channel)
    channel.bookmarks.append({"title": "Card: state and figures", "link": "https://example.com", "id": "B1"})
    del channel.messages[first.surfaces[Surface.CARD].ts]
    await outside.deliver(CARD, first)  # of the old card, which is gone: nothing to link to
    anew = await with_card(outside, with_channel_of(first), id=2)
    await outside.deliver(CARD, anew)
    links = [link for _, link in bar(slack, anew)]
    assert links[0].endswith(ends(anew))
    assert links[1:] == ["https://example.com"], "what people have put there stays as it is"


def with_channel_of(incident: Incident) -> Incident:
    """The same incident, before it had a card."""
    assert incident.channel is not None
    opened = ChannelOpened(at=now(), by="firebreak", channel=incident.channel, name="inc-7")
    return replay(7, [*declared(), opened])


@pytest.mark.parametrize(
    ("refusal", "why"),
    [
        ("missing_scope", "The app lacks a permission"),
        ("permission_denied", "The workspace's settings do not allow this"),
        ("too_many_bookmarks", "Remove one of them"),
        ("too_many_tabs", "Remove one of them"),
    ],
)
async def test_a_bookmark_that_slack_does_not_take_is_put_aside_with_a_sentence(
    slack: Sandbox, outside: SlackOutside, refusal: str, why: str
) -> None:
    incident = await with_card(outside, await with_channel(outside), id=1)
    slack.faults.add("refused", "bookmarks.add", error=refusal)
    with pytest.raises(Hopeless, match=why):
        await outside.deliver(CARD, incident)
