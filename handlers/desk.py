"""What every story needs to do its work, handed over once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.captured import CAPTURE_EMOJI
from bot.domain.metrics.asking import Asked
from bot.services.containment import Containment
from bot.services.drilling import Drills
from bot.services.incidents import Incidents
from bot.slack.face import Face


class Reports(Protocol):
    """Recovery figures as plain lines, the headline first, and as a picture that comes later.

    Raises Refused for what cannot be asked.
    """

    async def answer(self, asked: Asked, group_by: Sequence[str] = ()) -> list[str]: ...

    async def promise_picture(self, asked: Asked, person: str) -> bool: ...


class Homes(Protocol):
    """Home tabs."""

    def opened(self, person: str) -> None:
        """This person looks at theirs now."""
        ...


@dataclass(frozen=True)
class Desk:
    """The services, how we look, and the clock. No client: a listener gets Slack's from its request."""

    incidents: Incidents
    containment: Containment
    drills: Drills
    reports: Reports
    summary: Callable[[], Awaitable[list[str]]]  # the next daily summary as it would be now
    homes: Homes
    face: Face
    now: Callable[[], datetime]
    emoji: str = CAPTURE_EMOJI  # what people mark a message with that belongs into the timeline
