"""What every event has. A file of its own, so that events can be told in several."""

from __future__ import annotations

from datetime import datetime

from bot.domain.runbook import Frozen


class Happened(Frozen):
    """`at` is when it happened (UTC), `by` is the id of the person, or `firebreak`."""

    at: datetime
    by: str
