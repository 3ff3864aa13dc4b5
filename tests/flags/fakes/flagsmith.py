"""A strict Flagsmith: the part of its API that the adapter uses, answering as version 2.265 was seen to answer.

With `versions` an environment has feature versioning: then the older routes answer 400. What the adapter should not
ask is answered with 404 and remembered in `surprises`.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from tests.flags.conformance import Fault
from tests.flags.fakes import listening

WRITER, READER = "writing-master-key", "reading-master-key"
KEY, ENVIRONMENT, PROJECT = "client-side-key", 7, "1"
BO = 12  # versions name whoever published them by number, and nobody when it was an API key
PRO = 5  # the segment of those who pay
STATUSES = {
    Fault.UNAUTHORISED: 401,
    Fault.FORBIDDEN: 403,
    Fault.NOT_ALLOWED: 405,
    Fault.CONFLICT: 409,
    Fault.TOO_MANY: 429,
    Fault.BROKEN: 500,
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FakeFlagsmith:
    """Its flags by name, and what it should do wrong next. `fails_after`: the write after so many goes wrong."""

    def __init__(self, *, versions: bool) -> None:
        self.versions = versions
        self.features: dict[str, dict[str, Any]] = {}
        self.approvals: int | None = None
        self.fault: Fault | None = None
        self.fails_after: int | None = None
        self.surprises: list[str] = []
        self.writes: list[str] = []
        self.url = ""
        self._numbers = itertools.count(100)
        self._released = asyncio.Event()

    def make(self, name: str) -> None:
        """On for everybody, and on by an override for those who pay."""
        number = next(self._numbers)
        self.features[name] = {
            "id": number,
            "name": name,
            "description": "Card payments",
            "is_archived": False,
            "owners": [{"email": "bo@example.com"}],
            "num_identity_overrides": 0,
            "states": [self._state(number, None), self._state(number, PRO)],
            "version": f"version-{next(self._numbers)}",
            "by": BO,
        }

    def _state(self, feature: int, segment: int | None) -> dict[str, Any]:
        override = None if segment is None else {"id": next(self._numbers), "segment": segment, "priority": 0}
        return {
            "id": next(self._numbers),
            "feature": feature,
            "environment": ENVIRONMENT,
            "identity": None,
            "enabled": True,
            "feature_segment": override,
            "feature_state_value": None,
            "multivariate_feature_state_values": [],
            "updated_at": self._now(),
        }

    def _now(self) -> str:
        at = datetime(2026, 11, 21, tzinfo=UTC) + timedelta(milliseconds=next(self._numbers))
        return at.isoformat().replace("+00:00", "Z")

    def state(self, name: str, segment: int | None = None) -> dict[str, Any]:
        states: list[dict[str, Any]] = self.features[name]["states"]
        return next(each for each in states if (each["feature_segment"] or {}).get("segment") == segment)

    def serves(self, name: str, *, pro: bool) -> bool:
        """As an SDK's endpoint answers: an override comes before the environment."""
        return bool(self.state(name, PRO if pro else None)["enabled"])

    def change(self, name: str, state: dict[str, Any], *, by: int | None, **values: Any) -> None:
        state |= values | {"updated_at": self._now()}
        self.features[name] |= {"version": f"version-{next(self._numbers)}", "by": by}

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[FakeFlagsmith]:
        """On a port of loopback, for as long as the context is open."""
        application = web.Application(middlewares=[self._door])
        api = "/api/v1"
        place = f"{api}/environments/{{env}}/features/{{feature}}/versions/"
        application.add_routes(
            [
                web.get(f"{api}/organisations/", self._organisations),
                web.get(f"{api}/environments/{KEY}/", self._environment),
                web.get(f"{api}/projects/{{project}}/features/", self._list),
                web.get(f"{api}/features/featurestates/", self._states),
                web.get(f"{api}/features/feature-segments/", self._segments),
                web.patch(f"{api}/environments/{KEY}/featurestates/{{id}}/", self._patch),
                web.put(f"{api}/features/featurestates/{{id}}/", self._put),
                web.get(place, self._versions),
                web.get(place + "{uuid}/featurestates/", self._version_states),
                web.post(place, self._publish),
            ]
        )
        async with listening(application) as self.url:
            try:
                yield self
            finally:
                self._released.set()  # what is held back must end before the server can

    @web.middleware
    async def _door(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        token = request.headers.get("Authorization", "").removeprefix("Api-Key ")
        if token not in (WRITER, READER):
            return _error(401, "Valid Master API Key not found.")
        fault, writes = self.fault, request.method != "GET"
        if writes and self.fails_after is not None and len(self.writes) >= self.fails_after:
            fault, self.fails_after = fault or Fault.FORBIDDEN, None
        if fault is not None and writes is not (fault is Fault.HALF):
            self.fault = None
            return await self._broken(fault, request, handler)
        if writes and token == READER:
            return _error(403, "You do not have permission to perform this action.")
        try:
            answer = await handler(request)
        except web.HTTPException as error:
            self.surprises.append(f"{request.method} {request.path}: {error.status}")
            return _error(404, "Not found.")
        if writes and answer.status < 300:
            self.writes.append(f"{request.method} {request.path}")
        return answer

    async def _broken(self, fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
        if fault is Fault.HALF:
            return web.Response(body=b'{"id": 7, "name": "prod', content_type="application/json")
        if fault is Fault.LATE:
            await handler(request)
            await self._released.wait()
            return web.Response()
        return _error(STATUSES[fault], fault.value)

    async def _organisations(self, request: web.Request) -> web.Response:
        return web.json_response({"count": 1, "results": [{"id": 1, "name": "Acme"}]})

    async def _environment(self, request: web.Request) -> web.Response:
        return web.json_response(
            {
                "id": ENVIRONMENT,
                "name": "Production",
                "api_key": KEY,
                "project": int(PROJECT),
                "minimum_change_request_approvals": self.approvals,
                "use_v2_feature_versioning": self.versions,
            }
        )

    async def _list(self, request: web.Request) -> web.Response:
        if request.match_info["project"] != PROJECT or request.query["environment"] != str(ENVIRONMENT):
            return _error(404, "Not found.")
        found = [self._listed(name) for name in sorted(self.features) if request.query["search"] in name]
        limited = found[: int(request.query["page_size"])]
        return web.json_response({"count": len(found), "results": limited})

    def _listed(self, name: str) -> dict[str, Any]:
        feature = {
            key: value for key, value in self.features[name].items() if key not in ("states", "version", "by")
        }
        default = self.state(name)
        return feature | {
            "environment_feature_state": {"id": default["id"], "enabled": default["enabled"]},
            "num_segment_overrides": len(self.features[name]["states"]) - 1,
        }

    async def _states(self, request: web.Request) -> web.Response:
        """Here an override is known by the number of its link to the segment alone."""
        states = [
            {**state, "feature_segment": (state["feature_segment"] or {}).get("id")}
            for state in self._of(request.query["feature"])["states"]
        ]
        return web.json_response({"count": len(states), "results": states})

    async def _segments(self, request: web.Request) -> web.Response:
        links = [state["feature_segment"] for state in self._of(request.query["feature"])["states"]]
        found = [link for link in links if link is not None]
        return web.json_response({"count": len(found), "results": found})

    def _of(self, number: str) -> dict[str, Any]:
        return next(each for each in self.features.values() if str(each["id"]) == number)

    def _by_state(self, number: str) -> tuple[str, dict[str, Any]]:
        for name, feature in self.features.items():
            for state in feature["states"]:
                if str(state["id"]) == number:
                    return name, state
        raise web.HTTPNotFound

    async def _patch(self, request: web.Request) -> web.Response:
        """The default alone. Change requests are not enforced here: seen so."""
        if self.versions:
            return _error(400, "Feature versioning is enabled: use the environment feature version endpoint.")
        name, state = self._by_state(request.match_info["id"])
        if state["feature_segment"] is not None:
            raise web.HTTPNotFound
        self.change(name, state, by=None, enabled=(await request.json())["enabled"])
        return web.json_response(state)

    async def _put(self, request: web.Request) -> web.Response:
        if self.versions:
            return _error(400, "Feature versioning is enabled: use the environment feature version endpoint.")
        name, state = self._by_state(request.match_info["id"])
        body = await request.json()
        link = (state["feature_segment"] or {}).get("id")
        wanted = {
            "id": state["id"],
            "feature": state["feature"],
            "environment": ENVIRONMENT,
            "feature_segment": link,
        }
        if "segment" in body or any(body.get(key) != value for key, value in wanted.items()):
            return _error(400, "This field is required.")
        values = {key: body[key] for key in ("enabled", "feature_state_value")}
        self.change(name, state, by=None, **values)
        return web.json_response(body)

    async def _versions(self, request: web.Request) -> web.Response:
        feature = self._of(request.match_info["feature"])
        live = {"uuid": feature["version"], "is_live": True, "published_by": feature["by"]}
        return web.json_response({"count": 1, "results": [live]})

    async def _version_states(self, request: web.Request) -> web.Response:
        feature = self._of(request.match_info["feature"])
        if request.match_info["uuid"] != feature["version"]:
            return _error(404, "Not found.")
        return web.json_response(feature["states"])

    async def _publish(self, request: web.Request) -> web.Response:
        """All of it at once, or nothing."""
        feature, body = self._of(request.match_info["feature"]), await request.json()
        if request.match_info["env"] != str(ENVIRONMENT) or set(body) != {
            "publish_immediately",
            "feature_states_to_update",
        }:
            return _error(400, "unknown environment or field")
        for wanted in body["feature_states_to_update"]:
            segment = (wanted["feature_segment"] or {}).get("segment")
            state = self.state(feature["name"], segment)
            self.change(feature["name"], state, by=None, enabled=wanted["enabled"])
        return web.json_response({"uuid": feature["version"]}, status=201)


def _error(status: int, detail: str) -> web.Response:
    return web.json_response({"detail": detail}, status=status)
