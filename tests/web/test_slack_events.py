"""The door for signed requests: what Slack did not sign in the last five minutes gets 401, and costs nothing."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.app import Firebreak
from bot.sandbox.server import Sandbox
from tests.stories.test_stories import bot_in

COMMAND = urlencode(
    {
        "command": "/incident",
        "text": "help",
        "team_id": "T0SANDBOX",
        "user_id": "U01ANA",
        "user_name": "ana",
        "channel_id": "C00000001",
        "trigger_id": "1.2.3",
    }
)
FORM = "application/x-www-form-urlencoded"


def form_with(entered: dict[str, object]) -> bytes:
    """A form with something in it that no input of Slack's gives."""
    view = {"id": "V1", "type": "modal", "state": {"values": {"action_due": {"value": entered}}}}
    body = {"type": "view_submission", "user": {"id": "U01ANA"}, "view": view}
    return urlencode({"payload": json.dumps(body)}).encode()


def mention(without: str) -> bytes:
    """Somebody called the bot by its name, and a part of it is missing."""
    event = {"type": "app_mention", "user": "U01ANA", "channel": "C00000001", "text": "<@U0BOT>", "ts": "1.0"}
    del event[without]
    body = {"type": "event_callback", "team_id": "T0SANDBOX", "event_id": "Ev1", "event": event}
    return json.dumps(body).encode()


@dataclass(frozen=True)
class Door:
    bot: Firebreak
    session: aiohttp.ClientSession
    secret: str

    def sign(self, timestamp: str, body: bytes | str) -> str:
        """As docs.slack.dev/authentication/verifying-requests-from-slack says; the SDK signs only text."""
        raw = body.encode() if isinstance(body, str) else body
        base = b"v0:" + timestamp.encode() + b":" + raw
        return "v0=" + hmac.new(self.secret.encode(), base, hashlib.sha256).hexdigest()

    async def post(
        self, body: bytes | str, *, at: str | None = None, signature: str | None = None, kind: str = FORM
    ) -> int:
        timestamp = at if at is not None else str(int(time.time()))
        signed = signature
        if signed is None:
            signed = self.sign(timestamp, body)
        headers = {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signed,
        }
        data = body.encode() if isinstance(body, str) else body
        async with self.session.post(f"{self.bot.url}/slack/events", data=data, headers=headers) as answer:
            await answer.read()
            return answer.status


@pytest.fixture
async def door(slack: Sandbox, tmp_path: Path) -> AsyncIterator[Door]:
    async with bot_in(slack, "http", tmp_path) as bot, aiohttp.ClientSession() as session:
        yield Door(bot, session, slack.signing_secret)


async def stored(door: Door) -> int:
    rows = await door.bot.engine.read(lambda tx: tx.all("select id from timeline"))
    return len(rows)


async def test_a_signed_request_is_answered(door: Door) -> None:
    assert await door.post(COMMAND) == 200


@pytest.mark.parametrize(
    "timestamp", ["", "soon", "12.5", "-1", "1e9", "٣", " ", "9" * 400, "0", "1795226664"]
)
async def test_a_stale_or_odd_timestamp_is_401_and_never_500(door: Door, timestamp: str) -> None:
    wire = timestamp if timestamp.isascii() else "3٣"
    assert await door.post(COMMAND.replace("help", "P0+x"), at=wire, signature="v0=" + "0" * 64) == 401
    assert await stored(door) == 0


@pytest.mark.parametrize("signature", ["", "v0=", "v0=" + "0" * 64, "v1=" + "0" * 64, "nonsense", "v0=é"])
async def test_a_forged_signature_is_401(door: Door, signature: str) -> None:
    assert await door.post(COMMAND.replace("help", "P0+x"), signature=signature) == 401
    assert await stored(door) == 0


async def test_a_signature_does_not_fit_another_body(door: Door) -> None:
    timestamp = str(int(time.time()))
    signature = door.sign(timestamp, COMMAND)
    forged = COMMAND.replace("help", "P0+x")
    assert await door.post(forged, at=timestamp, signature=signature) == 401
    assert await stored(door) == 0


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xfe\x00", FORM),
        (b"", FORM),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"payload={", FORM),
        (b"payload=[]", FORM),
        (b"payload=null", FORM),
        (b"payload=%7B%22type%22%3A%22block_actions%22%7D", FORM),
        (json.dumps({"type": "event_callback"}).encode(), "application/json"),
        (b"command=%2Fincident", FORM),
        (form_with({"selected_date": "2026-13-45"}), FORM),
        (form_with({"selected_date": 20261121}), FORM),
        (form_with({"selected_user": "nobody, really"}), FORM),
        (mention("user"), "application/json"),
        (mention("channel"), "application/json"),
    ],
)
async def test_a_signed_but_malformed_request_is_no_500(door: Door, body: bytes, kind: str) -> None:
    assert await door.post(body, kind=kind) < 500
    assert await stored(door) == 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=300), kind=st.sampled_from([FORM, "application/json", "text/plain"]))
async def test_no_signed_bytes_make_a_500(door: Door, body: bytes, kind: str) -> None:
    assert await door.post(body, kind=kind) < 500


async def test_health_says_what_is_so(door: Door) -> None:
    async with door.session.get(f"{door.bot.url}/health") as answer:
        assert answer.status == 200
        assert await answer.json() == {
            "ok": True,
            "database": "ok",
            "slack": "connected",
            "waiting": 0,
            "parked": 0,
        }
