"""Read a window into a tally piece by piece: a long history neither fills the memory nor keeps others waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise

from bot.domain.metrics import Recovery, Tally, Window, months
from bot.domain.metrics.columns import Columns
from bot.storage import figures
from bot.storage.engine import Engine, Transaction

SHOWN_SINGLY = 5000  # incidents; a chart with more dots is a cloud


async def gather(
    engine: Engine,
    team_id: str,
    tally: Tally,
    window: Window,
    *,
    services: bool = False,
    only: Callable[[Recovery], bool] | None = None,
    few: int = SHOWN_SINGLY,
) -> list[Recovery]:
    """Count all that were declared in the window, or `only` some; `services` where they are asked for.

    Answers them one by one, where they are so `few` that each can be shown; of more there are none.
    """

    def are_many(transaction: Transaction) -> bool:
        return figures.are_more(transaction, team_id, window.start, window.end, few)

    if only is None and await engine.read(are_many):
        await _by_the_month(engine, team_id, tally, window, services)
        return []
    return await _one_by_one(engine, team_id, tally, window, only, few)


async def _one_by_one(
    engine: Engine,
    team_id: str,
    tally: Tally,
    window: Window,
    only: Callable[[Recovery], bool] | None,
    few: int,
) -> list[Recovery]:
    shown: list[Recovery] | None = []
    after = figures.BEGINNING

    def next_page(transaction: Transaction) -> list[Recovery]:
        return figures.declared_between(transaction, team_id, window.start, window.end, after)

    while page := await engine.read(next_page):
        after = figures.place_of(page[-1])
        wanted = page if only is None else [recovery for recovery in page if only(recovery)]
        await asyncio.to_thread(tally.add, wanted)
        shown = None if shown is None or len(shown) + len(wanted) > few else shown + wanted
    return shown or []


async def _by_the_month(engine: Engine, team_id: str, tally: Tally, window: Window, services: bool) -> None:
    """The database joins the columns of one month while those of the one before are counted."""

    async def read(month: Window | None) -> Columns | None:
        if month is None:
            return None
        return await engine.read(
            lambda transaction: figures.columns_between(
                transaction, team_id, month.start, month.end, services=services
            )
        )

    async def count(columns: Columns | None, month: Window | None) -> None:
        if columns is not None and month is not None:
            await asyncio.to_thread(tally.add_columns, columns, month.start)

    columns = None
    for counted, wanted in pairwise([None, *months(window), None]):
        columns, _ = await asyncio.gather(read(wanted), count(columns, counted))
