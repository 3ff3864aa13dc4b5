"""Signed HTTP: what is on the wire, and that Bolt refuses what Slack did not sign."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp

from bot.sandbox.delivery import Envelope, sign
from bot.sandbox.fixture import connected
from bot.sandbox.server import Sandbox
from tests.sandbox.conftest import Wire

COMMAND = Envelope("slash_commands", {"command": "/x", "text": "a & b=c é"})
ACTION = Envelope("interactive", {"type": "block_actions", "actions": [{"action_id": "go"}]})
EVENT = Envelope(
    "events_api", {"type": "event_callback", "event": {"type": "message"}}, accepts_response=False
)


async def test_each_kind_has_its_own_form(slack: Sandbox, wire: Wire) -> None:
    for envelope in (COMMAND, ACTION, EVENT):
        assert (await slack.delivery.send(envelope)).ok
    (command, action, event) = wire.requests
    assert command[0]["content-type"] == action[0]["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(command[1].decode()) == {"command": ["/x"], "text": ["a & b=c é"]}
    assert json.loads(parse_qs(action[1].decode())["payload"][0]) == ACTION.payload
    assert event[0]["content-type"] == "application/json"
    assert json.loads(event[1]) == EVENT.payload


async def test_the_signature_covers_the_time_and_the_raw_body(slack: Sandbox, wire: Wire) -> None:
    await slack.delivery.send(COMMAND)
    headers, body = wire.requests[0]
    timestamp = headers["x-slack-request-timestamp"]
    expected = hmac.new(b"sandbox-signing-secret", f"v0:{timestamp}:".encode() + body, hashlib.sha256)
    assert headers["x-slack-signature"] == f"v0={expected.hexdigest()}"
    assert abs(int(timestamp) - time.time()) < 5


@pytest.mark.parametrize(
    ("answer", "ok", "reason"),
    [
        (lambda: web.Response(status=204), True, ""),
        (lambda: web.Response(status=404), False, "http_error"),
        (lambda: web.Response(status=500, text="oops"), False, "http_error"),
        (lambda: web.Response(status=302, headers={"Location": "/elsewhere"}), True, ""),
    ],
)
async def test_only_a_2xx_is_a_success(
    slack: Sandbox, wire: Wire, answer: Any, ok: bool, reason: str
) -> None:
    wire.answers.append(answer())
    told = await slack.delivery.send(COMMAND)
    assert (told.ok, told.reason) == (ok, reason)
    assert told.error == (None if ok else "dispatch_failed")


async def test_a_third_redirect_is_one_too_many(slack: Sandbox, wire: Wire) -> None:
    wire.answers += [web.Response(status=302, headers={"Location": "/on"}) for _ in range(2)]
    assert (await slack.delivery.send(EVENT)).ok
    wire.answers += [web.Response(status=302, headers={"Location": "/on"}) for _ in range(3)]
    assert (await slack.delivery.send(EVENT)).reason == "too_many_redirects"


async def test_plain_text_json_and_nothing_are_understood(slack: Sandbox, wire: Wire) -> None:
    wire.answers += [
        web.Response(text="hello"),
        web.json_response({"text": "hi"}),
        web.Response(text="{broken", content_type="application/json"),
        web.json_response(["no", "object"]),
        web.Response(),
    ]
    bodies = [(await slack.delivery.send(COMMAND)).body for _ in range(5)]
    assert bodies == [
        {"text": "hello"},
        {"text": "hi"},
        {"text": "{broken"},
        {"text": '["no", "object"]'},
        None,
    ]


async def test_the_request_url_is_verified_with_a_challenge(slack: Sandbox, app: AsyncApp) -> None:
    async with connected(slack, app, "http"):
        assert (await slack.delivery.verify_url()).ok


async def test_an_address_that_does_not_know_the_challenge_is_no_request_url(
    slack: Sandbox, wire: Wire
) -> None:
    wire.answers.append(web.Response(text="welcome to my blog"))
    assert (await slack.delivery.verify_url()).error == "challenge_failed"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda headers: {**headers, "x-slack-signature": "v0=" + "0" * 64},
        lambda headers: {**headers, **sign("another secret", b"{}", int(time.time()))},
        lambda headers: {k: v for k, v in headers.items() if k != "x-slack-signature"},
        lambda headers: {**headers, **sign("sandbox-signing-secret", b"{}", int(time.time()) - 301)},
        lambda headers: {**headers, **sign("sandbox-signing-secret", b"[]", int(time.time()))},
    ],
    ids=["forged", "another secret", "unsigned", "stale", "another body"],
)
async def test_bolt_takes_what_the_sandbox_signed_and_nothing_else(
    slack: Sandbox, app: AsyncApp, spoil: Any
) -> None:
    body = b"{}"
    right = {"Content-Type": "application/json", **sign(slack.signing_secret, body, int(time.time()))}
    async with connected(slack, app, "http"), aiohttp.ClientSession() as session:
        url = str(slack.workspace.app.request_url)
        async with session.post(url, data=body, headers=spoil(right)) as response:
            assert response.status == 401
        async with session.post(url, data=body, headers=right) as response:
            assert response.status == 404  # signed, so it got as far as "no listener for this"
