"""What is kept of a record that comes in again, on every engine."""

from __future__ import annotations

from bot.storage.engine import Engine
from bot.storage.imported import Fate
from tests.storage.doing import TEAM, found, imports, rows


async def test_a_record_that_says_otherwise_is_taken_over_only_when_asked(engine: Engine) -> None:
    assert await imports(engine) is Fate.NEW
    assert await imports(engine) is Fate.SAME
    assert await imports(engine, cause="capacity") is Fate.OTHER
    assert await imports(engine, cause="capacity", update=True) is Fate.RESTATED
    assert await imports(engine, cause="capacity") is Fate.SAME
    state = await found(engine, 1, TEAM)
    assert state is not None and state.origin is not None
    assert (state.origin.cause, state.version) == ("capacity", 3)
    (row,) = await rows(engine, "select cause, version from incident")
    assert (row["cause"], row["version"]) == ("capacity", 3)
    types = [row["type"] for row in await rows(engine, "select type from timeline order by version")]
    assert types == ["incident_imported", "update_imported", "import_restated"]
