"""Store incidents that were imported: timeline and row as for our own, and from what each came. No effects."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.domain.elsewhere import ImportRestated, IncidentImported, UpdateImported
from bot.domain.evolving import evolve
from bot.domain.imported import Imported, restated
from bot.domain.incident import Incident
from bot.domain.vocabulary import FIREBREAK, incident_number
from bot.storage.engine import Row, Transaction
from bot.storage.figures import EPOCH, MILLISECOND
from bot.storage.incidents import INSERT as INSERT_INCIDENT
from bot.storage.incidents import WRITE, load, projection
from bot.storage.timeline import GENESIS, Entry, append, entries, linked
from bot.storage.timeline import INSERT as INSERT_EVENT

Key = tuple[str, str]  # a source, and the id of a record there


class Fate(Enum):
    """What came of a record: kept, there already, there already and saying something else, and that taken over."""

    NEW = "new"
    SAME = "same"
    OTHER = "other"
    RESTATED = "restated"


@dataclass(frozen=True)
class Kept:
    """The fate of one record, and the number of its incident (0 where nothing is stored)."""

    fate: Fate
    number: int


def own_source(team_id: str) -> str:
    """What the incidents of this database's own bot are called in exports."""
    return f"firebreak/{team_id}"


def keep(
    transaction: Transaction,
    team_id: str,
    arrivals: Sequence[Imported],
    now: datetime,
    *,
    store: bool = True,
    update: bool = False,
    settled: AbstractSet[Key] = frozenset(),
) -> list[Kept]:
    """Store what is new, in one transaction; answers what came of each, in order. Without `store` it only looks.

    `update` takes over what a source says otherwise than before, but for those that are `settled`: they stood
    further up in the same file, and nobody knows which of the two is right. An incident that this database's own
    bot has led is there already when an export of it comes home.
    """
    if store:
        transaction.lock(f"{team_id}/None")  # as declarations do, who take numbers too
    digests = [_digest(arrival) for arrival in arrivals]
    known = _known(transaction, team_id, {_key(arrival.incident) for arrival in arrivals})
    led = _led_here(transaction, team_id, arrivals)
    fates: list[Kept] = []
    met: set[Key] = set()
    new: list[tuple[Imported, str]] = []
    for arrival, digest in zip(arrivals, digests, strict=True):
        key = _key(arrival.incident)
        if key in led:
            fates.append(Kept(Fate.SAME, led[key]))
        elif key in known:
            number, there = known[key]
            fate = Fate.SAME if _says_the_same(arrival, digest, there) else Fate.OTHER
            if fate is Fate.OTHER and number and key not in settled | met:
                fate = _compared(
                    transaction, team_id, number, arrival, digest, now, update=update, store=store
                )
            fates.append(Kept(fate, number))
        else:
            known[key] = (0, digest)
            new.append((arrival, digest))
            fates.append(Kept(Fate.NEW, 0))
        met.add(key)
    if new and store:
        _store(transaction, team_id, new, now)
    return fates


def _key(incident: IncidentImported) -> Key:
    return incident.source, incident.source_id


def _digest(arrival: Imported) -> str:
    """Two hashes: of the facts, and of what was said."""
    updates = "\n".join(update.model_dump_json() for update in arrival.updates)
    said = (arrival.incident.model_dump_json(), updates)
    return ":".join(hashlib.sha256(each.encode()).hexdigest() for each in said)


def _says_the_same(arrival: Imported, digest: str, there: str) -> bool:
    """A table has no room for what was said, so it is no different for leaving that out."""
    return digest == there or (not arrival.updates and digest.split(":")[0] == there.split(":")[0])


def _compared(
    transaction: Transaction,
    team_id: str,
    number: int,
    arrival: Imported,
    digest: str,
    now: datetime,
    *,
    update: bool,
    store: bool,
) -> Fate:
    """Whether it says anything that is not known; if so and it is to be taken over, that is done."""
    if update and store:
        transaction.lock(f"{team_id}/{number}")
    timeline = entries(transaction, team_id, number)
    facts = restated(_last_said(timeline), arrival.incident)
    heard = {_words(entry.event) for entry in timeline if isinstance(entry.event, UpdateImported)}
    news = [each for each in arrival.updates if _words(each) not in heard]
    if not facts and not news:
        return Fate.SAME
    if not update:
        return Fate.OTHER
    if store:
        said = arrival.incident.model_copy(update={"number": number})
        taken = [ImportRestated(at=now, by=FIREBREAK, said=said, restated=facts)] if facts else []
        _take_over(transaction, team_id, number, [*taken, *news], digest, now)
    return Fate.RESTATED


def _last_said(timeline: Sequence[Entry]) -> IncidentImported:
    for entry in reversed(timeline):
        match entry.event:
            case IncidentImported():
                return entry.event
            case ImportRestated(said=said):
                return said
            case _:
                pass
    raise AssertionError("what has an origin was imported")


