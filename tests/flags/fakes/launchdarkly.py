"""A strict LaunchDarkly: the part of its API v2 that the adapter uses, by their official description.

The official Python client reads and writes it too (tests/flags/test_launchdarkly.py), so that a name or a type that
is not theirs fails there. What the adapter should not ask is answered with 404 and remembered in `surprises`.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from aiohttp import web

from tests.flags.conformance import Fault
from tests.flags.fakes import listening

ADMIN, WRITER, READER = "api-admin-token", "api-writer-token", "api-reader-token"
ROLES = {ADMIN: "admin", WRITER: "writer", READER: "reader"}
ENVIRONMENTS = ("production", "test")
SEMANTIC = "application/json; domain-model=launchdarkly.semanticpatch"
STATUSES = {
    Fault.UNAUTHORISED: (401, "unauthorized"),
    Fault.FORBIDDEN: (403, "forbidden"),
    Fault.NOT_ALLOWED: (405, "method_not_allowed"),
    Fault.CONFLICT: (409, "conflict"),
    Fault.TOO_MANY: (429, "rate_limited"),
    Fault.BROKEN: (500, "internal_service_error"),
}
JSON = "application/json"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FakeLaunchDarkly:
    """Its flags by key, its audit log, and what it should do wrong next. `test_fails_with`: of a patch's `test`."""

    def __init__(self) -> None:
        self.flags: dict[str, dict[str, Any]] = {}
        self.entries: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        self.reviewed: set[str] = set()
        self.review_tags: list[str] = []
        self.dependents: dict[str, list[str]] = {}
        self.may_read_settings = True
        self.test_fails_with = 409
        self.reset_in: float | None = None  # seconds; the header that comes with 429 instead of Retry-After
        self.fault: Fault | None = None
        self.surprises: list[str] = []
        self.before_write: Callable[[], None] = lambda: None  # somebody else, at the same moment
        self.url = ""
        self._times = itertools.count(int(time.time() * 1000))
        self._released = asyncio.Event()

    def make(self, key: str) -> None:
        self.flags[key] = {
            "name": key,
            "kind": "boolean",
            "description": "Card payments",
            "key": key,
            "_version": 1,
            "creationDate": next(self._times),
            "includeInSnippet": False,
            "variations": [
                {"_id": f"{key}-on", "value": True, "name": "on"},
                {"_id": f"{key}-off", "value": False, "name": "off"},
            ],
            "temporary": True,
            "tags": ["payments"],
            "_links": _self(f"/api/v2/flags/default/{key}"),
            "_maintainer": {"_id": "m1", "email": "bo@example.com", "role": "writer", "_links": {}},
            "experiments": {"baselineIdx": 0, "items": []},
            "customProperties": {},
            "archived": False,
            "environments": {env: self._config(key, env) for env in ENVIRONMENTS},
        }
        self._note(key, "production", "created the flag", "bo@example.com")

    def _config(self, key: str, env: str) -> dict[str, Any]:
        rule = {
            "_id": f"{key}-{env}-rule",
            "variation": 0,
            "trackEvents": False,
            "clauses": [
                {"_id": "c", "attribute": "email", "op": "endsWith", "values": ["@x.com"], "negate": False}
            ],
        }
        return {
            "on": env == "production",
            "archived": False,
            "salt": "salt",
            "sel": "sel",
            "lastModified": next(self._times),
            "version": 1,
            "targets": [],
            "contextTargets": [],
            "rules": [rule],
            "fallthrough": {
                "rollout": {
                    "variations": [{"variation": 0, "weight": 37000}, {"variation": 1, "weight": 63000}]
                }
            },
            "offVariation": 1,
            "prerequisites": [],
            "_site": {"href": f"/default/{env}/features/{key}", "type": "text/html"},
            "_environmentName": env.title(),
            "trackEvents": False,
            "trackEventsFallthrough": False,
        }

    def here(self, key: str, env: str = "production") -> dict[str, Any]:
        found: dict[str, Any] = self.flags[key]["environments"][env]
        return found

    def change(self, key: str, env: str = "production", *, by: str, what: str, **values: Any) -> None:
        here = self.here(key, env)
        if all(here.get(name) == value for name, value in values.items()):
            return
        here |= values | {"version": here["version"] + 1, "lastModified": next(self._times)}
        self.flags[key]["_version"] += 1
        self._note(key, env, what, by)

    def edit(self, key: str) -> None:
        rules = self.here(key)["rules"]
        self.change(
            key, by="bo@example.com", what="added a rule", rules=[*rules, {**rules[0], "_id": "another"}]
        )

    def _note(self, key: str, env: str, what: str, by: str, comment: str = "") -> None:
        entry: dict[str, Any] = {
            "_links": _self(f"/api/v2/auditlog/{len(self.entries)}"),
            "_id": f"entry-{len(self.entries)}",
            "_accountId": "account",
            "date": next(self._times),
            "accesses": [],
            "kind": "flag",
            "name": key,
            "description": "",
            "shortDescription": "",
            "titleVerb": what,
            "comment": comment,
            "spec": f"proj/default:env/{env}:flag/{key}",
        }
        who = {"member": {"_links": {}, "_id": "m1", "email": by}} if "@" in by else {"token": {"name": by}}
        self.entries.append(entry | who)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[FakeLaunchDarkly]:
        """On a port of loopback, for as long as the context is open."""
        application = web.Application(middlewares=[self._door])
        api, place = "/api/v2", "/api/v2/projects/{project}/environments/{env}"
        approvals = f"{api}/projects/{{project}}/flags/{{key}}/environments/{{env}}/approval-requests"
        application.add_routes(
            [
                web.get(f"{api}/caller-identity", self._caller),
                web.get(f"{api}/tokens/{{id}}", self._token),
                web.get(f"{api}/flags/{{project}}", self._list),
                web.get(f"{api}/flags/{{project}}/{{key}}", self._get),
                web.patch(f"{api}/flags/{{project}}/{{key}}", self._patch),
                web.get(f"{api}/flags/{{project}}/{{env}}/{{key}}/dependent-flags", self._dependent),
                web.get(f"{api}/auditlog", self._audit),
                web.get(place, self._environment),
                web.post(approvals, self._request),
            ]
        )
        async with listening(application) as self.url:
            try:
                yield self
            finally:
                self._released.set()  # what is held back must end before the server can

    @web.middleware
    async def _door(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get("Authorization") not in ROLES:
            return _error(401, "unauthorized", "invalid access token")
        fault, writes = self.fault, request.method != "GET"
        if fault is not None and writes is not (fault is Fault.HALF):
            self.fault = None
            return await self._broken(fault, request, handler)
        if writes and ROLES[request.headers["Authorization"]] == "reader":
            return _error(403, "forbidden", "Access to the requested resource was denied")
        try:
            return await handler(request)
        except web.HTTPException as error:
            self.surprises.append(f"{request.method} {request.path}: {error.status}")
            return _error(404, "not_found", "Unknown resource")

    async def _broken(self, fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
        if fault is Fault.HALF:
            return web.Response(body=b'{"key": "gateway", "environments": {"prod', content_type=JSON)
        if fault is Fault.LATE:
            await handler(request)
            await self._released.wait()
            return web.Response()
        status, code = STATUSES[fault]
        answer = _error(status, code, fault.value)
        if fault is Fault.TOO_MANY and self.reset_in is not None:
            answer.headers["X-Ratelimit-Reset"] = str(int((time.time() + self.reset_in) * 1000))
        return answer

    async def _caller(self, request: web.Request) -> web.Response:
        token = request.headers["Authorization"]
        return web.json_response(
            {"accountId": "account", "authKind": "token", "tokenId": token, "tokenName": token}
        )

    async def _token(self, request: web.Request) -> web.Response:
        token = request.match_info["id"]
        if token != request.headers["Authorization"]:
            raise web.HTTPNotFound
        return web.json_response(
            {
                "_id": token,
                "ownerId": "m1",
                "memberId": "m1",
                "creationDate": 1,
                "lastModified": 1,
                "role": ROLES[token],
                "token": f"...{token[-4:]}",
                "serviceToken": True,
                "_links": {},
            }
        )

    async def _list(self, request: web.Request) -> web.Response:
        filters = dict(each.split(":", 1) for each in request.query.get("filter", "").split(",") if each)
        if not set(filters) <= {"query", "filterEnv", "state"} or filters.get("state", "live") != "live":
            return _error(400, "invalid_request", f"unknown filter {sorted(filters)}")
        env = filters.get("filterEnv")
        found = [flag for key, flag in sorted(self.flags.items()) if filters.get("query", "") in key]
        if request.match_info["project"] != "default":
            return _error(404, "not_found", "Unknown project key")
        items = [_seen(flag, env) for flag in found[: int(request.query.get("limit", 20))]]
        return web.json_response({"items": items, "_links": {}, "totalCount": len(found)})

    async def _get(self, request: web.Request) -> web.Response:
        flag = self.flags.get(request.match_info["key"])
        env = request.query.get("env")
        if flag is None or request.match_info["project"] != "default":
            return _error(404, "not_found", "Unknown feature flag key")
        if env is not None and env not in ENVIRONMENTS:
            return _error(404, "not_found", "Unknown environment key")
        return web.json_response(flag if env is None else _seen(flag, env))

    async def _patch(self, request: web.Request) -> web.Response:
        self.before_write()
        flag, body = self.flags.get(request.match_info["key"]), await request.json()
        if flag is None:
            return _error(404, "not_found", "Unknown feature flag key")
        if request.headers["Content-Type"] == SEMANTIC:
            return self._semantic(request, flag, body)
        if request.headers["Content-Type"] != JSON or not isinstance(body.get("patch"), list):
            return _error(415, "unsupported_media_type", "a patch with a comment, or a semantic patch")
        return self._json_patch(request, flag, body)

    def _semantic(self, request: web.Request, flag: dict[str, Any], body: dict[str, Any]) -> web.Response:
        env = body.get("environmentKey")
        if env not in ENVIRONMENTS or set(body) - {"environmentKey", "comment", "instructions"}:
            return _error(400, "invalid_request", "unknown environment or property")
        kinds = [each.get("kind") for each in body["instructions"]]
        if kinds not in (["turnFlagOff"], ["turnFlagOn"]):
            return _error(400, "invalid_request", f"unknown instruction {kinds}")
        if self._is_refused(request, env):
            return _error(405, "method_not_allowed", "approval is required for changes in this environment")
        self.change(flag["key"], env, by="firebreak", what=kinds[0], on=kinds == ["turnFlagOn"])
        self.entries[-1]["comment"] = body.get("comment", "")
        return web.json_response(flag)

    def _json_patch(self, request: web.Request, flag: dict[str, Any], body: dict[str, Any]) -> web.Response:
        for step in body["patch"]:
            _, _, env, name = step["path"].split("/")
            if self._is_refused(request, env):
                return _error(
                    405, "method_not_allowed", "approval is required for changes in this environment"
                )
            if step["op"] == "test" and self.here(flag["key"], env)[name] != step["value"]:
                return _error(self.test_fails_with, "conflict", f"testing path {step['path']} value failed")
            if step["op"] == "replace":
                self.change(
                    flag["key"], env, by="firebreak", what="updated the flag", **{name: step["value"]}
                )
                self.entries[-1]["comment"] = body.get("comment", "")
        return web.json_response(flag)

    def _is_refused(self, request: web.Request, env: str) -> bool:
        return env in self.reviewed and request.headers["Authorization"] != ADMIN  # who passes without a word

    async def _dependent(self, request: web.Request) -> web.Response:
        if request.headers.get("LD-API-Version") != "beta":
            return _error(403, "forbidden", "use the beta version of the API")
        keys = self.dependents.get(request.match_info["key"], [])
        return web.json_response({"items": [{"name": each, "key": each} for each in keys], "_links": {}})

    async def _audit(self, request: web.Request) -> web.Response:
        after, limit = int(request.query.get("after", 0)), int(request.query.get("limit", 10))
        if not 1 <= limit <= 20:
            return _error(400, "invalid_request", "limit must be from 1 to 20")
        spec = request.query.get("spec")
        found = [
            each for each in reversed(self.entries) if spec in (None, each["spec"]) and each["date"] > after
        ]
        return web.json_response({"items": found[:limit], "_links": {}})

    async def _environment(self, request: web.Request) -> web.Response:
        env = request.match_info["env"]
        if not self.may_read_settings:
            return _error(403, "forbidden", "Access to the requested resource was denied")
        if env not in ENVIRONMENTS:
            return _error(404, "not_found", "Unknown environment key")
        approvals = {
            "required": env in self.reviewed,
            "bypassApprovalsForPendingChanges": False,
            "minNumApprovals": 1,
            "canReviewOwnRequest": False,
            "canApplyDeclinedChanges": False,
            "serviceKind": "launchdarkly",
            "serviceConfig": {},
            "requiredApprovalTags": self.review_tags,
        }
        return web.json_response(
            {
                "_links": {},
                "_id": env,
                "key": env,
                "name": env.title(),
                "apiKey": "sdk-hidden",
                "mobileKey": "mob-hidden",
                "color": "417505",
                "defaultTtl": 0,
                "secureMode": False,
                "defaultTrackEvents": False,
                "requireComments": False,
                "confirmChanges": False,
                "tags": [],
                "approvalSettings": approvals,
                "critical": True,
            }
        )

    async def _request(self, request: web.Request) -> web.Response:
        body = await request.json()
        if not body.get("description") or not body.get("instructions"):
            return _error(400, "invalid_request", "description and instructions are required")
        made = {
            "_id": f"request-{len(self.requests) + 1}",
            "_version": 1,
            "creationDate": next(self._times),
            "serviceKind": "launchdarkly",
            "reviewStatus": "pending",
            "allReviews": [],
            "notifyMemberIds": body.get("notifyMemberIds", []),
            "status": "pending",
            "instructions": body["instructions"],
            "conflicts": [],
            "description": body["description"],
            "_links": {},
        }
        self.requests.append(body | dict(request.match_info))
        return web.json_response(made, status=201)


def _seen(flag: dict[str, Any], env: str | None) -> dict[str, Any]:
    """Of its environments one, or none: so since version 20240415."""
    shown = {name: value for name, value in flag.items() if name != "environments"}
    return shown if env is None else shown | {"environments": {env: flag["environments"][env]}}


def _self(href: str) -> dict[str, Any]:
    return {"self": {"href": href, "type": JSON}}


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"code": code, "message": message}, status=status)
