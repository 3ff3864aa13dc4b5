"""The rows of flags that are held elsewhere, on every engine: one for each flag, and one process at a time."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.away import Switch
from bot.storage import flag_vendor
from bot.storage.engine import Engine, Transaction
from bot.storage.flag_vendor import Away, State
from tests.domain.samples import ANA, BO, NOON, later

TEAM, LEASE = "T1", timedelta(minutes=1)
PLACE = {"backend": "unleash", "env": "production", "key": "gateway"}


async def asks(engine: Engine, operation: str = "op-1", incident: int = 1) -> None:
    await engine.write(
        lambda transaction: flag_vendor.ask(
            transaction,
            TEAM,
            **PLACE,
            incident=incident,
            operation=operation,
            actor=ANA,
            reason="errors",
            before="{}",
            now=NOON,
        )
    )


async def takes(engine: Engine, minutes: float = 0, only: str = "") -> Away | None:
    return await engine.write(
        lambda transaction: flag_vendor.take(transaction, TEAM, now=later(minutes), lease=LEASE, only=only)
    )


async def found(engine: Engine) -> Away | None:
    return await engine.read(lambda transaction: flag_vendor.find(transaction, TEAM, **PLACE))


async def test_what_one_process_has_taken_is_nobody_elses_until_its_lease_ends(engine: Engine) -> None:
    await asks(engine)
    assert await takes(engine, only="another") is None
    first = await takes(engine)
    assert first is not None
    assert (first.flag, first.taken, first.state) == ("unleash:gateway", False, State.ASKED)
    assert await takes(engine, 0.5) is None
    again = await takes(engine, 2)
    assert again is not None
    assert again.taken  # so that it is read before anything is written
    await engine.write(lambda transaction: flag_vendor.give_up_leases(transaction, TEAM))
    after = await takes(engine, 2)
    assert after is not None
    assert after.taken


async def test_a_row_goes_from_asked_over_doubt_to_held_and_back(engine: Engine) -> None:
    await asks(engine)
    away = await takes(engine)
    assert away is not None
    asked = away

    def doubts(transaction: Transaction) -> None:
        flag_vendor.doubt(transaction, TEAM, asked, due=later(5))

    def holds(transaction: Transaction) -> None:
        flag_vendor.held(transaction, TEAM, asked, before="{1}", after="{2}", now=later(6))

    def asks_back(transaction: Transaction) -> None:
        flag_vendor.ask_back(
            transaction, TEAM, asked, operation="op-2", actor=BO, reason="", force=True, now=later(7)
        )

    await engine.write(doubts)
    assert await takes(engine, 4) is None
    doubted = await takes(engine, 5)
    assert doubted is not None
    assert (doubted.state, doubted.tries, doubted.taken) == (State.DOUBT, 1, False)
    await engine.write(holds)
    assert await takes(engine, 60) is None
    await engine.write(asks_back)
    back = await takes(engine, 60)
    assert back is not None
    assert (back.act, back.operation, back.force, back.actor) == (Switch.RESTORE, "op-2", True, BO)
    assert (back.before, back.after) == ("{1}", "{2}")
    await engine.write(holds)  # of the operation before: too late to change anything
    still = await found(engine)
    assert still is not None
    assert still.act is Switch.RESTORE
    await engine.write(lambda transaction: flag_vendor.still_held(transaction, TEAM, back))
    await engine.write(lambda transaction: flag_vendor.lost(transaction, TEAM, back))
    lost = await found(engine)
    assert lost is not None
    assert (lost.act, lost.state, lost.after) == (Switch.CONTAIN, State.LOST, "{2}")
    await engine.write(lambda transaction: flag_vendor.forget(transaction, TEAM, **PLACE))
    assert await found(engine) is None


async def test_a_flag_has_one_row_however_often_it_is_asked_for(engine: Engine) -> None:
    await asks(engine)
    await asks(engine, "op-2", incident=2)
    rows = await engine.read(lambda transaction: flag_vendor.everything(transaction, TEAM))
    assert [(row.operation, row.incident) for row in rows] == [("op-2", 2)]
