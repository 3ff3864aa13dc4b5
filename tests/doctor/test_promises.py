"""What Slack has not been told yet, in words: which, of what incident, since when, and why."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.doctor import Line, diagnose
from bot.doctor.promises import in_words, unfinished
from bot.domain.effects import Bookmark, Brief, Draw, Effect, Invite, Pin, PostSummary, Tell
from bot.domain.events import NoteAdded
from bot.domain.vocabulary import Role, Surface
from bot.storage import outbox, people, workspaces
from bot.storage.engine import Engine
from bot.storage.sqlite import SqliteEngine
from tests.domain.samples import ANA, NOON, later
from tests.storage.doing import TEAM, claims, declares, promises, tries_again


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    """INC-1, declared at noon; its channel and its announcement are promised."""
    async with SqliteEngine.open(tmp_path / "firebreak.db") as engine:
        await engine.write(lambda transaction: workspaces.remember(transaction, TEAM, "Northwind"))
        await declares(engine)
        yield engine


async def says(tmp_path: Path, *, minutes: float = 0) -> list[str]:
    environ = {"FIREBREAK_DATABASE": str(tmp_path / "firebreak.db")}
    checks = [("effects", unfinished)]
    lines: list[Line] = [line async for line in diagnose(environ, now=lambda: later(minutes), checks=checks)]
    return [f"{line.level} {line.text}" for line in lines]


async def test_what_was_just_promised_is_on_its_way(engine: Engine, tmp_path: Path) -> None:
    assert await says(tmp_path) == ["ok 2 on the way to Slack, or not due yet."]


async def test_what_nobody_takes_up_is_late_after_a_minute(engine: Engine, tmp_path: Path) -> None:
    assert await says(tmp_path, minutes=5) == [
        "warn INC-1, open the channel: waiting, promised 2026-11-21 12:00 UTC: nobody took it up",
        "warn INC-1, bring the announcement up to date: waiting, promised 2026-11-21 12:00 UTC: nobody took it up",
    ]


async def test_what_is_due_tomorrow_is_not_late(engine: Engine, tmp_path: Path) -> None:
    for promise in await claims(engine):
        await tries_again(engine, promise, at=later(24 * 60), counts=False)
    await engine.write(lambda transaction: transaction.run("update effect set error = null"))
    assert await says(tmp_path, minutes=60) == ["ok 2 on the way to Slack, or not due yet."]


async def test_what_has_failed_for_a_while_is_late_although_it_waits_for_its_turn(
    engine: Engine, tmp_path: Path
) -> None:
    first, _ = await claims(engine)
    await tries_again(engine, first, at=later(6))
    lines = await says(tmp_path, minutes=5)
    assert lines[0] == "warn INC-1, open the channel: waiting, promised 2026-11-21 12:00 UTC: it broke"


async def test_what_may_have_happened_is_in_doubt(engine: Engine, tmp_path: Path) -> None:
    first, _ = await claims(engine)
    await tries_again(engine, first, at=later(1), in_doubt=True)
    lines = await says(tmp_path)
    assert lines[0] == (
        "warn INC-1, open the channel: in doubt, looked up in Slack before it is repeated,"
        " promised 2026-11-21 12:00 UTC: it broke"
    )


async def test_what_is_parked_is_bad_with_its_reason(engine: Engine, tmp_path: Path) -> None:
    first, _ = await claims(engine)
    reason = "The channel is archived. Unarchive it."
    await engine.write(lambda transaction: outbox.park(transaction, first, error=reason))
    lines = await says(tmp_path)
    assert lines[0] == f"bad INC-1, open the channel: parked, promised 2026-11-21 12:00 UTC: {reason}"


async def test_what_another_version_promised_is_said_to_be_that(engine: Engine, tmp_path: Path) -> None:
    await engine.write(lambda transaction: transaction.run("""update effect set body = '{"type":"fax"}'"""))
    await claims(engine)
    lines = await says(tmp_path)
    assert lines[0].startswith("bad INC-1, something that another version promised: parked")


async def test_of_many_the_first_are_shown_and_the_rest_counted(engine: Engine, tmp_path: Path) -> None:
    await promises(engine, *(Invite(person=f"U{number}") for number in range(30)))
    lines = await says(tmp_path, minutes=5)
    assert len(lines) == 11
    assert lines[-1] == "warn … and 22 more that are waiting."


async def test_people_are_named(engine: Engine, tmp_path: Path) -> None:
    await engine.write(lambda transaction: people.remember(transaction, TEAM, ANA, "ana"))
    await promises(engine, Invite(person=ANA), number=1)
    assert any("INC-1, invite ana: " in line for line in await says(tmp_path, minutes=5))


@pytest.mark.parametrize(
    ("effect", "words"),
    [
        (Draw(surface=Surface.TOPIC), "bring the topic up to date"),
        (Pin(surface=Surface.CARD), "pin the card"),
        (Bookmark(surface=Surface.CARD), "link to the card above the channel"),
        (Tell(event=NoteAdded(at=NOON, by=ANA, text="secret plans")), "tell the channel: note added"),
        (
            PostSummary(day=NOON.date(), previous=NOON.date() - timedelta(days=1), channel="incidents"),
            "post the summary of 2026-11-21",
        ),
        (Invite(person="U9"), "invite U9"),
        (Brief(person="U9", role=Role.SCRIBE), "tell U9 what the role scribe means"),
    ],
)
def test_every_effect_has_words_and_none_has_what_people_wrote(effect: Effect, words: str) -> None:
    assert in_words(effect, {}) == words
