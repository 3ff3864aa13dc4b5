"""A database with a long history: real states and timelines of a few shapes, multiplied with times of their own."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from bot.domain.events import (
    ChannelOpened,
    Event,
    IncidentCancelled,
    IncidentClosed,
    IncidentDeclared,
    NoteAdded,
    PhaseEntered,
    RoleTaken,
    SurfacePosted,
)
from bot.domain.evolving import replay
from bot.domain.vocabulary import Kind, Phase, Role, Severity, Surface
from bot.storage import workspaces
from bot.storage.figures import EPOCH, MILLISECOND
from bot.storage.incidents import projection
from bot.storage.sqlite import SqliteEngine
from bot.storage.timeline import GENESIS, linked, stamp

TEAM, ANA = "T1", "U01ANA"
IN_WINDOW = 90  # days
RECENT = 10_000  # incidents: half in the last 90 days, half in the 90 before that they are compared with
YEARS = 3_300  # days over which the rest is spread
EVENTS = 20  # of an incident
STILL_OPEN = 20  # of the most recent ones
PAGE = 5_000

# Times that stand for the real ones until a shape is multiplied; each is written in its own way and found again.
MARKS = [datetime(2001, 1, day, tzinfo=UTC) for day in range(1, 8)]
DECLARED, ACKNOWLEDGED, STABILIZED, REPAIRED, CLOSED, HURT, HEALED = MARKS
NUMBER = 987_654_321  # stands for the number


@dataclass(frozen=True)
class Shape:
    """One kind of incident: its state and its row with the marks in them, and its events."""

    state: str
    columns: tuple[str, ...]
    values: tuple[object, ...]
    events: tuple[tuple[int, int, str, str, str], ...]  # version, place of its mark, type, by, data


def make(path: Path, incidents: int, now: datetime) -> None:
    """So many incidents of EVENTS events each; the RECENT ones are the same, however many there are."""
    asyncio.run(_tables(path))
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("pragma journal_mode = off")
        connection.execute("pragma synchronous = off")
        connection.execute("pragma cache_size = -400000")  # 400 MB: the indexes of what is being written
        connection.execute("begin")
        _fill(connection, incidents, now)
        connection.execute("commit")
        connection.execute("pragma journal_mode = wal").fetchall()
    finally:
        connection.close()


async def _tables(path: Path) -> None:
    async with SqliteEngine.open(path) as engine:
        await engine.write(lambda transaction: workspaces.remember(transaction, TEAM, "Acme"))


def _fill(connection: sqlite3.Connection, incidents: int, now: datetime) -> None:
    shapes = _shapes()
    connection.execute(
        "create temp table moments (number integer primary key, shape integer, s0, s1, s2, s3, s4, s5, s6)"
    )
    connection.execute(
        "create temp table events (shape integer, version integer, mark integer, type, by, data)"
    )
    connection.executemany(
        "insert into events values (?, ?, ?, ?, ?, ?)",
        [(place, *event) for place, shape in enumerate(shapes) for event in shape.events],
    )
    columns = shapes[0].columns
    insert = f"insert into incident ({', '.join(columns)}) values ({', '.join('?' * len(columns))})"  # noqa: S608
    made = _incidents(shapes, incidents, now)
    while page := list(islice(made, PAGE)):
        connection.executemany(
            "insert into moments values (?, ?, ?, ?, ?, ?, ?, ?, ?)", [each[0] for each in page]
        )
        connection.executemany(insert, [each[1] for each in page])
    hashes = "printf('%048x%016x', 1, number * 32 + version{})"  # as long as real ones
    data = f"replace(data, '{NUMBER}', number)"
    data = f"replace(replace({data}, '{_marked(HURT)}', s5), '{_marked(HEALED)}', s6)"
    connection.execute(
        "insert into timeline (team_id, incident, version, at, recorded_at, type, by, data, previous, hash)"  # noqa: S608
        f" select '{TEAM}', number, version, at, at, type, by, case version when 1 then {data} else data end,"
        f" {hashes.format(' - 1')}, {hashes.format('')}"
        " from (select *, case mark when 0 then s0 when 1 then s1 when 2 then s2 when 3 then s3 else s4 end as at"
        " from moments cross join events using (shape))"
    )
    connection.execute("update workspace set incidents = ?", [incidents])


def _incidents(
    shapes: list[Shape], incidents: int, now: datetime
) -> Iterator[tuple[tuple[object, ...], tuple[object, ...]]]:
    """Of each incident the times and the row, oldest first."""
    chance = random.Random(7)
    older = incidents - RECENT
    begins = [
        now - timedelta(days=2 * IN_WINDOW + YEARS * (older - place) / older)
        for place in range(max(0, older))
    ]
    recent = min(incidents, RECENT)
    begins += [now - timedelta(days=2 * IN_WINDOW * (recent - place) / recent) for place in range(recent)]
    for number, declared in enumerate(begins, start=1):
        is_open = number > incidents - STILL_OPEN
        yield _one(shapes, number, declared, chance, now=now, is_open=is_open)


def _one(
    shapes: list[Shape],
    number: int,
    declared: datetime,
    chance: random.Random,
    *,
    now: datetime,
    is_open: bool,
) -> tuple[tuple[object, ...], tuple[object, ...]]:
    place = len(shapes) - 1 if is_open else chance.randrange(len(shapes) - 1)
    shape = shapes[place]
    began = (declared - EPOCH) // MILLISECOND
    # Seconds: a median of fifty minutes and a long tail, and all is over by now.
    lasts = min(chance.lognormvariate(8, 1.2), (now - declared).total_seconds() / 3)
    offsets = (0, chance.random() * 0.1 * lasts, 0.4 * lasts, lasts, 2 * lasts, -600, lasts)
    times = [began + int(offset * 1000) for offset in offsets]
    if is_open:
        times[2:5] = [began] * 3  # its events are all of its first moments
    stamps = [stamp(EPOCH + at * MILLISECOND) for at in times]
    state = shape.state.replace(str(NUMBER), str(number))
    for mark, text in zip(MARKS, stamps, strict=True):
        state = state.replace(_marked(mark), text)
    known: dict[object, object] = {NUMBER: number, "STATE": state, f"C{NUMBER}": f"C{number}"}
    known |= {(mark - EPOCH) // MILLISECOND: at for mark, at in zip(MARKS, times, strict=True)}
    known |= {stamp(mark): text for mark, text in zip(MARKS, stamps, strict=True)}
    row = tuple(known.get(value, value) for value in shape.values)
    return (number, place, *stamps), row


def _marked(mark: datetime) -> str:
    """A mark as it stands in JSON."""
    return mark.strftime("%Y-%m-%dT%H:%M:%SZ")


def _shapes() -> list[Shape]:
    """Finished ones of each severity, every other with its impact, a drill, a cancelled one; the last is open."""
    shapes = [
        _shape(severity, impact=impact) for severity in Severity for impact in (True, False) for _ in range(3)
    ]
    return [
        *shapes,
        _shape(Severity.P2, kind=Kind.DRILL),
        _shape(Severity.P3, cancelled=True),
        _shape(Severity.P1, finished=False),
    ]


def _shape(
    severity: Severity,
    *,
    impact: bool = False,
    kind: Kind = Kind.REAL,
    cancelled: bool = False,
    finished: bool = True,
) -> Shape:
    channel = f"C{NUMBER}"
    events: list[Event] = [
        IncidentDeclared(
            at=DECLARED, by=ANA, number=NUMBER, title="checkout returns 500", severity=severity,
            kind=kind, impact_started=HURT if impact else None, impact_ended=HEALED if impact else None,
            services=("checkout",),
        ),
        ChannelOpened(at=DECLARED, by=ANA, channel=channel, name=f"inc-{NUMBER}"),
        SurfacePosted(at=DECLARED, by=ANA, surface=Surface.CARD, channel=channel, ts="1.0"),
        RoleTaken(at=ACKNOWLEDGED, by=ANA, role=Role.COMMANDER, person=ANA),
    ]  # fmt: skip
    if cancelled:
        events.append(IncidentCancelled(at=STABILIZED, by=ANA, reason="A test alert."))
    elif finished:
        events += [
            PhaseEntered(at=STABILIZED, by=ANA, phase=Phase.REPAIR, left=Phase.STABILIZE),
            PhaseEntered(at=REPAIRED, by=ANA, phase=Phase.PREVENT, left=Phase.REPAIR),
            IncidentClosed(at=CLOSED, by=ANA),
        ]
    note = NoteAdded(at=ACKNOWLEDGED, by=ANA, text="The gateway answers slowly.")
    events[4:4] = [note] * (EVENTS - len(events))
    state = replay(NUMBER, events)
    rows = linked(TEAM, NUMBER, 0, GENESIS, events, DECLARED)
    row = {**projection(TEAM, state, rows[-1]["hash"]), "state": "STATE"}
    return Shape(
        state=state.model_dump_json(),
        columns=tuple(row),
        values=tuple(row.values()),
        events=tuple(
            (row["version"], MARKS.index(event.at), row["type"], row["by"], row["data"])
            for row, event in zip(rows, events, strict=True)
        ),
    )
