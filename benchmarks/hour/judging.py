"""Whether anything came later than Slack's limits force: the bot's admissions beside those of a perfect queue."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from benchmarks.hour.slack import Admission
from bot.slack.budgets import CHANNEL_BURST, CHANNEL_SECONDS, PER_MINUTE


@dataclass
class Queue:
    """The generic cell rate algorithm: calls `seconds` apart after a burst of `burst`, first come, first served."""

    seconds: float
    burst: int
    free_at: float = 0.0

    def earliest(self, asked: float) -> float:
        return max(asked, self.free_at - (self.burst - 1) * self.seconds)

    def serve(self, at: float) -> None:
        self.free_at = max(self.free_at, at) + self.seconds


@dataclass(frozen=True)
class Judged:
    """One call: how long the limits forced it to wait, and how much longer than that it waited. Seconds."""

    method: str
    forced: float
    beyond: float


def judged(record: list[Admission]) -> list[Judged]:
    """Each call beside a queue that knows of all calls as soon as they are asked, and serves them in that order."""
    methods = {name: Queue(60 / per_minute, per_minute) for name, per_minute in PER_MINUTE.items()}
    channels: defaultdict[str, Queue] = defaultdict(lambda: Queue(CHANNEL_SECONDS, CHANNEL_BURST))
    found = []
    for call in sorted(record, key=lambda each: each.asked):
        queues = [methods[call.method]]
        if call.channel is not None and call.method == "chat.postMessage":
            queues.append(channels[call.channel])
        at = max(queue.earliest(call.asked) for queue in queues)
        for queue in queues:
            queue.serve(at)
        if call.admitted is not None:
            found.append(Judged(call.method, at - call.asked, call.admitted - at))
    return found
