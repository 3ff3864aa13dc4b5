"""Unleash: a flag is held by switching it off in one environment; its strategies stay where they are.

Off is total there. On is not always what it was: without an active strategy Unleash makes one for everybody, so
that is refused. An admin token passes by every review policy without a word, so it is refused unless allowed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import aiohttp

from bot.domain.flags import fingerprint
from bot.domain.language import Said, marked
from bot.flags.asking import PATIENCE, Asking
from bot.flags.careful import Careful
from bot.flags.protocol import (
    ApprovalLink,
    ApprovalRequired,
    BackendError,
    Caps,
    Change,
    Denied,
    FlagRef,
    FlagState,
    FlagSummary,
    Health,
    NotFound,
    Receipt,
    Unsupported,
)

CAPS = Caps(cas="detect", history=True, approvals="blocks", effect_seconds=15.0)  # the clients' own poll
NO_FLAG = marked("{backend} has no flag `{flag}` in {environment}; nothing was switched.")
NO_STRATEGY = marked(
    "`{flag}` has no active strategy in {environment}: to switch it on, {backend} would make one that serves "
    "everybody. Nothing was switched; add a strategy there first."
)
WANTS_APPROVAL = marked("{backend} wants changes there approved; nothing was switched.")
ADMIN = marked(
    "The token of {backend} is an admin's, which passes by its change requests without a word, so nothing was "
    "switched. Make one for a user of its own with the role Editor, or set allow_admin_token = true."
)
NO_REVIEW = marked("{backend} has no change requests in this edition, so nothing was requested.")
INVERTED = Said(
    marked("on is its safe value (`inverted` in the settings), and switching off is all that is done here.")
)
CHILDREN = marked("flags that depend on it go off with it: {flags}")
NOT_EXACTLY = Said(marked("it has no active strategy, so it could not be switched on again exactly"))
ENABLING = "updateEnabled"  # Unleash's name for switching on or off in a change request
ARCHIVED = Said(marked("it is archived there."))
EVENTS_LOOKED_AT = 10  # of a flag's newest events; more between two reads is a race all the same
HISTORY_MOST = 50
VIEWER_SAYS = "it may only read"


class Unleash(Careful):
    """`inverted` are the flags whose safe value is on; `allow_admin`: hold with an admin's token all the same."""

    caps = CAPS

    def __init__(
        self,
        name: str,
        session: aiohttp.ClientSession,
        url: str,
        token: str,
        *,
        inverted: Collection[str] = (),
        allow_admin: bool = False,
        patience: float = PATIENCE,
    ) -> None:
        super().__init__(name)
        self._url = url.rstrip("/")
        self._api = Asking(
            session,
            name,
            f"{self._url}/api/admin",
            {"Authorization": token},
            patience=patience,
            explain=self._explain,
        )
        self._inverted = frozenset(inverted)
        self._allow_admin = allow_admin
        self._is_admin: bool | None = None  # asked once before the first write

    async def search(self, project: str, env: str, query: str = "", limit: int = 20) -> list[FlagSummary]:
        found = await self._api.read(
            "search", "features", project=f"IS:{project}", query=query, limit=limit, offset=0
        )
        return [
            FlagSummary(
                ref=FlagRef(self.name, project, env, feature["name"]),
                serving="ON" if here["enabled"] else "OFF",
                contained=not here["enabled"],
                description=feature.get("description") or "",
            )
            for feature in found["features"]
            for here in feature["environments"]
            if here["name"] == env
        ]

    async def get(self, ref: FlagRef) -> FlagState:
        feature = await self._feature(ref)
        here = next((each for each in feature["environments"] if each["name"] == ref.env), None)
        if here is None:
            raise self._missing(ref)
        last = next(iter(await self._events(ref, 1)), None)
        decides = _decides(here, feature)
        return FlagState(
            ref=ref,
            serving=_serving(here),
            contained=not here["enabled"] and ref.key not in self._inverted,
            version=str(last["id"]) if last else "0",
            fingerprint=fingerprint(decides),
            snapshot=decides,
            warnings=_warnings(feature, here),
            cannot=self._cannot(ref.key, feature),
            url=f"{self._url}/projects/{ref.project}/features/{ref.key}",
            description=feature.get("description") or "",
            changed_by=last["createdBy"] if last else "",
            changed_at=datetime.fromisoformat(last["createdAt"]) if last else None,
            dependents=tuple(feature.get("children") or ()),
        )

    async def history(self, ref: FlagRef, since: datetime) -> list[Change]:
        return [
            Change(
                at=at,
                by=event["createdBy"],
                what=event.get("label") or event["type"],
                event_id=str(event["id"]),
            )
            for event in await self._events(ref, HISTORY_MOST)
            if (at := datetime.fromisoformat(event["createdAt"])) >= since
        ]

    async def request_approval(self, ref: FlagRef, *, actor: str, reason: str) -> ApprovalLink:
        place = ("projects", ref.project, "environments", ref.env, "change-requests")
        wanted = {"feature": ref.key, "action": ENABLING, "payload": {"enabled": False}}
        try:
            made = await self._api.write("POST", *place, body=wanted)
        except NotFound as error:
            raise Unsupported(NO_REVIEW, backend=self.name) from error
        number = str((made[0] if isinstance(made, list) else made)["id"])
        await self._api.write(
            "PUT",
            *("projects", ref.project, "change-requests", number, "state"),
            body={"state": "In review", "comment": f"{actor}: {reason}"},
        )
        return ApprovalLink(id=number, url=f"{self._url}/projects/{ref.project}/change-requests/{number}")

    async def health(self) -> Health:
        try:
            permissions = await self._permissions()
            environments = await self._api.read("environments")
        except BackendError as error:
            return Health(reachable=False, said=str(error))
        admin = "ADMIN" in permissions
        may = "UPDATE_FEATURE_ENVIRONMENT" in permissions
        warnings = [] if may or admin else ["the token may only read: nothing can be held with it"]
        if admin:
            warnings.append("the token is an admin's, which passes by change requests without a word")
        return Health(
            reachable=True,
            token="admin" if admin else "may switch" if may else VIEWER_SAYS,
            admin=admin,
            environments=tuple(each["name"] for each in environments["environments"]),
            warnings=tuple(warnings),
        )

    async def _hold(self, before: FlagState, *, actor: str, reason: str, op_id: str) -> None:
        await self._no_admin()
        await self._switch(before.ref, "off")

    async def _bring_back(
        self, receipt: Receipt, current: FlagState, *, actor: str, reason: str, op_id: str
    ) -> None:
        await self._no_admin()
        if not receipt.before.snapshot["enabled"]:
            await self._switch(current.ref, "off")
            return
        if not any(not each["disabled"] for each in current.snapshot["strategies"]):
            raise Unsupported(
                NO_STRATEGY, flag=current.ref.key, environment=current.ref.env, backend=self.name
            )
        await self._switch(current.ref, "on")

    async def _raced(self, before: FlagState, after: FlagState) -> bool:
        """Our own write is one event; a second one since we looked is somebody else's."""
        events = await self._events(after.ref, EVENTS_LOOKED_AT)
        newer = [event for event in events if event["id"] > int(before.version)]
        return len(newer) > 1

    async def _switch(self, ref: FlagRef, to: str) -> None:
        await self._api.write(
            "POST", "projects", ref.project, "features", ref.key, "environments", ref.env, to
        )

    async def _feature(self, ref: FlagRef) -> dict[str, Any]:
        try:
            found: dict[str, Any] = await self._api.read("projects", ref.project, "features", ref.key)
        except NotFound as error:
            raise self._missing(ref) from error
        return found

    async def _events(self, ref: FlagRef, limit: int) -> list[dict[str, Any]]:
        """The newest events of the flag; of those in other environments too, because they may share strategies."""
        found = await self._api.read("search", "events", feature=f"IS:{ref.key}", limit=limit)
        events: list[dict[str, Any]] = found["events"]
        return sorted(events, key=lambda event: event["id"], reverse=True)

    async def _permissions(self) -> set[str]:
        answer = await self._api.read("user")
        return {each["permission"] for each in answer["permissions"]}

    async def _no_admin(self) -> None:
        if self._allow_admin:
            return
        if self._is_admin is None:
            self._is_admin = "ADMIN" in await self._permissions()
        if self._is_admin:
            raise Denied(ADMIN, backend=self.name)

    def _cannot(self, key: str, feature: Mapping[str, Any]) -> Said | None:
        if feature.get("archived"):
            return ARCHIVED
        return INVERTED if key in self._inverted else None

    def _missing(self, ref: FlagRef) -> NotFound:
        return NotFound(NO_FLAG, backend=self.name, flag=ref.key, environment=ref.env)

    def _explain(self, status: int, said: str) -> BackendError | None:
        """A review policy answers as if a permission were missing."""
        if status == 403 and "SKIP_CHANGE_REQUEST" in said:
            return ApprovalRequired(WANTS_APPROVAL, backend=self.name)
        return None


