"""Flagsmith: a flag is held by disabling it and every override of a segment, in one environment.

To switch the environment off alone leaves it on for everybody whose segment has an override. What single identities
were given stays: that is warned of. Its older routes do not enforce change requests, so those are kept here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import aiohttp

from bot.domain.flags import fingerprint
from bot.domain.language import Said, marked
from bot.flags.asking import PATIENCE, Asking
from bot.flags.careful import Careful
from bot.flags.protocol import (
    BackendError,
    Caps,
    FlagRef,
    FlagState,
    FlagSummary,
    Health,
    NotFound,
    Receipt,
    Unavailable,
)

CAPS = Caps(
    cas="detect", approvals="blocks", effect_seconds=60.0
)  # SDKs that evaluate locally poll once a minute
HOME = "https://api.flagsmith.com"
PAGE = 100  # flags of a search; a key is looked for by its name, so that more would be namesakes
STATES_MOST = 100  # overrides of one flag in one environment; their own limit
NO_FLAG = marked("{backend} has no flag `{flag}` in {environment}; nothing was switched.")
HALF_WAY = marked(
    "{backend} took a part of the change of `{flag}` and not the rest ({problem}). It is being checked."
)
MANY_OVERRIDES = Said(marked("it has more overrides there than can be read at once."))
ARCHIVED = Said(marked("it is archived there."))
IDENTITIES = marked("overrides of single identities stay as they are: {number}")
HAS_A_VALUE = Said(marked("it has a value, which an application may read although the flag is off"))
MASTER_KEY = "a master API key may do everything in its organisation, unless it has a role of its own there"

Override = dict[str, Any]


class _Here(dict[str, Any]):
    """An environment as Flagsmith describes it."""

    @property
    def id(self) -> str:
        return str(self["id"])

    @property
    def has_versions(self) -> bool:
        return bool(self.get("use_v2_feature_versioning"))

    @property
    def needs_approval(self) -> bool:
        return self.get("minimum_change_request_approvals") is not None


class Flagsmith(Careful):
    """`environments` are the client-side keys by the names that people use."""

    caps = CAPS

    def __init__(
        self,
        name: str,
        session: aiohttp.ClientSession,
        url: str,
        token: str,
        *,
        environments: Mapping[str, str],
        patience: float = PATIENCE,
    ) -> None:
        super().__init__(name)
        self._url = (url or HOME).rstrip("/")
        self._api = Asking(
            session, name, f"{self._url}/api/v1", {"Authorization": f"Api-Key {token}"}, patience=patience
        )
        self._environments = dict(environments)

    async def search(self, project: str, env: str, query: str = "", limit: int = 20) -> list[FlagSummary]:
        here = await self._here(env, query)
        found = await self._features(project, here, query, limit)
        return [
            FlagSummary(
                ref=FlagRef(self.name, project, env, feature["name"]),
                serving=_in_a_word(feature),
                contained=not feature["environment_feature_state"]["enabled"]
                and not feature["num_segment_overrides"],
                description=feature.get("description") or "",
            )
            for feature in found
        ]

    async def get(self, ref: FlagRef) -> FlagState:
        state, _, _ = await self._look(ref)
        return state

    async def health(self) -> Health:
        try:
            await self._api.read("organisations", "")
        except BackendError as error:
            return Health(reachable=False, said=str(error))
        return Health(
            reachable=True,
            token="master API key",
            environments=tuple(self._environments),
            warnings=(MASTER_KEY,),
        )

    async def _hold(self, before: FlagState, *, actor: str, reason: str, op_id: str) -> None:
        await self._write(before.ref, dict.fromkeys(before.snapshot["enabled"], False))

    async def _bring_back(
        self, receipt: Receipt, current: FlagState, *, actor: str, reason: str, op_id: str
    ) -> None:
        """What has no override any more cannot be given one back: only by force does that matter."""
        await self._write(current.ref, receipt.before.snapshot["enabled"])

    async def _write(self, ref: FlagRef, enabled: Mapping[str, bool]) -> None:
        """Set what is named and there: at once with versions, else one after the other."""
        _, here, states = await self._look(ref)
        changed = [
            {**state, "enabled": enabled[name]}
            for name, state in states.items()
            if name in enabled and state["enabled"] is not enabled[name]
        ]
        if here.has_versions:
            feature = str(next(iter(states.values()))["feature"])
            await self._api.write(
                "POST",
                *("environments", here.id, "features", feature, "versions", ""),
                body={
                    "publish_immediately": True,
                    "feature_states_to_update": [_update(each) for each in changed],
                },
            )
            return
        done = False
        for state in changed:
            try:
                await self._write_one(ref, state)
            except Unavailable:
                raise
            except BackendError as error:
                if not done:
                    raise
                raise Unavailable(
                    HALF_WAY, maybe_applied=True, backend=self.name, flag=ref.key, problem=str(error)
                ) from error
            done = True

    async def _write_one(self, ref: FlagRef, state: Override) -> None:
        """The default by its own route; an override with all that it has, for a part of it is a server error."""
        if state["feature_segment"] is None:
            key, number = self._environments[ref.env], str(state["id"])
            body = {"enabled": state["enabled"]}
            await self._api.write("PATCH", "environments", key, "featurestates", number, "", body=body)
        else:
            body = {name: value for name, value in state.items() if name != "segment"}
            await self._api.write("PUT", "features", "featurestates", str(state["id"]), "", body=body)

    async def _look(self, ref: FlagRef) -> tuple[FlagState, _Here, dict[str, Override]]:
        """The flag, its environment, and its states: the default one under "", those of segments by their ids."""
        here = await self._here(ref.env, ref.key)
        found = await self._features(ref.project, here, ref.key, PAGE)
        feature = next((each for each in found if each["name"] == ref.key), None)
        if feature is None:
            raise self._missing(ref.key, ref.env)
        version, by, states = await (
            self._live(here, feature) if here.has_versions else self._states(here, feature)
        )
        enabled = {name: bool(state["enabled"]) for name, state in sorted(states.items())}
        decides = {
            "enabled": enabled,
            "values": {name: _decided(state) for name, state in sorted(states.items())},
            "identities": feature.get("num_identity_overrides") or 0,
            "archived": bool(feature.get("is_archived")),
        }
        state = FlagState(
            ref=ref,
            serving=_serving(enabled),
            contained=not any(enabled.values()),
            version=version,
            fingerprint=fingerprint(decides),
            snapshot=decides,
            warnings=_warnings(feature, states),
            cannot=_cannot(feature, states),
            url=f"{self._url.replace('//api.', '//app.')}/project/{ref.project}/environment/"
            f"{self._environments[ref.env]}/features?feature={feature['id']}",
            description=feature.get("description") or "",
            owner=", ".join(each["email"] for each in feature.get("owners") or () if each.get("email")),
            changed_by=by,
            changed_at=max(
                (datetime.fromisoformat(each["updated_at"]) for each in states.values()), default=None
            ),
            needs_approval=here.needs_approval,
        )
        return state, here, states

    async def _here(self, env: str, flag: str) -> _Here:
        key = self._environments.get(env)
        if key is None:
            raise self._missing(flag, env)
        return _Here(await self._api.read("environments", key, ""))

    async def _features(self, project: str, here: _Here, query: str, limit: int) -> list[dict[str, Any]]:
        found = await self._api.read(
            *("projects", project, "features", ""), environment=here.id, search=query, page_size=limit
        )
        features: list[dict[str, Any]] = found["results"]
        return features

    async def _states(self, here: _Here, feature: Mapping[str, Any]) -> tuple[str, str, dict[str, Override]]:
        """Without versions; the newest change of any of them stands for one."""
        found = await self._api.read(
            *("features", "featurestates", ""),
            environment=here.id,
            feature=feature["id"],
            page_size=STATES_MOST,
        )
        listed = await self._api.read(
            *("features", "feature-segments", ""), environment=here.id, feature=feature["id"]
        )
        segments = {each["id"]: each for each in listed["results"]}
        states = {}
        for state in found["results"]:
            if state.get("identity") is None:
                override = segments.get(state["feature_segment"])
                states[_name(override)] = {**state, "segment": override}
        newest = max(state["updated_at"] for state in states.values())
        return f"{len(states)}/{newest}", "", states

    async def _live(self, here: _Here, feature: Mapping[str, Any]) -> tuple[str, str, dict[str, Override]]:
        place = ("environments", here.id, "features", str(feature["id"]), "versions")
        versions = await self._api.read(*place, "", is_live="true", page_size=1)
        live = versions["results"][0]
        found = await self._api.read(*place, str(live["uuid"]), "featurestates", "")
        states = {
            _name(state["feature_segment"]): {**state, "segment": state["feature_segment"]} for state in found
        }
        by = live.get("published_by")  # the number of a user; none when an API key did it
        return str(live["uuid"]), "" if by is None else f"user {by}", states

    def _missing(self, flag: str, env: str) -> NotFound:
        return NotFound(NO_FLAG, backend=self.name, flag=flag, environment=env)


def _name(override: Mapping[str, Any] | None) -> str:
    return "" if override is None else f"segment {override['segment']}"


def _update(state: Override) -> dict[str, Any]:
    """As the route of versions takes it: an override is known by its segment."""
    segment = state["segment"]
    return {
        "enabled": state["enabled"],
        "feature_state_value": state["feature_state_value"],
        "feature_segment": None
        if segment is None
        else {"segment": segment["segment"], "priority": segment["priority"]},
    }


def _decided(state: Override) -> dict[str, Any]:
    """What decides beside on and off, without ids and times."""
    segment = state["segment"] or {}
    shares = state.get("multivariate_feature_state_values") or []
    return {
        "value": state["feature_state_value"],
        "priority": segment.get("priority"),
        "shares": sorted(
            (each["multivariate_feature_option"], each["percentage_allocation"]) for each in shares
        ),
    }


def _cannot(feature: Mapping[str, Any], states: Mapping[str, Override]) -> Said | None:
    if feature.get("is_archived"):
        return ARCHIVED
    return MANY_OVERRIDES if len(states) >= STATES_MOST else None


def _serving(enabled: Mapping[str, bool]) -> str:
    said = ["ON" if enabled.get("") else "OFF"]
    said += [f"{name} {'ON' if on else 'OFF'}" for name, on in enabled.items() if name]
    return ", ".join(said)


def _in_a_word(feature: Mapping[str, Any]) -> str:
    overrides = feature["num_segment_overrides"]
    said = "ON" if feature["environment_feature_state"]["enabled"] else "OFF"
    return f"{said}, overrides of segments: {overrides}" if overrides else said


def _warnings(feature: Mapping[str, Any], states: Mapping[str, Override]) -> tuple[Said, ...]:
    found = []
    identities = feature.get("num_identity_overrides") or 0
    if identities:
        found.append(Said(IDENTITIES, {"number": str(identities)}))
    if any(_is_set(state["feature_state_value"]) for state in states.values()):
        found.append(HAS_A_VALUE)
    return tuple(found)


def _is_set(value: Any) -> bool:
    if isinstance(value, dict):
        return any(each is not None for name, each in value.items() if name.endswith("_value"))
    return value not in (None, "")
