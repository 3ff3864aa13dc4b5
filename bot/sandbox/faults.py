"""What can go wrong between an app and Slack, on purpose and in a known order. Nobody rolls dice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

FaultKind = Literal[
    "latency",  # the answer comes `seconds` later
    "rate_limited",  # 429, with Retry-After: `retry_after` (or without when that is None); nothing was done
    "server_error",  # `status` (500, 503); nothing was done
    "refused",  # Slack says no with its `error`, as a plan or a setting makes it; nothing was done
    "timeout_after",  # the work is done, the answer comes after `seconds`, or never when that is None
    "reset_before",  # the connection drops before the work
    "reset_after",  # the connection drops after the work
    "half_json",  # the work is done, the answer stops in the middle
    "drop_socket",  # a Socket Mode connection drops
    "duplicate_delivery",  # a payload is delivered twice
    "out_of_order",  # an event is held back until the next one was sent
]
KINDS: tuple[str, ...] = get_args(FaultKind)
BEFORE_THE_WORK: tuple[FaultKind, ...] = ("rate_limited", "server_error", "refused", "reset_before")
AFTER_THE_WORK: tuple[FaultKind, ...] = ("timeout_after", "reset_after", "half_json")


@dataclass
class Fault:
    """One rule: what goes wrong, for which method or payload type (`*` for all), and how many times.

    `times=None` means until it is removed; `after` lets that many calls pass first.
    """

    kind: FaultKind
    target: str = "*"
    times: int | None = 1
    after: int = 0
    seconds: float | None = None
    retry_after: int | None = None
    status: int = 500
    error: str = "restricted_action"
    happened: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}; known: {', '.join(KINDS)}")

    @property
    def spent(self) -> bool:
        return self.times is not None and self.happened >= self.times

    def matches(self, target: str) -> bool:
        return self.target in ("*", target)


class Faults:
    """The rules in force, in the order they were added. The first that matches happens, and is counted."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, kind: FaultKind, target: str = "*", **settings: Any) -> Fault:
        """Add a rule and return it: `faults.add("rate_limited", "chat.update", retry_after=3)`."""
        fault = Fault(kind, target, **settings)
        self.rules.append(fault)
        return fault

    def take(self, kind: FaultKind, target: str = "*") -> Fault | None:
        """The fault of this kind that happens now, or None. Taking it uses it up."""
        return self.take_first((kind,), target)

    def take_first(self, kinds: Iterable[FaultKind], target: str) -> Fault | None:
        """Like `take`, for the first rule of any of `kinds`, in the order the rules were added."""
        wanted = set(kinds)
        for fault in self.rules:
            if fault.kind not in wanted or fault.spent or not fault.matches(target):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            fault.happened += 1
            self._counts[fault.kind, target] += 1
            return fault
        return None

    def happened(self, kind: FaultKind, target: str | None = None) -> int:
        """How often a fault of this kind happened, to this target or to any."""
        return sum(n for (k, t), n in self._counts.items() if k == kind and target in (None, t))

    def clear(self) -> None:
        """Remove every rule. What happened stays counted."""
        self.rules.clear()
