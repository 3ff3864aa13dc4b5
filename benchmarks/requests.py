"""Signed requests as Slack would send them, and how long each took to be acknowledged."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
from slack_sdk.signature import SignatureVerifier

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Door:
    """Where an app listens for signed HTTP."""

    session: aiohttp.ClientSession
    url: str
    verifier: SignatureVerifier

    async def post(self, fields: dict[str, str]) -> float:
        """Send one request; answers the milliseconds until it was acknowledged, raises when it was not."""
        body = urlencode(fields)
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": FORM,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": self.verifier.generate_signature(timestamp=timestamp, body=body) or "",
        }
        started = time.perf_counter()
        async with self.session.post(self.url, data=body, headers=headers) as answer:
            text = await answer.text()
            if answer.status != 200:
                raise AssertionError(f"{answer.status}: {text}")
        return (time.perf_counter() - started) * 1000

    async def click(self, payload: dict[str, Any]) -> float:
        return await self.post({"payload": json.dumps(payload)})

    async def one_by_one(self, payloads: list[dict[str, Any]]) -> list[float]:
        return [await self.click(payload) for payload in payloads]

    async def at_once(self, payloads: list[dict[str, Any]], together: int) -> list[float]:
        """All of them, `together` at a time."""
        times: list[float] = []
        for start in range(0, len(payloads), together):
            batch = payloads[start : start + together]
            times += await asyncio.gather(*map(self.click, batch))
        return times