def _words(update: UpdateImported) -> tuple[datetime, str, str]:
    return update.at, update.status, update.text


def _take_over(
    transaction: Transaction,
    team_id: str,
    number: int,
    events: Sequence[ImportRestated | UpdateImported],
    digest: str,
    now: datetime,
) -> None:
    incident = load(transaction, team_id, number)
    row = transaction.one(
        "select hash from incident where team_id = :team_id and number = :number",
        team_id=team_id,
        number=number,
    )
    if incident is None or row is None:
        raise AssertionError("what has an origin is there")
    version = incident.version
    for event in events:
        incident = evolve(incident, event)
    head = append(
        transaction,
        team_id=team_id,
        incident=number,
        version=version,
        previous=row["hash"],
        events=events,
        now=now,
    )
    transaction.run(WRITE, state=incident.model_dump_json(), **projection(team_id, incident, head))
    transaction.run(
        "update origin set digest = :digest where team_id = :team_id and incident = :number",
        digest=digest,
        team_id=team_id,
        number=number,
    )


def _known(transaction: Transaction, team_id: str, keys: set[Key]) -> dict[Key, tuple[int, str]]:
    found: dict[Key, tuple[int, str]] = {}
    for source in {source for source, _ in keys}:
        ids = {f"id{place}": each for place, (of, each) in enumerate(sorted(keys)) if of == source}
        rows = transaction.all(
            "select id, incident, digest from origin where team_id = :team_id and source = :source"  # noqa: S608
            f" and id in ({', '.join(f':{name}' for name in ids)})",  # names that we have just made
            team_id=team_id,
            source=source,
            **ids,
        )
        found |= {(source, row["id"]): (int(row["incident"]), row["digest"]) for row in rows}
    return found


def _led_here(transaction: Transaction, team_id: str, arrivals: Sequence[Imported]) -> dict[Key, int]:
    """Which of them are this database's own incidents, with their numbers: same name, title and declaration."""
    ours = {
        number: arrival.incident
        for arrival in arrivals
        if arrival.incident.source == own_source(team_id)
        and (number := incident_number(arrival.incident.source_id)) is not None
    }
    if not ours:
        return {}
    numbers = {f"number{place}": number for place, number in enumerate(ours)}
    rows = transaction.all(
        "select number, title, declared_ms from incident where team_id = :team_id"  # noqa: S608
        f" and number in ({', '.join(f':{name}' for name in numbers)})"  # names that we have just made
        " and not exists (select 1 from origin where origin.team_id = incident.team_id"
        " and origin.incident = incident.number)",
        team_id=team_id,
        **numbers,
    )
    found = {}
    for row in rows:
        said = ours[row["number"]]
        if (row["title"], row["declared_ms"]) == (said.title, _ms(said.at)):
            found[_key(said)] = int(row["number"])
    return found


def _ms(at: datetime) -> int:
    return (at - EPOCH) // MILLISECOND


def _store(
    transaction: Transaction, team_id: str, new: Sequence[tuple[Imported, str]], now: datetime
) -> None:
    origins: list[Row] = []
    events: list[Row] = []
    rows: list[Row] = []
    for number, (arrival, digest) in zip(_numbers(transaction, team_id, len(new)), new, strict=True):
        opening = arrival.incident.model_copy(update={"number": number})
        happened = linked(team_id, number, 0, GENESIS, [opening, *arrival.updates], now)
        # What a source said at some time changes nothing else: so this is what a replay of them all makes.
        incident = evolve(Incident(number=number), opening).model_copy(update={"version": len(happened)})
        events += happened
        row = projection(team_id, incident, happened[-1]["hash"])
        rows.append({**row, "state": incident.model_dump_json()})
        source, source_id = _key(opening)
        origins.append(
            {
                "team_id": team_id,
                "source": source,
                "id": source_id,
                "incident": number,
                "digest": digest,
            }
        )
    transaction.many(
        "insert into origin (team_id, source, id, incident, digest)"
        " values (:team_id, :source, :id, :incident, :digest)",
        origins,
    )
    transaction.many(INSERT_EVENT, events)
    transaction.many(INSERT_INCIDENT, rows)


def _numbers(transaction: Transaction, team_id: str, count: int) -> Iterable[int]:
    row = transaction.one(
        "insert into workspace (team_id, incidents) values (:team_id, :count)"
        " on conflict (team_id) do update set incidents = workspace.incidents + excluded.incidents"
        " returning incidents",
        team_id=team_id,
        count=count,
    )
    if row is None:
        raise AssertionError("an upsert with RETURNING answers a row")
    return range(int(row["incidents"]) - count + 1, int(row["incidents"]) + 1)
