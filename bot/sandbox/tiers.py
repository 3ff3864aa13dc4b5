"""Slack's rate limits as token buckets: so many calls a minute for each method, one a second for a channel."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bot.sandbox.clock import Clock
from bot.sandbox.errors import SlackError

CHANNEL_RATE = 1.0  # messages a second in one channel: docs.slack.dev/apis/web-api/rate-limits
CHANNEL_BURST = 5  # "short bursts" are allowed; Slack gives no number


@dataclass
class Bucket:
    """Fills up at `rate` tokens a second to at most `size`; each call takes one."""

    size: float
    rate: float
    tokens: float
    filled_at: float

    def take(self, now: float) -> float:
        """0 when a token was there; otherwise the seconds until there is one."""
        self.tokens = min(self.size, self.tokens + (now - self.filled_at) * self.rate)
        self.filled_at = now
        if self.tokens >= 1:
            self.tokens -= 1
            return 0
        return (1 - self.tokens) / self.rate


class Tiers:
    """The buckets of one app in one workspace."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def admit(self, method: str, per_minute: int, channel: str = "") -> None:
        """Count one call; 429 with Retry-After when it is one too many."""
        waits = [self._take((method, ""), per_minute, per_minute / 60)]
        if method == "chat.postMessage":
            waits.append(self._take((method, channel), CHANNEL_BURST, CHANNEL_RATE))
        wait = max(waits)
        if wait > 0:
            raise SlackError("ratelimited", status=429, headers={"Retry-After": str(math.ceil(wait))})

    def _take(self, key: tuple[str, str], size: float, rate: float) -> float:
        now = self._clock.now()
        bucket = self._buckets.setdefault(key, Bucket(size, rate, size, now))
        return bucket.take(now)
