"""The machine's own troubles, in short."""

from __future__ import annotations

from functools import partial

import pytest

from chaos import outages
from chaos.outages import Played

TROUBLES: dict[str, Played] = {
    "the clock goes back": outages.clock_goes_back,
    "the database is locked": partial(outages.database_is_locked, outages.SHORTLY),
    "the disk is full": outages.disk_is_full,
    "killed while migrating": partial(outages.killed_while_migrating, 3, 31, outages.new_file),
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_nothing_is_lost_or_doubled_when(trouble: str) -> None:
    verdict, note = await TROUBLES[trouble]()
    assert verdict.problems() == [], note
    assert verdict.tried > 0
