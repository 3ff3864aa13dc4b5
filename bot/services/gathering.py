"""Read a window into a tally page by page: a long history neither fills the memory nor keeps others waiting."""

from __future__ import annotations

import asyncio

from bot.domain.metrics import Tally, Window
from bot.domain.metrics.tally import Narrow
from bot.storage import figures
from bot.storage.engine import Engine, Transaction


async def gather(
    engine: Engine,
    team_id: str,
    tally: Tally,
    window: Window,
    after: figures.Place = figures.BEGINNING,
    *,
    services: bool = False,
) -> None:
    """Count all that were declared in the window, from behind `after` on; `services` where they are asked for."""

    def next_page(transaction: Transaction) -> list[Narrow]:
        return figures.narrow_between(
            transaction, team_id, window.start, window.end, after, services=services
        )

    while page := await engine.read(next_page):
        after = figures.place_of(page[-1])
        await asyncio.to_thread(tally.add_stored, page)