def _decides(here: Mapping[str, Any], feature: Mapping[str, Any]) -> dict[str, Any]:
    """What decides what is served, without ids and counters."""
    strategies = [
        {name: value for name, value in each.items() if name not in ("id", "title")}
        for each in sorted(here["strategies"], key=lambda each: each.get("sortOrder") or 0)
    ]
    return {
        "enabled": here["enabled"],
        "strategies": strategies,
        "variants": here.get("variants") or feature.get("variants") or [],
        "parents": feature.get("dependencies") or [],
        "archived": bool(feature.get("archived")),
    }


def _serving(here: Mapping[str, Any]) -> str:
    if not here["enabled"]:
        return "OFF"
    active = [each for each in here["strategies"] if not each["disabled"]]
    said = [" ".join([each["name"], *_rollout(each)]) for each in active]
    return " ".join(["ON", ", ".join(said)]).strip()


def _rollout(strategy: Mapping[str, Any]) -> list[str]:
    rollout = (strategy.get("parameters") or {}).get("rollout")
    return [] if rollout is None else [f"{rollout}%"]


def _warnings(feature: Mapping[str, Any], here: Mapping[str, Any]) -> tuple[Said, ...]:
    children = feature.get("children") or []
    found = [Said(CHILDREN, {"flags": ", ".join(children)})] if children else []
    if here["enabled"] and not any(not each["disabled"] for each in here["strategies"]):
        found.append(NOT_EXACTLY)
    return tuple(found)
