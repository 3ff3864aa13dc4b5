"""The handlers in a local Slack: people type and press, and the real services and delivery do the work."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

import handlers
from bot.domain.affected import Landscape, Service
from bot.domain.captured import PersonJoined, PersonLeft
from bot.domain.events import Event
from bot.domain.incident import Incident
from bot.domain.runbook import Runbook
from bot.domain.story import is_told
from bot.sandbox.fixture import connected, slack, slack_clock
from bot.sandbox.people import Actor
from bot.sandbox.server import Sandbox
from bot.sandbox.workspace import Channel
from bot.services.containment import Containment, Places
from bot.services.delivery import Delivery
from bot.services.drilling import Drills, Seen
from bot.services.homes import Homes
from bot.services.incidents import Incidents
from bot.services.introductions import Introductions
from bot.services.likenesses import Likenesses
from bot.services.reports import Reports
from bot.services.summaries import Schedule, Summaries
from bot.slack.accounts import accounts
from bot.slack.budgets import Budgets
from bot.slack.client import SlackOutside
from bot.slack.exports import exports
from bot.slack.figures import pictures
from bot.slack.home import Tabs
from bot.slack.manifest import manifest
from bot.storage import flags, outbox
from bot.storage.engine import Body, Engine, StorageUnavailable, T
from bot.storage.flags import Flag
from bot.storage.sqlite import SqliteEngine
from handlers.desk import Desk
from tests.slack.made import FACE as BARE
from tests.slack.made import STEPS

__all__ = ["slack", "slack_clock"]

PATIENCE = (
    30.0  # seconds: further than a redraw or a place in a queue, nearer than what Slack holds back for good
)
# What this house runs. The groups are those of the local Slack: one named by its handle, one by its id.
SERVICES = (
    Service(name="payments-api", on_call="@payments-oncall", paths=("payment",)),
    Service(name="search-api", on_call="S02PLATFORM", paths=("search",)),
    Service(name="ledger", on_call="@nobody-knows"),
)
FACE = replace(BARE, landscape=Landscape(services=SERVICES))
RUNBOOK = Runbook(id="payment-failures", title="Payments fail", phases=STEPS)
PLACES = Places(("production", "staging"), frozenset({"production"}))
GATEWAY = Flag("new-gateway", "Card payments through the new gateway", "on", "off", None)

ComesAndGoes = PersonJoined | PersonLeft


class MovingClock:
    """The machine's clock, moved on by a test."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def advance(self, minutes: float) -> None:
        self._ahead += timedelta(minutes=minutes)


class Hurried(Delivery):
    """Never waits for a moment to come: when nothing else is left, the clock is moved on to it."""

    def __init__(self, engine: Engine, outside: SlackOutside, clock: MovingClock) -> None:
        super().__init__(engine, outside, now=clock)
        self._clock = clock

    async def idle(self, within: float = PATIENCE) -> None:
        """Until nothing is left that would be delivered within so many seconds of the clock that is moved."""
        while True:
            await super().idle(within=0)
            due = await self._engine.read(lambda transaction: outbox.next_due(transaction, now=self._now()))
            ahead = None if due is None else due - self._now().timestamp()
            came: bool = await self._engine.read(lambda transaction: self._has_due(0.0, transaction))
            if self._under_way or came:  # begun while we looked, or its moment came between the two looks
                continue
            if ahead is None or ahead > within:
                return
            self._clock.advance(max(ahead, 0.0) / 60)
            self.wake()


class FullDisk:
    """An engine that takes no more writes once `is_full` is set, and raises its `mistake` when read."""

    shared = False
    trouble: str | None = None

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.is_full = False
        self.mistake: Exception | None = None

    async def write(self, body: Body[T]) -> T:
        if self.is_full:
            raise StorageUnavailable("the disk is full")
        return await self._engine.write(body)

    async def read(self, body: Body[T]) -> T:
        if self.mistake is not None:
            raise self.mistake
        return await self._engine.read(body)


