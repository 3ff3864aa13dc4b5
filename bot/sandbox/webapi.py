"""The HTTP door of the Web API: token, scopes, tiers, answer; beside it file uploads and response_urls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.sandbox import fileserver
from bot.sandbox.arguments import Arguments, parse_arguments, token_of
from bot.sandbox.doorway import Asked, Doorway, Reply
from bot.sandbox.errors import SlackError
from bot.sandbox.faults import Faults
from bot.sandbox.methods import METHODS, Call, Connections, Method, Triggers
from bot.sandbox.methods.files import UPLOAD_PATH
from bot.sandbox.responses import answer_response_url
from bot.sandbox.tasks import Tasks
from bot.sandbox.tiers import Tiers
from bot.sandbox.workspace import App, Workspace


class WebApi:
    """Everything an app reaches over HTTP: `/api/{method}`, file uploads and downloads, response_urls.

    `enforce_tiers=True` answers 429 beyond Slack's documented rates; without it, only faults do.
    """

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
        self._tiers = Tiers(workspace.clock)
        self._doorway = Doorway(workspace, faults)
        self._later = Tasks()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/{method}", self._call),
            web.post("/api/{method}", self._call),
            web.post("/response/{token}", self._respond),
            web.post(f"{UPLOAD_PATH}{{ticket}}", self._receive),
            web.get("/files/{file}/{name}", self._send),
            web.get("/files/{file}/download/{name}", self._send),
        ]

    async def close(self) -> None:
        """Let go of callers who wait for ever, and drop the messages that were scheduled."""
        self._doorway.close()
        await self._later.close()

    async def _call(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]

        async def work(asked: Asked) -> Reply:
            try:
                return await self._answer(name, request, asked)
            except SlackError as error:
                return Reply.refused(error)

        return await self._doorway.serve(request, name, work)

    async def _answer(self, name: str, request: web.Request, asked: Asked) -> Reply:
        method = METHODS.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        values = await parse_arguments(request, json_body=method.json)
        arguments = Arguments(values)
        asked.detail = arguments.values
        app = self.workspace.app
        _authorise(method, app, token_of(request, values))
        if self.enforce_tiers:
            self._tiers.admit(name, method.per_minute, str(values.get("channel", "")))
        call = Call(
            workspace=self.workspace,
            arguments=arguments,
            app=app,
            triggers=self.triggers,
            connections=self.connections,
            later=self._later.start,
        )
        if method.token == "bot":
            call.need(*method.scopes)
        return Reply({"ok": True, **await method.run(call)}, headers=_scopes(app, method))

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        async def work(asked: Asked) -> Reply:
            return await answer_response_url(request, asked, self.workspace, self.triggers)

        return await self._doorway.serve(request, "response_url", work)

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        async def work(asked: Asked) -> Reply:
            return await fileserver.receive(request, asked, self.workspace)

        return await self._doorway.serve(request, "files.upload", work)

    async def _send(self, request: web.Request) -> web.StreamResponse:
        return await fileserver.send(request, self.workspace)


def _authorise(method: Method, app: App, token: str | None) -> None:
    if method.token == "none":
        return
    if token is None:
        raise SlackError("not_authed")
    kind = {app.bot_token: "bot", app.app_token: "app"}.get(token)
    if kind is None:
        raise SlackError("invalid_auth")
    if method.token not in ("any", kind):
        raise SlackError("not_allowed_token_type")


def _scopes(app: App, method: Method) -> Mapping[str, str]:
    """What Slack says about scopes in every answer; Bolt reads it from auth.test."""
    headers: dict[str, Any] = {"X-Accepted-OAuth-Scopes": ",".join(method.scopes)}
    if app.scopes is not None:
        headers["X-OAuth-Scopes"] = ",".join(sorted(app.scopes))
    return headers
