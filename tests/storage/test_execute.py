"""A command is carried out in one transaction: events, state, promises and the request's key, or nothing."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import timedelta

import pytest

from bot.domain.commands import AddNote, Command, CompleteStep, OverrideGate, TakeRole
from bot.domain.evolving import replay
from bot.domain.vocabulary import FIREBREAK, Phase, Refused, Role
from bot.storage import figures, incidents, people, timeline, workspaces
from bot.storage.engine import Engine, Row
from bot.storage.timeline import GENESIS, chained
from tests.domain.samples import (
    ANA,
    BO,
    CHANNEL,
    NOON,
    OF_FLAGS,
    STORY,
    TO_REPAIR,
    TO_THE_END,
    declare,
    done,
    later,
)
from tests.storage.doing import TEAM, asks, declares, everything, found, rows, unfinished


async def test_a_declaration_is_an_incident_with_its_events_and_promises(engine: Engine) -> None:
    outcome = await declares(engine)
    assert (outcome.incident.name, outcome.incident.version, outcome.repeated) == ("INC-1", 2, False)
    assert [event.type for event in outcome.events] == ["incident_declared", "runbook_chosen"]
    assert await found(engine) == outcome.incident
    assert [json.loads(row["body"])["type"] for row in await unfinished(engine)] == ["open_channel", "draw"]


async def test_incidents_are_numbered_from_one_on_in_each_workspace(engine: Engine) -> None:
    numbers = [(await declares(engine, team=team)).incident.number for team in ("T1", "T1", "T2", "T1")]
    assert numbers == [1, 2, 1, 3]
    other = await found(engine, 1, team="T2")
    assert other is not None
    assert other.version == 2


async def test_the_timeline_is_the_state(engine: Engine) -> None:
    await declares(engine)
    for minute, command in enumerate(STORY[1:]):
        if isinstance(command, OF_FLAGS):
            continue  # these go through the flag table: test_flags.py
        await asks(engine, command, now=later(minute))
    read = await engine.read(lambda transaction: timeline.entries(transaction, TEAM, 1))
    assert [entry.version for entry in read] == list(range(1, len(read) + 1))
    assert replay(1, [entry.event for entry in read]) == await found(engine)


async def test_times_are_kept_to_the_millisecond_and_no_finer(engine: Engine) -> None:
    outcome = await declares(engine, now=NOON + timedelta(microseconds=1_234_567))
    (entry, _) = await engine.read(lambda transaction: timeline.entries(transaction, TEAM, 1))
    assert entry.event.at == entry.recorded_at == NOON + timedelta(milliseconds=1_234)
    assert outcome.incident.declared_at == entry.event.at
    assert (await rows(engine, "select at from timeline limit 1"))[0]["at"] == "2026-11-21T12:00:01.234Z"


# The same request twice


async def test_a_request_that_comes_twice_is_carried_out_once(engine: Engine) -> None:
    first = await declares(engine, key="trigger-1")
    before = await everything(engine)
    again = await declares(engine, key="trigger-1", now=later(1))
    assert (again.repeated, again.events, again.incident) == (True, (), first.incident)
    assert await everything(engine) == before


async def test_a_repeated_request_is_answered_with_the_incident_as_it_is_now(engine: Engine) -> None:
    await declares(engine, key="trigger-1")
    await asks(engine, AddNote(by=ANA, text="x"), key="trigger-2")
    assert (await declares(engine, key="trigger-1")).incident.version == 3


async def test_a_request_that_changed_nothing_is_remembered_too(engine: Engine) -> None:
    await declares(engine)
    await asks(engine, done("scope")[0], key="a")
    assert (await asks(engine, done("scope")[0], key="b")).events == ()
    assert (await asks(engine, done("scope")[0], key="b")).repeated


async def test_a_refused_request_may_succeed_when_it_comes_again(engine: Engine) -> None:
    await declares(engine)
    leave = TO_REPAIR[-1]
    with pytest.raises(Refused):
        await asks(engine, leave, key="press")
    for command in done("scope", "hold-flag"):
        await asks(engine, command)
    assert (await asks(engine, leave, key="press")).incident.phase is Phase.REPAIR


async def test_keys_of_one_workspace_mean_nothing_in_another(engine: Engine) -> None:
    await declares(engine, key="trigger-1", team="T1")
    assert not (await declares(engine, key="trigger-1", team="T2")).repeated


async def test_two_deliveries_of_one_request_at_the_same_moment_make_one_incident(engine: Engine) -> None:
    outcomes = await asyncio.gather(*(declares(engine, key="trigger-1") for _ in range(10)))
    assert sorted(outcome.repeated for outcome in outcomes) == [False] + [True] * 9
    assert {outcome.incident.number for outcome in outcomes} == {1}


# The same thing asked for again, because the answer was lost: a new trigger id, the same words


@pytest.mark.parametrize(
    "command",
    [AddNote(by=ANA, text="seen again"), OverrideGate(by=ANA, leaving=Phase.STABILIZE, reason="no time")],
)
async def test_what_is_sent_again_within_a_minute_happens_once(engine: Engine, command: Command) -> None:
    await declares(engine)
    await asks(engine, TakeRole(by=ANA, role=Role.COMMANDER))
    first = await asks(engine, command, key="trigger-1")
    again = await asks(engine, command, key="trigger-2", now=later(0.5))
    assert first.events
    assert (again.repeated, again.events, again.incident) == (True, (), first.incident)
    assert (await asks(engine, command, key="trigger-2", now=later(5))).repeated


async def test_an_override_sent_again_leaves_no_second_phase(engine: Engine) -> None:
    """It names the phase that it was for, which is over by then."""
    await declares(engine)
    await asks(engine, TakeRole(by=ANA, role=Role.COMMANDER))
    command = OverrideGate(by=ANA, leaving=Phase.STABILIZE, reason="no time")
    await asks(engine, command, key="trigger-1")
    assert (await asks(engine, command, key="trigger-2")).incident.phase is Phase.REPAIR
    with pytest.raises(Refused, match="in phase repair by now"):
        await asks(engine, command, key="trigger-3", now=later(3))


async def test_a_declaration_sent_again_within_a_minute_is_the_same_incident(engine: Engine) -> None:
    await declares(engine, key="trigger-1")
    again = await declares(engine, key="trigger-2", now=later(0.9))
    assert (again.incident.number, again.repeated) == (1, True)
    assert (await declares(engine, key="trigger-3", now=later(3))).incident.number == 2


@pytest.mark.parametrize(
    ("other", "number", "minutes"),
    [
        (AddNote(by=BO, text="seen again"), 1, 0.1),
        (AddNote(by=ANA, text="seen once more"), 1, 0.1),
        (AddNote(by=ANA, text="seen again"), 2, 0.1),
        (AddNote(by=ANA, text="seen again"), 1, 1.1),
        (AddNote(by=ANA, text="seen again"), 1, -60.0),
    ],
)
async def test_what_another_person_place_time_or_word_tells_apart_happens(
    engine: Engine, other: AddNote, number: int, minutes: float
) -> None:
    await declares(engine)
    await declares(engine)
    await asks(engine, AddNote(by=ANA, text="seen again"), key="trigger-1")
    assert (await asks(engine, other, number=number, key="trigger-2", now=later(minutes))).events


async def test_what_may_be_asked_back_and_forth_within_a_minute_is_never_taken_for_a_repetition(
    engine: Engine,
) -> None:
    await declares(engine)
    for number, person in enumerate((ANA, BO, ANA, BO)):
        taken = await asks(engine, TakeRole(by=person, role=Role.COMMANDER), key=f"trigger-{number}")
        assert taken.incident.commander == person


# Refusals


async def test_what_is_refused_stores_nothing_at_all(engine: Engine) -> None:
    await declares(engine)
    before = await everything(engine)
    for command in (AddNote(by=ANA, text=" "), TO_REPAIR[-1], CompleteStep(by=ANA, step="gone")):
        with pytest.raises(Refused):
            await asks(engine, command, key="key")
    with pytest.raises(Refused, match="There is no INC-9"):
        await asks(engine, AddNote(by=ANA, text="x"), number=9, key="key")
    assert await everything(engine) == before


async def test_a_refused_declaration_uses_up_no_number(engine: Engine) -> None:
    with pytest.raises(Refused):
        await engine.write(
            lambda transaction: incidents.execute(
                transaction, team_id=TEAM, number=None, command=declare(" "), now=NOON, key="key"
            )
        )
    assert (await declares(engine)).incident.number == 1


# The chain of hashes


def digest(previous: str, row: Row) -> str:
    """As the documents promise it, written down a second time on purpose."""
    columns = ["team_id", "incident", "version", "at", "recorded_at", "type", "by", "data"]
    canonical = json.dumps([previous] + [row[column] for column in columns], ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()


async def test_every_event_is_chained_to_the_one_before(engine: Engine) -> None:
    await declares(engine)
    await asks(engine, AddNote(by=ANA, text="ä – <!channel> 🔥 {x} \\ \"'"), now=later(1))
    await asks(engine, CHANNEL, now=later(2))
    previous = GENESIS
    stored = await rows(engine, "select * from timeline order by version")
    assert len(stored) == 4
    for row in stored:
        assert row["previous"] == previous
        assert row["hash"] == chained(previous, row) == digest(previous, row)
        previous = row["hash"]
    assert (await rows(engine, "select hash from incident"))[0]["hash"] == previous


async def test_the_chain_of_an_incident_does_not_depend_on_the_others(engine: Engine) -> None:
    await declares(engine)
    await declares(engine)
    await asks(engine, AddNote(by=ANA, text="x"), number=1)
    starts = await rows(engine, "select previous from timeline where version = 1")
    assert [row["previous"] for row in starts] == [GENESIS, GENESIS]


@pytest.mark.parametrize(
    ("column", "value"), [("data", "{}"), ("by", BO), ("at", "2020-01-01T00:00:00.000Z"), ("version", 9)]
)
async def test_a_changed_past_breaks_the_chain(engine: Engine, column: str, value: object) -> None:
    await declares(engine)
    await engine.write(
        lambda transaction: transaction.run(
            f"update timeline set {column} = :value where version = 1", value=value
        )
    )
    row = (await rows(engine, "select * from timeline where type = 'incident_declared'"))[0]
    assert chained(row["previous"], row) != row["hash"]


# Many at once


async def test_forty_at_once_lose_nothing_and_keep_one_order(engine: Engine) -> None:
    await declares(engine)
    await declares(engine)
    notes = [
        asks(engine, AddNote(by=ANA, text=f"note {number}"), number=1 + number % 2, key=f"key {number}")
        for number in range(40)
    ]
    outcomes = await asyncio.gather(*notes, *(declares(engine) for _ in range(5)))
    assert all(outcome.events for outcome in outcomes)
    for incident in (1, 2):
        read = await rows(
            engine, "select * from timeline where incident = :incident order by version", incident=incident
        )
        assert [row["version"] for row in read] == list(range(1, 23))
        assert all(row["hash"] == chained(row["previous"], row) for row in read)
        assert [row["previous"] for row in read[1:]] == [row["hash"] for row in read[:-1]]
    numbers = await rows(engine, "select number from incident order by number")
    assert [row["number"] for row in numbers] == [1, 2, 3, 4, 5, 6, 7]


async def test_two_who_take_the_lead_at_once_follow_each_other(engine: Engine) -> None:
    await declares(engine)
    outcomes = await asyncio.gather(
        *(asks(engine, TakeRole(by=person, role=Role.COMMANDER)) for person in (ANA, BO))
    )
    previous = [
        event.previous for outcome in outcomes for event in outcome.events if event.type == "role_taken"
    ]
    assert previous in ([None, ANA], [BO, None])  # whoever was first


# What is read


async def test_an_incident_is_found_by_its_channel(engine: Engine) -> None:
    await declares(engine)
    await asks(engine, CHANNEL)
    by_channel = await engine.read(lambda transaction: incidents.in_channel(transaction, TEAM, "C1"))
    assert by_channel == await found(engine)
    assert await engine.read(lambda transaction: incidents.in_channel(transaction, TEAM, "C2")) is None
    assert await engine.read(lambda transaction: incidents.in_channel(transaction, "T2", "C1")) is None


async def test_open_incidents_are_listed_oldest_first_and_closed_ones_are_not(engine: Engine) -> None:
    for _ in range(3):
        await declares(engine)
    for command in TO_THE_END:
        await asks(engine, command, number=2)
    still_open = await engine.read(lambda transaction: incidents.still_open(transaction, TEAM))
    assert [incident.number for incident in still_open] == [1, 3]


async def test_incidents_of_a_window_are_those_declared_from_its_start_to_before_its_end(
    engine: Engine,
) -> None:
    for minute in (0, 10, 20):
        await declares(engine, now=later(minute))
    declared = await engine.read(
        lambda transaction: figures.declared_between(transaction, TEAM, later(0), later(20))
    )
    assert [incident.number for incident in declared] == [1, 2]


async def test_incidents_touched_in_a_window_are_those_that_moved_in_it_and_the_open_ones(
    engine: Engine,
) -> None:
    for minute in (0, 1, 2, 3):  # 1: closed before the window, 2: in it, 3: open, 4: declared after it
        await declares(engine, now=later(minute if minute < 3 else 90))
    for number, start in ((1, 5), (2, 35), (4, 95)):
        for minute, command in enumerate(TO_THE_END):
            await asks(engine, command, number=number, now=later(start + minute))
    touched = await engine.read(
        lambda transaction: incidents.touched_between(transaction, TEAM, later(30), later(60))
    )
    assert [incident.number for incident in touched] == [2, 3]


async def test_there_is_no_incident_with_a_number_that_was_never_given(engine: Engine) -> None:
    await declares(engine)
    assert await found(engine, 2) is None
    assert await engine.read(lambda transaction: timeline.entries(transaction, TEAM, 2)) == []


async def test_people_are_known_by_their_newest_name(engine: Engine) -> None:
    await engine.write(lambda transaction: people.remember(transaction, TEAM, ANA, "ana"))
    await engine.write(lambda transaction: people.remember(transaction, TEAM, ANA, "Ana Ruiz"))
    assert await engine.read(lambda transaction: people.names(transaction, TEAM)) == {ANA: "Ana Ruiz"}


async def test_a_workspace_is_remembered_without_losing_its_count(engine: Engine) -> None:
    await declares(engine)
    await engine.write(lambda transaction: workspaces.remember(transaction, TEAM, "Acme"))
    await engine.write(lambda transaction: workspaces.remember(transaction, TEAM, "Acme Ltd"))
    assert await engine.read(workspaces.everything) == [{"team_id": TEAM, "name": "Acme Ltd"}]
    assert (await declares(engine)).incident.number == 2


async def test_only_a_declaration_makes_a_new_incident(engine: Engine) -> None:
    with pytest.raises(AssertionError):
        await engine.write(
            lambda transaction: incidents.execute(
                transaction, team_id=TEAM, number=None, command=AddNote(by=FIREBREAK, text="x"), now=NOON
            )
        )


@pytest.mark.parametrize("number", [2**31, 2**63, 10**40])
async def test_a_number_that_no_database_holds_is_no_incident(engine: Engine, number: int) -> None:
    with pytest.raises(Refused, match="There is no INC-"):
        await asks(engine, AddNote(by=ANA, text="x"), number=number, key="k")
    with pytest.raises(Refused, match="There is no INC-"):
        await asks(engine, TakeRole(by=ANA, role=Role.COMMANDER), number=number, key="k")
    assert await found(engine, number) is None
