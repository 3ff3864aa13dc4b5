"""What Slack will not take is kept with its reason, and taken up again without being done twice."""

from __future__ import annotations

import json

from bot.domain.effects import Draw
from bot.domain.vocabulary import Surface
from bot.storage import outbox, parked
from bot.storage.engine import Engine
from tests.domain.samples import later
from tests.storage.doing import TEAM, claims, finishes, promises, tries_again, unfinished

TOPIC = Draw(surface=Surface.TOPIC)  # any surface but the card, which is drawn again with every new try


async def park(engine: Engine, reason: str = "the channel is archived") -> None:
    for promise in await claims(engine, now=later(1)):
        await engine.write(lambda tx, promise=promise: outbox.park(tx, promise, error=reason))  # type: ignore[misc]


async def kinds(engine: Engine) -> list[str]:
    """What is unfinished. After a new try there is a card to draw: it says what still waits."""
    return sorted(str(json.loads(row["body"]).get("surface")) for row in await unfinished(engine))


async def again(engine: Engine, incident: int | None = None) -> int:
    return await engine.write(lambda tx: parked.try_again(tx, now=later(2), team_id=TEAM, incident=incident))


async def test_the_reasons_of_an_incident_are_told_oldest_first(engine: Engine) -> None:
    await promises(engine, TOPIC)
    await park(engine, "first")
    await promises(engine, Draw(surface=Surface.CHECKLIST))
    await park(engine, "second")
    assert await engine.read(lambda tx: parked.reasons(tx, TEAM, 1)) == ["first", "second"]
    assert await engine.read(lambda tx: parked.reasons(tx, TEAM, 2)) == []


async def test_what_was_parked_is_claimed_again(engine: Engine) -> None:
    await promises(engine, TOPIC)
    await park(engine)
    assert await claims(engine, now=later(2)) == []
    assert await again(engine) == 1
    (promise,) = await claims(engine, now=later(2))
    assert await finishes(engine, promise)
    assert await again(engine) == 0


async def test_only_the_incident_that_was_meant_is_tried_again(engine: Engine) -> None:
    await promises(engine, TOPIC, number=1)
    await promises(engine, TOPIC, number=2)
    await park(engine)
    assert await again(engine, incident=2) == 1
    assert [promise.incident for promise in await claims(engine, now=later(2))] == [2]


async def test_a_younger_draw_covers_the_parked_one(engine: Engine) -> None:
    await promises(engine, TOPIC)
    await park(engine)
    await promises(engine, TOPIC, now=later(1))
    await again(engine)
    assert await kinds(engine) == ["card", "topic"]


async def test_a_draw_in_doubt_keeps_its_number_and_the_younger_joins_it(engine: Engine) -> None:
    await promises(engine, TOPIC)
    (first,) = await claims(engine)
    await tries_again(engine, first, at=later(0), in_doubt=True)
    await park(engine)
    await promises(engine, TOPIC, now=later(1))
    await again(engine)
    (promise, _card) = await claims(engine, now=later(3))
    assert (promise.id, promise.in_doubt) == (first.id, True)
    assert await kinds(engine) == ["card", "topic"]
