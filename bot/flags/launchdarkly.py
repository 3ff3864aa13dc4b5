"""LaunchDarkly: a flag is held by turning it off in one environment; then everybody gets its off variation.

That is total, but only where an off variation is set: without one each application decides by its own default, so
that is refused. Whether an environment wants approvals is read before anything is written, because a token with an
admin's role passes by them without a word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
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

CAPS = Caps(
    cas="atomic",
    comment=True,
    history=True,
    approvals="blocks",
    multivariate=True,
    dry_run=True,
    effect_seconds=2.0,  # SDKs stream changes; those that poll see them within 30 s
)
HOME = "https://app.launchdarkly.com"  # the EU and federal instances are settings
VERSION = "20240415"  # of their API: without it the account's own default answers, which may be older
SEMANTIC = "application/json; domain-model=launchdarkly.semanticpatch"
COMMENT_MOST = 500  # characters; the whole reason stands in our own audit
HISTORY_MOST = 20  # entries a read, their most

NO_FLAG = marked("{backend} has no flag `{flag}` in {environment}; nothing was switched.")
WANTS_APPROVAL = marked("{backend} wants changes there approved; nothing was switched.")
NO_OFF_VARIATION = Said(
    marked("it has no off variation there: each application would serve its own default. Set one first.")
)
ARCHIVED = Said(marked("it is archived there."))
ADMIN_ROLES = ("admin", "owner")


class LaunchDarkly(Careful):
    """`notify` are ids of members who are told of requests for approval."""

    caps = CAPS

    def __init__(
        self,
        name: str,
        session: aiohttp.ClientSession,
        url: str,
        token: str,
        *,
        notify: Sequence[str] = (),
        patience: float = PATIENCE,
    ) -> None:
        super().__init__(name)
        self._url = (url or HOME).rstrip("/")
        self._api = Asking(
            session,
            name,
            f"{self._url}/api/v2",
            {"Authorization": token, "LD-API-Version": VERSION},
            patience=patience,
            explain=self._explain,
        )
        self._notify = list(notify)

    async def search(self, project: str, env: str, query: str = "", limit: int = 20) -> list[FlagSummary]:
        words = query.translate({ord(","): " ", ord(":"): " "}).strip()  # what separates filters
        asked = [f"query:{words}"] if words else []
        filters = ",".join([*asked, f"filterEnv:{env}", "state:live"])
        found = await self._api.read("flags", project, env=env, filter=filters, limit=limit)
        return [
            FlagSummary(
                ref=FlagRef(self.name, project, env, flag["key"]),
                serving=_serving(flag, here),
                contained=_is_contained(here),
                description=flag.get("description") or "",
            )
            for flag in found["items"]
            if (here := (flag.get("environments") or {}).get(env)) is not None
        ]

    async def get(self, ref: FlagRef) -> FlagState:
        flag, here = await self._flag(ref)
        decides = _decides(flag, here)
        return FlagState(
            ref=ref,
            serving=_serving(flag, here),
            contained=_is_contained(here),
            version=f"{flag['_version']}/{here['version']}",
            fingerprint=fingerprint(decides),
            safe=_variation(flag, here.get("offVariation")),
            snapshot=decides | {"version": here["version"]},
            cannot=_cannot(flag, here),
            url=self._page(here),
            description=flag.get("description") or "",
            owner=str((flag.get("_maintainer") or {}).get("email", "")),
            changed_by=await self._last_changed_by(ref),
            changed_at=datetime.fromtimestamp(here["lastModified"] / 1000, UTC),
            needs_approval=await self._needs_approval(ref, flag),
            dependents=await self._dependents(ref),
        )

    async def history(self, ref: FlagRef, since: datetime) -> list[Change]:
        found = await self._audit(ref, HISTORY_MOST, after=int(since.timestamp() * 1000))
        return [
            Change(
                at=datetime.fromtimestamp(entry["date"] / 1000, UTC),
                by=_who(entry),
                what=entry.get("titleVerb") or entry.get("kind") or "",
                event_id=entry["_id"],
            )
            for entry in sorted(found, key=lambda entry: entry["date"], reverse=True)
        ]

    async def request_approval(self, ref: FlagRef, *, actor: str, reason: str) -> ApprovalLink:
        _, here = await self._flag(ref)
        said = _comment(actor, reason)
        made = await self._api.write(
            "POST",
            *("projects", ref.project, "flags", ref.key, "environments", ref.env, "approval-requests"),
            body={
                "description": f"Firebreak: hold {ref.key} at its off variation",
                "comment": said,
                "instructions": [{"kind": "turnFlagOff"}],
                "notifyMemberIds": self._notify,
            },
        )
        return ApprovalLink(id=str(made["_id"]), url=self._page(here))

    async def health(self) -> Health:
        try:
            caller = await self._api.read("caller-identity")
        except BackendError as error:
            return Health(reachable=False, said=str(error))
        role = await self._role(str(caller.get("tokenId") or ""))
        warnings = {
            "reader": "the token may only read: nothing can be held with it",
            "admin": "the token is an admin's: it may do far more than to hold flags",
            "owner": "the token is an owner's: it may do far more than to hold flags",
        }
        return Health(
            reachable=True,
            token=role or "unknown",
            admin=role in ADMIN_ROLES,
            warnings=tuple(filter(None, [warnings.get(role)])),
        )

    async def _hold(self, before: FlagState, *, actor: str, reason: str, op_id: str) -> None:
        """All or nothing, and no change where it is off already; the comment stands in their audit log."""
        ref = before.ref
        body = {
            "environmentKey": ref.env,
            "comment": _comment(actor, reason),
            "instructions": [{"kind": "turnFlagOff"}],
        }
        await self._api.write(
            "PATCH", "flags", ref.project, ref.key, body=body, headers={"Content-Type": SEMANTIC}
        )

    async def _bring_back(
        self, receipt: Receipt, current: FlagState, *, actor: str, reason: str, op_id: str
    ) -> None:
        """The patch tests the version that we have seen, so that nobody's change is written over."""
        ref = current.ref
        place = f"/environments/{_pointer(ref.env)}"
        body = {
            "comment": _comment(actor, reason),
            "patch": [
                {"op": "test", "path": f"{place}/version", "value": current.snapshot["version"]},
                {"op": "replace", "path": f"{place}/on", "value": receipt.before.snapshot["on"]},
            ],
        }
        try:
            await self._api.write("PATCH", "flags", ref.project, ref.key, body=body)
        except Unsupported:
            # Which status a failed test has is not documented: whether it was one, the flag itself says.
            moved = await self.get(ref)
            if moved.version != current.version:
                raise self.conflict(moved) from None
            raise

    async def _flag(self, ref: FlagRef) -> tuple[dict[str, Any], dict[str, Any]]:
        try:
            flag: dict[str, Any] = await self._api.read("flags", ref.project, ref.key, env=ref.env)
        except NotFound as error:
            raise self._missing(ref) from error
        here = (flag.get("environments") or {}).get(ref.env)
        if here is None:
            raise self._missing(ref)
        return flag, here

    async def _needs_approval(self, ref: FlagRef, flag: Mapping[str, Any]) -> bool:
        """As the environment's settings say: of all its flags, or of those with certain tags.

        A token that may not read them has no role that passes by approvals: then the write itself is refused.
        """
        try:
            found = await self._api.read("projects", ref.project, "environments", ref.env)
        except (Denied, NotFound):
            return False
        settings = found.get("approvalSettings") or {}
        tags = settings.get("requiredApprovalTags") or []
        return bool(
            (tags and set(tags) & set(flag.get("tags") or [])) or (settings.get("required") and not tags)
        )

    async def _dependents(self, ref: FlagRef) -> tuple[str, ...]:
        """Flags that ask for this one first; not every plan of theirs tells."""
        try:
            found = await self._api.read(
                *("flags", ref.project, ref.env, ref.key, "dependent-flags"),
                headers={"LD-API-Version": "beta"},
            )
        except (Denied, NotFound, Unsupported, ApprovalRequired):
            return ()
        return tuple(each["key"] for each in found.get("items") or ())

    async def _last_changed_by(self, ref: FlagRef) -> str:
        try:
            found = await self._audit(ref, 1)
        except (Denied, NotFound):
            return ""
        return _who(found[0]) if found else ""

    async def _audit(self, ref: FlagRef, limit: int, after: int = 0) -> list[dict[str, Any]]:
        spec = f"proj/{ref.project}:env/{ref.env}:flag/{ref.key}"
        found = await self._api.read("auditlog", spec=spec, limit=limit, after=after)
        entries: list[dict[str, Any]] = found.get("items") or []
        return entries

    async def _role(self, token_id: str) -> str:
        """The role of our own token, empty where it may not be read."""
        if not token_id:
            return ""
        try:
            found = await self._api.read("tokens", token_id)
        except BackendError:
            return ""
        return str(found.get("role") or ("custom role" if found.get("customRoleIds") else ""))

    def _page(self, here: Mapping[str, Any]) -> str:
        return self._url + str((here.get("_site") or {}).get("href", ""))

    def _missing(self, ref: FlagRef) -> NotFound:
        return NotFound(NO_FLAG, backend=self.name, flag=ref.key, environment=ref.env)

    def _explain(self, status: int, said: str) -> BackendError | None:
        """A review policy answers that the method is not allowed."""
        return ApprovalRequired(WANTS_APPROVAL, backend=self.name) if status == 405 else None


