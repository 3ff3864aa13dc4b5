"""The words of the trade as types. Every other file uses these and no others."""

from __future__ import annotations

import re
from enum import StrEnum

FIREBREAK = "firebreak"  # the `by` of what nobody in particular did: a timer, or Slack's answer to a call

TITLE_MAX = 150  # longest title that fits a Slack header (150) without being cut
NOTE_MAX = 2900  # a section holds 3,000 characters; the rest is for who said it and when
ANSWER_MAX = 1000  # of an exit question: a few sentences, read in the timeline and in the report
UPDATE_MAX = 1500  # of what is so, and of what we do: people who wait read two paragraphs
REASON_MAX = 500  # a reason is read in a list, beside others
SNOOZE_MAX = 1440  # minutes: whoever wants to hear nothing for longer than a day closes the incident


class Severity(StrEnum):
    """How bad it is. The meaning of each is a setting; these are the names that are stored."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


class Kind(StrEnum):
    """What is declared. Only real ones enter the response times; a retroactive one counts for the impact."""

    REAL = "real"
    DRILL = "drill"
    TEST = "test"
    RETROACTIVE = "retroactive"
    MAINTENANCE = "maintenance"  # planned: it comes in with imports and is never declared


class Phase(StrEnum):
    """Where the recovery stands. Order matters: each is left for the next."""

    STABILIZE = "stabilize"
    REPAIR = "repair"
    PREVENT = "prevent"
    CLOSED = "closed"

    @property
    def next(self) -> Phase:
        """The phase after this one; closed has none and answers itself."""
        order = list(Phase)
        return order[min(order.index(self) + 1, len(order) - 1)]


class Role(StrEnum):
    """What a responder answers for. The commander is the one who leads."""

    COMMANDER = "commander"
    COMMUNICATIONS = "communications"
    SCRIBE = "scribe"
    RESPONDER = "responder"


class Milestone(StrEnum):
    """The moments that recovery times are measured between."""

    IMPACT_STARTED = "impact_started"
    DETECTED = "detected"
    DECLARED = "declared"
    ACKNOWLEDGED = "acknowledged"
    STABILIZED = "stabilized"
    REPAIRED = "repaired"
    CLOSED = "closed"
    IMPACT_ENDED = "impact_ended"


class StepState(StrEnum):
    """What became of one item of the checklist."""

    OPEN = "open"
    DONE = "done"
    SKIPPED = "skipped"


class Surface(StrEnum):
    """What stands on a screen and is redrawn in place when the incident changes."""

    CARD = "card"
    CHECKLIST = "checklist"
    ANNOUNCEMENT = "announcement"
    TOPIC = "topic"


class Refused(Exception):
    """What a person asked for is not so, or not now: what is so, and what to do instead.

    `text` is a template of the catalogue and `params` are its blanks, so that the edge can say it in the
    reader's language; `str()` is the English sentence.
    """

    def __init__(self, text: str, /, **params: object) -> None:
        super().__init__(text.format(**params) if params else text)
        self.text = text
        self.params = params


def incident_name(number: int) -> str:
    """`INC-42`: how people and files name an incident."""
    return f"INC-{number}"


def incident_number(name: str) -> int | None:
    """The number in `INC-42`, `inc-42` or `42`; None when it is not the name of an incident."""
    match = re.fullmatch(r"(?:INC-)?(\d{1,9})", name.strip(), re.IGNORECASE | re.ASCII)
    return int(match[1]) if match else None
