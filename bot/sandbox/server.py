"""The sandbox put together and served: `async with Sandbox.serve() as slack`."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web

from bot.sandbox import looking, rooms, shapes
from bot.sandbox.clock import Clock
from bot.sandbox.control import CLOSED, Control
from bot.sandbox.delivery import Delivery
from bot.sandbox.errors import NotPossibleError, SlackError
from bot.sandbox.events import Events
from bot.sandbox.faults import Faults
from bot.sandbox.guard import guard
from bot.sandbox.interactions import Interactions
from bot.sandbox.manifests import app_name, bot_handle, read_manifest
from bot.sandbox.modals import Modals
from bot.sandbox.page import routes as page_routes
from bot.sandbox.people import PATIENCE, Actor, NotShownError
from bot.sandbox.plaintext import text_of
from bot.sandbox.sockets import Connections
from bot.sandbox.triggers import Triggers
from bot.sandbox.webapi import WebApi
from bot.sandbox.workspace import App, Change, Channel, Message, Workspace

Found = TypeVar("Found")

LOOK_AGAIN = 0.05  # seconds between two looks at what the workspace's feed does not tell of
LARGEST_REQUEST = 64 * 2**20  # bytes; an uploaded trace or heap dump is large, and aiohttp stops at 1 MiB
SHUTDOWN_SECONDS = (
    2.0  # for requests still under way; everything that waits on purpose was told to stop before
)


class Sandbox:
    """One running sandbox. Make it with `Sandbox.serve`."""

    def __init__(self, *, url: str, clock: Clock | None, app: App) -> None:
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
        self.interactions = Interactions(self.workspace, self.triggers, self.delivery)
        self.modals = Modals(self.interactions, self.triggers, self.delivery)
        self._people: dict[str, Actor] = {}

    def install(self, manifest: dict[str, Any]) -> None:
        """Give the app a manifest: its name, its commands, scopes and subscriptions."""
        app = self.workspace.app
        app.manifest = manifest
        app.name = app_name(manifest) or app.name
        bot = self.workspace.people[app.bot_user]
        bot.real_name = app.name
        bot.handle = bot_handle(manifest) or bot.handle

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

    # for tests and demos -------------------------------------------

    def person(self, name: str) -> Actor:
        """Somebody in the workspace, by id, handle or e-mail address."""
        person = self.workspace.person(name)
        if person.id not in self._people:
            self._people[person.id] = Actor(
                self.workspace, person, self.interactions, self.modals, self.until
            )
        return self._people[person.id]

    def channel(self, name: str) -> Channel:
        """A channel by id or name, or the only one whose name begins with what stands before `…`."""
        if not name.endswith("…"):
            return self.workspace.channel(name)
        begun = [
            c for c in self.workspace.channels.values() if c.name.startswith(name[:-1].removeprefix("#"))
        ]
        if len(begun) != 1:
            raise SlackError("channel_not_found")
        return begun[0]

    def shown(self, channel: str | Channel, person: str) -> list[Message]:
        """The messages of a channel that this person sees, oldest first, thread replies among them."""
        found = channel if isinstance(channel, Channel) else self.channel(channel)
        return looking.shown(found, self.workspace.person(person))

    def text_of(self, message: Message) -> str:
        """A message as it is read, with the names of people and channels in it."""
        return text_of(message, self.workspace)

    async def until(
        self,
        predicate: Callable[[], Found | None],
        timeout: float = PATIENCE,  # noqa: ASYNC109  how long somebody waits, not how long we may take
        what: Callable[[], str] | None = None,
    ) -> Found:
        """Wait until `predicate` answers with something that is so, and answer with that.

        It is asked again whenever the workspace changes, and now and then in between, for what changes
        elsewhere. A refusal in there ("channel_not_found") counts as not yet.
        """
        end = time.monotonic() + timeout
        async with self.workspace.watch() as changes:
            while True:
                found = None
                with contextlib.suppress(SlackError, NotPossibleError):
                    found = predicate()
                if found:
                    return found
                left = end - time.monotonic()
                if left <= 0:
                    raise NotShownError(what() if what else f"Nothing came of it in {timeout} s.")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changes.get(), min(left, LOOK_AGAIN))
                while not changes.empty():
                    changes.get_nowait()

    def switch_account(self, name: str, *, off: bool) -> None:
        """An admin switches somebody's account off, or on again."""
        person = self.workspace.person(name)
        person.deleted = off
        self.workspace.emit({"type": "user_change", "user": shapes.user_object(self.workspace, person)})

    def delete_channel(self, name: str) -> None:
        """An admin deletes a channel, as `channel` finds it."""
        rooms.delete(self.workspace, self.channel(name))

    async def settled(self) -> None:
        """Wait until the app has heard of everything that has happened."""
        await self.delivery.settled()

    # serving -------------------------------------------------------

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
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family)
        bound = listening.getsockname()[1]
        name = f"[{host}]" if family == socket.AF_INET6 else host
        slack = cls(url=f"http://{name}:{bound}", clock=clock, app=app or App())
        if manifest is not None:
            slack.install(manifest)
        application = web.Application(middlewares=[guard([host])], client_max_size=LARGEST_REQUEST)
        application.add_routes(slack.web_api.routes())
        application.add_routes(slack.connections.routes())
        application.add_routes(Control(slack).routes())
        if page:
            application.add_routes(page_routes(slack))
        runner = web.AppRunner(application, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        try:
            await web.SockSite(runner, listening).start()
            async with slack.delivery:
                yield slack
        finally:
            await slack.web_api.close()
            slack.workspace.changed(Change(CLOSED))
            await slack.connections.close()
            await runner.cleanup()


async def run(host: str, port: int, manifest_path: Path | None, request_url: str | None) -> None:
    """Serve a sandbox until the task is cancelled, and say on standard output how an app finds it."""
    manifest = read_manifest(manifest_path) if manifest_path is not None else None
    async with Sandbox.serve(host, port, app=App(request_url=request_url), manifest=manifest) as slack:
        way_in = {"SLACK_APP_TOKEN": slack.app_token}
        if request_url is not None:
            way_in = {"SLACK_SIGNING_SECRET": slack.signing_secret}
        settings = {"SLACK_API_URL": slack.api_url, "SLACK_BOT_TOKEN": slack.bot_token, **way_in}
        lines = [f"A local Slack is at {slack.url}/", "Start your app with:"]
        lines += [f"  export {name}={value}" for name, value in settings.items()]
        sys.stdout.write("\n".join([*lines, "Ctrl-C stops it.", ""]))
        sys.stdout.flush()
        await asyncio.Event().wait()
