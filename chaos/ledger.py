"""What people asked for and were told is done, beside what the timeline says: nothing lost, nothing doubled."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.storage.engine import Row

# Event type -> the field of its data that tells one request from another. What is not here, people never ask for.
ABOUT = {
    "incident_declared": "title",
    "note_added": "text",
    "step_done": "step",
    "step_reopened": "step",
    "step_skipped": "reason",
    "severity_changed": "severity",
    "role_taken": "person",
    "phase_entered": "phase",
    "incident_closed": "",
    "flag_contained": "reason",
    "flag_restored": "flag",
}


@dataclass(frozen=True)
class Asked:
    """What a request must have led to: so many events of this type about this. A declaration has no number yet."""

    type: str
    about: str = ""
    incident: int = 0


@dataclass
class Ledger:
    """Every request that was answered with a yes. `repeats` counts how often a person had to ask again."""

    accepted: Counter[Asked] = field(default_factory=Counter)
    requests: int = 0
    repeats: int = 0
    refused: list[str] = field(default_factory=list)

    def accept(self, asked: Asked) -> None:
        self.accepted[asked] += 1


@dataclass(frozen=True)
class Difference:
    """Requests with too few events, and events that nobody asked for or that are there twice."""

    lost: tuple[str, ...]
    doubled: tuple[str, ...]


def difference(ledger: Ledger, timeline: Iterable[Row]) -> Difference:
    """Compare the ledger with the rows of the timeline."""
    happened = Counter(asked for row in timeline if (asked := _asked(row)) is not None)
    lost = [f"{asked}: {n}×" for asked, n in (ledger.accepted - happened).items()]
    doubled = [f"{asked}: {n}×" for asked, n in (happened - ledger.accepted).items()]
    return Difference(tuple(lost), tuple(doubled))


def _asked(row: Row) -> Asked | None:
    if row["type"] not in ABOUT:
        return None
    about = ABOUT[row["type"]]
    data = json.loads(row["data"])
    number = 0 if row["type"] == "incident_declared" else int(row["incident"])
    return Asked(row["type"], str(data[about]) if about else "", number)
