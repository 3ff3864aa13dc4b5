"""Effects carried out in the sandbox, with Slack's faults: nothing twice, and every refusal understood."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.commands import LinkChannel, LinkSurface
from bot.domain.effects import Draw, Effect, Invite, OpenChannel, Pin, PostSummary, Tell
from bot.domain.events import (
    ChannelOpened,
    Event,
    IncidentDeclared,
    NoteAdded,
    PhaseEntered,
    RunbookChosen,
    SurfacePosted,
)
from bot.domain.evolving import replay
from bot.domain.incident import Incident
from bot.domain.language import English
from bot.domain.runbook import Step
from bot.domain.vocabulary import Phase, Severity, Surface
from bot.sandbox.server import Sandbox
from bot.services.delivery import Failed, Hopeless, Wait
from bot.slack.client import SlackOutside, channel_name
from bot.slack.face import Face
from bot.storage.outbox import Promise

PATIENCE = 0.5  # seconds that a call may take in these tests before it counts as lost
STEPS = {
    phase: (Step(id=f"{phase.value}-1", text=f"First {phase.value}", required=True),)
    for phase in (Phase.STABILIZE, Phase.REPAIR, Phase.PREVENT)
}


def now() -> datetime:
    return datetime.now(UTC)


def declared(title: str = "checkout returns 500", number: int = 7) -> list[Event]:
    return [
        IncidentDeclared(at=now(), by="U01ANA", number=number, title=title, severity=Severity.P0),
        RunbookChosen(at=now(), by="U01ANA", runbook="general", title="General", steps=STEPS),
    ]


def promised(effect: Effect, *, in_doubt: bool = False, id: int = 1) -> Promise:
    return Promise(
        id=id,
        team_id="T0SANDBOX",
        incident=7,
        effect=effect,
        attempt=1,
        failures=0,
        in_doubt=in_doubt,
        created=now().timestamp(),
    )


async def no_summary(effect: PostSummary) -> list[str]:
    return [f"Incidents, {effect.day}", f"since {effect.previous}"]


async def held(flag: str, environment: str) -> bool:
    return flag == "new-gateway"


@contextlib.asynccontextmanager
async def outside_of(slack: Sandbox, **more: Any) -> AsyncIterator[SlackOutside]:
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        client = AsyncWebClient(
            token=slack.bot_token, base_url=slack.api_url, session=session, retry_handlers=[]
        )
        face = Face(t=English(), meanings={}, zone=ZoneInfo("UTC"), announcements="incidents")
        yield SlackOutside(
            client,
            face,
            bot_user=slack.workspace.app.bot_user,
            now=now,
            summary=no_summary,
            held=held,
            **more,
        )


@pytest.fixture
async def outside(slack: Sandbox) -> AsyncIterator[SlackOutside]:
    async with outside_of(slack) as built:
        yield built


async def with_channel(outside: SlackOutside, events: list[Event] | None = None) -> Incident:
    """An incident whose channel the sandbox has."""
    history = events or declared()
    command = await outside.deliver(promised(OpenChannel()), replay(7, history))
    assert isinstance(command, LinkChannel)
    opened = ChannelOpened(at=now(), by="firebreak", channel=command.channel, name=command.name)
    return replay(7, [*history, opened])


async def test_announcements_that_come_at_once_look_for_their_channel_once(
    slack: Sandbox, outside: SlackOutside
) -> None:
    """Listing channels is of a low tier: twenty a minute."""
    draw = Draw(surface=Surface.ANNOUNCEMENT)
    incident = replay(7, declared())
    await asyncio.gather(*(outside.deliver(promised(draw, id=number), incident) for number in range(5)))
    listed = [entry for entry in slack.workspace.log if entry.name == "conversations.list"]
    assert len(listed) == 1
    assert len(slack.channel("incidents").messages) == 5


async def test_the_channel_is_named_after_number_and_title(slack: Sandbox, outside: SlackOutside) -> None:
    incident = await with_channel(outside)
    assert incident.channel_name == "inc-7-checkout-returns-500"
    assert slack.channel("inc-7-checkout-returns-500").id == incident.channel


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Zahlung schlägt fehl!", "inc-7-zahlung-schlagt-fehl"),
        ("支付失败", "inc-7"),
        ("🔥🔥🔥", "inc-7"),
        ("x" * 150, "inc-7-" + "x" * 74),
        ("a -- b __ c", "inc-7-a-b-c"),
        ("\u200fدفع lost", "inc-7-lost"),
    ],
)
def test_any_title_makes_a_name_that_slack_takes(title: str, name: str) -> None:
    assert channel_name(replay(7, declared(title))) == name


async def test_a_name_taken_by_somebody_else_gets_a_suffix(slack: Sandbox, outside: SlackOutside) -> None:
    slack.workspace.add_channel("inc-7-checkout-returns-500", creator="U03CHI", members=["U03CHI"])
    incident = await with_channel(outside)
    assert incident.channel_name == "inc-7-checkout-returns-500-2"


@pytest.mark.parametrize("fault", ["timeout_after", "reset_after", "half_json"])
async def test_a_channel_whose_answer_was_lost_is_found_again(
    slack: Sandbox, outside: SlackOutside, fault: str
) -> None:
    slack.faults.add(fault, "conversations.create", seconds=None)  # type: ignore[arg-type]
    incident = replay(7, declared())
    with pytest.raises(Failed) as failed:
        await outside.deliver(promised(OpenChannel()), incident)
    assert failed.value.in_doubt
    command = await outside.deliver(promised(OpenChannel(), in_doubt=True), incident)
    assert isinstance(command, LinkChannel)
    assert [c.name for c in slack.workspace.channels.values() if c.name.startswith("inc-7")] == [command.name]


@pytest.mark.parametrize("fault", ["timeout_after", "reset_after", "half_json"])
async def test_a_post_whose_answer_was_lost_is_not_posted_twice(
    slack: Sandbox, outside: SlackOutside, fault: str
) -> None:
    incident = await with_channel(outside)
    note = Tell(event=NoteAdded(at=now(), by="U01ANA", text="the gateway is slow"))
    slack.faults.add(fault, "chat.postMessage", seconds=None)  # type: ignore[arg-type]
    with pytest.raises(Failed) as failed:
        await outside.deliver(promised(note, id=31), incident)
    assert failed.value.in_doubt
    await outside.deliver(promised(note, id=31, in_doubt=True), incident)
    assert incident.channel is not None
    said = [m for m in slack.shown(incident.channel, "ana") if "gateway is slow" in slack.text_of(m)]
    assert len(said) == 1


async def test_a_post_in_doubt_that_never_happened_is_posted(slack: Sandbox, outside: SlackOutside) -> None:
    incident = await with_channel(outside)
    note = Tell(event=NoteAdded(at=now(), by="U01ANA", text="only once"))
    slack.faults.add("reset_before", "chat.postMessage")
    with pytest.raises(Failed):
        await outside.deliver(promised(note, id=31), incident)
    await outside.deliver(promised(note, id=31, in_doubt=True), incident)
    assert incident.channel is not None
    assert sum("only once" in slack.text_of(m) for m in slack.shown(incident.channel, "ana")) == 1


async def test_inviting_and_pinning_twice_is_as_good_as_once(slack: Sandbox, outside: SlackOutside) -> None:
    incident = await with_channel(outside)
    for _ in range(2):
        await outside.deliver(promised(Invite(person="U01ANA")), incident)
    card = await outside.deliver(promised(Draw(surface=Surface.CARD)), incident)
    assert isinstance(card, LinkSurface)
    posted = SurfacePosted(at=now(), by="firebreak", surface=Surface.CARD, channel=card.channel, ts=card.ts)
    opened = ChannelOpened(at=now(), by="firebreak", channel=card.channel, name="inc-7")
    incident = replay(7, [*declared(), opened, posted])
    for _ in range(2):
        await outside.deliver(promised(Pin(surface=Surface.CARD)), incident)
    channel = slack.channel(card.channel)
    assert "U01ANA" in channel.members
    assert len(channel.pins) == 1


async def test_a_surface_is_redrawn_in_place_and_posted_anew_when_it_was_deleted(
    slack: Sandbox, outside: SlackOutside
) -> None:
    incident = await with_channel(outside)
    assert incident.channel is not None
    card = await outside.deliver(promised(Draw(surface=Surface.CARD)), incident)
    assert isinstance(card, LinkSurface)
    posted = SurfacePosted(at=now(), by="firebreak", surface=Surface.CARD, channel=card.channel, ts=card.ts)
    opened = ChannelOpened(at=now(), by="firebreak", channel=card.channel, name="inc-7")
    incident = replay(7, [*declared(), opened, posted])
    assert await outside.deliver(promised(Draw(surface=Surface.CARD)), incident) is None
    del slack.channel(card.channel).messages[card.ts]
    anew = await outside.deliver(promised(Draw(surface=Surface.CARD), id=9), incident)
    assert isinstance(anew, LinkSurface)
    assert anew.ts != card.ts


async def test_the_topic_is_set_only_when_it_changes(slack: Sandbox, outside: SlackOutside) -> None:
    incident = await with_channel(outside)
    for _ in range(3):
        await outside.deliver(promised(Draw(surface=Surface.TOPIC)), incident)
    async with outside_of(slack) as after_a_restart:
        await after_a_restart.deliver(promised(Draw(surface=Surface.TOPIC)), incident)
    calls = [entry.name for entry in slack.workspace.log if entry.direction == "out"]
    assert calls.count("conversations.setTopic") == 1
    assert incident.channel is not None
    assert "checkout returns 500" in slack.channel(incident.channel).topic["value"]


@pytest.mark.parametrize("fault", ["timeout_after", "reset_after", "half_json"])
async def test_a_topic_whose_answer_was_lost_is_not_said_twice(
    slack: Sandbox, outside: SlackOutside, fault: str
) -> None:
    incident = await with_channel(outside)
    await outside.deliver(promised(Draw(surface=Surface.TOPIC)), incident)
    worse = incident.model_copy(update={"severity": Severity.P4})
    slack.faults.add(fault, "conversations.setTopic", seconds=None)  # type: ignore[arg-type]
    with pytest.raises(Failed):
        await outside.deliver(promised(Draw(surface=Surface.TOPIC)), worse)
    await outside.deliver(promised(Draw(surface=Surface.TOPIC), in_doubt=True), worse)
    assert incident.channel is not None
    said = [
        m.extra["topic"][:2] for m in slack.shown(incident.channel, "ana") if m.subtype == "channel_topic"
    ]
    assert said == ["P0", "P4"]


async def test_a_topic_that_somebody_else_has_set_is_set_again(slack: Sandbox, outside: SlackOutside) -> None:
    incident = await with_channel(outside)
    await outside.deliver(promised(Draw(surface=Surface.TOPIC)), incident)
    assert incident.channel is not None
    async with outside_of(slack) as replica:
        closed = incident.model_copy(update={"phase": Phase.CLOSED})
        await replica.deliver(promised(Draw(surface=Surface.TOPIC)), closed)
    await outside.deliver(promised(Draw(surface=Surface.TOPIC)), incident)
    assert "stabilize" in slack.channel(incident.channel).topic["value"]


@pytest.mark.parametrize("surface", [Surface.CARD, Surface.CHECKLIST, Surface.ANNOUNCEMENT])
async def test_a_surface_found_after_a_lost_answer_shows_what_is_so_now(
    slack: Sandbox, outside: SlackOutside, surface: Surface
) -> None:
    incident = await with_channel(outside)
    slack.faults.add("reset_after", "chat.postMessage")
    with pytest.raises(Failed):
        await outside.deliver(promised(Draw(surface=surface), id=31), incident)
    closed = incident.model_copy(update={"phase": Phase.CLOSED})
    link = await outside.deliver(promised(Draw(surface=surface), id=31, in_doubt=True), closed)
    assert isinstance(link, LinkSurface)
    posted = [m for m in slack.shown(link.channel, "ana") if m.metadata is not None]
    assert [message.ts for message in posted] == [link.ts]
    assert "closed" in slack.text_of(posted[0]).lower()


async def test_the_bot_joins_the_channel_where_it_announces(slack: Sandbox, outside: SlackOutside) -> None:
    slack.channel("incidents").members.remove(slack.workspace.app.bot_user)
    command = await outside.deliver(promised(Draw(surface=Surface.ANNOUNCEMENT)), replay(7, declared()))
    assert isinstance(command, LinkSurface)
    assert slack.workspace.app.bot_user in slack.channel("incidents").members


async def test_a_missing_announcement_channel_is_said_in_words(slack: Sandbox, outside: SlackOutside) -> None:
    slack.channel("incidents").name = "elsewhere"
    with pytest.raises(Hopeless, match="There is no channel #incidents"):
        await outside.deliver(promised(Draw(surface=Surface.ANNOUNCEMENT)), replay(7, declared()))


async def test_slack_asking_to_slow_down_is_waited_for_and_not_in_doubt(
    slack: Sandbox, outside: SlackOutside
) -> None:
    slack.faults.add("rate_limited", "conversations.create", retry_after=3)
    slack.faults.add("rate_limited", "conversations.invite", retry_after=None)
    with pytest.raises(Wait) as wait:
        await outside.deliver(promised(OpenChannel()), replay(7, declared()))
    assert wait.value.seconds == 3
    opened = ChannelOpened(at=now(), by="firebreak", channel="C1", name="inc-7")
    with pytest.raises(Wait) as wait:
        await outside.deliver(promised(Invite(person="U01ANA")), replay(7, [*declared(), opened]))
    assert wait.value.seconds == 5


async def test_a_method_that_slack_asked_to_slow_down_is_left_alone(
    slack: Sandbox, outside: SlackOutside
) -> None:
    slack.faults.add("rate_limited", "conversations.create", retry_after=3)
    for _ in range(3):
        with pytest.raises(Wait):
            await outside.deliver(promised(OpenChannel()), replay(7, declared()))
    assert slack.faults.happened("rate_limited") == 1
    calls = [entry.name for entry in slack.workspace.log if entry.direction == "out"]
    assert calls.count("conversations.create") == 1


@pytest.mark.parametrize("status", [500, 503])
async def test_a_broken_slack_leaves_the_effect_in_doubt(
    slack: Sandbox, outside: SlackOutside, status: int
) -> None:
    slack.faults.add("server_error", "conversations.create", status=status)
    with pytest.raises(Failed) as failed:
        await outside.deliver(promised(OpenChannel()), replay(7, declared()))
    assert failed.value.in_doubt


async def test_an_archived_channel_parks_the_effect_with_what_to_do(
    slack: Sandbox, outside: SlackOutside
) -> None:
    incident = await with_channel(outside)
    assert incident.channel is not None
    slack.channel(incident.channel).archived = True
    moved = PhaseEntered(at=now(), by="U01ANA", phase=Phase.REPAIR, left=Phase.STABILIZE)
    with pytest.raises(Hopeless, match="archived"):
        await outside.deliver(promised(Tell(event=moved)), incident)


async def test_the_summary_goes_to_its_channel(slack: Sandbox, outside: SlackOutside) -> None:
    effect = PostSummary(day=date(2026, 11, 21), previous=date(2026, 11, 20), channel="incidents")
    await outside.deliver(replace(promised(effect), incident=0), None)
    assert "Incidents, 2026-11-21" in slack.text_of(slack.shown("incidents", "ana")[-1])


async def test_an_unreachable_slack_is_tried_again_without_doubt(slack: Sandbox) -> None:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(
            token="xoxb-1", base_url="http://127.0.0.1:9/api/", session=session, retry_handlers=[]
        )
        face = Face(t=English(), meanings={}, zone=ZoneInfo("UTC"), announcements="incidents")
        outside = SlackOutside(client, face, bot_user="U0BOT", now=now, summary=no_summary, held=held)
        with pytest.raises(Failed) as failed:
            await outside.deliver(promised(OpenChannel()), replay(7, declared()))
    assert not failed.value.in_doubt
