"""From what a source says of an incident to what we keep of it, or to what is wrong. No I/O, no guessing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from bot.domain.elsewhere import IncidentImported, Restated, UpdateImported
from bot.domain.vocabulary import FIREBREAK, NOTE_MAX, TITLE_MAX, Kind, Milestone, Severity

SPAN_MAX = timedelta(days=40)  # an outage that lasts longer is a slip of the pen; our own may
ID_MAX = 200  # characters; the longest that we have seen has 52
SHOWN_MAX = 200  # of a value, in the quarantine
SERVICES_MAX = 50
UPDATES_MAX = 5000  # of one incident; the longest that we have seen has 60

ISO = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[T ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?)"
    r" ?(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?"
)
IN_ORDER = (Milestone.DECLARED, Milestone.STABILIZED, Milestone.REPAIRED, Milestone.CLOSED)
SPANS = (
    (Milestone.DECLARED, Milestone.REPAIRED),
    (Milestone.DECLARED, Milestone.STABILIZED),
    (Milestone.IMPACT_STARTED, Milestone.IMPACT_ENDED),
)


class NotATime(ValueError):
    """The text is no time that means one moment; the message says why."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a record is not kept: the field as its source calls it, the value there, and what is wrong with it."""

    field: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Said:
    """A value and what its source calls it."""

    name: str
    value: object


@dataclass(slots=True)
class Draft:
    """One record, sorted into our words, every value still as the source wrote it."""

    source: object
    id: Said
    title: Said
    severity: Said
    peak: Said | None = None
    kind: Said | None = None
    times: dict[Milestone, Said] = field(default_factory=dict)
    services: Said | None = None
    url: object = ""
    cause: object = ""
    cancelled: object = None
    duplicate_of: object = None
    reopened: object = 0
    updates: Sequence[tuple[Said, object, object]] = ()  # when, in which state, what was said


@dataclass(frozen=True, slots=True)
class Reading:
    """How values are to be understood: what the person who imports has said of them."""

    now: datetime
    zone: ZoneInfo | None = None
    date_format: str | None = None
    severities: Mapping[str, Severity] = field(default_factory=dict)
    long_spans: bool = False  # our own records have been through our own rules


@dataclass(frozen=True, slots=True)
class Imported:
    """What is kept of one record. The number is given when it is stored; `flags` say what a reader should know."""

    incident: IncidentImported
    updates: tuple[UpdateImported, ...]
    flags: tuple[str, ...]


def understood(draft: Draft, reading: Reading) -> Imported | list[Problem]:
    """The incident, or everything that is wrong with its record."""
    reader = _Reader(reading)
    source = reader.text(Said("source", draft.source), ID_MAX)
    source_id = reader.text(draft.id, ID_MAX)
    title = reader.text(draft.title, None)
    severity = reader.severity(draft.severity)
    peak = severity if draft.peak is None else reader.severity(draft.peak)
    kind = reader.kind(draft.kind)
    times = {
        milestone: at
        for milestone, said in draft.times.items()
        if (at := reader.time(said, wanted=milestone is Milestone.DECLARED)) is not None
    }
    updates = reader.updates(draft.updates)
    services = reader.services(draft.services)
    rest = [
        reader.optional(name, value)
        for name, value in (
            ("url", draft.url),
            ("cancelled", draft.cancelled),
            ("duplicate_of", draft.duplicate_of),
        )
    ]
    cause = "" if draft.cause in (None, "") else reader.text(Said("cause", draft.cause), ID_MAX)
    reopened = reader.count("reopened", draft.reopened)
    if not reader.problems:
        reader.compare(times, draft)
    if reader.problems or severity is None or peak is None or kind is None:
        return reader.problems
    url, cancelled, duplicate_of = rest
    incident = IncidentImported(
        at=times[Milestone.DECLARED],
        by=FIREBREAK,
        number=0,
        title=title if len(title) <= TITLE_MAX else title[: TITLE_MAX - 1].rstrip() + "…",
        severity=severity,
        peak=peak,
        source=source,
        source_id=source_id,
        milestones={milestone: times[milestone] for milestone in Milestone if milestone in times},
        kind=kind,
        url=url or "",
        services=services,
        cause=cause,
        cancelled=cancelled,
        duplicate_of=duplicate_of,
        reopened=reopened,
    )
    return Imported(incident, updates, (*reader.flags, *_flags(incident, title)))


