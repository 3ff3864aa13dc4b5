"""Applications with the official providers, each a process of its own: what they serve, and see of a kill."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import grpc
import pytest
from openfeature.schemas.protobuf.flagd.sync.v1 import sync_pb2, sync_pb2_grpc

from chaos.applications import application
from tests.flags.serving import NEXT_TOKEN, STAGING_TOKEN, TOKEN, serving

RULES = {"if": [{"in": ["@example.com", {"var": "email"}]}, "on", "off"]}


async def test_an_application_that_asks_over_the_web_sees_a_kill_on_its_next_call(tmp_path: Path) -> None:
    async with serving(tmp_path) as house, application("ofrep", house.url, TOKEN) as shop:
        await house.define("gateway", targeting=RULES)
        ours = await shop.asks("gateway", False, email="a@example.com")
        assert ours == {"value": True, "reason": "TARGETING_MATCH", "variant": "on", "error": None}
        assert (await shop.asks("gateway", True, email="a@example.org"))["value"] is False
        await house.kill("gateway")
        killed = await shop.asks("gateway", True, email="a@example.com")
        assert killed == {"value": False, "reason": "STATIC", "variant": "off", "error": None}
        await house.undo("gateway")
        assert await shop.asks("gateway", False, email="a@example.com") == ours


async def test_every_type_of_value_arrives_as_what_it_is(tmp_path: Path) -> None:
    kinds = {
        "string": ("light", "dark"),
        "integer": (1, 2),
        "float": (1, 2.5),
        "object": ({"a": [1]}, {"b": None}),
    }
    async with serving(tmp_path) as house, application("ofrep", house.url, TOKEN) as shop:
        for kind, (first, second) in kinds.items():
            await house.define(
                kind, variants={"one": first, "two": second}, defaultVariant="one", metadata={}
            )
            answer = await shop.asks(kind, second, kind)
            assert (answer["value"], answer["error"]) == (first, None), kind
        refused = await shop.asks("string", True, "boolean")
        assert (refused["value"], refused["error"]) == (True, "TYPE_MISMATCH")


async def test_an_application_falls_back_to_its_default_on_what_there_is_not(tmp_path: Path) -> None:
    async with serving(tmp_path) as house, application("ofrep", house.url, TOKEN) as shop:
        await house.define("disabled", state="DISABLED")
        await house.define("left-to-you", defaultVariant=None)
        await house.define("broken", targeting={"if": [True, "no such variant", "on"]})
        for flag, error in (
            ("unknown", "FLAG_NOT_FOUND"),
            ("disabled", "FLAG_NOT_FOUND"),
            ("left-to-you", "FLAG_NOT_FOUND"),
            ("broken", "GENERAL"),
        ):
            answer = await shop.asks(flag)
            assert (answer["value"], answer["error"]) == (True, error), flag


@pytest.mark.parametrize(
    ("token", "sees"), [(TOKEN, False), (NEXT_TOKEN, False), (STAGING_TOKEN, True), ("wrong", True)]
)
async def test_a_token_reads_its_own_environment_and_both_work_while_one_replaces_the_other(
    tmp_path: Path, token: str, sees: bool
) -> None:
    async with serving(tmp_path) as house, application("ofrep", house.url, token) as shop:
        await house.define("gateway")
        await house.kill("gateway")
        assert (await shop.asks("gateway", True))["value"] is sees


async def test_an_application_that_reads_the_file_sees_kill_and_undo_and_survives_the_bot(
    tmp_path: Path,
) -> None:
    path = tmp_path / "flags" / "production.flagd.json"
    async with serving(tmp_path) as house:
        await house.define("gateway", targeting=RULES)
        async with application("file", str(path)) as shop:
            assert (await shop.asks("gateway", False, email="a@example.com"))["value"] is True
            await house.kill("gateway")
            await shop.serves("gateway", False)
            await house.undo("gateway")
            await house.kill("gateway")
            await shop.serves("gateway", False)
            await house.service.publisher.publish()
    async with application("file", str(path)) as another:  # the bot is gone
        assert (await another.asks("gateway", True))["value"] is False


async def test_who_only_asks_over_the_web_falls_back_to_the_default_in_its_code_when_nobody_answers(
    tmp_path: Path,
) -> None:
    """What docs/flags.md warns of: the kill is gone, unless the default is the safe value."""
    async with contextlib.AsyncExitStack() as stack:
        house = await stack.enter_async_context(serving(tmp_path))
        await house.define("gateway")
        await house.kill("gateway")
        async with application("ofrep", house.url, TOKEN) as shop:
            assert (await shop.asks("gateway", True))["value"] is False
            await stack.aclose()
            assert await shop.asks("gateway", True) | {"reason": ""} == {
                "value": True,
                "reason": "",
                "variant": None,
                "error": "GENERAL",
            }
            assert (await shop.asks("gateway", False))["value"] is False


GRPC = 'grpc = "127.0.0.1:0"'


async def test_an_application_that_syncs_is_told_of_a_kill_and_keeps_it_when_the_bot_is_gone(
    tmp_path: Path,
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        house = await stack.enter_async_context(serving(tmp_path, GRPC))
        await house.define("gateway", targeting=RULES)
        async with application("grpc", str(house.service.grpc_port), TOKEN) as shop:
            assert (await shop.asks("gateway", False, email="a@example.com"))["value"] is True
            await house.kill("gateway")
            await shop.serves("gateway", False)
            await house.undo("gateway")
            await house.kill("gateway", publish=False)  # by another process: found by looking
            await shop.serves("gateway", False)
            await stack.aclose()
            assert (await shop.asks("gateway", True))["value"] is False


async def test_a_sync_without_a_valid_token_gets_nothing(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, GRPC) as house,
        grpc.aio.insecure_channel(f"127.0.0.1:{house.service.grpc_port}") as channel,
    ):
        await house.define("gateway")
        stub = sync_pb2_grpc.FlagSyncServiceStub(channel)
        for selector, headers in (
            ("", ()),
            ("wrong", ()),
            (TOKEN, (("x-api-key", "wrong"),)),
            (TOKEN, (("flagd-selector", STAGING_TOKEN),)),
        ):
            request = sync_pb2.FetchAllFlagsRequest(selector=selector)
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await stub.FetchAllFlags(request, metadata=headers)
            assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
        bearer = (("authorization", f"Bearer {TOKEN}"),)
        found = await stub.FetchAllFlags(sync_pb2.FetchAllFlagsRequest(), metadata=bearer)
        assert set(json.loads(found.flag_configuration)["flags"]) == {"gateway"}
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.GetMetadata(sync_pb2.GetMetadataRequest())
        assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
