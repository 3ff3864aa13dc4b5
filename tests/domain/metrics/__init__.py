"""Small histories by hand: what the tests of the metrics are made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from string import Formatter
from zoneinfo import ZoneInfo

from bot.domain.language import English
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


class Shouting(English):
    """A language that writes its own words in capitals: what stays small has not been through the catalogue."""

    def __call__(self, text: str, /, **params: object) -> str:
        return super().__call__(_shouted(text), **params)

    def n(self, one: str, many: str, count: int, /, **params: object) -> str:
        return super().n(_shouted(one), _shouted(many), count, **params)


def _shouted(template: str) -> str:
    parts = Formatter().parse(template)
    return "".join(words.upper() + (f"{{{name}}}" if name else "") for words, name, _, _ in parts)