def _flags(incident: IncidentImported, title: str) -> list[str]:
    over = incident.milestones.get(Milestone.REPAIRED) or incident.milestones.get(Milestone.CLOSED)
    flags = []
    if len(title) > TITLE_MAX:
        flags.append(f"title cut to {TITLE_MAX} characters")
    if incident.kind is not Kind.REAL:
        flags.append(f"{incident.kind.value}: in no figure")
    elif incident.cancelled is not None or incident.duplicate_of is not None:
        flags.append("cancelled or a duplicate: in no figure")
    elif over is None:
        flags.append("still open at its source")
    elif over <= incident.at:
        flags.append("written down when it was over: in no response time")
    return flags


def restated(before: IncidentImported, now: IncidentImported) -> tuple[Restated, ...]:
    """What a source says otherwise than it did, field by field."""
    was, is_now = _facts(before), _facts(now)
    return tuple(
        Restated(field=name, before=was.get(name, ""), now=is_now.get(name, ""))
        for name in dict.fromkeys((*was, *is_now))
        if was.get(name, "") != is_now.get(name, "")
    )


def _facts(incident: IncidentImported) -> dict[str, str]:
    """By the names that our own records have; without what says nothing."""
    said = incident.model_dump(mode="json", exclude={"type", "at", "by", "number", "source", "source_id"})
    times = said.pop("milestones")
    said["services"] = ", ".join(said["services"])
    return {name: str(value) for name, value in (said | times).items() if value not in (None, "", 0)}


def moment(text: str, zone: ZoneInfo | None, date_format: str | None = None) -> tuple[datetime, bool]:
    """The moment in UTC that `text` means, and whether the clock showed it twice that night. Raises NotATime."""
    text = text.strip()
    at = _formatted(text, date_format) if date_format else _iso(text)
    if at.tzinfo is not None:
        return at.astimezone(UTC), False
    if zone is None:
        raise NotATime("has no time zone; name the one it was written in with --zone, such as Europe/Berlin")
    first, second = at.replace(tzinfo=zone, fold=0), at.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC), False
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != at:
        raise NotATime(f"never was: the clock in {zone} was set forward over it")
    return first.astimezone(UTC), True


def _formatted(text: str, date_format: str) -> datetime:
    try:
        return datetime.strptime(text, date_format)  # noqa: DTZ007 - the zone is looked at by the caller
    except ValueError:
        raise NotATime(f"is not a date and time written as {date_format}") from None


def _iso(text: str) -> datetime:
    found = ISO.fullmatch(text)
    if found is None:
        raise NotATime("is not a date and time such as 2026-11-20T14:05:00Z")
    time = found["time"]
    if "." in time:
        seconds, fraction = time.split(".")
        time = f"{seconds}.{fraction[:6]:0<6}"
    try:
        return datetime.fromisoformat(f"{found['day']}T{time}{found['zone'] or ''}")
    except ValueError:
        raise NotATime("is not a date that exists") from None


def shown(value: object) -> str:
    """A value as the quarantine shows it: on one line, and not too long."""
    text = value if isinstance(value, str) else repr(value)
    text = text.encode(errors="backslashreplace").decode()
    return text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 1] + "…"


