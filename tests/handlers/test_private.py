"""A private incident, and everybody who is not in its channel: whatever they look at, they learn nothing of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from bot.sandbox.people import Actor
from bot.sandbox.workspace import Channel
from bot.services.reminders import Reminders
from bot.services.reports import Reports
from bot.services.summaries import Schedule
from bot.web.pages import Pages
from tests.handlers.conftest import FACE, House
from tests.handlers.test_flags import PRESS

TITLE, SERVICE = "zanzibar keys have leaked", "ledger"
SECRETS = re.compile(r"zanzibar|ledger|barnacle|\bINC-1\b|in a private|INC-1 private", re.IGNORECASE)
# whoever names a number is told that there is none, with the number that they named
ECHOED = re.compile(
    r"^/(?:flag log|incident merge) INC-1|There is no (?:other incident )?INC-1|^/incidents/INC-1"
    r"|<title>INC-1</title>"
)
BOTHER = "barnacle"  # a word of what is said in the channel
INSIDERS = ("U01ANA", "U05ELI")


async def declared(house: House) -> Channel:
    """Ana fills in the form, and Eli is brought in by her."""
    ana = house.person("ana")
    await ana.types("/incident P1", "general")
    await ana.fills(
        {
            "What is broken?": TITLE,
            "Which services are affected?": [SERVICE],
            "Which critical paths do not work?": ["payment"],
            "Who may see it?": ["Private"],
        }
    )
    assert (await ana.submits()).errors == {}
    await house.delivery.idle()
    channel = house.slack.channel("inc-1-…")
    await ana.invites("eli", channel)
    await house.slack.settled()
    return channel


async def works(house: House, channel: Channel) -> None:
    """All that tells somebody something: roles, steps, items, flags, updates, reminders, the phases."""
    ana, eli = house.person("ana"), house.person("eli")
    for text in (
        "/incident lead",
        f"/incident note {BOTHER} was seen in the logs",
        f"/incident update {BOTHER} is contained",
        "/incident postmortem",
        f"/incident action @eli 2026-01-05 rotate the {BOTHER}",
        f"/flag kill new-gateway {BOTHER} uses it",
    ):
        await ana.types(text, channel)
        await house.delivery.idle()
    await ana.clicks(PRESS, channel=channel)
    await eli.types("/incident role scribe", channel)
    await ana.types(f"/incident correct declared 00:01 {BOTHER}", channel)
    await house.delivery.idle()
    house.clock.advance(60 * 24 * 3)
    await Reminders(house.storage, now=house.clock, stored=house.delivery.wake).send_due()
    await house.delivery.idle()


OUTSIDER_ASKS = (
    ("/incident list", "general"),
    ("/incident timeline", "general"),
    ("/incident catchup", "general"),
    ("/incident export", "general"),
    ("/incident postmortem", "general"),
    ("/incident actions", "general"),
    ("/incident runbook", "general"),
    ("/incident update", "general"),
    ("/mttr", "general"),
    ("/mttr summary", "general"),
    ("/flag", "general"),
    ("/flag show new-gateway", "general"),
    ("/flag find gateway", "general"),
    ("/flag log", "general"),
    ("/flag log new-gateway", "general"),
    ("/flag log INC-1", "general"),
    ("/flag kill new-gateway it is risky", "inc-2-…"),
    ("/incident merge INC-1 the same", "inc-2-…"),
    ("/incident list", "inc-2-…"),
)


async def asks(house: House, bo: Actor) -> list[str]:
    said = []
    for text, where in OUTSIDER_ASKS:
        reply = await bo.types(text, house.slack.channel(where))
        said.append(f"{text} -> {reply.text} {reply.error} {reply.asks} {bo.modal and bo.modal.text}")
        if bo.modal is not None:
            await bo.closes(everything=True)
    await bo.clicks("By service", channel="general")
    await house.delivery.idle()
    return said


def in_slack(house: House, channel: Channel) -> list[str]:
    """Everything that stands where somebody reads who is not in the channel."""
    workspace = house.slack.workspace
    told = []
    for place in workspace.channels.values():
        if place.id == channel.id or (place.is_im and set(place.members) & set(INSIDERS)):
            continue
        told.append(f"{place.name} {place.topic['value']} {place.purpose['value']} {place.bookmarks}")
        told += [
            f"#{place.name}: {message.text} {message.blocks} {message.attachments} {message.metadata}"
            for message in place.messages.values()
            if message.ephemeral_for not in INSIDERS
        ]
    told += [str(view.raw) for view in workspace.views.values() if view.user not in INSIDERS]
    open_to_all = set(workspace.channels) - {channel.id}
    told += [
        f"{file.title} {file.name} {file.alt_text}"
        for file in workspace.files.values()
        if any(
            place in open_to_all and not set(workspace.channels[place].members) & set(INSIDERS)
            for place in file.channels
        )
    ]
    return told


@pytest.fixture
async def site(house: House) -> AsyncIterator[str]:
    schedule = Schedule(zone=FACE.zone, post_time=house.clock().time(), channel="incidents")
    reports = Reports(
        house.storage, team_id=house.slack.workspace.team_id, schedule=schedule, t=FACE.t, now=house.clock
    )
    application = web.Application()
    application.add_routes(Pages(reports, house.incidents, FACE.t, language="en", token=None).routes())
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def on_pages(site: str) -> list[str]:
    told = []
    async with aiohttp.ClientSession() as session:
        for path in ("/report?window=all", "/incidents?window=all", "/incidents/INC-1"):
            async with session.get(site + path) as answer:
                told.append(f"{path} {answer.status} {await answer.text()}")
    return told


async def test_nothing_of_it_is_anywhere_outside_its_channel(house: House, site: str) -> None:
    bo, eli = house.person("bo"), house.person("eli")
    channel = await declared(house)
    await bo.types("/incident P2 search keys have leaked", "general")
    await house.delivery.idle()
    await works(house, channel)
    said = await asks(house, bo)
    await bo.opens_home()
    await eli.opens_home()
    home = await bo.sees_home("1 open incident")
    inside = await eli.sees_home("zanzibar")
    assert "2 open incidents" in inside
    everything = [*in_slack(house, channel), *said, home, *await on_pages(site)]
    assert len(everything) > 40, "there was something to walk through"
    assert [told for told in everything if SECRETS.search(ECHOED.sub("", told))] == []
    assert any("search keys have leaked" in told for told in everything), "the walk finds what is public"
    assert SECRETS.search(house.read(channel)), "and would have found what is not"
    held = next(told for told in said if told.startswith("/flag show"))
    assert "held at off; otherwise on. Who did it: /flag log new-gateway." in held
    assert any("hold, done, by @Ana Ruiz" in told for told in said), "whom to ask before it is switched"
    assert any("Open: INC-2 search keys" in told for told in said)


async def test_its_channel_is_private_and_only_ana_is_in_it(house: House) -> None:
    answer = await house.person("ana").types(f"/incident private P1 {TITLE}", "general")
    assert answer.text.startswith(f"INC-1 is declared as P1, in private: {TITLE}.")
    await house.delivery.idle()
    channel = house.slack.channel("inc-1-…")
    assert channel.is_private
    assert set(channel.members) == {house.person("ana").id, house.slack.workspace.app.bot_user}
    assert "private" in channel.topic["value"]
    assert house.read(house.slack.channel("incidents")).count("INC-1") == 0


async def test_its_number_is_that_of_no_incident_for_others(house: House) -> None:
    await declared(house)
    bo, public = house.person("bo"), await opened(house)
    hidden = await bo.types("/incident merge INC-1 the same", public)
    unknown = await bo.types("/incident merge INC-99 the same", public)
    assert hidden.text == unknown.text.replace("INC-99", "INC-1")


async def opened(house: House) -> Channel:
    await house.person("bo").types("/incident P2 search is slow", "general")
    await house.delivery.idle()
    return house.slack.channel("inc-2-…")


async def test_whoever_leaves_sees_nothing_more(house: House) -> None:
    channel = await declared(house)
    eli = house.person("eli")
    assert "zanzibar" in (await eli.types("/incident list", "general")).text
    await eli.leaves(channel)
    await house.slack.settled()
    house.clock.advance(2)
    assert "No incident is open" in (await eli.types("/incident list", "payments")).text


async def test_the_same_title_in_public_is_another_incident(house: House) -> None:
    ana = house.person("ana")
    await ana.types("/incident P1 search is slow", "general")
    await ana.types("/incident private P1 search is slow", "general")
    assert [(await house.state(number)).private for number in (1, 2)] == [False, True]


@pytest.mark.parametrize("typed", ["private", "private keys have leaked", "private P9 keys"])
async def test_how_bad_it_is_has_to_be_said(house: House, typed: str) -> None:
    answer = await house.person("ana").types(f"/incident {typed}", "general")
    assert "/incident private P1 <title>" in answer.text
    assert await house.incidents.find(1) is None
