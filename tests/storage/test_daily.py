"""A daily job is done once a day, however often it is asked for, and not on the day it is new."""

from __future__ import annotations

import asyncio
import json
from datetime import date

from bot.domain.effects import PostSummary
from bot.storage import daily
from bot.storage.engine import Engine
from tests.domain.samples import NOON
from tests.storage.doing import TEAM, unfinished

FRIDAY, SATURDAY, SUNDAY, MONDAY = (date(2026, 11, day) for day in (20, 21, 22, 23))


async def begins(engine: Engine, day: date, team: str = TEAM) -> None:
    await engine.write(lambda transaction: daily.begin(transaction, team_id=team, job="summary", day=day))


async def once(engine: Engine, day: date, team: str = TEAM) -> bool:
    return await engine.write(
        lambda transaction: daily.once(
            transaction,
            team_id=team,
            job="summary",
            day=day,
            covered_to=NOON,
            effects=lambda previous, since: [
                PostSummary(day=day, previous=previous, channel="incidents", since=since)
            ],
            now=NOON,
        )
    )


async def posted(engine: Engine) -> list[tuple[str, str]]:
    """The day of each promised summary, and the day it goes back to."""
    bodies = [json.loads(row["body"]) for row in await unfinished(engine)]
    return [(body["day"], body["previous"]) for body in bodies]


async def test_a_fresh_install_does_not_post_on_its_first_day(engine: Engine) -> None:
    await begins(engine, FRIDAY)
    assert not await once(engine, FRIDAY)
    assert await posted(engine) == []


async def test_each_day_is_done_once(engine: Engine) -> None:
    await begins(engine, FRIDAY)
    assert [await once(engine, day) for day in (SATURDAY, SATURDAY, SUNDAY, SUNDAY)] == [
        True,
        False,
        True,
        False,
    ]
    assert await posted(engine) == [("2026-11-21", "2026-11-20"), ("2026-11-22", "2026-11-21")]


async def test_ten_who_look_at_the_clock_at_once_do_it_once(engine: Engine) -> None:
    await begins(engine, FRIDAY)
    assert sorted(await asyncio.gather(*(once(engine, SATURDAY) for _ in range(10)))) == [False] * 9 + [True]
    assert len(await posted(engine)) == 1


async def test_days_that_were_missed_are_made_up_for_in_one(engine: Engine) -> None:
    await begins(engine, FRIDAY)
    assert await once(engine, MONDAY)
    assert await posted(engine) == [("2026-11-23", "2026-11-20")]


async def test_a_clock_that_goes_back_posts_nothing_twice(engine: Engine) -> None:
    await begins(engine, FRIDAY)
    assert [await once(engine, day) for day in (MONDAY, SUNDAY, MONDAY)] == [True, False, False]


async def test_beginning_again_after_a_restart_forgets_nothing(engine: Engine) -> None:
    await begins(engine, FRIDAY)
    await begins(engine, MONDAY)
    assert await once(engine, MONDAY)


async def test_workspaces_have_days_of_their_own(engine: Engine) -> None:
    await begins(engine, FRIDAY)
    await begins(engine, FRIDAY, team="T2")
    assert await once(engine, SATURDAY)
    assert await once(engine, SATURDAY, team="T2")
