"""The composition root: settings -> storage -> services -> Bolt and web. It builds the parts, nothing else."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.logger.messages import warning_client_prioritized_and_token_skipped
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

import handlers
from bot.app_backends import flag_sites
from bot.app_flags import FlagService, flag_service, read_back
from bot.config import Settings
from bot.errors import StartError, port_refused
from bot.logs import BOLT_LOGGER
from bot.services.containment import Containment, Places
from bot.services.delivery import LEASE, Delivery
from bot.services.drilling import Drills, Seen
from bot.services.homes import Homes
from bot.services.incidents import Incidents
from bot.services.introductions import Introductions
from bot.services.languages import translation
from bot.services.likenesses import Likenesses
from bot.services.reminders import Reminders
from bot.services.reports import Reports
from bot.services.runbooks import Library
from bot.services.sites import Site
from bot.services.summaries import Summaries
from bot.services.vendors import Vendors
from bot.slack.accounts import accounts
from bot.slack.budgets import Budgets
from bot.slack.client import SlackOutside
from bot.slack.errors import code_of, meaning
from bot.slack.exports import exports
from bot.slack.face import Face
from bot.slack.figures import pictures
from bot.slack.home import Tabs
from bot.slack.sockets import Listeners, Sockets
from bot.storage import workspaces
from bot.storage.engine import Body, Engine
from bot.storage.incidents import Outcome
from bot.storage.opening import open_engine
from bot.web import health, pages, slack_events
from handlers.desk import Desk

log = logging.getLogger(__name__)

CALL_SECONDS = 15.0  # one Web API call; well under the lease, so that a lost answer is in doubt only once
FINISH_SECONDS = 4.0  # for what was accepted before SIGTERM; orchestrators kill after 10, we say five


@dataclass(frozen=True)
class Identity:
    """Who we are in Slack, from auth.test."""

    team_id: str
    team: str
    user_id: str
    bot_id: str


@dataclass(frozen=True)
class Firebreak:
    """A running bot, and where it listens (None without a port)."""

    identity: Identity
    incidents: Incidents
    reports: Reports
    delivery: Delivery
    engine: Engine
    library: Library
    url: str | None


def utc_now() -> datetime:
    return datetime.now(UTC)


@contextlib.asynccontextmanager
async def firebreak(
    settings: Settings,
    *,
    now: Callable[[], datetime] = utc_now,
    call_seconds: float = CALL_SECONDS,
    budgets: Budgets | None = None,
) -> AsyncIterator[Firebreak]:
    """A bot that is connected and works for as long as the context is open.

    `call_seconds` is how long one Web API call may take, `budgets` how often Slack may be called.

    Raises StartError or DatabaseUnusable, each one sentence. On leaving it stops taking work, finishes what it
    has accepted, and closes in the opposite order of opening.
    """
    if call_seconds >= LEASE:
        raise AssertionError("a lease must outlast the call it covers")
    async with contextlib.AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_engine(settings.database, as_bot=True))
        session = await stack.enter_async_context(
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=call_seconds))
        )
        client = _client(settings, session, token=settings.bot_token)
        identity = await _who_am_i(client)
        settings = settings.of_workspace(identity.team_id)
        await engine.write(
            lambda transaction: workspaces.remember(transaction, identity.team_id, identity.team)
        )
        library = Library.load(list(settings.runbook_folders), settings.language)
        for problem in library.problems:
            log.warning("runbook left out: %s", problem, extra={"action": "runbook_left_out"})
        flags = await stack.enter_async_context(flag_service(settings, engine, identity.team_id, by_bot=True))
        sites = await stack.enter_async_context(flag_sites(settings))
        parts = _parts(settings, engine, client, identity, library, now, (flags, sites), budgets or Budgets())
        bolt = _bolt(settings, session, identity)
        listeners = Listeners(bolt)
        handlers.register(bolt, parts.desk)
        # Opened in this order and closed in the opposite one: the doors last, so that they close first.
        await stack.enter_async_context(parts.delivery.running())
        await stack.enter_async_context(parts.summaries.running())
        await stack.enter_async_context(parts.homes.running())
        await stack.enter_async_context(Reminders(engine, now=now, stored=parts.delivery.wake).running())
        if parts.desk.containment.vendors is not None:
            await stack.enter_async_context(parts.desk.containment.vendors.running())
        await stack.enter_async_context(parts.desk.containment.running())
        stack.push_async_callback(listeners.finished, FINISH_SECONDS)
        connected = _always
        if settings.app_token is not None:
            await _can_open_sockets(client, settings.app_token)
            sockets = Sockets(bolt, settings.app_token)
            await stack.enter_async_context(sockets.open())
            connected = sockets.connected
        url = await _serve(stack, settings, bolt, engine, identity, connected, flags, _pages(settings, parts))
        yield Firebreak(identity, parts.incidents, parts.reports, parts.delivery, engine, library, url)


@dataclass(frozen=True)
class _Parts:
    incidents: Incidents
    reports: Reports
    summaries: Summaries
    delivery: Delivery
    homes: Homes
    desk: Desk


def _parts(
    settings: Settings,
    engine: Engine,
    client: AsyncWebClient,
    identity: Identity,
    library: Library,
    now: Callable[[], datetime],
    kept: tuple[FlagService | None, dict[str, Site]],
    budgets: Budgets,
) -> _Parts:
    (flags, sites), face, team_id, due = kept, _face(settings), identity.team_id, settings.summaries

    def changed() -> None:
        homes.changed()
        if flags is not None:
            flags.publisher.wake()

    def stored() -> None:
        delivery.wake()
        changed()

    async def delivering(team_id: str, body: Body[Outcome]) -> Outcome:
        outcome = await delivery.write(team_id, body)
        changed()
        return outcome

    homes = _homes(engine, team_id, Tabs(client, face, budgets, now=now), library, now)
    reports = Reports(engine, team_id=team_id, schedule=due[0], t=face.t, now=now, stored=stored)
    summaries = Summaries(engine, team_id=team_id, schedules=due, t=face.t, now=now, stored=stored)
    incidents = Incidents(
        engine,
        team_id=team_id,
        runbooks=lambda: library.runbooks,
        now=now,
        stored=stored,
        environment=settings.flags.default,
        delivering=delivering,
        customs=settings.customs,
        introductions=Introductions(engine, accounts(client, identity.user_id), team_id=team_id, now=now),
    )
    containment = _containment(settings, engine, incidents, team_id, now, stored, sites)
    outside = SlackOutside(
        client,
        face,
        bot_user=identity.user_id,
        now=now,
        summary=summaries.lines,
        waiting=incidents.waiting,
        budgets=budgets,
        picture=pictures(reports, face.t),
        export=exports(incidents, face),
        draft=lambda number: incidents.postmortem(number, face.t),
        alike=Likenesses(engine, team_id=team_id, now=now).of,
        held=read_back(containment.is_held, flags),
    )
    delivery = Delivery(engine, outside, now=now)
    drills, emoji = _drills(engine, containment, flags, team_id, now, changed), settings.timeline.emoji
    desk = Desk(incidents, containment, drills, reports, summaries.so_far, homes, face, now, emoji)
    return _Parts(incidents, reports, summaries, delivery, homes, desk)


def _containment(
    settings: Settings,
    engine: Engine,
    incidents: Incidents,
    team_id: str,
    now: Callable[[], datetime],
    stored: Callable[[], None],
    sites: dict[str, Site],
) -> Containment:
    t, places = translation(settings.language), Places(settings.flags.environments, settings.flags.production)
    vendors = Vendors(sites, engine, incidents, team_id=team_id, now=now, t=t) if sites else None
    return Containment(
        engine, incidents, team_id=team_id, now=now, places=places, stored=stored, vendors=vendors
    )


def _drills(
    engine: Engine,
    containment: Containment,
    flags: FlagService | None,
    team_id: str,
    now: Callable[[], datetime],
    stored: Callable[[], None],
) -> Drills:
    """What a drill reads back is what applications get, where we serve any."""
    where = Seen.STORED if flags is None else Seen.SERVED
    held = read_back(containment.is_held, flags)
    return Drills(engine, containment, team_id=team_id, now=now, held=held, where=where, stored=stored)


def _homes(engine: Engine, team_id: str, show: Tabs, library: Library, now: Callable[[], datetime]) -> Homes:
    def broken() -> list[str]:
        return [str(problem) for problem in library.problems]

    return Homes(engine, team_id=team_id, show=show, broken=broken, now=now)


def _face(settings: Settings) -> Face:
    return Face(
        t=translation(settings.language),
        meanings=settings.severity_meanings,
        zone=settings.zone,
        announcements=settings.announcements_channel,
        landscape=settings.landscape,
        root_causes=settings.root_causes,
    )


def _client(settings: Settings, session: aiohttp.ClientSession, token: str | None) -> AsyncWebClient:
    """No retry handlers: the SDK's own turns one post into two when a connection drops. The dispatcher retries."""
    return AsyncWebClient(token=token, base_url=settings.slack_api_url, session=session, retry_handlers=[])


