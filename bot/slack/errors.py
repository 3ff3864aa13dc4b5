"""What Slack's refusals mean for an effect: come back later, try again, or never. In words for people."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.services.delivery import Failed, Hopeless, Wait
from bot.slack.reasons import HOPELESS

RETRY_AFTER_UNKNOWN = 5.0  # seconds, when a 429 comes without Retry-After


def code_of(error: SlackApiError) -> str:
    """Slack's name for the refusal; empty when the answer was not Slack's JSON."""
    data = getattr(error.response, "data", None)
    return str(data.get("error", "")) if isinstance(data, dict) else ""


def status_of(error: SlackApiError) -> int:
    """The HTTP status of the answer; the SDK keeps it under two names."""
    return int(getattr(error.response, "status_code", 0) or getattr(error.response, "status", 0))


def method_of(error: SlackApiError) -> str:
    """The Web API method that answered, such as `chat.update`."""
    return str(getattr(error.response, "api_url", "")).rpartition("/")[2]


def meaning(error: SlackApiError | aiohttp.ClientError | TimeoutError) -> Wait | Failed | Hopeless:
    """The exception that tells the dispatcher what to do about `error`."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return Failed("Slack cannot be reached", in_doubt=False)
    if isinstance(error, (aiohttp.ClientError, asyncio.TimeoutError)):
        return Failed(f"the connection to Slack broke ({type(error).__name__})", in_doubt=True)
    status, code = status_of(error), code_of(error)
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return Wait(_retry_after(error), "Slack asked the bot to slow down")
    if code in HOPELESS:
        needed = _data(error).get("needed", "see the manifest")
        return Hopeless(HOPELESS[code].format(needed=needed))
    return Failed(f"Slack answered {code or status}", in_doubt=True)


def _data(error: SlackApiError) -> dict[str, Any]:
    data = getattr(error.response, "data", None)
    return data if isinstance(data, dict) else {}


def _retry_after(error: SlackApiError) -> float:
    headers: Mapping[str, str] = getattr(error.response, "headers", {})
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    try:
        return max(0.0, float(value))
    except ValueError:
        return RETRY_AFTER_UNKNOWN
