"""How often each method of Slack's may be called: its documented tier, and what a 429 has asked for since.

Slack counts for each method, workspace and app. Staying under the tier costs a wait that we choose; going over it
costs one that Slack chooses, for everything that uses the method.
"""

from __future__ import annotations

import asyncio

from aiolimiter import AsyncLimiter

from bot.services.delivery import Wait

MINUTE = 60.0
TIER_2, TIER_3, TIER_4 = 20, 50, 100  # calls a minute; https://docs.slack.dev/apis/web-api/rate-limits

# The methods that effects use, by java-slack-sdk's MethodsRateLimits, which Slack maintains.
PER_MINUTE = {
    "chat.postMessage": 300,  # "several hundred messages a minute" a workspace; each channel has its own below
    "chat.update": TIER_3,
    "conversations.create": TIER_2,
    "conversations.history": TIER_3,
    "conversations.info": TIER_3,
    "conversations.invite": TIER_3,
    "conversations.join": TIER_3,
    "conversations.list": TIER_2,
    "conversations.setTopic": TIER_2,
    "pins.add": TIER_2,
}

# chat.postMessage: one a second and channel, "short bursts" allowed
CHANNEL_BURST = 5
CHANNEL_SECONDS = 5.0
CHANNELS_REMEMBERED = 2000  # a channel forgotten too early gets one burst too many, which Slack may refuse


class Budgets:
    """What may still be called now. One for each workspace and app."""

    def __init__(self) -> None:
        self._methods: dict[str, AsyncLimiter] = {}
        self._channels: dict[str, AsyncLimiter] = {}
        self._held: dict[str, float] = {}

    async def take(self, method: str, channel: str | None = None) -> None:
        """Count one call of `method`; raises Wait when its budget is used up or Slack asked us to hold it."""
        held = self._held.get(method, 0.0) - asyncio.get_running_loop().time()
        if held > 0:
            raise Wait(held, f"Slack asked the bot to slow down with {method}")
        limiters = [self._of_method(method)]
        if channel is not None and method == "chat.postMessage":
            limiters.append(self._of_channel(channel))
        for limiter in limiters:
            if not limiter.has_capacity():
                raise Wait(limiter.time_period / limiter.max_rate, f"as often as Slack allows {method}")
        for limiter in limiters:
            await limiter.acquire()

    def hold(self, method: str, seconds: float) -> None:
        """Slack answered 429: nobody calls `method` for that long."""
        until = asyncio.get_running_loop().time() + seconds
        self._held[method] = max(until, self._held.get(method, 0.0))

    def _of_method(self, method: str) -> AsyncLimiter:
        if method not in self._methods:
            self._methods[method] = AsyncLimiter(PER_MINUTE[method], MINUTE)
        return self._methods[method]

    def _of_channel(self, channel: str) -> AsyncLimiter:
        if channel not in self._channels:
            if len(self._channels) >= CHANNELS_REMEMBERED:
                del self._channels[next(iter(self._channels))]
            self._channels[channel] = AsyncLimiter(CHANNEL_BURST, CHANNEL_SECONDS)
        return self._channels[channel]