def _bolt(settings: Settings, session: aiohttp.ClientSession, identity: Identity) -> AsyncApp:
    """Bolt with a fixed authorization: auth.test was called once, not on each request inside the three seconds.

    A listener ends before its answer is sent (`process_before_response`): it has committed by then, a failure
    is a 500 that Slack tries again instead of a silent 200, and nothing polls for the acknowledgement.
    Signatures are verified by our own door, which answers 401 where Bolt would answer 500.
    """
    authorized = AuthorizeResult(
        enterprise_id=None,
        team_id=identity.team_id,
        bot_user_id=identity.user_id,
        bot_id=identity.bot_id,
        bot_token=settings.bot_token,
    )

    async def authorize() -> AuthorizeResult:
        return authorized

    logger = logging.getLogger(BOLT_LOGGER)
    logger.addFilter(_is_news)
    return AsyncApp(
        logger=logger,
        client=_client(settings, session, token=None),
        authorize=authorize,
        process_before_response=True,
        request_verification_enabled=False,
        signing_secret=settings.signing_secret or "not used: requests are verified at our own door",
    )


def _is_news(record: logging.LogRecord) -> bool:
    """Bolt finds SLACK_BOT_TOKEN in the environment and warns that the client we give it comes first. It does."""
    return record.msg != warning_client_prioritized_and_token_skipped()


