"""What every request from the app passes through: faults before and after the work, and a line in the log."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.sandbox.errors import SlackError
from bot.sandbox.faults import AFTER_THE_WORK, BEFORE_THE_WORK, Fault, Faults
from bot.sandbox.workspace import Workspace

POLL = 0.05  # seconds between two looks at whether a caller who never gets an answer has hung up
JSON_TYPE = "application/json; charset=utf-8"
TEXT_TYPE = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Reply:
    """What is answered: an object as JSON, or a word as text. `outcome` is what the log says of it."""

    body: Mapping[str, Any] | str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def refused(cls, error: SlackError) -> Reply:
        return cls(error.body(), error.status, error.headers)

    @property
    def outcome(self) -> str:
        if isinstance(self.body, str):
            return "ok" if self.status < 400 else str(self.status)
        return "ok" if self.body.get("ok") else str(self.body.get("error", self.status))


@dataclass
class Asked:
    """What was asked, for the log: filled in by the work as soon as it has read it. Never tokens."""

    detail: dict[str, Any] = field(default_factory=dict)


Work = Callable[[Asked], Awaitable[Reply]]


class Doorway:
    """Lets requests in one by one, spoils those that a fault was ordered for, and writes all of them down."""

    def __init__(self, workspace: Workspace, faults: Faults) -> None:
        self._workspace = workspace
        self._faults = faults
        self._closing = asyncio.Event()

    def close(self) -> None:
        """Let go of callers who were promised that no answer ever comes."""
        self._closing.set()

    async def serve(self, request: web.Request, name: str, work: Work) -> web.StreamResponse:
        """Have `work` done for a request, under the faults that are in force for `name`."""
        clock = self._workspace.clock
        started = clock.now()
        delay = self._faults.take("latency", name)
        if delay is not None:
            await clock.sleep(delay.seconds or 0)
        fault = self._faults.take_first(BEFORE_THE_WORK + AFTER_THE_WORK, name)
        asked = Asked()
        if fault is not None and fault.kind in BEFORE_THE_WORK:
            reply = _spoiled(fault)
        else:
            reply = await work(asked)
        outcome = reply.outcome if fault is None else f"{reply.outcome} ({fault.kind})"
        ms = (clock.now() - started) * 1000
        self._workspace.record("out", name, outcome, ms, asked.detail, reply.body)
        return await self._send(request, reply, fault)

    async def _send(self, request: web.Request, reply: Reply, fault: Fault | None) -> web.StreamResponse:
        is_json = not isinstance(reply.body, str)
        text = json.dumps(reply.body) if is_json else str(reply.body)
        if fault is not None:
            if fault.kind in ("reset_before", "reset_after"):
                raise _hang_up(request)
            if fault.kind == "timeout_after" and fault.seconds is None:
                await self._wait_for_hang_up(request)
                raise _hang_up(request)
            if fault.kind == "timeout_after":
                await self._workspace.clock.sleep(fault.seconds or 0)
            if fault.kind == "half_json":
                text = text[: len(text) // 2]
        kind = JSON_TYPE if is_json else TEXT_TYPE
        return web.Response(status=reply.status, text=text, headers={**reply.headers, "Content-Type": kind})

    async def _wait_for_hang_up(self, request: web.Request) -> None:
        while request.transport is not None and not request.transport.is_closing():
            if self._closing.is_set():
                return
            await asyncio.sleep(POLL)


def _spoiled(fault: Fault) -> Reply:
    if fault.kind == "rate_limited":
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return Reply({"ok": False, "error": "ratelimited"}, 429, headers)
    if fault.kind == "refused":
        return Reply({"ok": False, "error": fault.error})
    if fault.kind == "reset_before":
        return Reply({"ok": False, "error": "connection_reset"}, 0)
    return Reply({"ok": False, "error": "internal_error"}, fault.status)


def _hang_up(request: web.Request) -> ConnectionResetError:
    if request.transport is not None:
        request.transport.abort()
    return ConnectionResetError("the sandbox dropped this connection on purpose")
