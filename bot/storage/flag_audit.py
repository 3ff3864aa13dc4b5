"""Who switched what, when and why: only added to, and asked for before it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.bulk import action_of
from bot.storage.engine import Transaction
from bot.storage.timeline import stamp


class Step(StrEnum):
    """How far an operation has come. A stored name never changes."""

    ASKED = "asked"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Act(StrEnum):
    """What can be done. A stored name never changes."""

    CONTAIN = "contain"
    RESTORE = "restore"
    EXTEND = "extend"
    END = "end"
    LOST = "lost"
    DRILL = "drill"


@dataclass(frozen=True)
class Switching:
    """One operation as it is asked for. `operation` is its name, the same in all its rows."""

    operation: str
    act: Act
    env: str
    key: str
    actor: str
    incident: int | None = None
    reason: str = ""
    approver: str = ""
    backend: str = ""


@dataclass(frozen=True)
class Line:
    """One row of the audit."""

    operation: str
    step: Step
    act: Act
    backend: str
    env: str
    key: str
    incident: int | None
    actor: str
    approver: str
    reason: str
    mark: str
    detail: str
    seconds: float | None
    at: str


def note(
    transaction: Transaction,
    team_id: str,
    switching: Switching,
    step: Step,
    *,
    at: datetime,
    mark: str = "",
    detail: str = "",
    seconds: float | None = None,
) -> None:
    """Add a row. `mark` is the fingerprint of the flag at that moment."""
    transaction.run(
        "insert into flag_audit (team_id, operation, step, act, backend, env, key, incident, actor, approver,"
        " reason, mark, detail, seconds, at) values (:team_id, :operation, :step, :act, :backend, :env, :key,"
        " :incident, :actor, :approver, :reason, :mark, :detail, :seconds, :at)",
        team_id=team_id,
        step=step.value,
        mark=mark,
        detail=detail,
        seconds=seconds,
        at=stamp(at),
        **{**vars(switching), "act": switching.act.value},
    )


def lines(
    transaction: Transaction,
    team_id: str,
    *,
    env: str = "",
    key: str = "",
    incident: int | None = None,
    operation: str = "",
    act: Act | None = None,
    since: datetime | None = None,
    limit: int = 100,
) -> list[Line]:
    """The last rows, newest first: of a flag, of an incident, of an operation, or of all."""
    rows = transaction.all(
        "select operation, step, act, backend, env, key, incident, actor, approver, reason, mark, detail,"
        " seconds, at from flag_audit where team_id = :team_id and (:env = '' or env = :env)"
        " and (:key = '' or key = :key) and (:incident = 0 or incident = :incident) and at >= :since"
        " and (:operation = '' or operation = :operation) and (:act = '' or act = :act)"
        " order by id desc limit :limit",
        team_id=team_id,
        env=env,
        key=key,
        incident=incident or 0,
        operation=operation,
        act="" if act is None else act.value,
        since="" if since is None else stamp(since),
        limit=limit,
    )
    return [_line(row) for row in rows]


def asked_since(
    transaction: Transaction, team_id: str, actor: str, act: Act, since: datetime, *, beside: str
) -> int:
    """How many actions of this person asked for it since then, beside the one that this request is part of."""
    rows = transaction.all(
        "select distinct operation from flag_audit where team_id = :team_id and actor = :actor and act = :act"
        " and step = 'asked' and at >= :since",
        team_id=team_id,
        actor=actor,
        act=act.value,
        since=stamp(since),
    )
    return len({action_of(row["operation"]) for row in rows} - {action_of(beside)})


def last_drill(transaction: Transaction, team_id: str, key: str) -> Line | None:
    """How it went when this flag was switched for practice the last time, in whichever environment."""
    rows = transaction.all(
        "select operation, step, act, backend, env, key, incident, actor, approver, reason, mark, detail,"
        " seconds, at from flag_audit where team_id = :team_id and key = :key and act = 'drill'"
        " and step <> 'asked' order by id desc limit 1",
        team_id=team_id,
        key=key,
    )
    return next(map(_line, rows), None)


def _line(row: Mapping[str, object]) -> Line:
    values: dict[str, object] = {**row, "step": Step(str(row["step"])), "act": Act(str(row["act"]))}
    return Line(**values)  # type: ignore[arg-type]
