"""The evaluation routes on the wire: what clients rely on, and what they must never be sent."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.flags.tokens import WINDOW, Tokens
from bot.web.ofrep import EVENTS, OPENAPI, SYNC
from tests.flags.serving import NEXT_TOKEN, STAGING_TOKEN, SWITCH, TOKEN, Serving, serving

RULES = {"if": [{"==": [{"var": "plan"}, "pro"]}, "on", "off"]}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Serving]:
    async with serving(tmp_path) as opened:
        yield opened


async def test_a_success_names_value_reason_and_variant_and_a_float_keeps_its_point(house: Serving) -> None:
    await house.define(
        "rate", variants={"low": 1, "high": 2.5}, defaultVariant="low", metadata={"owner": "x"}
    )
    status, body, _ = await house.ask("/rate", {"context": {"targetingKey": "u1"}})
    assert (status, body) == (
        200,
        {"key": "rate", "value": 1.0, "reason": "STATIC", "variant": "low", "metadata": {"owner": "x"}},
    )
    assert isinstance(body["value"], float)


async def test_rules_that_leave_it_to_the_default_variant_answer_a_reason_that_clients_know(
    house: Serving,
) -> None:
    await house.define("gateway", targeting={"if": [False, "off", None]})
    assert (await house.ask("/gateway", {"context": {}}))[1]["reason"] == "STATIC"


@pytest.mark.parametrize("body", [None, {}, {"context": {}}, {"context": None}, b"", b"  "])
async def test_a_client_may_know_nothing_about_its_user(house: Serving, body: Any) -> None:
    await house.define("gateway", targeting=RULES)
    assert (await house.ask("/gateway", body))[1]["value"] is False


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "PARSE_ERROR"),
        (b'{"context": {"a": NaN}}', "PARSE_ERROR"),
        (b"\xff", "PARSE_ERROR"),
        (b"[" * 100_000, "PARSE_ERROR"),
        (b"[]", "INVALID_CONTEXT"),
        (b"null", "INVALID_CONTEXT"),
        (b'{"context": []}', "INVALID_CONTEXT"),
        (b'{"context": {"targetingKey": 7}}', "INVALID_CONTEXT"),
        (b'{"context": {"a": "' + b"x" * 1_100_000 + b'"}}', "INVALID_CONTEXT"),
    ],
)
async def test_a_context_that_is_none_is_refused_with_details(house: Serving, body: bytes, code: str) -> None:
    await house.define("gateway")
    for path in ("/gateway", ""):
        status, found, _ = await house.ask(path, body)
        assert (status, found["errorCode"]) == (400, code)
        assert found["errorDetails"]


async def test_an_unknown_flag_is_404_and_named_whatever_its_key(house: Serving) -> None:
    for key in ("nobody", "we%3Fird", "%2e%2e%2fetc", "%F0%9F%92%A5", "x" * 500):
        status, body, _ = await house.ask(f"/{key}", {})
        assert (status, body["errorCode"]) == (404, "FLAG_NOT_FOUND"), key
        assert body["errorDetails"]
        assert len(body["key"]) <= 200


async def test_rules_that_break_on_a_context_break_for_that_context_alone(house: Serving) -> None:
    await house.define("gateway", targeting={"if": [{">": [{"var": "age"}, 18]}, "on", "off"]})
    assert (await house.ask("/gateway", {"context": {"age": 20}}))[1]["value"] is True
    status, body, _ = await house.ask("/gateway", {"context": {"age": {"a": []}}})
    assert status in (200, 400)
    assert body.get("value") is False or body["errorDetails"]
    assert (await house.ask("/gateway", {"context": {"age": 20}}))[0] == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Authorization": f"bearer {NEXT_TOKEN}"}, 200),
        ({"Authorization": "", "X_API_Key": TOKEN}, 200),
        ({"X_API_Key": NEXT_TOKEN}, 200),
        ({"X_API_Key": "wrong"}, 401),
        ({"Authorization": "Bearer wrong", "X_API_Key": TOKEN}, 401),
        ({"Authorization": f"Basic {TOKEN}", "X_API_Key": TOKEN}, 401),
        ({"X_API_Key": STAGING_TOKEN}, 401),
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer"}, 401),
    ],
)
async def test_every_token_that_is_sent_must_be_right(
    house: Serving, headers: dict[str, str], status: int
) -> None:
    await house.define("gateway")
    for path in ("/gateway", ""):
        assert (await house.ask(path, {}, **headers))[0] == status
    assert (await house.ask(SYNC, method="GET", **headers))[0] == status


# All flags at once


async def test_all_flags_come_with_a_tag_of_document_and_context(house: Serving) -> None:
    await house.define("gateway", targeting=RULES)
    await house.define("disabled", state="DISABLED")
    await house.define("broken", targeting={"if": [True, "no such variant", "on"]})
    pro = {"context": {"targetingKey": "u1", "plan": "pro"}}
    status, body, headers = await house.ask("", pro)
    found = {flag["key"]: flag for flag in body["flags"]}
    assert (status, set(found)) == (200, {"gateway", "broken"})
    assert found["gateway"]["value"] is True
    assert found["broken"]["errorCode"] == "GENERAL"
    tag = headers["ETag"]
    assert (await house.ask("", pro, If_None_Match=tag))[0] == 304
    assert (await house.ask("", pro, If_None_Match=f'"x", W/{tag}'))[0] == 304
    other = {"context": {"targetingKey": "u1", "plan": "free"}}
    assert (await house.ask("", other, If_None_Match=tag))[0] == 200
    await house.kill("gateway")
    status, body, headers = await house.ask("", pro, If_None_Match=tag)
    assert (status, body["flags"][1]["value"]) == (200, False)
    await house.undo("gateway")
    assert (await house.ask("", pro))[2]["ETag"] == tag


async def test_the_version_of_the_document_is_in_no_metadata_of_a_flag(house: Serving) -> None:
    """Or a client would report every flag as changed at every kill."""
    await house.define("gateway")
    await house.define("other")
    before = (await house.ask("", {}))[1]
    await house.kill("gateway")
    after = (await house.ask("", {}))[1]
    assert after["flags"][1] == before["flags"][1]
    assert after["metadata"]["revision"] > before["metadata"]["revision"]


async def test_rules_that_ask_for_the_time_are_never_taken_for_unchanged(house: Serving) -> None:
    await house.define("sale", targeting={"if": [{">": [{"var": "$flagd.timestamp"}, 1]}, "on", "off"]})
    tag = (await house.ask("", {}))[2]["ETag"]
    assert (await house.ask("", {}, If_None_Match=tag))[0] == 200


async def test_flagd_reads_the_document_with_a_tag_of_its_own(house: Serving) -> None:
    await house.define("gateway", targeting=RULES)
    status, body, headers = await house.ask(SYNC, method="GET")
    assert (status, body["flags"]) == (200, {"gateway": SWITCH | {"targeting": RULES}})
    assert (await house.ask(SYNC, method="GET", If_None_Match=headers["ETag"]))[0] == 304
    await house.kill("gateway")
    assert (await house.ask(SYNC, method="GET", If_None_Match=headers["ETag"]))[1]["flags"] == {
        "gateway": SWITCH | {"defaultVariant": "off"}
    }


# Event streams


async def test_a_browser_is_told_of_each_change_by_a_token_that_reads_nothing_else(house: Serving) -> None:
    await house.define("gateway")
    (stream,) = (await house.ask("", {}))[1]["eventStreams"]
    uri = stream["endpoint"]["requestUri"]
    token = uri.partition("token=")[2]
    assert (await house.ask("", {}, Authorization=f"Bearer {token}"))[0] == 401
    async with house.session.get(house.url + uri) as events:
        assert events.headers["Content-Type"].startswith("text/event-stream")
        first = await told(events)
        await house.kill("gateway")
        second = await told(events)
    assert first["type"] == second["type"] == "refetchEvaluation"
    assert first["etag"] != second["etag"]


async def told(events: aiohttp.ClientResponse) -> dict[str, Any]:
    async with asyncio.timeout(10):
        async for line in events.content:
            if line.startswith(b"data: "):
                found: dict[str, Any] = json.loads(line[6:])
                return found
    raise AssertionError("the stream ended")


async def test_a_stream_ends_when_the_flags_are_no_longer_served(house: Serving) -> None:
    (stream,) = (await house.ask("", {}))[1]["eventStreams"]
    async with house.session.get(house.url + stream["endpoint"]["requestUri"]) as events:
        await told(events)
        house.service.publisher.close()
        assert (await events.content.read()).strip() == b""


@pytest.mark.parametrize(
    "token", ["", "production", f"production.9999999999.{'0' * 64}", TOKEN, "é.1.é", "a.²."]
)
async def test_a_stream_without_its_token_is_refused(house: Serving, token: str) -> None:
    async with house.session.get(house.url + EVENTS, params={"token": token}) as answer:
        assert answer.status == 401


def test_a_token_of_a_stream_is_good_for_this_window_and_the_next_and_survives_a_restart() -> None:
    now = [WINDOW * 100.0]
    given = {"production": ["a" * 20, "b" * 20], "staging": ["c" * 20]}
    before = Tokens(given, now=lambda: now[0])
    token = before.stream("production")
    after = Tokens({"production": ["b" * 20, "a" * 20]}, now=lambda: now[0])  # rotated, and started again
    assert after.stream_environment(token) == ("production", 2.0 * WINDOW)
    assert before.stream_environment(token.replace("production", "staging")) is None
    assert Tokens({"production": ["d" * 20]}, now=lambda: now[0]).stream_environment(token) is None
    now[0] += 2 * WINDOW
    assert after.stream_environment(token) is None
    assert after.stream("production") != token


# The description


async def test_the_routes_do_what_their_openapi_says(house: Serving, tmp_path: Path) -> None:
    await house.define("gateway", targeting=RULES)
    await house.define("rate", variants={"a": 1.5}, defaultVariant="a", metadata={})
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{house.url}{OPENAPI}"),
        *("-H", f"Authorization: Bearer {TOKEN}", "--max-examples", "25", "--generation-database", "none"),
        *("--suppress-health-check", "all", "--seed", "1", "--no-color"),
        # A context may be left out, and a token that is right beside a wrong one is refused on purpose.
        *("--exclude-checks", "negative_data_rejection,ignored_auth"),
    ]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()[-4000:]
    assert b"No issues found" in said
