"""What every event has, and the event that corrects another. Apart, so that events can be told in several files."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from bot.domain.runbook import Frozen


class Happened(Frozen):
    """`at` is when it happened (UTC), `by` is the id of the person, or `firebreak`."""

    at: datetime
    by: str


class EntryCorrected(Happened):
    """Entry number `entry` of the timeline really was at `time`; until now `previous` was thought. Both stay."""

    type: Literal["entry_corrected"] = "entry_corrected"
    entry: int
    time: datetime
    previous: datetime
    reason: str