class _Reader:
    """Reads one record, and gathers what is wrong with it."""

    def __init__(self, reading: Reading) -> None:
        self.problems: list[Problem] = []
        self.flags: list[str] = []
        self._reading = reading

    def wrong(self, name: str, value: object, reason: str) -> None:
        self.problems.append(Problem(name, shown(value), reason))

    def text(self, said: Said, longest: int | None) -> str:
        """One line, which must not be empty."""
        value = said.value
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)  # ids are numbers in some sources
        if value is None or value == "":
            self.wrong(said.name, value, "is missing")
        elif not isinstance(value, str):
            self.wrong(said.name, value, "is not a text")
        elif not self._storable(said.name, value):
            pass
        elif not (line := " ".join(value.split())):
            self.wrong(said.name, value, "is empty")
        elif longest is not None and len(line) > longest:
            self.wrong(said.name, value, f"has {len(line)} characters; {longest} are the most")
        else:
            return line
        return ""

    def optional(self, name: str, value: object) -> str | None:
        if value is None or isinstance(value, str):
            return value if value is None or self._storable(name, value) else None
        self.wrong(name, value, "is not a text")
        return None

    def _storable(self, name: str, value: str) -> bool:
        if "\0" in value:
            self.wrong(name, value, "holds a NUL character")
            return False
        try:
            value.encode()
        except UnicodeEncodeError:
            self.wrong(name, value, "holds half of a character (a lone surrogate)")
            return False
        return True

    def severity(self, said: Said) -> Severity | None:
        word = said.value.strip().casefold() if isinstance(said.value, str) else said.value
        if word is None:
            word = ""
        if not isinstance(word, str):
            self.wrong(said.name, said.value, "is not a text")
            return None
        found = self._reading.severities.get(word)
        if found is None and word.upper() in Severity.__members__:
            found = Severity(word.upper())
        if found is None:
            self.wrong(
                said.name, said.value, "is no severity that is known; say what it means: --severity WORD=P2"
            )
        return found

    def kind(self, said: Said | None) -> Kind | None:
        if said is None or said.value in (None, ""):
            return Kind.REAL
        try:
            return Kind(str(said.value))
        except ValueError:
            self.wrong(said.name, said.value, f"is none of {', '.join(Kind)}")
            return None

    def time(self, said: Said, *, wanted: bool = False) -> datetime | None:
        if said.value is None or said.value == "":
            if wanted:
                self.wrong(said.name, said.value, "is missing")
            return None
        if not isinstance(said.value, str):
            self.wrong(said.name, said.value, "is not a date and time in quotes")
            return None
        try:
            at, twice = moment(said.value, self._reading.zone, self._reading.date_format)
        except (NotATime, OverflowError) as bad:
            self.wrong(said.name, said.value, str(bad) if isinstance(bad, NotATime) else "is not a date")
            return None
        if at > self._reading.now:
            self.wrong(said.name, said.value, "is in the future")
            return None
        if twice:
            self.flags.append("a time that the clock showed twice: the first was taken")
        return at.replace(microsecond=at.microsecond // 1000 * 1000)

    def compare(self, times: Mapping[Milestone, datetime], draft: Draft) -> None:
        """Nothing ends before it has begun, or lasts longer than people do."""
        there = [milestone for milestone in IN_ORDER if milestone in times]
        pairs = [*pairwise(there), (Milestone.IMPACT_STARTED, Milestone.IMPACT_ENDED)]
        for start, end in pairs:
            if start in times and end in times and times[end] < times[start]:
                began = draft.times[start]
                self._end_wrong(draft.times[end], f"is before {began.name} ({shown(began.value)})")
        for start, end in () if self._reading.long_spans else SPANS:
            if start in times and end in times and times[end] - times[start] > SPAN_MAX:
                days = (times[end] - times[start]).days
                lasted = f"more than {days}" if days == SPAN_MAX.days else f"{days}"
                self._end_wrong(
                    draft.times[end],
                    f"is {lasted} days after {draft.times[start].name}; {SPAN_MAX.days} are the most",
                )

    def _end_wrong(self, said: Said, reason: str) -> None:
        self.wrong(said.name, said.value, reason)

    def services(self, said: Said | None) -> tuple[str, ...]:
        if said is None or said.value is None:
            return ()
        if not isinstance(said.value, list) or len(said.value) > SERVICES_MAX:
            self.wrong(said.name, said.value, f"is not a list of at most {SERVICES_MAX} names")
            return ()
        return tuple(dict.fromkeys(self.text(Said(said.name, each), ID_MAX) for each in said.value))

    def count(self, name: str, value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= UPDATES_MAX:
            return value
        self.wrong(name, value, "is not a small whole number")
        return 0

    def updates(self, updates: Sequence[tuple[Said, object, object]]) -> tuple[UpdateImported, ...]:
        if len(updates) > UPDATES_MAX:
            self.wrong("updates", f"{len(updates)} of them", f"{UPDATES_MAX} are the most")
            return ()
        read = []
        for when, status, text in updates:
            at = self.time(when, wanted=True)
            said = self.optional("update", text) or ""
            state = self.optional("status", status) or ""
            if at is None:
                continue
            said = said.strip()
            said = said if len(said) <= NOTE_MAX else said[: NOTE_MAX - 1].rstrip() + "…"
            read.append(UpdateImported(at=at, by=FIREBREAK, status=" ".join(state.split())[:40], text=said))
        return tuple(sorted(read, key=lambda update: update.at))
