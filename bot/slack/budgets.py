"""How often each method of Slack's may be called: its documented tier, and what a 429 has asked for since.

Slack counts for each method, workspace and app. Staying under the tier costs a wait that we choose; going over it
costs one that Slack chooses, for everything that uses the method.

Whoever has to wait is given a place: a time that is theirs alone. A thousand effects behind one method so come back
one by one, each once, instead of all of them every second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.services.delivery import Wait

TIER_2, TIER_3, TIER_4 = 20, 50, 100  # calls a minute; https://docs.slack.dev/apis/web-api/rate-limits

# The methods that effects use, by java-slack-sdk's MethodsRateLimits, which Slack maintains.
PER_MINUTE = {
    "bookmarks.add": TIER_2,
    "bookmarks.edit": TIER_2,
    "bookmarks.list": TIER_3,
    "canvases.sections.lookup": TIER_3,
    "chat.getPermalink": 300,  # "hundreds a minute"
    "chat.postMessage": 300,  # "several hundred messages a minute" a workspace; each channel has its own below
    "chat.update": TIER_3,
    "conversations.canvases.create": TIER_2,
    "conversations.create": TIER_2,
    "conversations.history": TIER_3,
    "conversations.info": TIER_3,
    "conversations.invite": TIER_3,
    "conversations.join": TIER_3,
    "conversations.list": TIER_2,
    "conversations.open": TIER_3,
    "conversations.replies": TIER_3,
    "conversations.setTopic": TIER_2,
    "files.completeUploadExternal": TIER_4,
    "files.getUploadURLExternal": TIER_4,
    "files.info": TIER_4,
    "pins.add": TIER_2,
    "reactions.get": TIER_3,
    "usergroups.list": TIER_2,
    "usergroups.users.list": TIER_2,
    "views.publish": TIER_4,
}

# chat.postMessage: one a second and channel, "short bursts" allowed
CHANNEL_BURST = 5
CHANNEL_SECONDS = 1.0
BUCKETS_REMEMBERED = (
    2000  # of channels; one forgotten too early gets a burst too many, which Slack may refuse
)
PLACE_KEPT = 60.0  # seconds that a place stays reserved for one who does not come


@dataclass
class _Bucket:
    """Calls `seconds` apart, after a burst of `burst`: the generic cell rate algorithm, with reserved places."""

    seconds: float
    burst: int
    free_at: float = 0.0  # when the bucket would be full again
    places: dict[int, float] = field(default_factory=dict)

    def wait(self, holder: int, now: float) -> float:
        """Seconds until `holder` may call: 0 counts the call, more reserves a place at that time."""
        place = self.places.get(holder)
        if place is not None:
            if place > now:
                return place - now
            del self.places[holder]
            return 0.0
        start = max(self.free_at, now)
        self.free_at = start + self.seconds
        wait = start - now - (self.burst - 1) * self.seconds
        if wait <= 0:
            return 0.0
        self.places = {who: at for who, at in self.places.items() if at > now - PLACE_KEPT}
        self.places[holder] = now + wait
        return wait

    def hold(self, until: float) -> None:
        """Nobody calls before `until`; those who have a place keep their order and their distance."""
        behind = sorted(self.places, key=self.places.__getitem__)
        for rank, holder in enumerate(behind):
            self.places[holder] = max(self.places[holder], until + rank * self.seconds)
        self.free_at = max(self.free_at, until + (len(behind) + self.burst - 1) * self.seconds)


class Budgets:
    """What may still be called now. One for each workspace and app; replicas have one each, and 429 beyond that."""

    def __init__(
        self,
        clock: Callable[[], float] | None = None,
        *,
        per_minute: Mapping[str, int] = PER_MINUTE,
        channel_burst: int = CHANNEL_BURST,
    ) -> None:
        """`clock` in seconds; the event loop's unless another is given. The others: what Slack allows."""
        self._clock = clock
        self._per_minute = per_minute
        self._channel_burst = channel_burst
        self._methods: dict[str, _Bucket] = {}
        self._channels: dict[str, _Bucket] = {}

    def take(self, method: str, holder: int, channel: str | None = None) -> None:
        """Count one call of `method` by `holder` (an effect's number); raises Wait when it has to come later."""
        now = self._now()
        buckets = [self._of_method(method)]
        if channel is not None and method == "chat.postMessage":
            buckets.append(self._of_channel(channel))
        seconds = max(bucket.wait(holder, now) for bucket in buckets)
        if seconds > 0:
            for bucket in buckets:  # let in by one and not by the other: come back to both at the same time
                bucket.places[holder] = now + seconds
            raise Wait(seconds, f"as often as Slack allows {method}")

    def hold(self, method: str, seconds: float) -> None:
        """Slack answered 429: nobody calls `method` for that long."""
        self._of_method(method).hold(self._now() + seconds)

    def _now(self) -> float:
        return asyncio.get_running_loop().time() if self._clock is None else self._clock()

    def _of_method(self, method: str) -> _Bucket:
        if method not in self._methods:
            per_minute = self._per_minute[method]
            self._methods[method] = _Bucket(seconds=60 / per_minute, burst=per_minute)
        return self._methods[method]

    def _of_channel(self, channel: str) -> _Bucket:
        if channel not in self._channels:
            if len(self._channels) >= BUCKETS_REMEMBERED:
                del self._channels[next(iter(self._channels))]
            self._channels[channel] = _Bucket(seconds=CHANNEL_SECONDS, burst=self._channel_burst)
        return self._channels[channel]