@dataclass
class House:
    """Firebreak as it runs in these tests, and the people around it."""

    slack: Sandbox
    app: AsyncApp
    desk: Desk
    incidents: Incidents
    delivery: Delivery
    homes: Homes
    storage: FullDisk
    clock: MovingClock

    def person(self, name: str) -> Actor:
        return self.slack.person(name)

    async def declared(self, title: str = "checkout returns 500", severity: str = "P0") -> Channel:
        """Ana declares an incident; answers its channel once everything about it is there."""
        await self.person("ana").types(f"/incident {severity} {title}", "general")
        await self.delivery.idle()
        number = max(incident.number for incident in await self.incidents.still_open())
        return self.slack.channel(f"inc-{number}-…")

    async def state(self, number: int = 1) -> Incident:
        found = await self.incidents.find(number)
        assert found is not None, f"there is no INC-{number}"
        return found

    async def happened(self, number: int = 1) -> list[Event]:
        """The events of an incident after it was set up, without who came and went meanwhile."""
        return [event for event in await self.everything(number) if not isinstance(event, ComesAndGoes)]

    async def everything(self, number: int = 1) -> list[Event]:
        """All that happened after it was set up. Slack tells who came a moment after they did."""
        told: list[Event] = [entry.event for entry in await self.incidents.timeline(number)]
        return [event for event in told if is_told(event)][3:]

    async def kinds(self, number: int = 1) -> list[str]:
        return [event.type for event in await self.happened(number)]

    def read(self, channel: Channel, person: str = "ana") -> str:
        """Everything that a person reads in a channel."""
        return "\n".join(self.slack.text_of(message) for message in self.slack.shown(channel, person))


@pytest.fixture
def slack_manifest() -> dict[str, Any]:
    """Our own: nothing is allowed that it does not ask for."""
    return manifest()


@pytest.fixture
def runbook() -> Runbook:
    """The only runbook there is."""
    return RUNBOOK


@pytest_asyncio.fixture
async def house(slack: Sandbox, tmp_path: Path, runbook: Runbook) -> AsyncIterator[House]:
    """A connected bot with one runbook and one flag."""
    async with contextlib.AsyncExitStack() as stack:
        engine = FullDisk(await stack.enter_async_context(SqliteEngine.open(tmp_path / "firebreak.db")))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        built = await _built(slack, engine, session, runbook)
        await stack.enter_async_context(built.delivery.running())
        await stack.enter_async_context(built.homes.running())
        await stack.enter_async_context(connected(slack, built.app))
        yield built
        await built.delivery.idle()


async def _built(slack: Sandbox, engine: FullDisk, session: aiohttp.ClientSession, runbook: Runbook) -> House:
    def client(token: str | None) -> AsyncWebClient:
        return AsyncWebClient(token=token, base_url=slack.api_url, session=session, retry_handlers=[])

    def stored() -> None:
        delivery.wake()
        homes.changed()

    workspace, now = slack.workspace, MovingClock()
    team = workspace.team_id
    await engine.write(lambda transaction: flags.define(transaction, team, GATEWAY, now=now()))
    schedule = Schedule(zone=FACE.zone, post_time=datetime.min.time(), channel="incidents")
    reports = Reports(engine, team_id=team, schedule=schedule, t=FACE.t, now=now, stored=stored)
    summaries = Summaries(engine, team_id=team, schedules=[schedule], t=FACE.t, now=now)
    met = Introductions(
        engine, accounts(client(slack.bot_token), workspace.app.bot_user), team_id=team, now=now
    )
    incidents = Incidents(
        engine, team_id=team, runbooks=lambda: [runbook], now=now, stored=stored, introductions=met
    )
    containment = Containment(engine, incidents, team_id=team, now=now, places=PLACES, stored=stored)
    outside = SlackOutside(
        client(slack.bot_token),
        FACE,
        bot_user=workspace.app.bot_user,
        now=now,
        summary=summaries.lines,
        waiting=incidents.waiting,
        picture=pictures(reports, FACE.t),
        export=exports(incidents, FACE),
        draft=lambda number: incidents.postmortem(number, FACE.t),
        alike=Likenesses(engine, team_id=team, now=now).of,
        held=containment.is_held,
        budgets=Budgets(lambda: now().timestamp()),
    )
    delivery = Hurried(engine, outside, now)
    app = bolt(client(None), slack)
    homes = Homes(
        engine,
        team_id=team,
        show=Tabs(client(slack.bot_token), FACE, Budgets(lambda: now().timestamp()), now=now),
        broken=lambda: ["payments.yaml, line 3: 'titel' is unknown"],
        now=now,
    )
    drills = Drills(engine, containment, team_id=team, now=now, held=containment.is_held, where=Seen.STORED)
    desk = Desk(
        homes=homes,
        incidents=incidents,
        containment=containment,
        drills=drills,
        reports=reports,
        summary=summaries.so_far,
        face=FACE,
        now=now,
    )
    handlers.register(app, desk)
    return House(slack, app, desk, incidents, delivery, homes, engine, now)


def bolt(client: AsyncWebClient, slack: Sandbox) -> AsyncApp:
    """A Bolt app as `bot/app.py` makes it."""

    async def authorize() -> AuthorizeResult:
        app = slack.workspace.app
        return AuthorizeResult(
            enterprise_id=None,
            team_id=slack.workspace.team_id,
            bot_user_id=app.bot_user,
            bot_id=app.bot_id,
            bot_token=app.bot_token,
        )

    return AsyncApp(
        client=client, authorize=authorize, process_before_response=True, signing_secret=slack.signing_secret
    )
