"""States that are kept in memory are those of the database, whoever changed it."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

from bot.domain.commands import AddNote, TakeRole
from bot.domain.evolving import replay
from bot.domain.incident import Incident
from bot.domain.vocabulary import Refused, Role
from bot.storage import incidents, timeline
from bot.storage.engine import Transaction
from bot.storage.recent import Recent
from bot.storage.sqlite import SqliteEngine
from bot.storage.written import Written
from tests.domain.samples import ANA, BO, NOON
from tests.storage.doing import TEAM, asks, declares, found


def state(number: int) -> Incident:
    return Incident(number=number)


def test_a_known_state_is_not_parsed_again() -> None:
    recent = Recent(2)
    first = recent.read("a", state(1).model_dump_json())
    assert first == state(1)
    assert recent.read("a", "not even JSON") is first


def test_the_oldest_is_forgotten_and_read_again() -> None:
    recent = Recent(2)
    for number, head in enumerate("abc", start=1):
        recent.keep(head, Written(state(number)))
    assert recent.read("b", "?") == state(2)
    assert recent.read("a", state(7).model_dump_json()) == state(7)


def test_several_threads_may_read_and_keep_at_once() -> None:
    recent = Recent(3)

    def work(seed: int) -> None:
        for turn in range(2000):
            number = (seed * 7 + turn) % 11
            if recent.read(str(number), state(number).model_dump_json()).number != number:
                wrong.append(number)

    wrong: list[int] = []
    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


async def test_what_another_process_has_changed_is_seen(tmp_path: Path) -> None:
    """The same incident under the same number, with another past: only the hash tells them apart."""
    async with SqliteEngine.open(tmp_path / "one.db") as one, SqliteEngine.open(tmp_path / "two.db") as two:
        for engine, person in ((one, ANA), (two, BO)):
            await declares(engine)
            await asks(engine, TakeRole(by=person, role=Role.COMMANDER))
        for engine, person in ((one, ANA), (two, BO), (one, ANA)):
            incident = await found(engine)
            assert incident is not None
            assert incident.roles[Role.COMMANDER] == person


async def test_a_state_whose_transaction_failed_is_never_seen(tmp_path: Path) -> None:
    def fails(transaction: Transaction) -> None:
        command = TakeRole(by=BO, role=Role.COMMANDER)
        incidents.execute(transaction, team_id=TEAM, number=1, command=command, now=NOON)
        raise Refused("No.")

    async with SqliteEngine.open(tmp_path / "firebreak.db") as engine:
        await declares(engine)
        with contextlib.suppress(Refused):
            await engine.write(fails)
        outcome = await asks(engine, AddNote(by=ANA, text="x"))
        assert outcome.incident.roles == {}
        read = await engine.read(lambda transaction: timeline.entries(transaction, TEAM, 1))
        assert replay(1, [entry.event for entry in read]) == await found(engine)
