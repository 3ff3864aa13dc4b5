"""The inspector's view of the log: each delivery to the app, with the Web API calls that came after it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from bot.sandbox.page.reader import Reader
from bot.sandbox.workspace import LogEntry

SHOWN_GROUPS = 60  # deliveries that the panel lists; older ones are rarely what one looks for
SHOWN_CALLS = 120  # calls listed below one delivery, for an app that does a lot on its own
SLOW_MS = 1000.0  # a third of the three seconds: worth a second look


@dataclass(frozen=True)
class Line:
    """One entry."""

    entry: LogEntry
    at: datetime | None

    @property
    def level(self) -> str:
        """How it went: `good`, `slow` or `bad`."""
        if self.entry.outcome not in ("ok", "acknowledged", "acked") and not self.entry.outcome.startswith(
            "ok"
        ):
            return "bad"
        return "slow" if self.entry.direction == "in" and self.entry.ms > SLOW_MS else "good"

    @property
    def ms(self) -> str:
        """How long it took, as people read it."""
        ms = self.entry.ms
        if ms < 1:
            return "< 1 ms"
        return f"{ms / 1000:.1f} s" if ms >= 1000 else f"{ms:.0f} ms"


@dataclass(frozen=True)
class Group:
    """A delivery and the calls until the next one; calls before any delivery have none."""

    delivery: Line | None
    calls: list[Line] = field(default_factory=list)

    @property
    def number(self) -> int:
        lines = [self.delivery] if self.delivery else self.calls
        return lines[0].entry.number

    @property
    def shown_calls(self) -> list[Line]:
        return self.calls[-SHOWN_CALLS:]


def groups_of(log: Iterable[LogEntry], reader: Reader) -> list[Group]:
    """The log by delivery, the newest first.

    A delivery is logged when it was acknowledged, but the app's calls may begin before that: so entries are
    put in the order in which they began.
    """
    groups: list[Group] = []
    for entry in sorted(log, key=lambda e: (e.at - e.ms / 1000, e.number)):
        line = Line(entry, reader.local(entry.at))
        if entry.direction == "in":
            groups.append(Group(line))
        elif groups:
            groups[-1].calls.append(line)
        else:
            groups.append(Group(None, [line]))
    return groups[: -SHOWN_GROUPS - 1 : -1]


def pretty(value: object) -> str:
    """JSON for people; what JSON does not know is shown as text."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)
