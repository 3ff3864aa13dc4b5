"""Figures from before and after, as they are typed and kept. Pure.

`p95 before 820 ms of 41200 from 13:30 to 14:05 source grafana`. What may be said of two of them stands in
measure_words.py.
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.domain.runbook import Frozen
from bot.domain.times import past_time
from bot.domain.vocabulary import Refused

NAME_MAX = 60  # characters of a figure's name: it stands at the head of a line
UNIT_MAX = 12  # characters: `requests/s` is one
SOURCE_MAX = 300  # a query or an address, read beside others
FIGURES_MAX = 20  # of one incident; the card shows a few, the export all
LARGEST = 10**12  # beyond it somebody has typed a timestamp
PERCENT = "%"


class Side(StrEnum):
    """Of what was done about it. The values are stored."""

    BEFORE = "before"
    AFTER = "after"


class Measure(Frozen):
    """One figure as somebody read it. `of` is how many requests or attempts it speaks of.

    With `of` and no unit, `value` is a count of them; with the unit `%`, a share. `usual_low` and `usual_high` are
    the same window in other weeks. `began` and `ended` bound the window.
    """

    name: str
    side: Side
    value: float
    unit: str = ""
    of: int | None = None
    began: datetime | None = None
    ended: datetime | None = None
    usual_low: float | None = None
    usual_high: float | None = None
    source: str = ""

    @property
    def key(self) -> str:
        """What makes two of them the same figure."""
        return " ".join(self.name.split()).casefold()

    @property
    def is_share(self) -> bool:
        return self.unit == PERCENT or (self.of is not None and not self.unit)

    @property
    def share(self) -> float:
        """Between 0 and 1; only of a share."""
        if self.unit == PERCENT or self.of is None:
            return self.value / 100
        return self.value / self.of

    @property
    def hits(self) -> int | None:
        """How many of `of`; None where that is not known."""
        if self.of is None or not self.is_share:
            return None
        return round(self.share * self.of)


class Measured(NamedTuple):
    """What was measured in one incident."""

    number: int
    title: str
    measures: tuple[Measure, ...]


def with_measure(known: tuple[Measure, ...], new: Measure) -> tuple[Measure, ...]:
    """The figures with `new` among them: it takes the place of the one before it on the same side."""
    return (*(each for each in known if (each.key, each.side) != (new.key, new.side)), new)


def found(known: tuple[Measure, ...], name: str, side: Side) -> Measure | None:
    """The figure of this name on that side."""
    key = " ".join(name.split()).casefold()
    return next((each for each in known if (each.key, each.side) == (key, side)), None)


HOW = "`/incident measure p95 before 820 ms of 41200 from 13:30 to 14:05 source grafana checkout`"

_HEAD = re.compile(r"(?P<name>.+?)\s+(?P<side>before|after)(?:\s+(?P<rest>.*))?", re.IGNORECASE | re.DOTALL)
_VALUE = re.compile(r"(?P<value>-?[\d.,]+|\S+)\s*(?P<unit>%|[^\W\d_]\S*)?(?=\s|$)")
_NUMBER = re.compile(r"-?\d{1,15}(?:[.,]\d{1,6})?", re.ASCII)
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+", re.ASCII)
_WORDS = ("of", "from", "to", "usual", "source")
_RANGE = re.compile(r"(\S+?)\s*(?:-|–|to)\s*(\S+?)\s*%?(?=\s|$)", re.IGNORECASE)
_SHARE = re.compile(r".*\b(share|rate|conversion)\b", re.IGNORECASE)
_LATENCY = re.compile(r"p\d{2,3}\b|.*\b(latency|duration|time)\b", re.IGNORECASE)


def read_measure(text: str, zone: ZoneInfo, now: datetime) -> Measure:
    """What was typed behind `/incident measure`; raises Refused with the place that is wrong."""
    head = _HEAD.fullmatch(text.strip())
    if head is None or not head["name"].strip():
        raise Refused(
            "Which figure, before or after, and what did it say? Type for example {how}.",
            how=HOW,
        )
    name, side = " ".join(head["name"].split()), Side(head["side"].casefold())
    if len(name) > NAME_MAX:
        raise Refused(
            "That name has {length} characters and at most {most} fit. Name the figure shorter.",
            length=len(name),
            most=NAME_MAX,
        )
    value, unit, rest = _value(name, side, head["rest"] or "")
    of, rest = _of(rest)
    began, ended, rest = _window(rest, zone, now)
    low, high, rest = _usual(rest)
    source = _source(rest)
    return Measure(
        name=name,
        side=side,
        value=value,
        unit=unit,
        of=of,
        began=began,
        ended=ended,
        usual_low=low,
        usual_high=high,
        source=source,
    )


def refuse_impossible(measure: Measure, now: datetime) -> None:
    """What no figure can be: a share above 100 %, more of something than there is, a window that is not over."""
    if _LATENCY.match(measure.name) and measure.is_share and measure.unit != PERCENT:
        raise Refused(
            "{name} is a time, so it needs its unit: `{value} ms of {of}`.",
            name=measure.name,
            value=number_words(measure.value),
            of=measure.of,
        )
    if _SHARE.match(measure.name) and not measure.is_share and not measure.unit:
        raise Refused(
            "{name} is a share, so it needs its sign or how many there were: `{value} %`, or `412 of 2300`.",
            name=measure.name,
            value=number_words(measure.value),
        )
    if measure.is_share:
        _refuse_share(measure)
    if measure.began is not None and measure.ended is not None:
        if measure.ended <= measure.began:
            raise Refused(
                "The window ends {ended}, which is not after it begins, {began}. Write `from` the earlier `to` the "
                "later time.",
                ended=_shown(measure.ended),
                began=_shown(measure.began),
            )
        if measure.ended > now:
            raise Refused(
                "The window ends {ended}, which is in the future. Measure what has been.",
                ended=_shown(measure.ended),
            )


def _refuse_share(measure: Measure) -> None:
    value, of = measure.value, measure.of
    if of is not None and measure.unit != PERCENT:
        if not value.is_integer():
            raise Refused(
                "{value} of {of} is no count. Write a whole number, or the share with its sign: `{value} %`.",
                value=number_words(value),
                of=of,
            )
        if value > of:
            raise Refused(
                "{value} of {of} is more than there are. Write first how many, then `of` how many in all.",
                value=number_words(value),
                of=of,
            )
    if not 0 <= measure.share <= 1:
        raise Refused(
            "{value} % is no share: it lies between 0 and 100 %.", value=number_words(measure.share * 100)
        )


def _value(name: str, side: Side, rest: str) -> tuple[float, str, str]:
    match = _VALUE.match(rest.strip())
    if match is None:
        raise Refused(
            "What did {name} say {side}? Type the number behind it: `{name} {side} 820 ms`.",
            name=name,
            side=side.value,
        )
    unit, end = match["unit"] or "", match.end()
    if unit.casefold() in _WORDS:
        unit, end = "", match.end("value")
    if len(unit) > UNIT_MAX:
        raise Refused("`{unit}` is too long for a unit. Write one such as ms, s or %.", unit=unit[:20])
    return _number(match["value"]), unit, rest.strip()[end:].strip()


def _number(text: str) -> float:
    if _THOUSANDS.fullmatch(text):
        raise Refused(
            "`{said}` can be read in two ways. Write it without the comma, or with a point: `1200` or `1.2`.",
            said=text[:20],
        )
    if not _NUMBER.fullmatch(text):
        raise Refused("`{said}` is no number. Write one such as `820` or `3.2`.", said=text[:20])
    value = float(text.replace(",", "."))
    if abs(value) > LARGEST:
        raise Refused("`{said}` is too large for a figure. Choose a larger unit.", said=text[:20])
    return value


def _of(rest: str) -> tuple[int | None, str]:
    word, _, behind = rest.partition(" ")
    if word.casefold() != "of":
        return None, rest
    said, _, rest = behind.strip().partition(" ")
    if not re.fullmatch(r"\d{1,12}", said, re.ASCII) or int(said) == 0:
        raise Refused(
            "Of how many? `{said}` is no whole number above 0. Write `of 41200`.", said=said[:20] or " "
        )
    return int(said), rest.strip()


def _window(rest: str, zone: ZoneInfo, now: datetime) -> tuple[datetime | None, datetime | None, str]:
    word, _, behind = rest.partition(" ")
    if word.casefold() != "from":
        return None, None, rest
    began, behind = past_time(behind, zone, now)
    word, _, behind = behind.partition(" ")
    if word.casefold() != "to":
        raise Refused("A window has two ends: write `from 13:30 to 14:05`.")
    ended, rest = past_time(behind, zone, now)
    return began, ended, rest


def _usual(rest: str) -> tuple[float | None, float | None, str]:
    word, _, behind = rest.partition(" ")
    if word.casefold() != "usual":
        return None, None, rest
    match = _RANGE.match(behind.strip())
    if match is None:
        raise Refused("What is usual is a range: write `usual 0.2-0.4`, in the same unit.")
    low, high = _number(match[1].rstrip("%")), _number(match[2].rstrip("%"))
    if low > high:
        raise Refused("What is usual is a range from the lower to the higher: `usual 0.2-0.4`.")
    return low, high, behind.strip()[match.end() :].strip()


def _source(rest: str) -> str:
    if not rest:
        return ""
    word, _, source = rest.partition(" ")
    if word.casefold() != "source" or not source.strip():
        raise Refused(
            "`{said}` was not understood. Behind the number may stand, in this order: `of 41200`, "
            "`from 13:30 to 14:05`, `usual 0.2-0.4`, `source <where it was read>`.",
            said=rest[:40],
        )
    source = " ".join(source.split())
    if len(source) > SOURCE_MAX:
        raise Refused(
            "That source has {length} characters and at most {most} fit. Shorten it and send it again.",
            length=len(source),
            most=SOURCE_MAX,
        )
    return source


def number_words(value: float) -> str:
    """`820`, `3.2`: as it was typed, without a tail of noughts."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _shown(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
