"""Who has left, on every engine."""

from __future__ import annotations

import pytest

from bot.domain.commands import AssignRole, TakeRole
from bot.domain.vocabulary import Refused, Role
from bot.storage import people
from bot.storage.engine import Engine
from tests.domain.samples import ANA, BO, CLEO, NOON, later
from tests.storage.doing import asks, declares

TEAM = "T1"


async def gone(engine: Engine) -> list[str]:
    return await engine.read(lambda transaction: people.gone(transaction, TEAM, [ANA, CLEO, BO]))


async def test_who_left_is_known_by_name_until_they_come_back(engine: Engine) -> None:
    await engine.write(lambda transaction: people.remember(transaction, TEAM, BO, "bo"))
    await engine.write(lambda transaction: people.left(transaction, TEAM, BO, "bo.l", NOON))
    await engine.write(lambda transaction: people.left(transaction, TEAM, CLEO, "cleo", NOON))
    await engine.write(lambda transaction: people.left(transaction, TEAM, BO, "bo", later(5)))
    assert await gone(engine) == ["cleo", "bo"]
    await engine.write(lambda transaction: people.remember(transaction, TEAM, CLEO, "cleo.k"))
    assert await gone(engine) == ["cleo.k", "bo"]
    await engine.write(lambda transaction: people.came_back(transaction, TEAM, BO))
    assert await gone(engine) == ["cleo.k"]


async def test_nothing_is_asked_of_who_left_and_who_asks_may_go_on(engine: Engine) -> None:
    await declares(engine)
    await engine.write(lambda transaction: people.left(transaction, TEAM, BO, "bo", NOON))
    with pytest.raises(Refused, match="bo has left"):
        await asks(engine, AssignRole(by=ANA, role=Role.SCRIBE, person=BO))
    assert (await asks(engine, TakeRole(by=ANA, role=Role.SCRIBE))).events