def _cannot(flag: Mapping[str, Any], here: Mapping[str, Any]) -> Said | None:
    if flag["archived"]:
        return ARCHIVED
    return NO_OFF_VARIATION if here.get("offVariation") is None else None


def _is_contained(here: Mapping[str, Any]) -> bool:
    return not here["on"] and here.get("offVariation") is not None


def _decides(flag: Mapping[str, Any], here: Mapping[str, Any]) -> dict[str, Any]:
    """What decides what is served, without ids, times and what only counts."""
    names = ("on", "offVariation", "fallthrough", "rules", "targets", "contextTargets", "prerequisites")
    return {name: _without_ids(here.get(name)) for name in names} | {
        "variations": [each.get("value") for each in flag["variations"]],
        "archived": flag["archived"],
    }


def _without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_ids(each) for name, each in value.items() if not name.startswith("_")}
    return [_without_ids(each) for each in value] if isinstance(value, list) else value


def _serving(flag: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    """In a few words; variations by their names, because values may be nobody's business."""
    if not here["on"]:
        off = here.get("offVariation")
        return "OFF (the application's default)" if off is None else f"OFF ({_variation(flag, off)})"
    through = here.get("fallthrough") or {}
    shares = (through.get("rollout") or {}).get("variations") or []
    said = [f"{each['weight'] / 1000:g}% {_variation(flag, each['variation'])}" for each in shares]
    said = said or [_variation(flag, through.get("variation"))]
    counted = [
        f"{len(found)} {one if len(found) == 1 else one + 's'}"
        for name, one in (("rules", "rule"), ("targets", "target"), ("prerequisites", "prerequisite"))
        if (found := here.get(name) or [])
    ]
    return "ON " + ", ".join([*said, *counted])


def _variation(flag: Mapping[str, Any], number: int | None) -> str:
    """The name of a variation; of a switch without names its value, which is no secret."""
    variations = flag["variations"]
    if number is None or not 0 <= number < len(variations):
        return ""
    value = variations[number].get("value")
    unnamed = str(value).lower() if isinstance(value, bool) else f"variation {number + 1}"
    return variations[number].get("name") or unnamed


def _who(entry: Mapping[str, Any]) -> str:
    """The person, else the token by its name."""
    member, token = entry.get("member") or {}, entry.get("token") or {}
    return str(member.get("email") or token.get("name") or "")


def _comment(actor: str, reason: str) -> str:
    said = f"Firebreak, for {actor}: {reason}"
    return said if len(said) <= COMMENT_MOST else f"{said[: COMMENT_MOST - 1]}…"


def _pointer(name: str) -> str:
    """A name as a part of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")
