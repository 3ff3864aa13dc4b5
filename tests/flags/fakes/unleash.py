"""A strict Unleash: the part of its admin API that the adapter uses, answering as version 7.5.1 was seen to answer.

`make test-unleash` puts the same suite through the real server, so that this one cannot drift from it for long.
What the adapter should not ask is answered with 404 and remembered in `surprises`.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from tests.flags.conformance import Fault
from tests.flags.fakes import listening

ADMIN, EDITOR, VIEWER, SDK = (
    "*:*.admin-token",
    "user:editor-token",
    "user:viewer-token",
    "default:production.sdk-token",
)
ROLES = {ADMIN: "ADMIN", EDITOR: "UPDATE_FEATURE_ENVIRONMENT", VIEWER: ""}
ENVIRONMENTS = ("development", "production")
STATUSES = {
    Fault.UNAUTHORISED: 401,
    Fault.FORBIDDEN: 403,
    Fault.NOT_ALLOWED: 405,
    Fault.CONFLICT: 409,
    Fault.TOO_MANY: 429,
    Fault.BROKEN: 500,
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FakeUnleash:
    """Its flags by key, its events, and what it should do wrong next."""

    def __init__(self) -> None:
        self.features: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        self.reviewed: set[str] = set()  # environments where change requests are on
        self.enterprise = True
        self.fault: Fault | None = None
        self.surprises: list[str] = []
        self.url = ""
        self._numbers = itertools.count(1)
        self._released = asyncio.Event()

    def make(self, key: str, env: str = "production", *, rollout: str = "37") -> None:
        self.features[key] = {
            "environments": [{"name": each, "enabled": False, "strategies": []} for each in ENVIRONMENTS],
            "name": key,
            "description": None,
            "project": "default",
            "type": "release",
            "variants": [],
            "archived": False,
            "dependencies": [],
            "children": [],
        }
        self._note(key, env, "feature-created", "bo")
        self.here(key, env)["strategies"].append(
            {
                "id": f"strategy-{next(self._numbers)}",
                "name": "flexibleRollout",
                "title": None,
                "disabled": False,
                "sortOrder": 0,
                "constraints": [],
                "parameters": {"groupId": key, "rollout": rollout, "stickiness": "default"},
                "variants": [],
                "segments": [],
            }
        )
        self._note(key, env, "feature-strategy-add", "bo")
        self.switch(key, env, on=True, by="bo")

    def here(self, key: str, env: str = "production") -> dict[str, Any]:
        found: dict[str, Any] = next(
            each for each in self.features[key]["environments"] if each["name"] == env
        )
        return found

    def switch(self, key: str, env: str = "production", *, on: bool, by: str) -> None:
        """Idempotent, and no event where nothing changes. On without an active strategy makes one for everybody."""
        here = self.here(key, env)
        if here["enabled"] is on:
            return
        if on and not any(not each["disabled"] for each in here["strategies"]):
            here["strategies"].append(
                {
                    "id": "default",
                    "name": "flexibleRollout",
                    "disabled": False,
                    "parameters": {"rollout": "100"},
                }
            )
        here["enabled"] = on
        self._note(key, env, f"feature-environment-{'enabled' if on else 'disabled'}", by)

    def edit(self, key: str, env: str = "production", *, by: str = "bo") -> None:
        strategy = self.here(key, env)["strategies"][0]
        strategy["parameters"]["rollout"] = str(int(strategy["parameters"]["rollout"]) + 1)
        self._note(key, env, "feature-strategy-update", by)

    def _note(self, key: str, env: str, type: str, by: str) -> None:
        self.events.append(
            {
                "id": next(self._numbers),
                "type": type,
                "label": type.replace("-", " "),
                "createdBy": by,
                "createdAt": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
                "featureName": key,
                "environment": env,
            }
        )

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[FakeUnleash]:
        """On a port of loopback, for as long as the context is open."""
        application = web.Application(middlewares=[self._door])
        admin = "/api/admin"
        flag = f"{admin}/projects/{{project}}/features/{{key}}"
        application.add_routes(
            [
                web.get(f"{admin}/user", self._user),
                web.get(f"{admin}/environments", self._environments),
                web.get(f"{admin}/search/features", self._search),
                web.get(f"{admin}/search/events", self._search_events),
                web.get(flag, self._feature),
                web.post(f"{flag}/environments/{{env}}/{{to:on|off}}", self._switch),
                web.post(f"{admin}/projects/{{project}}/environments/{{env}}/change-requests", self._request),
                web.put(f"{admin}/projects/{{project}}/change-requests/{{number}}/state", self._state),
            ]
        )
        async with listening(application) as self.url:
            try:
                yield self
            finally:
                self._released.set()  # what is held back must end before the server can

    @web.middleware
    async def _door(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        token = request.headers.get("Authorization", "")
        if token == SDK:
            said = "invalid token: expected a different token type for this endpoint"
            return web.json_response({"message": said}, status=403)
        if token not in ROLES:
            return _error(401, "UnauthorizedError", "You must log in to use Unleash.")
        fault, writes = self.fault, request.method != "GET"
        if fault is not None and writes is not (fault is Fault.HALF):
            self.fault = None
            return await self._broken(fault, request, handler)
        try:
            return await handler(request)
        except web.HTTPException as error:
            self.surprises.append(f"{request.method} {request.path}: {error.status}")
            return _error(error.status, "NotFoundError", "The path you were looking for is not available.")

    async def _broken(self, fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
        if fault is Fault.HALF:
            return web.Response(body=b'{"environments": [{"name": "prod', content_type="application/json")
        if fault is Fault.LATE:
            await handler(request)
            await self._released.wait()
            return web.Response()
        return _error(STATUSES[fault], "Error", fault.value)

    async def _user(self, request: web.Request) -> web.Response:
        role = ROLES[request.headers["Authorization"]]
        return web.json_response({"permissions": [{"permission": role}] if role else []})

    async def _environments(self, request: web.Request) -> web.Response:
        return web.json_response({"version": 1, "environments": [{"name": each} for each in ENVIRONMENTS]})

    async def _search(self, request: web.Request) -> web.Response:
        if request.query["project"] != "IS:default":
            return web.json_response({"features": [], "total": 0})
        found = [each for key, each in sorted(self.features.items()) if request.query["query"] in key]
        limited = found[: int(request.query["limit"])]
        return web.json_response({"features": limited, "total": len(found)})

    async def _search_events(self, request: web.Request) -> web.Response:
        key = request.query["feature"].removeprefix("IS:")
        found = [each for each in reversed(self.events) if each["featureName"] == key]
        return web.json_response({"events": found[: int(request.query["limit"])], "total": len(found)})

    async def _feature(self, request: web.Request) -> web.Response:
        project, key = request.match_info["project"], request.match_info["key"]
        if key not in self.features or project != "default":
            return _error(404, "NotFoundError", f'There\'s no feature named "{key}" in project "{project}".')
        return web.json_response(self.features[key])

    async def _switch(self, request: web.Request) -> web.Response:
        token, env, key = (
            request.headers["Authorization"],
            request.match_info["env"],
            request.match_info["key"],
        )
        if token == VIEWER:
            return _permission("UPDATE_FEATURE_ENVIRONMENT")
        if env in self.reviewed and token != ADMIN:  # an admin passes by, without a word
            return _permission("SKIP_CHANGE_REQUEST")
        if key not in self.features or env not in ENVIRONMENTS:
            return _error(404, "NotFoundError", f"Could not find environment {env} for feature: {key}")
        self.switch(key, env, on=request.match_info["to"] == "on", by="firebreak")
        return web.Response()

    async def _request(self, request: web.Request) -> web.Response:
        if not self.enterprise:
            return _error(404, "NotFoundError", "The path you were looking for is not available.")
        body = await request.json()
        assert body == {
            "feature": body["feature"],
            "action": "updateEnabled",
            "payload": {"enabled": False},
        }
        self.requests.append({**body, "environment": request.match_info["env"], "state": "Draft"})
        return web.json_response([{"id": len(self.requests), "state": "Draft"}], status=200)

    async def _state(self, request: web.Request) -> web.Response:
        self.requests[int(request.match_info["number"]) - 1] |= await request.json()
        return web.json_response({})


def _permission(name: str) -> web.Response:
    said = (
        "You don't have the required permissions to perform this operation. To perform this action, you need the "
        f'"{name}" permission.'
    )
    return _error(403, "PermissionError", said)


def _error(status: int, name: str, message: str) -> web.Response:
    body = {"name": name, "message": message, "details": [{"message": message}]}
    return web.json_response(body, status=status)
