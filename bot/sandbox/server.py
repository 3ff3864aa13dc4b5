"""The sandbox put together and served: `async with Sandbox.serve() as slack`."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from bot.sandbox.clock import Clock
from bot.sandbox.delivery import Delivery
from bot.sandbox.events import Events
from bot.sandbox.faults import Faults
from bot.sandbox.sockets import Connections
from bot.sandbox.triggers import Triggers
from bot.sandbox.webapi import WebApi
from bot.sandbox.workspace import App, Workspace

SHUTDOWN_SECONDS = (
    2.0  # for requests still under way; everything that waits on purpose was told to stop before
)


class Sandbox:
    """One running sandbox. Make it with `Sandbox.serve`."""

    def __init__(self, *, url: str, clock: Clock | None, app: App | None) -> None:
        self.url = url
        self.workspace = Workspace(clock=clock, app=app)
        self.workspace.base_url = url
        self.faults = Faults()
        self.triggers = Triggers(self.workspace.clock)
        self.connections = Connections(self.workspace)
        self.web_api = WebApi(
            self.workspace, triggers=self.triggers, faults=self.faults, connections=self.connections
        )
        self.delivery = Delivery(self.workspace, self.connections, self.faults)
        self.events = Events(self.workspace, self.delivery)

    @property
    def api_url(self) -> str:
        """The Web API's base URL, for `AsyncWebClient(base_url=…)`."""
        return f"{self.url}/api/"

    @property
    def bot_token(self) -> str:
        return self.workspace.app.bot_token

    @property
    def app_token(self) -> str:
        return self.workspace.app.app_token

    @property
    def signing_secret(self) -> str:
        return self.workspace.app.signing_secret

    @classmethod
    @contextlib.asynccontextmanager
    async def serve(
        cls,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        clock: Clock | None = None,
        app: App | None = None,
        manifest: dict[str, Any] | None = None,
        page: bool = True,
    ) -> AsyncIterator[Sandbox]:
        """A sandbox that answers at `.url` for as long as the context is open."""
        listening = socket.create_server((host, port))
        bound = listening.getsockname()[1]
        app = app or App()
        if manifest is not None:
            app.manifest = manifest
        slack = cls(url=f"http://{host}:{bound}", clock=clock, app=app)
        application = web.Application()
        application.add_routes(slack.web_api.routes())
        application.add_routes(slack.connections.routes())
        runner = web.AppRunner(application, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        try:
            await web.SockSite(runner, listening).start()
            async with slack.delivery:
                yield slack
        finally:
            slack.web_api.close()
            await slack.connections.close()
            await runner.cleanup()
