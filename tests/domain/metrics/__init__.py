"""Small histories by hand: what the tests of the metrics are made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.metrics import Recovery

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 9, 29, 12, tzinfo=UTC)  # a Tuesday: 14:00 in Berlin


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def incident(
    number: int,
    declared: datetime = NOON - timedelta(days=1),
    *,
    stabilized: float | None = None,
    repaired: float | None = None,
    **known: object,
) -> Recovery:
    """An incident, its two recoveries given in minutes after it was declared."""
    facts: dict[str, object] = {"title": f"checkout {number}", "severity": "P1", **known}
    facts["stabilized"] = None if stabilized is None else declared + minutes(stabilized)
    facts["repaired"] = None if repaired is None else declared + minutes(repaired)
    return Recovery(number=number, declared=declared, **facts)  # type: ignore[arg-type]
