"""Socket Mode: several connections to one Bolt app, and the count of listeners that are still at work."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

from slack_bolt.adapter.socket_mode.async_base_handler import AsyncBaseSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.listener.async_listener_completion_handler import AsyncListenerCompletionHandler
from slack_bolt.listener.async_listener_start_handler import AsyncListenerStartHandler
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.slack.wire import Malformed, checked

log = logging.getLogger(__name__)

PING_SECONDS = (
    3  # a connection that was dropped is noticed within them, a silent one after four times as long
)
CONNECTIONS = 2  # Slack refreshes each every few hours; the other one goes on receiving meanwhile


class Sockets:
    """The open connections of one app."""

    def __init__(self, bolt: AsyncApp, app_token: str) -> None:
        self._bolt = bolt
        self._app_token = app_token
        self._handlers: list[_Handler] = []

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Connected for as long as the context is open."""
        try:
            for _ in range(CONNECTIONS):
                handler = _Handler(self._bolt, self._app_token)
                self._handlers.append(handler)
                await handler.connect_async()  # type: ignore[no-untyped-call]
            yield
        finally:
            closing = [handler.close_async() for handler in self._handlers]  # type: ignore[no-untyped-call]
            await asyncio.gather(*closing)

    async def connected(self) -> bool:
        """Whether at least one connection is alive."""
        alive = [await handler.client.is_connected() for handler in self._handlers]
        return any(alive)


class _Client(SocketModeClient):
    """Slack's, which takes a frame apart without looking, and forgets the task that works on it."""

    def __init__(self, bolt: AsyncApp, app_token: str) -> None:
        super().__init__(
            app_token=app_token, logger=bolt.logger, web_client=bolt.client, ping_interval=PING_SECONDS
        )
        self._at_work: set[asyncio.Task[None]] = set()

    async def process_message(self) -> None:
        text = await self.message_queue.get()
        try:
            frame = _frame(text)
        except Malformed as error:
            log.warning("frame refused: %s", error, extra={"action": "request_refused"})
            return
        task = asyncio.create_task(self.run_message_listeners(frame, text))
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)


def _frame(text: str) -> dict[str, Any]:
    """What Slack sends over a socket: an object, and an envelope with all that it takes; raises Malformed."""
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"it cannot be read ({type(error).__name__})") from error
    if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
        raise Malformed("it has no type")
    if "payload" in frame and not (
        isinstance(frame["payload"], dict) and isinstance(frame.get("envelope_id"), str)
    ):
        raise Malformed("its envelope is incomplete")
    return frame


class _Handler(AsyncBaseSocketModeHandler):
    """Bolt's, behind the same check of shapes as our HTTP door."""

    def __init__(self, bolt: AsyncApp, app_token: str) -> None:
        self.app = self._bolt = bolt
        self.client = _Client(bolt, app_token)
        self.client.socket_mode_request_listeners.append(self.handle)  # type: ignore[arg-type]

    async def handle(self, client: _Client, req: SocketModeRequest) -> None:  # type: ignore[override]
        started = time.time()
        try:
            checked(req.payload)
        except Malformed as error:
            log.warning("envelope refused: %s", error, extra={"action": "request_refused"})
            return
        answer = await run_async_bolt_app(self._bolt, req)
        try:
            await send_async_response(client, req, answer, started)
        except ConnectionError as error:  # what was asked is stored; the person asks again and is told so
            log.warning("acknowledgement lost: %s", type(error).__name__, extra={"action": "answer_lost"})


class Listeners:
    """How many of Bolt's listeners are at work: it starts them as tasks of its own and forgets them."""

    def __init__(self, bolt: AsyncApp) -> None:
        self._at_work = 0
        self._none = asyncio.Event()
        self._none.set()
        runner = bolt.listener_runner
        runner.listener_start_handler = _Started(self)
        runner.listener_completion_handler = _Completed(self)

    def started(self) -> None:
        self._at_work += 1
        self._none.clear()

    def completed(self) -> None:
        self._at_work -= 1
        if self._at_work == 0:
            self._none.set()

    async def finished(self, seconds: float) -> None:
        """Wait until none is at work, for `seconds` at the most."""
        try:
            await asyncio.wait_for(self._none.wait(), seconds)
        except TimeoutError:
            log.warning("%d listeners did not finish in time", self._at_work, extra={"action": "stop"})


class _Started(AsyncListenerStartHandler):
    def __init__(self, listeners: Listeners) -> None:
        self._listeners = listeners

    async def handle(self, request: AsyncBoltRequest, response: BoltResponse | None) -> None:
        self._listeners.started()


class _Completed(AsyncListenerCompletionHandler):
    def __init__(self, listeners: Listeners) -> None:
        self._listeners = listeners

    async def handle(self, request: AsyncBoltRequest, response: BoltResponse | None) -> None:
        self._listeners.completed()
