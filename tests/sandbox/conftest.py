"""What the sandbox's own tests share: a sandbox for each, and a small Bolt app in it, over both transports."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Literal

import pytest
import pytest_asyncio
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.fixture import connected, slack, slack_clock, slack_manifest
from bot.sandbox.server import Sandbox

__all__ = ["slack", "slack_clock", "slack_manifest"]

Over = Literal["socket", "http"]
Running = Callable[..., AbstractAsyncContextManager[None]]


@pytest.fixture(params=["socket", "http"])
def over(request: pytest.FixtureRequest) -> Over:
    """Each test that asks for this runs over Socket Mode and over signed HTTP."""
    chosen: Over = request.param
    return chosen


@pytest.fixture
def app(slack: Sandbox) -> AsyncApp:
    """A Bolt app that knows this sandbox and nothing else yet."""
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    return AsyncApp(client=client, signing_secret=slack.signing_secret)


@pytest.fixture
def running(slack: Sandbox, app: AsyncApp, over: Over) -> Running:
    """`async with running():` the app is connected."""
    return lambda **how: connected(slack, app, over, **how)


class Wire:
    """An HTTP server that writes down what it is sent and answers as told."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[web.StreamResponse] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(({k.lower(): v for k, v in request.headers.items()}, await request.read()))
        return self.answers.pop(0) if self.answers else web.Response()


@pytest_asyncio.fixture
async def wire(slack: Sandbox) -> AsyncIterator[Wire]:
    """The request URL leads to a `Wire`."""
    wire = Wire()
    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", wire.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    slack.workspace.app.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    yield wire
    await runner.cleanup()
