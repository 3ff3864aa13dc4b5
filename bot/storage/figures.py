"""What the reports read: of each incident one narrow row, through an index that holds all of it.

The columns stand in the table `incident` and are drawn with it; times are milliseconds since 1970, UTC.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from bot.domain.incident import Incident
from bot.domain.measures import Measured
from bot.domain.metrics.columns import NEVER, Alike, Columns
from bot.domain.metrics.recovery import Recovery
from bot.domain.recoveries import recovery_of
from bot.domain.vocabulary import Milestone
from bot.storage.engine import Row, Transaction

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
Place = tuple[int, int]  # when it was declared, in milliseconds, and its number
BEGINNING = (-(2**62), -1)  # before every place
PAGE = 5000  # rows a read: some megabytes, and others get their turn between two of them
TIMES = (
    "declared",
    "acknowledged",
    "stabilized",
    "repaired",
    "closed",
    "impact_started",
    "impact_ended",
    "detected",
)
COLUMNS = (
    *(f"{name}_ms" for name in TIMES),
    "excluded",
    "cause",
    "services",
    "private",
    "items_due",
    "measured",
    "paths",
)
MEASURED_SHOWN = 20  # incidents with figures before and after in one report; the newest


def columns(incident: Incident) -> Row:
    """The columns of one incident."""
    recovery = recovery_of(incident)
    times = ((name, getattr(recovery, name)) for name in TIMES)
    return {
        **{f"{name}_ms": None if at is None else (at - EPOCH) // MILLISECOND for name, at in times},
        "excluded": recovery.excluded,
        "cause": recovery.cause,
        "items_due": min(
            (item.due.isoformat() for item in incident.action_items if not item.done_at), default=None
        ),
        "services": json.dumps(recovery.services, ensure_ascii=False) if recovery.services else None,
        "paths": json.dumps(recovery.paths, ensure_ascii=False) if recovery.paths else None,
        "private": int(recovery.private),
        "measured": 1 if incident.measures else None,
    }


def declared_between(
    transaction: Transaction,
    team_id: str,
    start: datetime,
    end: datetime,
    after: Place = BEGINNING,
    *,
    most: int = PAGE,
) -> list[Recovery]:
    """At most `most` incidents declared in [start, end), in that order, those behind `after`.

    An incident that took in an earlier one was declared with that.
    """
    rows = transaction.all(
        f"select number, peak, title, {', '.join(_SELECTED)}, services, private, paths from incident {_BETWEEN}",  # noqa: S608
        **_between(team_id, start, end, after, most),
    )
    return [_recovery(row) for row in rows]


def are_more(transaction: Transaction, team_id: str, start: datetime, end: datetime, than: int) -> bool:
    """Whether more incidents were declared in [start, end)."""
    row = transaction.one(
        "select count(*) as found from (select 1 from incident where team_id = :team_id and declared_ms >= :start"
        " and declared_ms < :end limit :most) as few",
        team_id=team_id,
        start=_ms(start),
        end=_ms(end),
        most=than + 1,
    )
    return row is not None and row["found"] > than


def columns_between(
    transaction: Transaction, team_id: str, start: datetime, end: datetime, *, services: bool = False
) -> Columns | None:
    """All that were declared in [start, end), column by column; None where there are none.

    Each column is one text that the database joins: a million rows cost it a second, and as rows they cost Python
    several. Without their services the index alone is read.
    """
    alike = _TOGETHER.format(services="services" if services else "null")
    times = (f"{name}_ms - declared_ms" if name != "declared" else "declared_ms" for name in TIMES)
    joined = [transaction.joined(f"coalesce({time}, {NEVER})") for time in times]
    named = (f"{sql} as {name}_ms" for sql, name in zip(joined, TIMES, strict=True))
    row = transaction.one(
        f"select {transaction.joined(alike)} as alike, {', '.join(named)} from incident"  # noqa: S608, names of ours
        " where team_id = :team_id and declared_ms >= :start and declared_ms < :end",
        team_id=team_id,
        start=_ms(start),
        end=_ms(end),
        part=PART,
        last=LAST,
    )
    if row is None or row["alike"] is None:
        return None
    texts = row.pop("alike").removesuffix(LAST).split(f"{LAST},")
    places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    return Columns(
        kinds=[_alike(text) for text in places],
        kind=[places[text] for text in texts],
        times={Milestone(name): row[f"{name}_ms"] for name in TIMES},
    )


def _alike(text: str) -> Alike:
    severity, excluded, cause, services = text.split(PART) if PART in text else (text, "", "", "")
    return Alike(severity, excluded or None, cause or None, _texts(services or None))


def place_of(last: Recovery) -> Place:
    """Where to go on behind this one."""
    return (last.declared - EPOCH) // MILLISECOND, last.number


@lru_cache(maxsize=1024)  # few combinations, and very many rows
def _texts(stored: str | None) -> tuple[str, ...]:
    return tuple(json.loads(stored)) if stored else ()


def _between(team_id: str, start: datetime, end: datetime, after: Place, most: int) -> dict[str, object]:
    begin, number = max(after, (_ms(start), -1))
    return {"team_id": team_id, "begin": begin, "number": number, "end": _ms(end), "most": most}


_BETWEEN = (
    "where team_id = :team_id and (declared_ms, number) > (:begin, :number) and declared_ms < :end"
    " order by declared_ms, number limit :most"
)
_DETAILS = ("services", "private", "items_due", "measured", "paths")
_SELECTED = [name for name in COLUMNS if name not in _DETAILS]
# Most have only a severity, and putting four texts together takes as long as all the times.
_TOGETHER = (
    "case when excluded is null and cause is null and {services} is null then peak || :last"
    " else peak || :part || coalesce(excluded, '') || :part || coalesce(cause, '') || :part"
    " || coalesce({services}, '') || :last end"
)
PART, LAST = "\x1f", "\x1e"  # in no text of people's: what they type and import is one line each


def newest(
    transaction: Transaction, team_id: str, start: datetime, end: datetime, most: int
) -> list[Recovery]:
    """At most `most` incidents declared in [start, end), the newest first, with their details."""
    rows = transaction.all(
        f"select number, peak, {', '.join(_SELECTED)}, title, services, private, paths from incident"  # noqa: S608, names of ours
        " where team_id = :team_id and declared_ms >= :start and declared_ms < :end"
        " order by declared_ms desc, number desc limit :most",
        team_id=team_id,
        start=_ms(start),
        end=_ms(end),
        most=most,
    )
    return [_recovery(row) for row in rows]


def measured_between(
    transaction: Transaction, team_id: str, start: datetime, end: datetime
) -> list[Measured]:
    """What was measured in the newest incidents declared in [start, end), the oldest of them first.

    Without those that are private, and those that are none.
    """
    rows = transaction.all(
        "select state from incident where team_id = :team_id and measured is not null and declared_ms >= :start"
        " and declared_ms < :end and private = 0 and (excluded is null or excluded = 'retroactive')"
        " order by declared_ms desc, number desc limit :most",
        team_id=team_id,
        start=_ms(start),
        end=_ms(end),
        most=MEASURED_SHOWN,
    )
    known = (Incident.model_validate_json(row["state"]) for row in reversed(rows))
    return [Measured(each.number, each.title, each.measures) for each in known]


def first_declared(transaction: Transaction, team_id: str) -> datetime | None:
    """When the first incident of all was declared; None when there is none."""
    row = transaction.one(
        "select min(declared_ms) as ms from incident where team_id = :team_id", team_id=team_id
    )
    return None if row is None else _at(row["ms"])


def has_unfilled(transaction: Transaction) -> bool:
    """Whether a version that knew no such columns has left incidents behind."""
    return transaction.one("select 1 from incident where declared_ms is null limit 1") is not None


def refill(transaction: Transaction, most: int = PAGE) -> int:
    """Draw the columns of incidents that have none yet, at most so many; answers how many they were."""
    rows = transaction.all(
        "select team_id, number, state from incident where declared_ms is null limit :most", most=most
    )
    for row in rows:
        transaction.run(
            f"update incident set {_SET} where team_id = :team_id and number = :number",  # noqa: S608, ours too
            team_id=row["team_id"],
            number=row["number"],
            **columns(Incident.model_validate_json(row["state"])),
        )
    return len(rows)


_SET = ", ".join(f"{name} = :{name}" for name in COLUMNS)


def _recovery(row: Row) -> Recovery:
    return Recovery(
        number=row["number"],
        title="" if row["private"] else row["title"],
        severity=row["peak"],
        declared=EPOCH + row["declared_ms"] * MILLISECOND,
        acknowledged=_at(row["acknowledged_ms"]),
        stabilized=_at(row["stabilized_ms"]),
        repaired=_at(row["repaired_ms"]),
        closed=_at(row["closed_ms"]),
        impact_started=_at(row["impact_started_ms"]),
        impact_ended=_at(row["impact_ended_ms"]),
        detected=_at(row["detected_ms"]),
        excluded=row["excluded"],
        services=_texts(row["services"]),
        paths=_texts(row["paths"]),
        cause=row["cause"],
        private=bool(row["private"]),
    )


def _at(ms: int | None) -> datetime | None:
    return None if ms is None else EPOCH + ms * MILLISECOND


def _ms(at: datetime) -> int:
    """Rounded up: what is stored has no finer time, so the half-open bounds stay what they are."""
    return -((EPOCH - at) // MILLISECOND)
