"""pytest fixtures: `slack`, a sandbox of one's own for each test, and `connected`, which plugs a Bolt app into it.

In the root `conftest.py`: `pytest_plugins = ["bot.sandbox.fixture"]`. Override `slack_clock` or `slack_manifest`
in a test module to have them otherwise.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any, Literal

import pytest
import pytest_asyncio
from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from bot.sandbox.clock import Clock
from bot.sandbox.server import Sandbox

REQUEST_PATH = "/slack/events"  # Bolt's own default


@pytest.fixture
def slack_clock() -> Clock | None:
    """The sandbox's clock; None is the machine's."""
    return None


@pytest.fixture
def slack_manifest() -> dict[str, Any] | None:
    """The app's manifest; without one, nothing is refused for want of a scope or a subscription."""
    return None


@pytest_asyncio.fixture
async def slack(slack_clock: Clock | None, slack_manifest: dict[str, Any] | None) -> AsyncIterator[Sandbox]:
    """A running sandbox without the page."""
    async with Sandbox.serve(clock=slack_clock, manifest=slack_manifest, page=False) as sandbox:
        yield sandbox


@contextlib.asynccontextmanager
async def connected(
    slack: Sandbox, app: AsyncApp, over: Literal["socket", "http"] = "socket", *, connections: int = 1
) -> AsyncIterator[None]:
    """Run a Bolt app against the sandbox for as long as the context is open."""
    if over == "http":
        async with _listening(slack, app):
            yield
        return
    async with contextlib.AsyncExitStack() as stack:
        for number in range(1, connections + 1):
            handler = AsyncSocketModeHandler(app, slack.app_token)
            stack.push_async_callback(handler.close_async)
            await handler.connect_async()  # type: ignore[no-untyped-call]
            await slack.connections.reached(number)
        yield


@contextlib.asynccontextmanager
async def _listening(slack: Sandbox, app: AsyncApp) -> AsyncIterator[None]:
    runner = web.AppRunner(app.web_app(path=REQUEST_PATH))
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        slack.workspace.app.request_url = f"http://127.0.0.1:{port}{REQUEST_PATH}"
        yield
    finally:
        slack.workspace.app.request_url = None
        await runner.cleanup()
