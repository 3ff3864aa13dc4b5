"""The door for Slack's signed HTTP requests. Nothing is parsed before its signature is known to be right."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from bot.slack.wire import Malformed, parsed

log = logging.getLogger(__name__)

PATH = "/slack/events"
TIMESTAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"


def routes(app: AsyncApp, signing_secret: str) -> list[web.RouteDef]:
    """`POST /slack/events`: 401 for what Slack did not sign in the last five minutes, 400 for what it never
    sends, else Bolt's answer.
    """
    verifier = SignatureVerifier(signing_secret)

    async def receive(request: web.Request) -> web.Response:
        body = await request.read()
        if not _is_signed(verifier, body, request.headers.get(TIMESTAMP), request.headers.get(SIGNATURE)):
            log.warning("request refused: signature", extra={"action": "request_refused"})
            return web.json_response({"error": "invalid_signature"}, status=401)
        text = body.decode()
        try:
            parsed(text)
        except Malformed as error:
            log.warning("request refused: %s", error, extra={"action": "request_refused"})
            return web.json_response({"error": "malformed"}, status=400)
        headers: dict[str, str | Sequence[str]] = {
            name: request.headers.getall(name) for name in request.headers
        }
        answer = await app.async_dispatch(
            AsyncBoltRequest(body=text, query=request.query_string, headers=headers)
        )
        return await to_aiohttp_response(answer)

    return [web.post(PATH, receive)]


def _is_signed(
    verifier: SignatureVerifier, body: bytes, timestamp: str | None, signature: str | None
) -> bool:
    """Slack's v0 signature over the raw bytes, at most five minutes old (slack_sdk.signature)."""
    if not timestamp or not signature or not re.fullmatch(r"[0-9]{1,12}", timestamp):
        return False  # the SDK raises on a timestamp that is no number, or a number of 400 digits
    try:
        return bool(signature.isascii() and verifier.is_valid(body, timestamp, signature))
    except UnicodeDecodeError:
        return False  # Slack signs text, and this is none
