"""The Web API alone on loopback, for the tests of its half of the sandbox: no delivery, no page."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.clock import VirtualClock
from bot.sandbox.faults import Faults
from bot.sandbox.sockets import Connections
from bot.sandbox.triggers import Triggers
from bot.sandbox.webapi import WebApi
from bot.sandbox.workspace import Workspace

ANA, BO, CHI, BOT = "U01ANA", "U02BO", "U03CHI", "U0BOT"


@dataclass
class Served:
    """A running Web API, the state behind it, and ways to call it."""

    url: str
    workspace: Workspace
    clock: VirtualClock
    triggers: Triggers
    faults: Faults
    api: WebApi
    session: aiohttp.ClientSession

    @property
    def client(self) -> AsyncWebClient:
        """The official client, with its retries switched off."""
        return AsyncWebClient(
            token=self.workspace.app.bot_token,
            base_url=f"{self.url}/api/",
            session=self.session,
            retry_handlers=[],
        )

    async def call(self, method: str, token: str | None = "bot", **arguments: Any) -> dict[str, Any]:
        """One call as a form, which every method takes; `token` is a kind of ours or any other string."""
        known = {"bot": self.workspace.app.bot_token, "app": self.workspace.app.app_token}
        headers = {} if token is None else {"Authorization": f"Bearer {known.get(token, token)}"}
        form = {name: _written(value) for name, value in arguments.items()}
        async with self.session.post(f"{self.url}/api/{method}", data=form, headers=headers) as answer:
            body: dict[str, Any] = await answer.json()
            return body


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@contextlib.asynccontextmanager
async def serving(*, enforce_tiers: bool = False) -> AsyncIterator[Served]:
    """A Web API over a fresh workspace whose clock stands still."""
    clock = VirtualClock()
    workspace = Workspace(clock=clock)
    listening = socket.create_server(("127.0.0.1", 0))
    workspace.base_url = url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    triggers, faults = Triggers(clock), Faults()
    api = WebApi(
        workspace,
        triggers=triggers,
        faults=faults,
        connections=Connections(workspace),
        enforce_tiers=enforce_tiers,
    )
    application = web.Application()
    application.add_routes(api.routes())
    runner = web.AppRunner(application, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        timeout = aiohttp.ClientTimeout(total=5)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            yield Served(url, workspace, clock, triggers, faults, api, session)
    finally:
        await api.close()
        await runner.cleanup()
