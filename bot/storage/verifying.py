"""Is what is stored true? Timelines whole, everything else equal to what they say. Reads; repairs nothing.

It runs on one snapshot, incident by incident, and holds at most a batch of events at a time.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.domain.elsewhere import IncidentImported
from bot.domain.events import Event, IncidentDeclared
from bot.domain.evolving import evolve
from bot.domain.flags import FIRST_ENVIRONMENT
from bot.domain.incident import Incident
from bot.domain.reminders import wanted
from bot.domain.vocabulary import incident_name
from bot.storage import looking
from bot.storage.engine import Row, Transaction
from bot.storage.incidents import projection
from bot.storage.outbox import NOBODY
from bot.storage.timeline import GENESIS, chained, loaded, moment
from bot.storage.verifying_effects import Known, in_one_line, wrong_with

PAGE = 1000  # rows read at once: a few megabytes, and few enough statements to be fast
# The outbox has no index by incident, which only we would use: it is read through once for each batch of events.
BATCH_EVENTS = 50_000

Place = tuple[str, int]  # a workspace, and the number of an incident in it


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be: where, and what, each a part of one line."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass
class Counts:
    """How much was looked at."""

    workspaces: int = 0
    incidents: int = 0
    events: int = 0
    effects: int = 0
    requests: int = 0


def verify(
    transaction: Transaction,
    found: Callable[[Finding], None],
    *,
    page: int = PAGE,
    batch: int = BATCH_EVENTS,
) -> Counts:
    """Tell `found` of everything that is wrong in the tables, and answer how much was looked at.

    `transaction` has to see one snapshot, or what is written meanwhile looks like damage.
    """
    return _Verification(transaction, found, page, batch).run()


def verify_file(path: Path, found: Callable[[Finding], None]) -> Counts | None:
    """The same for a SQLite file, after SQLite's own check of it; None when it is too damaged to be read on.

    Raises DatabaseUnusable when it cannot be opened at all. Whoever works on the file is not disturbed.
    """
    with looking.snapshot(path) as transaction:
        for line in looking.damage(transaction):
            found(Finding("the file", line))
        try:
            return verify(transaction, found)
        except sqlite3.DatabaseError as error:
            found(Finding("the file", f"could not be read any further ({error})"))
            return None


def heads(transaction: Transaction, found: Callable[[Finding], None]) -> None:
    """The quick form: the last event of every incident, which all the others are chained to, and its row."""
    for row in pages(
        transaction,
        "select number, team_id, version as counted, hash as head from incident"
        " where (team_id, number) > (:team_id, :number) order by team_id, number limit :page",
        {"team_id": "", "number": 0},
    ):
        last = transaction.one(
            "select * from timeline where team_id = :team_id and incident = :number"
            " order by version desc limit 1",
            team_id=row["team_id"],
            number=row["number"],
        )
        if last is None:
            found(Finding(_place(row["team_id"], row["number"]), "has a row, but no events"))
        elif (last["version"], last["hash"]) != (row["counted"], row["head"]):
            found(Finding(_place(row["team_id"], row["number"]), "its row does not fit its last event"))
        elif not _fits(last):
            found(Finding(_event(last), "was changed after it was written"))


class _Verification:
    def __init__(
        self, transaction: Transaction, found: Callable[[Finding], None], page: int, batch: int
    ) -> None:
        self._transaction = transaction
        self._page = page
        self._batch = batch
        self._found = found
        self._counts = Counts()
        self._asked: dict[Place, set[str]] = {}
        self._held = self._containments()

    def run(self) -> Counts:
        known: dict[Place, Known] = {}
        after: Place = ("", NOBODY - 1)
        before: Place | None = None
        events = 0
        for place, rows in groupby(self._timeline(), key=itemgetter("team_id", "incident")):
            self._numbers(before, place)
            counted = self._counts.events
            known[place] = self._incident(place, rows)
            events += self._counts.events - counted
            if events >= self._batch:
                self._effects(known, after, place)
                known, after, events = {}, place, 0
            before = place
        self._effects(known, after, None)
        self._leftovers()
        self._waiting_twice()
        self._requests()
        self._workspaces()
        return self._counts

    def _tell(self, place: Place, what: str) -> None:
        self._found(Finding(_place(*place), what))

    # The timeline, and what is drawn from it

    def _timeline(self) -> Iterator[Row]:
        return pages(
            self._transaction,
            "select * from timeline where (team_id, incident, version) > (:team_id, :incident, :version)"
            " order by team_id, incident, version limit :page",
            {"team_id": "", "incident": 0, "version": 0},
            self._page,
        )

    def _numbers(self, before: Place | None, place: Place) -> None:
        """Incidents are numbered from one on without a gap, so a gap is an incident that is gone."""
        expected = before[1] + 1 if before is not None and before[0] == place[0] else 1
        if place[1] > expected:
            gone = incident_name(expected)
            gone += "" if place[1] == expected + 1 else f" to {incident_name(place[1] - 1)}"
            self._found(Finding(place[0], f"{gone} is missing: the next is {incident_name(place[1])}"))

    def _incident(self, place: Place, rows: Iterator[Row]) -> Known:
        """Check the chain of one incident, replay it, and compare what is kept of it."""
        known = Known()
        incident: Incident | None = Incident(number=place[1])
        previous, version, whole = GENESIS, 0, True
        for row in rows:
            self._counts.events += 1
            broken = _broken(row, previous, version + 1) if whole else None
            if broken is not None:
                self._found(Finding(_event(row), broken))
                whole = False  # every link after a broken one is broken too: one line says it
            event = self._loaded(row)
            if event is None:
                incident = None
            else:
                known.add(event)
                incident = None if incident is None else evolve(incident, event)
            previous, version = row["hash"], row["version"]
        self._counts.incidents += 1
        self._projection(place, incident, version=version, head=previous)
        return known

    def _loaded(self, row: Row) -> Event | None:
        try:
            event = loaded(row)
            moment(row["recorded_at"])
        except (ValueError, TypeError, RecursionError) as error:
            self._found(Finding(_event(row), f"cannot be read ({in_one_line(error)})"))
            return None
        opening = isinstance(event, IncidentDeclared | IncidentImported)
        if opening != (row["version"] == 1):
            what = "declares the incident again" if opening else "is the first one, but does not declare"
            self._found(Finding(_event(row), what))
        elif isinstance(event, IncidentDeclared | IncidentImported) and event.number != row["incident"]:
            self._found(Finding(_event(row), f"declares {incident_name(event.number)}"))
        return event

    def _projection(self, place: Place, replayed: Incident | None, *, version: int, head: str) -> None:
        team_id, number = place
        row = self._transaction.one(
            "select * from incident where team_id = :team_id and number = :number",
            team_id=team_id,
            number=number,
        )
        held = self._held.pop(place, set())
        if row is None:
            self._tell(place, f"has {version} events, but no row in the table of incidents")
            return
        if replayed is None:  # cannot be replayed, which has been said; what needs no replay is compared
            wrong = [name for name, value in (("version", version), ("hash", head)) if row[name] != value]
        else:
            expected = projection(team_id, replayed, head)
            wrong = [name for name in expected if row[name] != expected[name]]
            wrong += [f"state ({difference})" for difference in _differences(row["state"], replayed)]
            self._flags(place, replayed, held)
            self._timers(place, replayed)
        if wrong:
            self._tell(place, f"its row differs from a replay of its events in {', '.join(wrong)}")

    # Flags

    def _containments(self) -> dict[Place, set[str]]:
        """All of them at once: there are never more than flags."""
        held: dict[Place, set[str]] = {}
        for row in self._transaction.all(
            "select team_id, incident, env, key from flag_override where incident is not null"
        ):
            held.setdefault((row["team_id"], row["incident"]), set()).add(_name(row["env"], row["key"]))
        for row in self._transaction.all(
            "select team_id, incident, backend, env, key, act, state from flag_vendor"
        ):
            place, name = (
                (row["team_id"], row["incident"]),
                _name(row["env"], f"{row['backend']}:{row['key']}"),
            )
            if row["act"] == "contain" and row["state"] in ("asked", "doubt"):
                self._asked.setdefault(place, set()).add(name)  # it may hold it already, or again
            else:
                held.setdefault(place, set()).add(name)
        return held

    def _flags(self, place: Place, replayed: Incident, held: set[str]) -> None:
        said = {_name(each.environment, each.flag) for each in replayed.containments}
        said -= self._asked.get(place, set())
        for flag in sorted(said - held):
            self._tell(place, f"its events hold flag {flag!r}, but the table of overrides does not")
        for flag in sorted(held - said):
            self._tell(place, f"the table of overrides holds flag {flag!r} for it, but its events do not")

    def _timers(self, place: Place, replayed: Incident) -> None:
        """Reminders are drawn from the state too: one that is missing is never sent."""
        rows = self._transaction.all(
            "select name, due from timer where team_id = :team_id and incident = :incident",
            team_id=place[0],
            incident=place[1],
        )
        there = {row["name"]: row["due"] for row in rows}
        coming = {name: at.timestamp() for name, at in wanted(replayed).items()}
        for name in sorted(there.keys() | coming.keys()):
            if there.get(name) != coming.get(name):
                said = "is set, but not wanted" if name not in coming else "is due at another time"
                self._tell(place, f"reminder {name!r} {said if name in there else 'is wanted, but not set'}")

    # Effects

    def _effects(self, known: dict[Place, Known], after: Place, until: Place | None) -> None:
        """Every effect of the incidents in `known`, and of those between them that nobody knows."""
        last = until or ("", 0)
        orphans: Counter[Place] = Counter()
        for row in pages(
            self._transaction,
            "select id, team_id, incident, lane, coalesce_key, body, state, attempt, lease, error from effect"
            " where id > :id and (team_id, incident) > (:after_team, :after)"
            " and (:to_the_end = 1 or (team_id, incident) <= (:last_team, :last)) order by id limit :page",
            {"id": 0},
            self._page,
            after_team=after[0],
            after=after[1],
            to_the_end=int(until is None),
            last_team=last[0],
            last=last[1],
        ):
            self._counts.effects += 1
            place = (row["team_id"], row["incident"])
            if place[1] != NOBODY and place not in known:
                orphans[place] += 1
                continue
            for wrong in wrong_with(row, known.get(place)):
                self._found(Finding(f"{_place(*place)} effect {row['id']}", wrong))
        for place, count in orphans.items():
            self._tell(place, f"{count} effects were promised for it, but it has no events")

    def _waiting_twice(self) -> None:
        for row in self._transaction.all(
            "select team_id, incident, coalesce_key, count(*) as n from effect"
            " where state = 'pending' and coalesce_key is not null"
            " group by team_id, incident, coalesce_key having count(*) > 1"
        ):
            place = (row["team_id"], row["incident"])
            self._tell(place, f"{row['n']} effects wait for {row['coalesce_key']!r}, where one may")

    # What is in other tables

    def _leftovers(self) -> None:
        for row in self._transaction.all(
            "select team_id, number from incident where not exists (select 1 from timeline"
            " where timeline.team_id = incident.team_id and timeline.incident = incident.number)"
        ):
            self._tell((row["team_id"], row["number"]), "has a row, but no events")
        for row in self._transaction.all(
            "select distinct team_id, incident from timer where not exists (select 1 from timeline"
            " where timeline.team_id = timer.team_id and timeline.incident = timer.incident)"
        ):
            self._tell((row["team_id"], row["incident"]), "has reminders, but no events")
        for place, flags in self._held.items():
            self._tell(place, f"holds {', '.join(map(repr, sorted(flags)))}, but has no events")

    def _requests(self) -> None:
        for row in self._transaction.all(
            "select team_id, incident, count(*) as n from request where not exists (select 1 from incident"
            " where incident.team_id = request.team_id and incident.number = request.incident)"
            " group by team_id, incident"
        ):
            place = (row["team_id"], row["incident"])
            self._tell(place, f"{row['n']} requests were answered with it, but there is no such incident")
        counted = self._transaction.one("select count(*) as n from request")
        self._counts.requests = counted["n"] if counted else 0

    def _workspaces(self) -> None:
        for row in self._transaction.all(
            "select workspace.team_id, workspace.incidents as counted, (select max(number) from incident"
            " where incident.team_id = workspace.team_id) as highest from workspace order by team_id"
        ):
            self._counts.workspaces += 1
            if row["counted"] != (row["highest"] or 0):
                highest = f"the last one is {incident_name(row['highest'] or 0)}"
                self._found(Finding(row["team_id"], f"counted {row['counted']} incidents, but {highest}"))
        for row in self._transaction.all(
            "select team_id from (select team_id from timeline union select team_id from effect"
            " union select team_id from request union select team_id from flag_definition) as used"
            " where team_id not in (select team_id from workspace) order by team_id"
        ):
            self._found(Finding(row["team_id"], "has rows, but is not in the table of workspaces"))


def pages(
    transaction: Transaction, sql: str, start: dict[str, Any], page: int = PAGE, **values: Any
) -> Iterator[Row]:
    """Every row of `sql`, a page at a time; each page goes on after the keys of the last row, from `start` on."""
    after = start
    while rows := transaction.all(sql, **values, **after, page=page):
        yield from rows
        after = {key: rows[-1][key] for key in start}


def _name(env: str, flag: str) -> str:
    return flag if env == FIRST_ENVIRONMENT else f"{flag} in {env}"


def _place(team_id: str, number: int) -> str:
    return team_id if number == NOBODY else f"{team_id} {incident_name(number)}"


def _event(row: Row) -> str:
    return f"{_place(row['team_id'], row['incident'])} event {row['version']} ({row['type']})"


def _broken(row: Row, previous: str, version: int) -> str | None:
    """What is wrong with the link between this event and the one before it; None when it holds."""
    if row["version"] != version:
        return f"stands where event {version} should"
    if row["previous"] != previous:
        return f"names {row['previous'][:12]}… as the event before it, which is {previous[:12]}…"
    if not _fits(row):
        return f"was changed after it was written: its hash {row['hash'][:12]}… does not fit its columns"
    return None


def _fits(row: Row) -> bool:
    try:
        return bool(chained(row["previous"], row) == row["hash"])
    except TypeError:  # a column that holds bytes, which we never write
        return False


def _differences(state: str, replayed: Incident) -> list[str]:
    """The fields in which a stored state differs from the replayed one."""
    try:
        stored = Incident.model_validate_json(state)
    except ValidationError as error:
        return [f"cannot be read: {in_one_line(error)}"]
    return [name for name in Incident.model_fields if getattr(stored, name) != getattr(replayed, name)]
