"""LaunchDarkly's adapter against a strict fake, and the fake against LaunchDarkly's own client."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.flags.launchdarkly import COMMENT_MOST, LaunchDarkly
from bot.flags.protocol import ApprovalRequired, Conflict, RateLimited, Unsupported
from tests.flags.conformance import WHO, Conformance, Fault, OverHttp, Rig, contained, restored
from tests.flags.fakes.launchdarkly import ADMIN, READER, WRITER, FakeLaunchDarkly

PATIENCE = 10.0  # seconds; the fake answers at once, but the machine may be busy
IMPATIENCE = 1.0  # seconds, where it never answers


class LaunchDarklyRig(Rig):
    project = "default"

    def __init__(
        self, fake: FakeLaunchDarkly, session: aiohttp.ClientSession, serving: contextlib.AsyncExitStack
    ) -> None:
        self.fake, self._session, self._serving = fake, session, serving
        self.backend = self.with_token(WRITER)

    def with_token(self, token: str, **settings: Any) -> LaunchDarkly:
        settings = {"patience": PATIENCE} | settings
        return LaunchDarkly("launchdarkly", self._session, self.fake.url, token, **settings)

    async def make(self, key: str) -> None:
        self.fake.make(key)

    async def edit(self, key: str) -> None:
        self.fake.edit(key)

    async def switch_on(self, key: str) -> None:
        self.fake.change(key, by="bo@example.com", what="turned on the flag", on=True)

    async def decides(self, key: str) -> Any:
        kept = self.fake.here(key)
        return str({name: kept[name] for name in ("on", "rules", "fallthrough", "offVariation", "targets")})

    async def go_down(self) -> None:
        await self._serving.aclose()

    async def fail(self, fault: Fault) -> None:
        self.fake.fault = fault
        if fault is Fault.LATE:
            self.backend = self.with_token(WRITER, patience=IMPATIENCE)

    async def with_bad_token(self) -> LaunchDarkly:
        return self.with_token("wrong-token")

    async def with_reading_token(self) -> LaunchDarkly:
        return self.with_token(READER)

    async def want_approval(self, key: str) -> None:
        self.fake.reviewed.add(self.env)


@pytest.fixture
async def rig() -> AsyncIterator[LaunchDarklyRig]:
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        serving = contextlib.AsyncExitStack()
        stack.push_async_callback(serving.aclose)
        fake = await serving.enter_async_context(FakeLaunchDarkly().serving())
        yield LaunchDarklyRig(fake, session, serving)
        assert fake.surprises == []


class TestLaunchDarkly(Conformance, OverHttp):
    not_allowed = ApprovalRequired
    conflict = Conflict

    @pytest.fixture
    async def rig(self, rig: LaunchDarklyRig) -> LaunchDarklyRig:
        return rig


async def test_a_flag_without_an_off_variation_is_not_held(rig: LaunchDarklyRig) -> None:
    rig.fake.make("gateway")
    del rig.fake.here("gateway")["offVariation"]
    with pytest.raises(Unsupported, match="no off variation"):
        await contained(rig, "gateway")
    assert rig.fake.here("gateway")["on"]
    rig.fake.here("gateway")["on"] = False
    state = await rig.backend.get(rig.ref("gateway"))
    assert (state.contained, state.serving) == (False, "OFF (the application's default)")


async def test_why_and_who_stand_in_their_audit_log_and_are_cut_to_what_fits(rig: LaunchDarklyRig) -> None:
    rig.fake.make("gateway")
    await rig.backend.contain(rig.ref("gateway"), actor="ana", reason="<!channel> " * 900, op_id="op")
    comment = rig.fake.entries[-1]["comment"]
    assert comment.startswith("Firebreak, for ana: <!channel>")
    assert len(comment) == COMMENT_MOST


async def test_an_admins_token_does_not_pass_by_a_review(rig: LaunchDarklyRig) -> None:
    """Their server would let it: the setting is read before anything is written."""
    rig.fake.make("gateway")
    rig.fake.reviewed.add("production")
    admin = rig.with_token(ADMIN)
    assert (await admin.health()).admin
    with pytest.raises(ApprovalRequired):
        await admin.contain(rig.ref("gateway"), **WHO, op_id="op")
    assert rig.fake.here("gateway")["on"]


@pytest.mark.parametrize(("tags", "wants"), [(["payments"], True), (["search"], False)])
async def test_a_review_may_be_wanted_of_flags_with_certain_tags_alone(
    rig: LaunchDarklyRig, tags: list[str], wants: bool
) -> None:
    rig.fake.make("gateway")
    rig.fake.review_tags = tags
    assert (await rig.backend.get(rig.ref("gateway"))).needs_approval is wants


async def test_where_the_settings_cannot_be_read_the_refused_write_says_that_a_review_is_wanted(
    rig: LaunchDarklyRig,
) -> None:
    rig.fake.make("gateway")
    rig.fake.may_read_settings = False
    rig.fake.reviewed.add("production")
    with pytest.raises(ApprovalRequired):
        await contained(rig, "gateway")
    assert rig.fake.here("gateway")["on"]


async def test_a_review_is_requested_with_what_would_be_done(rig: LaunchDarklyRig) -> None:
    rig.fake.make("gateway")
    link = await rig.with_token(WRITER, notify=["m1"]).request_approval(rig.ref("gateway"), **WHO)
    assert link.id == "request-1"
    assert link.url == f"{rig.fake.url}/default/production/features/gateway"
    (asked,) = rig.fake.requests
    assert (asked["instructions"], asked["notifyMemberIds"]) == ([{"kind": "turnFlagOff"}], ["m1"])
    assert "INC-1" in asked["comment"]
    assert rig.fake.here("gateway")["on"]


@pytest.mark.parametrize("status", [400, 409])
async def test_a_change_between_look_and_write_is_a_conflict_whatever_the_status_of_a_failed_test(
    rig: LaunchDarklyRig, status: int
) -> None:
    rig.fake.make("gateway")
    receipt = await contained(rig, "gateway")
    rig.fake.test_fails_with = status
    rig.fake.before_write = lambda: rig.fake.edit("gateway")
    with pytest.raises(Conflict):
        await restored(rig, receipt)
    assert not rig.fake.here("gateway")["on"]


async def test_when_to_ask_again_is_read_from_their_own_header(rig: LaunchDarklyRig) -> None:
    rig.fake.make("gateway")
    rig.fake.reset_in = 42.0
    rig.fake.fault = Fault.TOO_MANY
    with pytest.raises(RateLimited) as error:
        await contained(rig, "gateway")
    assert 40 < error.value.retry_after <= 42


async def test_a_flag_says_what_it_serves_who_answers_for_it_and_who_depends_on_it(
    rig: LaunchDarklyRig,
) -> None:
    rig.fake.make("gateway")
    rig.fake.dependents["gateway"] = ["child"]
    state = await rig.backend.get(rig.ref("gateway"))
    assert (state.serving, state.safe) == ("ON 37% on, 63% off, 1 rule", "off")
    assert (state.owner, state.changed_by) == ("bo@example.com", "bo@example.com")
    assert state.dependents == ("child",)
    await contained(rig, "gateway")
    assert (await rig.backend.get(rig.ref("gateway"))).changed_by == "firebreak"  # the name of our token


async def test_what_a_token_may_do_is_said_before_it_is_needed(rig: LaunchDarklyRig) -> None:
    reader = await rig.with_token(READER).health()
    assert (reader.reachable, reader.token, reader.admin) == (True, "reader", False)
    assert "may only read" in reader.warnings[0]
    assert (await rig.backend.health()).warnings == ()


async def test_values_of_variations_are_never_shown(rig: LaunchDarklyRig) -> None:
    rig.fake.make("gateway")
    rig.fake.flags["gateway"]["variations"] = [{"_id": "a", "value": "s3cr3t"}, {"_id": "b", "value": "0ld"}]
    state = await rig.backend.get(rig.ref("gateway"))
    assert (state.serving, state.safe) == ("ON 37% variation 1, 63% variation 2, 1 rule", "variation 2")


async def test_their_own_client_reads_and_writes_the_fake(rig: LaunchDarklyRig) -> None:
    """Every answer of the fake is parsed by the models that are made from their description."""
    rig.fake.make("gateway")
    await contained(rig, "gateway")
    await asyncio.to_thread(_their_client, rig.fake.url)
    assert rig.fake.here("gateway")["on"]
    assert rig.fake.entries[-1]["comment"] == "by their client"


def _their_client(url: str) -> None:
    # Here, because it takes seconds; and not by name, because its eight hundred files would all be type-checked.
    theirs: Any = importlib.import_module("launchdarkly_api")
    configuration = theirs.Configuration(host=url, api_key={"ApiKey": WRITER})
    with theirs.ApiClient(configuration) as client:
        flags = theirs.FeatureFlagsApi(client)
        listed = flags.get_feature_flags(
            "default", env="production", filter="filterEnv:production,state:live"
        )
        assert [flag.key for flag in listed.items] == ["gateway"]
        flag = flags.get_feature_flag("default", "gateway", env="production")
        assert flag.environments is not None
        here = flag.environments["production"]
        assert (here.on, here.off_variation) == (False, 1)
        place = "/environments/production"
        patch = theirs.PatchWithComment(
            comment="by their client",
            patch=[
                theirs.PatchOperation(op="test", path=f"{place}/version", value=here.version),
                theirs.PatchOperation(op="replace", path=f"{place}/on", value=True),
            ],
        )
        patched = flags.patch_feature_flag("default", "gateway", patch)
        assert patched.environments is not None
        assert patched.environments["production"].on
        settings = theirs.EnvironmentsApi(client).get_environment("default", "production").approval_settings
        assert settings is not None
        assert not settings.required
        entries = theirs.AuditLogApi(client).get_audit_log_entries(limit=5).items
        assert entries[0].title_verb == "updated the flag"
        asked = theirs.ApprovalsApi(client).post_approval_request_for_flag(
            "default",
            "gateway",
            "production",
            theirs.CreateFlagConfigApprovalRequestRequest(
                description="hold it", instructions=[{"kind": "turnFlagOff"}]
            ),
        )
        assert asked.review_status == "pending"
        caller = theirs.OtherApi(client).get_caller_identity()
        assert caller.token_id is not None
        assert theirs.AccessTokensApi(client).get_token(caller.token_id).role == "writer"
