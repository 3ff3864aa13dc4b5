"""Times as people type them: `14:05` is the last time the clock showed it, `2026-11-20 02:10` is that one."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.vocabulary import Refused

CLOCK = re.compile(r"(?:(\d{4}-\d{2}-\d{2})[ T])?(\d{1,2}:\d{2})(?=\s|$)", re.ASCII)


def past_time(text: str, zone: ZoneInfo, now: datetime) -> tuple[datetime, str]:
    """The time that `text` begins with, read in `zone`, and the rest of the text. Raises Refused."""
    match = CLOCK.match(text.strip())
    if match is None:
        raise _no_time(text)
    day, clock = match.groups()
    try:
        time = datetime.strptime(clock, "%H:%M").time()  # noqa: DTZ007 - only the time of day is taken
        date = datetime.strptime(day, "%Y-%m-%d").date() if day else now.astimezone(zone).date()  # noqa: DTZ007
    except ValueError:
        raise _no_time(match[0]) from None
    meant = datetime.combine(date, time, tzinfo=zone)
    if day is None and meant > now:
        meant = datetime.combine(date - timedelta(days=1), time, tzinfo=zone)
    return meant.astimezone(now.tzinfo), text.strip()[match.end() :].strip()


def _no_time(text: str) -> Refused:
    return Refused("`{said}` is no time. Write `14:05`, or with the day `2026-11-20 02:10`.", said=text[:20])
