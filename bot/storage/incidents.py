"""Carry out a command on an incident: decide, append, project and promise, in one transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import NamedTuple

from bot.domain.away import is_away, parts
from bot.domain.commands import AddNote, Command, DeclareIncident, OverrideGate
from bot.domain.effects import Effect
from bot.domain.events import ContainmentEnded, Event, FlagContained, FlagRestored
from bot.domain.evolving import evolve
from bot.domain.incident import Incident
from bot.domain.privacy import may_see
from bot.domain.promising import promised
from bot.domain.reminders import wanted
from bot.domain.rules import decide
from bot.domain.rules.people import asked as asked_of
from bot.domain.rules.people import still_here
from bot.domain.vocabulary import Milestone
from bot.storage import figures, flag_overrides, flag_vendor, outbox, people, timers
from bot.storage.engine import Row, Transaction
from bot.storage.recent import Recent
from bot.storage.timeline import GENESIS, append, stamp
from bot.storage.written import Written, written

_recent = Recent(128)  # more than are led at once; some 40 kB each

# Slack shows an error after three seconds, and people send the same again, with a trigger id of its own.
LARGEST = 2**31 - 1  # number of an incident: what an integer of PostgreSQL holds
SAME_WITHIN = timedelta(minutes=1)


class Asked(NamedTuple):
    """What identifies a request: its key, and what it has in common with another for the very same."""

    key: str
    same: str | None


@dataclass(frozen=True)
class Outcome:
    """What came of a command: the incident after it, and the events it led to (none: it was so already).

    `repeated` says that the same request had been carried out before, and nothing was done now.
    """

    incident: Incident
    events: tuple[Event, ...] = ()
    repeated: bool = False


def execute(
    transaction: Transaction,
    *,
    team_id: str,
    number: int | None,
    command: Command,
    now: datetime,
    key: str | None = None,
) -> Outcome:
    """Carry out `command`; raises Refused, and then nothing is stored.

    `number` None declares the next one. `key` identifies the request (a trigger id, an event id): the second
    time it is seen, the first time's incident is answered and nothing changes. So it is when the same person asks
    for the very same within a minute, because the first answer was lost.
    """
    transaction.lock(f"{team_id}/{number}")
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)  # what is stored is what was decided on
    asked = None if key is None else Asked(key, _same(command, number))
    seen = None if asked is None else _seen(transaction, team_id, asked, number, now)
    if asked is not None and seen is not None:
        _remember(transaction, team_id, asked.key, seen, now)
        return Outcome(_load(transaction, team_id, seen)[0], repeated=True)
    if number is None:
        if not isinstance(command, DeclareIncident):
            raise AssertionError("only a declaration makes a new incident")
        number = _next_number(transaction, team_id)
    incident, previous = _load(transaction, team_id, number)
    still_here(people.gone(transaction, team_id, asked_of(command)))
    events = decide(incident, command, now)
    if events:
        head = append(
            transaction,
            team_id=team_id,
            incident=number,
            version=incident.version,
            previous=previous,
            events=events,
            now=now,
        )
        before = incident
        incident = _evolve_and_promise(transaction, team_id, before, events, now)
        known = _recent.get(previous)
        there = known.reminders if known is not None else None
        coming = timers.keep(transaction, team_id, wanted(before) if there is None else there, incident)
        state = written(incident, known, coming)
        _project(transaction, team_id, before, state, head)
        _recent.keep(head, state)
    if asked is not None and asked.same is not None:
        _remember(transaction, team_id, asked.key, number, now)
        _remember(transaction, team_id, asked.same, number, now)
    return Outcome(incident, tuple(events))


def _same(command: Command, number: int | None) -> str | None:
    """What two requests for one thing have in common; None where asking twice changes nothing anyway."""
    said: list[object]
    match command:
        case DeclareIncident():
            said = ["declare", command.by, " ".join(command.title.split()), command.severity]
            said += ["private"] if command.private else []
            said += [command.adopts.channel] if command.adopts else []
        case AddNote():
            said = ["note", number, command.by, command.text.strip()]
        case OverrideGate():
            said = ["override", number, command.by, command.leaving, command.reason.strip()]
        case _:
            return None
    return "same:" + hashlib.sha256(json.dumps(said).encode()).hexdigest()


def promise_once(
    transaction: Transaction, effect: Effect, *, team_id: str, number: int, now: datetime, key: str
) -> bool:
    """Promise what no event asks for; False when this request was seen before."""
    if not _is_new(transaction, team_id, key, number, now):
        return False
    outbox.promise(transaction, effect, team_id=team_id, incident=number, now=now)
    return True


def load(transaction: Transaction, team_id: str, number: int) -> Incident | None:
    """The incident, or None when there is none with this number."""
    incident, _ = _load(transaction, team_id, number)
    return incident if incident.version else None


def hidden(transaction: Transaction, team_id: str, person: str, numbers: Iterable[int]) -> set[int]:
    """Those of these incidents that are private and not for this person."""
    known = {number: load(transaction, team_id, number) for number in set(numbers)}
    return {number for number, each in known.items() if each is not None and not may_see(each, person)}


def in_channel(transaction: Transaction, team_id: str, channel: str) -> Incident | None:
    """The incident that this channel belongs to, or None."""
    row = transaction.one(
        "select state from incident where team_id = :team_id and channel = :channel",
        team_id=team_id,
        channel=channel,
    )
    return Incident.model_validate_json(row["state"]) if row else None


def still_open(transaction: Transaction, team_id: str) -> list[Incident]:
    """Every incident of ours that is not closed, oldest first. What is open at some source, nobody leads here."""
    rows = transaction.all(
        "select state from incident where team_id = :team_id and phase <> 'closed' order by number",
        team_id=team_id,
    )
    known = [Incident.model_validate_json(row["state"]) for row in rows]
    return [incident for incident in known if incident.origin is None]


def holding(transaction: Transaction, team_id: str) -> list[Incident]:
    """Every incident that holds a flag, closed ones too; found without reading those that hold none.

    What lies over the flags and what will be looked at again are both asked: one of them may have been lost.
    """
    rows = transaction.all(
        "select state from incident where team_id = :team_id and number in ("
        " select incident from flag_override where team_id = :team_id and incident is not null"
        " union select incident from timer where team_id = :team_id and name like 'flag_review:%')"
        " order by number",
        team_id=team_id,
    )
    return [Incident.model_validate_json(row["state"]) for row in rows]


def with_something_open(transaction: Transaction) -> list[tuple[str, Incident]]:
    """Every incident, of every workspace, that is open or has an action item that is not done."""
    rows = transaction.all(
        "select team_id, state from incident where phase <> 'closed' or state like :to_do"
        " order by team_id, number",
        to_do='%"done_at":null%',
    )
    return [(row["team_id"], Incident.model_validate_json(row["state"])) for row in rows]


def touched_between(transaction: Transaction, team_id: str, start: datetime, end: datetime) -> list[Incident]:
    """Incidents that were declared, stabilized, repaired or closed in [start, end), and those still open."""
    moved = " union ".join(
        f"select number from incident where team_id = :team_id and {column} >= :start and {column} < :end"  # noqa: S608
        for column in ("declared_at", "stabilized_at", "repaired_at", "closed_at")  # an index each
    )
    rows = transaction.all(
        "select state from incident where team_id = :team_id and number in"  # noqa: S608, columns of ours
        " (select number from incident where team_id = :team_id and number > 0 and phase <> 'closed'"
        f" union {moved})",
        team_id=team_id,
        start=stamp(start),
        end=stamp(end),
    )
    # Sorted here: asked to, SQLite would walk the whole history in its order and leave out most of it.
    known = (Incident.model_validate_json(row["state"]) for row in rows)
    return sorted(known, key=lambda incident: (incident.declared_at, incident.number))


def with_items_of(transaction: Transaction, team_id: str, person: str, since: datetime) -> list[Incident]:
    """Incidents declared since then in which this person owns an action item, done or not; oldest first."""
    rows = transaction.all(
        "select state from incident where team_id = :team_id and declared_at >= :since"
        " and state like :owned order by declared_at, number",
        team_id=team_id,
        since=stamp(since),
        owned=f'%"owner":"{person}"%',
    )
    return [Incident.model_validate_json(row["state"]) for row in rows]


def _seen(
    transaction: Transaction, team_id: str, asked: Asked, number: int | None, now: datetime
) -> int | None:
    """The incident that the same request led to before. A key that stands alone is remembered at once."""
    if number is not None and number > LARGEST:  # refused in a moment: there is no such incident
        return None
    if number is not None and asked.same is None and _is_new(transaction, team_id, asked.key, number, now):
        return None
    row = transaction.one(
        "select incident from request where team_id = :team_id"
        " and (key = :key or key = :same and at between :since and :until)",
        team_id=team_id,
        key=asked.key,
        same=asked.same,
        since=stamp(now - SAME_WITHIN),
        until=stamp(now + SAME_WITHIN),  # the clock may have been set back
    )
    return int(row["incident"]) if row else None


def _is_new(transaction: Transaction, team_id: str, key: str, number: int, now: datetime) -> bool:
    """Whether this key is seen for the first time; then it is known from now on."""
    return bool(
        transaction.run(
            "insert into request (team_id, key, incident, at) values (:team_id, :key, :incident, :at)"
            " on conflict (team_id, key) do nothing",
            team_id=team_id,
            key=key,
            incident=number,
            at=stamp(now),
        )
    )


def _remember(transaction: Transaction, team_id: str, key: str, number: int, now: datetime) -> None:
    """From now on `key` is known. One that was known and old counts from now on."""
    transaction.run(
        "insert into request (team_id, key, incident, at) values (:team_id, :key, :incident, :at)"
        " on conflict (team_id, key) do update set incident = excluded.incident, at = excluded.at"
        " where request.key like 'same:%'",
        team_id=team_id,
        key=key,
        incident=number,
        at=stamp(now),
    )


def _next_number(transaction: Transaction, team_id: str) -> int:
    row = transaction.one(
        "insert into workspace (team_id, incidents) values (:team_id, 1)"
        " on conflict (team_id) do update set incidents = workspace.incidents + 1 returning incidents",
        team_id=team_id,
    )
    if row is None:
        raise AssertionError("an upsert with RETURNING answers a row")
    return int(row["incidents"])


def _load(transaction: Transaction, team_id: str, number: int) -> tuple[Incident, str]:
    if number > LARGEST:
        return Incident(number=number), GENESIS
    row = transaction.one(
        "select hash from incident where team_id = :team_id and number = :number",
        team_id=team_id,
        number=number,
    )
    if row is None:
        return Incident(number=number), GENESIS
    known = _recent.get(row["hash"])
    if known is not None:
        return known.incident, row["hash"]
    row = transaction.one(
        # both once more: without a lock somebody may have written in between
        "select hash, state from incident where team_id = :team_id and number = :number",
        team_id=team_id,
        number=number,
    )
    if row is None:
        raise AssertionError("incidents are never deleted")
    return _recent.read(row["hash"], row["state"]), row["hash"]


def _evolve_and_promise(
    transaction: Transaction, team_id: str, incident: Incident, events: Iterable[Event], now: datetime
) -> Incident:
    effects: list[Effect] = []
    for event in events:
        incident = evolve(incident, event)
        _hold_or_release(transaction, team_id, incident.number, event)
        effects += promised(incident, event)
    outbox.promise(transaction, *effects, team_id=team_id, incident=incident.number, now=now)
    return incident


def _hold_or_release(transaction: Transaction, team_id: str, number: int, event: Event) -> None:
    """Keep what is held over the flags equal to what the events say."""
    if not isinstance(event, (FlagContained, ContainmentEnded, FlagRestored)):  # nearly always
        return
    if is_away(event.flag):
        if not isinstance(event, FlagContained):  # which was written down before its back-end was asked
            flag_vendor.forget(transaction, team_id, *_away(event))
        return
    if isinstance(event, FlagContained):
        flag_overrides.hold(
            transaction,
            team_id,
            env=event.environment,
            key=event.flag,
            variant=event.safe,
            actor=event.by,
            reason=event.reason,
            now=event.at,
            incident=number,
            review_at=event.review_at,
        )
    elif isinstance(event, ContainmentEnded):
        flag_overrides.hand_over(
            transaction, team_id, env=event.environment, key=event.flag, incident=number, owner=event.owner
        )
    elif isinstance(event, FlagRestored):
        flag_overrides.let_go(
            transaction,
            team_id,
            env=event.environment,
            key=event.flag,
            actor=event.by,
            now=event.at,
            incident=number,
        )


def _away(event: ContainmentEnded | FlagRestored) -> tuple[str, str, str]:
    backend, key = parts(event.flag)
    return backend, event.environment, key


def projection(team_id: str, incident: Incident, head: str) -> Row:
    """The row that is kept of an incident, without its state: drawn from its events, the last with hash `head`."""

    def reached(milestone: Milestone) -> str | None:
        at = incident.milestones.get(milestone)
        return None if at is None else stamp(at)

    return {
        "team_id": team_id,
        "number": incident.number,
        "version": incident.version,
        "title": incident.title,
        "severity": incident.severity.value,
        "peak": incident.peak.value,
        "phase": incident.phase.value,
        "channel": incident.channel,
        "declared_at": reached(Milestone.DECLARED),
        "acknowledged_at": reached(Milestone.ACKNOWLEDGED),
        "stabilized_at": reached(Milestone.STABILIZED),
        "repaired_at": reached(Milestone.REPAIRED),
        "closed_at": reached(Milestone.CLOSED),
        "hash": head,
        **figures.columns(incident),
    }


_KEY = ("team_id", "number")
_COLUMNS = (
    *(*_KEY, "version", "title", "severity", "peak", "phase", "channel", "declared_at", "acknowledged_at"),
    *("stabilized_at", "repaired_at", "closed_at", "state", "hash", *figures.COLUMNS),
)
INSERT = f"insert into incident ({', '.join(_COLUMNS)}) values (:{', :'.join(_COLUMNS)})"  # noqa: S608
WRITE = (
    INSERT
    + " on conflict (team_id, number) do update set "
    + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name not in _KEY)
)

# What the columns are drawn from that we search by. Where none of it has changed, as with most of what people do,
# only the state is written: half the work, because no index is touched.
_searched = itemgetter(
    *("severity", "peak", "phase", "channel", "milestones"),
    *("kind", "cancelled", "merged_into", "absorbed", "answers", "action_items", "measures"),
)


def _project(transaction: Transaction, team_id: str, before: Incident, state: Written, head: str) -> None:
    incident = state.incident
    if before.version and _searched(vars(before)) == _searched(vars(incident)):
        transaction.run(
            "update incident set version = :version, state = :state, hash = :hash"
            " where team_id = :team_id and number = :number",
            team_id=team_id,
            number=incident.number,
            version=incident.version,
            state=state.json,
            hash=head,
        )
        return
    transaction.run(
        WRITE,
        state=state.json,
        **projection(team_id, incident, head),
    )