async def _who_am_i(client: AsyncWebClient) -> Identity:
    try:
        answer = await client.auth_test()
    except SlackApiError as error:
        code = code_of(error)
        if code in ("invalid_auth", "not_authed", "account_inactive", "token_revoked"):
            raise StartError(
                f"Slack does not accept SLACK_BOT_TOKEN ({code}). "
                "Copy the Bot User OAuth Token from the app's page, OAuth & Permissions."
            ) from error
        raise StartError(f"Slack answered auth.test with an error: {meaning(error)}.") from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise StartError(
            f"Slack cannot be reached at {client.base_url} ({str(error) or type(error).__name__}). "
            "Check the network, a proxy, and SLACK_API_URL if it is set."
        ) from error
    return Identity(
        team_id=answer["team_id"],
        team=answer["team"],
        user_id=answer["user_id"],
        bot_id=answer["bot_id"],
    )


async def _can_open_sockets(client: AsyncWebClient, app_token: str) -> None:
    """Ask once ourselves: the Socket Mode client would try a wrong token for ever."""
    try:
        await client.apps_connections_open(app_token=app_token)
    except SlackApiError as error:
        raise StartError(
            f"Slack does not accept SLACK_APP_TOKEN ({code_of(error)}). "
            "Make an app-level token with the scope connections:write and switch Socket Mode on."
        ) from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise StartError(f"Slack cannot be reached at {client.base_url} ({error}).") from error


async def _always() -> bool:
    return True


def _pages(settings: Settings, parts: _Parts) -> list[web.RouteDef]:
    """The report and the incidents for people with a browser; none where nothing keeps strangers out."""
    token = settings.pages_token.get_secret_value() if settings.pages_token is not None else None
    if not pages.are_open(settings.host, token):
        return []
    face = parts.desk.face
    site = pages.Pages(parts.reports, parts.incidents, face.t, language=settings.language, token=token)
    return site.routes()


async def _serve(
    stack: contextlib.AsyncExitStack,
    settings: Settings,
    bolt: AsyncApp,
    engine: Engine,
    identity: Identity,
    connected: Callable[[], Awaitable[bool]],
    flags: FlagService | None,
    pages: list[web.RouteDef],
) -> str | None:
    """Open the port for Slack's requests and the health page; in Socket Mode only when one is configured."""
    if settings.port is None:
        return None
    application = web.Application()
    application.add_routes([*health.routes(engine, identity.team_id, connected), *pages])
    if settings.app_token is None:
        application.add_routes(slack_events.routes(bolt, settings.signing_secret))
    if flags is not None:
        application.add_routes(flags.routes)
    runner = web.AppRunner(application, shutdown_timeout=FINISH_SECONDS)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    if flags is not None:
        stack.callback(flags.publisher.close)  # before the cleanup, which waits for streams to end
    site = web.TCPSite(runner, settings.host, settings.port)
    try:
        await site.start()
    except OSError as error:
        raise port_refused(
            settings.host, settings.port, error, another="Name another one in PORT."
        ) from error
    port = runner.addresses[0][1]
    return f"http://{settings.host}:{port}"
