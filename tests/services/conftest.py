"""A database, a clock that the test sets, and who works on them: for the tests of the services."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.domain.runbook import Runbook, Step
from bot.domain.vocabulary import Phase
from bot.services.incidents import Actor, Incidents
from bot.storage.sqlite import SqliteEngine

BERLIN = ZoneInfo("Europe/Berlin")
ANA = Actor("U01ANA", "ana")
GENERAL = Runbook(
    id="general",
    title="General",
    phases={
        phase: (Step(id=f"{phase.value}-1", text="Do it", required=True),)
        for phase in (Phase.STABILIZE, Phase.REPAIR, Phase.PREVENT)
    },
)


class Wall:
    """A clock on the wall that the test sets."""

    def __init__(self, at: str) -> None:
        self.at = datetime.fromisoformat(at).astimezone(UTC)

    def __call__(self) -> datetime:
        return self.at

    def on(self, **ahead: float) -> None:
        self.at += timedelta(**ahead)


@pytest.fixture
def wall() -> Wall:
    return Wall("2026-11-20T08:00:00+01:00")


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[SqliteEngine]:
    async with SqliteEngine.open(tmp_path / "firebreak.db") as opened:
        yield opened


def incidents_on(engine: SqliteEngine, wall: Wall) -> Incidents:
    return Incidents(engine, team_id="T1", runbooks=lambda: [GENERAL], now=wall)
