"""The HTTP door of the Web API: token, scopes, faults, answer, and a line in the inspector's log."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.sandbox.arguments import Arguments, parse_arguments, token_of
from bot.sandbox.errors import SlackError
from bot.sandbox.faults import AFTER_THE_WORK, BEFORE_THE_WORK, Fault, Faults
from bot.sandbox.methods import METHODS, Call, Connections, Method, Triggers
from bot.sandbox.workspace import App, Workspace

POLL = 0.05  # seconds between two looks at whether a caller who never gets an answer has hung up
JSON_TYPE = "application/json; charset=utf-8"


class WebApi:
    """Everything an app reaches over HTTP: `/api/{method}`, file uploads and downloads, response_urls."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        triggers: Triggers,
        faults: Faults,
        connections: Connections,
        enforce_tiers: bool = False,
    ) -> None:
        self.workspace = workspace
        self.triggers = triggers
        self.faults = faults
        self.connections = connections
        self.enforce_tiers = enforce_tiers
        self._closing = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/{method}", self._call),
            web.post("/api/{method}", self._call),
        ]

    def close(self) -> None:
        """Let go of callers who were promised that no answer ever comes."""
        self._closing.set()

    async def _call(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        started = self.workspace.clock.now()
        delay = self.faults.take("latency", name)
        if delay is not None:
            await self.workspace.clock.sleep(delay.seconds or 0)
        fault = self.faults.take_first(BEFORE_THE_WORK + AFTER_THE_WORK, name)
        values: Mapping[str, Any] = {}
        if fault is not None and fault.kind in BEFORE_THE_WORK:
            status, headers, body = _spoiled(fault)
        else:
            try:
                values = await parse_arguments(request)
                status, headers, body = 200, {}, await self._answer(name, request, values)
            except SlackError as error:
                status, headers, body = error.status, error.headers, error.body()
        outcome = "ok" if body.get("ok") else str(body.get("error", status))
        if fault is not None:
            outcome = f"{outcome} ({fault.kind})"
        ms = (self.workspace.clock.now() - started) * 1000
        self.workspace.record("out", name, outcome, ms, Arguments(values).values, body)
        return await self._send(request, status, headers, body, fault)

    async def _answer(self, name: str, request: web.Request, values: Mapping[str, Any]) -> dict[str, Any]:
        method = METHODS.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        app = self.workspace.app
        _authorise(method, app, token_of(request, values))
        call = Call(
            workspace=self.workspace,
            arguments=Arguments(values),
            app=app,
            triggers=self.triggers,
            connections=self.connections,
            base_url=f"{request.scheme}://{request.host}",
        )
        if method.token == "bot":
            call.need(*method.scopes)
        return {"ok": True, **await method.run(call)}

    async def _send(
        self,
        request: web.Request,
        status: int,
        headers: Mapping[str, str],
        body: Mapping[str, Any],
        fault: Fault | None,
    ) -> web.StreamResponse:
        text = json.dumps(body)
        if fault is not None and fault.kind in ("reset_before", "reset_after"):
            raise _hang_up(request)
        if fault is not None and fault.kind == "timeout_after":
            if fault.seconds is None:
                await self._wait_for_hang_up(request)
                raise _hang_up(request)
            await self.workspace.clock.sleep(fault.seconds)
        if fault is not None and fault.kind == "half_json":
            text = text[: len(text) // 2]
        return web.Response(status=status, text=text, headers={**headers, "Content-Type": JSON_TYPE})

    async def _wait_for_hang_up(self, request: web.Request) -> None:
        while request.transport is not None and not request.transport.is_closing():
            if self._closing.is_set():
                return
            await asyncio.sleep(POLL)


def _authorise(method: Method, app: App, token: str | None) -> None:
    if method.token == "none":
        return
    if token is None:
        raise SlackError("not_authed")
    kinds = {app.bot_token: "bot", app.app_token: "app"}
    kind = kinds.get(token)
    if kind is None:
        raise SlackError("invalid_auth")
    if method.token not in ("any", kind):
        raise SlackError("not_allowed_token_type")


def _spoiled(fault: Fault) -> tuple[int, dict[str, str], dict[str, Any]]:
    if fault.kind == "rate_limited":
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return 429, headers, {"ok": False, "error": "ratelimited"}
    return fault.status, {}, {"ok": False, "error": "internal_error"}


def _hang_up(request: web.Request) -> ConnectionResetError:
    if request.transport is not None:
        request.transport.abort()
    return ConnectionResetError("the sandbox dropped this connection on purpose")
