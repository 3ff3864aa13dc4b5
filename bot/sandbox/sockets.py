"""Socket Mode, Slack's side: several connections, one envelope to exactly one of them, acknowledgements."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from bot.sandbox.tasks import Tasks
from bot.sandbox.workspace import Change, Workspace

log = logging.getLogger(__name__)

MAX_CONNECTIONS = 10  # https://docs.slack.dev/apis/events-api/using-socket-mode: "up to 10"
CONNECTION_SECONDS = 3600  # what Slack's documented hello calls approximate_connection_time
NOTICE_SECONDS = 10.0  # between a `warning` and the end, as the same page says
HEARTBEAT_SECONDS = 10.0  # our own ping, so that an app which vanished without a word is noticed
PATH = "/link"

REASONS = ("warning", "refresh_requested", "link_disabled")


class NotConnectedError(Exception):
    """No app is listening."""


class ConnectionBrokenError(Exception):
    """The connection broke as the envelope was on its way."""


@dataclass(eq=False)
class Connection:
    """One open WebSocket. `leaving` ones were told to go and get no more envelopes."""

    number: int
    socket: web.WebSocketResponse
    request: web.Request
    leaving: bool = False


@dataclass
class Connections:
    """All open connections of the app, and the envelopes that wait for an acknowledgement."""

    workspace: Workspace
    enabled: bool = True
    open: list[Connection] = field(default_factory=list)
    _tickets: set[str] = field(default_factory=set)
    _waiting: dict[str, asyncio.Future[dict[str, Any] | None]] = field(default_factory=dict)
    _tasks: Tasks = field(default_factory=Tasks)
    _turn: int = 0
    _numbers: int = 0

    async def open_url(self) -> str:
        """An address for one connection; it works once (`apps.connections.open`)."""
        ticket = secrets.token_hex(16)
        self._tickets.add(ticket)
        address = self.workspace.base_url.replace("http", "ws", 1) + PATH
        return f"{address}?ticket={ticket}&app_id={self.workspace.app.id}"

    def routes(self) -> list[web.RouteDef]:
        return [web.get(PATH, self._serve)]

    async def reached(self, number: int) -> None:
        """Wait until that many connections are open and said hello to."""
        async with self.workspace.watch() as changes:
            while sum(not connection.leaving for connection in self.open) < number:
                await changes.get()

    async def send(
        self,
        kind: str,
        payload: dict[str, Any],
        *,
        accepts_response: bool,
        retry: tuple[int, str] | None = None,
        lose: bool = False,
    ) -> dict[str, Any] | None:
        """Hand one envelope to one connection and wait, however long, for its acknowledgement.

        With `lose`, the connection breaks before the envelope gets there.
        """
        connection = self._next()
        envelope_id = str(uuid.uuid4())
        frame: dict[str, Any] = {
            "envelope_id": envelope_id,
            "payload": payload,
            "type": kind,
            "accepts_response_payload": accepts_response,
        }
        if kind == "events_api":
            frame["retry_attempt"], frame["retry_reason"] = retry or (0, "")
        if lose:
            self.drop(connection)
            raise ConnectionBrokenError
        acknowledged: asyncio.Future[dict[str, Any] | None] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = acknowledged
        try:
            await connection.socket.send_json(frame)
            answer = await acknowledged
        except ConnectionError as error:
            raise ConnectionBrokenError from error
        finally:
            del self._waiting[envelope_id]
        return answer if accepts_response else None

    def _next(self) -> Connection:
        ready = [c for c in self.open if not c.leaving and not c.socket.closed]
        if not ready:
            raise NotConnectedError
        self._turn += 1
        return ready[self._turn % len(ready)]

    # what the sandbox can do to connections ----------------------------

    def drop(self, connection: Connection) -> None:
        """Break the connection without a word, as a network does."""
        connection.leaving = True
        if connection.request.transport is not None:
            connection.request.transport.abort()

    async def disconnect(
        self, reason: str = "refresh_requested", connection: Connection | None = None
    ) -> None:
        """Tell a connection (or all of them) to go. After anything but a warning, Slack hangs up soon."""
        if reason == "link_disabled":
            self.enabled = False
        for one in [connection] if connection is not None else list(self.open):
            await self._dismiss(one, reason)

    async def _dismiss(self, connection: Connection, reason: str) -> None:
        connection.leaving = connection.leaving or reason != "warning"
        frame = {"type": "disconnect", "reason": reason, "debug_info": {"host": _host(connection)}}
        with contextlib.suppress(ConnectionError):  # it may already be gone, which is what we want
            await connection.socket.send_json(frame)
        if reason != "warning":
            self._tasks.start(self._hang_up(connection))

    async def _hang_up(self, connection: Connection) -> None:
        await self.workspace.clock.sleep(NOTICE_SECONDS)
        await connection.socket.close()

    async def close(self) -> None:
        """Close every connection and stop."""
        self.enabled = False
        await self._tasks.close()
        await asyncio.gather(*(c.socket.close() for c in list(self.open)))

    # the protocol --------------------------------------------------

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if not self.enabled or ticket not in self._tickets:
            return web.Response(status=404, text="This Socket Mode ticket is unknown or was used.")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS)
        await socket.prepare(request)
        self._numbers += 1
        connection = Connection(self._numbers, socket, request)
        if len(self.open) >= MAX_CONNECTIONS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        self.open.append(connection)
        try:
            await socket.send_json(self._hello(connection))
            self.workspace.changed(Change("connections"))
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    self._acknowledge(message.data)
        except ConnectionError:
            log.debug("Socket Mode connection %d broke", connection.number)
        finally:
            self.open.remove(connection)
            self.workspace.changed(Change("connections"))
        return socket

    def _hello(self, connection: Connection) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self.open),
            "debug_info": {
                "host": _host(connection),
                "build_number": 1,
                "approximate_connection_time": CONNECTION_SECONDS,
            },
            "connection_info": {"app_id": self.workspace.app.id},
        }

    def _acknowledge(self, text: str) -> None:
        """Take an acknowledgement from any connection: an app may answer on its new one after a refresh."""
        try:
            frame = json.loads(text)
            waiting = self._waiting.get(frame["envelope_id"])
        except (ValueError, TypeError, KeyError):
            log.warning("an app sent a frame that is no acknowledgement: %.200r", text)
            return
        if waiting is not None and not waiting.done():
            payload = frame.get("payload")
            waiting.set_result(payload if isinstance(payload, dict) and payload else None)


def _host(connection: Connection) -> str:
    return f"sandbox-{connection.number}"
