"""The bodies of the storage, in the words of these tests: one line each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.domain.commands import Command
from bot.domain.effects import Effect
from bot.domain.elsewhere import IncidentImported, UpdateImported
from bot.domain.imported import Imported
from bot.domain.incident import Incident
from bot.domain.vocabulary import FIREBREAK, Milestone, Severity
from bot.storage import flags, imported, incidents, outbox
from bot.storage.engine import Engine, Row
from bot.storage.flags import Flag
from bot.storage.imported import Fate
from bot.storage.incidents import Outcome
from bot.storage.outbox import Promise
from tests.domain.samples import NOON, declare

TEAM = "T1"
LEASE = 60.0


async def declares(
    engine: Engine, *, key: str | None = None, now: datetime = NOON, team: str = TEAM
) -> Outcome:
    return await engine.write(
        lambda transaction: incidents.execute(
            transaction, team_id=team, number=None, command=declare(), now=now, key=key
        )
    )


async def asks(
    engine: Engine, command: Command, *, number: int = 1, key: str | None = None, now: datetime = NOON
) -> Outcome:
    return await engine.write(
        lambda transaction: incidents.execute(
            transaction, team_id=TEAM, number=number, command=command, now=now, key=key
        )
    )


async def imports(
    engine: Engine,
    source_id: str = "17",
    *,
    team: str = TEAM,
    services: tuple[str, ...] = ("search",),
    cause: str = "",
    update: bool = False,
) -> Fate:
    """An incident of another tool, with one update."""
    incident = IncidentImported(
        at=NOON,
        by=FIREBREAK,
        number=0,
        title="Search answers slowly",
        severity=Severity.P2,
        peak=Severity.P1,
        source="elsewhere",
        source_id=source_id,
        milestones={Milestone.DECLARED: NOON},
        services=services,
        cause=cause,
    )
    said = UpdateImported(at=NOON, by=FIREBREAK, status="investigating", text="We look.")
    arrived = [Imported(incident, (said,), ())]
    (kept,) = await engine.write(
        lambda transaction: imported.keep(transaction, team, arrived, NOON, update=update)
    )
    return kept.fate


async def found(engine: Engine, number: int = 1, team: str = TEAM) -> Incident | None:
    return await engine.read(lambda transaction: incidents.load(transaction, team, number))


async def rows(engine: Engine, sql: str, **values: Any) -> list[Row]:
    return await engine.read(lambda transaction: transaction.all(sql, **values))


async def everything(engine: Engine) -> dict[str, list[Row]]:
    """Every table as it is, to see that nothing was changed."""
    tables = (
        "workspace",
        "timeline",
        "incident",
        "request",
        "effect",
        "flag_definition",
        "flag_override",
        "flag_event",
        "flag_audit",
        "person",
        "daily",
    )
    return {table: await rows(engine, f"select * from {table}") for table in tables}


# The outbox


async def promises(engine: Engine, *effects: Effect, number: int = 1, now: datetime = NOON) -> None:
    def body(transaction: Any) -> None:
        for effect in effects:
            outbox.promise(transaction, effect, team_id=TEAM, incident=number, now=now)

    await engine.write(body)


async def claims(engine: Engine, *, now: datetime = NOON, limit: int = 99) -> list[Promise]:
    return await engine.write(
        lambda transaction: outbox.claim(transaction, now=now, lease=LEASE, limit=limit)
    )


async def finishes(engine: Engine, promise: Promise) -> bool:
    return await engine.write(lambda transaction: outbox.done(transaction, promise))


async def tries_again(
    engine: Engine, promise: Promise, *, at: datetime, in_doubt: bool = False, counts: bool = True
) -> None:
    await engine.write(
        lambda transaction: outbox.retry(
            transaction, promise, at=at, error="it broke", in_doubt=in_doubt, counts=counts
        )
    )


async def releases(engine: Engine, *, now: datetime, crashed: bool = False) -> int:
    return await engine.write(lambda transaction: outbox.release(transaction, now=now, crashed=crashed))


async def unfinished(engine: Engine) -> list[Row]:
    return await engine.read(lambda transaction: outbox.unfinished(transaction, TEAM))


# Flags


async def defines(engine: Engine, key: str, *, serves: str = "on", safe: str = "off") -> None:
    await engine.write(
        lambda transaction: flags.define(transaction, TEAM, Flag(key, "", serves, safe, None), now=NOON)
    )


async def contains(
    engine: Engine, key: str, *, number: int = 1, reason: str = "it broke", request: str = "kill"
) -> Outcome:
    return await engine.write(
        lambda transaction: flags.contain(
            transaction,
            team_id=TEAM,
            number=number,
            flag=key,
            reason=reason,
            by="U02BO",
            now=NOON,
            key=request,
        )
    )


async def restores(engine: Engine, key: str, *, number: int = 1, request: str = "undo") -> Outcome:
    return await engine.write(
        lambda transaction: flags.restore(
            transaction, team_id=TEAM, number=number, flag=key, by="U02BO", now=NOON, key=request
        )
    )


async def flag(engine: Engine, key: str) -> Flag:
    known = await engine.read(lambda transaction: flags.find(transaction, TEAM, key))
    assert known is not None
    return known
