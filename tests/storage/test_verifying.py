"""What `firebreak verify` sees: nothing wrong with what we wrote, and each kind of damage by its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.commands import AddNote, ChangeRunbook, ExtendContainment, LinkChannel, LinkSurface
from bot.domain.effects import Bookmark, Brief, Draw, Effect, Invite, OpenChannel, Pin, PostSummary, Tell
from bot.domain.events import NoteAdded
from bot.domain.vocabulary import FIREBREAK, Refused, Role, Surface
from bot.storage import outbox
from bot.storage.engine import Engine
from bot.storage.sqlite import SqliteEngine
from bot.storage.timeline import chained
from bot.storage.verifying import Counts, heads, verify
from tests.domain.samples import ANA, BO, CHANNEL, NOON, OF_FLAGS, OTHER_RUNBOOK, STORY, later
from tests.storage.doing import (
    asks,
    claims,
    contains,
    declares,
    defines,
    finishes,
    imports,
    promises,
    restores,
)

WITHOUT_FLAGS = [command for command in STORY[1:] if not isinstance(command, OF_FLAGS)]
CARD = LinkSurface(by=FIREBREAK, surface=Surface.CARD, channel="C1", ts="1.1")


async def verified(engine: Engine) -> tuple[list[str], Counts]:
    found: list[str] = []
    counts = await engine.read(
        lambda transaction: verify(transaction, lambda finding: found.append(str(finding)))
    )
    return found, counts


async def findings(engine: Engine) -> list[str]:
    return (await verified(engine))[0]


async def tampers(engine: Engine, *statements: str, **values: Any) -> None:
    """Somebody with another program at the tables."""

    def body(transaction: Any) -> None:
        for statement in statements:
            assert transaction.run(statement, **values), f"changed nothing: {statement}"

    await engine.write(body)


async def lead_one(engine: Engine) -> None:
    """An incident from declaration to the end of its story, a flag held and another let go, and its effects."""
    await declares(engine, key="declare")
    await asks(engine, CHANNEL, key="channel")
    await asks(engine, CARD)
    for key in ("payments-new-gateway", "search-v2"):
        await defines(engine, key)
        await contains(engine, key, request=f"hold {key}")
    await restores(engine, "search-v2")
    await asks(engine, ExtendContainment(by=BO, flag="payments-new-gateway", review=timedelta(1), owner=BO))
    for minute, command in enumerate(WITHOUT_FLAGS):
        await asks(engine, command, now=later(minute), key=f"story {minute}")


async def test_an_empty_database_is_clean(engine: Engine) -> None:
    assert await verified(engine) == ([], Counts())


async def test_what_we_write_is_clean_and_counted(engine: Engine) -> None:
    await lead_one(engine)
    await declares(engine, team="T2")
    found, counts = await verified(engine)
    assert found == []
    assert (counts.workspaces, counts.incidents) == (2, 2)
    assert counts.events > 15
    assert counts.effects > 15
    assert counts.requests > 10


async def test_a_message_about_another_runbook_is_found_in_the_timeline(engine: Engine) -> None:
    await declares(engine)
    await asks(engine, CHANNEL)
    await asks(engine, ChangeRunbook(by=BO, runbook=OTHER_RUNBOOK))
    assert await findings(engine) == []


async def test_an_imported_incident_is_clean_and_promises_nothing(engine: Engine) -> None:
    await imports(engine)
    await imports(engine)
    found, counts = await verified(engine)
    assert found == []
    assert (counts.incidents, counts.events, counts.effects) == (1, 2, 0)


async def test_effects_in_every_state_are_clean(engine: Engine) -> None:
    await lead_one(engine)
    first, second, third, *_ = await claims(engine)
    await finishes(engine, first)
    await engine.write(lambda transaction: outbox.park(transaction, second, error="The channel is archived."))
    await engine.write(
        lambda transaction: outbox.retry(
            transaction, third, at=later(1), error="Slack answered 500", in_doubt=True, counts=True
        )
    )
    assert await findings(engine) == []


async def test_the_summary_of_the_workspace_needs_no_incident(engine: Engine) -> None:
    await declares(engine)
    summary = PostSummary(day=NOON.date(), previous=NOON.date() - timedelta(days=1), channel="incidents")
    await promises(engine, summary, number=outbox.NOBODY)
    assert await findings(engine) == []


@pytest.mark.parametrize("size", [1, 3, 1000])
async def test_page_by_page_and_batch_by_batch_it_sees_the_same(engine: Engine, size: int) -> None:
    for _ in range(3):
        await declares(engine)
    await declares(engine, team="T2")
    await tampers(engine, "update timeline set by = 'U99' where incident = 2 and version = 1")
    await tampers(engine, "update effect set incident = 9 where id in (select max(id) from effect)")
    found: list[str] = []
    counts = await engine.read(
        lambda transaction: verify(
            transaction, lambda finding: found.append(finding.where), page=size, batch=size
        )
    )
    assert found == ["T1 INC-2 event 1 (incident_declared)", "T1 INC-2", "T2 INC-9"]
    assert (counts.incidents, counts.events, counts.effects) == (4, 8, 8)


# The timeline


DAMAGED_TIMELINES: dict[str, tuple[str, str]] = {
    "a changed column": (
        "update timeline set at = '2026-11-21T11:00:00.000Z' where version = 2",
        "T1 INC-1 event 2 (runbook_chosen): was changed after it was written",
    ),
    "changed contents": (
        """update timeline set data = replace(data, 'checkout', 'nothing') where version = 1""",
        "T1 INC-1 event 1 (incident_declared): was changed after it was written",
    ),
    "a changed link": (
        "update timeline set previous = 'beef' where version = 2",
        "T1 INC-1 event 2 (runbook_chosen): names beef… as the event before it",
    ),
    "a missing event": (
        "delete from timeline where version = 2",
        "T1 INC-1 event 3 (channel_opened): stands where event 2 should",
    ),
    "a missing last event": (
        "delete from timeline where version = (select max(version) from timeline)",
        "T1 INC-1: its row differs from a replay of its events in version, phase, closed_at, hash, closed_ms,",
    ),
    "an unreadable event": (
        "update timeline set data = '{' where version = 3",
        "T1 INC-1 event 3 (channel_opened): cannot be read",
    ),
    "an unknown kind of event": (
        "update timeline set type = 'pigs_flew' where version = 3",
        "T1 INC-1 event 3 (pigs_flew): cannot be read",
    ),
    "another incident's events": (
        "update timeline set incident = 2",
        "T1: INC-1 is missing: the next is INC-2",
    ),
}


@pytest.mark.parametrize("damage", DAMAGED_TIMELINES)
async def test_damage_to_a_timeline_is_named_by_its_event(engine: Engine, damage: str) -> None:
    await lead_one(engine)
    statement, said = DAMAGED_TIMELINES[damage]
    await tampers(engine, statement)
    assert any(line.startswith(said) for line in await findings(engine)), await findings(engine)


async def test_one_broken_link_is_one_line_however_many_follow(engine: Engine) -> None:
    await lead_one(engine)
    await tampers(engine, "update timeline set recorded_at = '2026-11-21T11:00:00.000Z' where version = 2")
    (line,) = await findings(engine)
    assert "event 2" in line


async def test_a_rewritten_event_with_a_fitting_hash_breaks_the_chain_after_it(engine: Engine) -> None:
    """Whoever computes a new hash has to rewrite all that follows, and the incident's row."""
    await lead_one(engine)

    def rewrite(transaction: Any) -> None:
        row = transaction.one("select * from timeline where version = 1")
        row["data"] = row["data"].replace("checkout", "nothing")
        row["hash"] = chained(row["previous"], row)
        transaction.run("update timeline set data = :data, hash = :hash where id = :id", **row)

    await engine.write(rewrite)
    first, second = await findings(engine)
    assert first.startswith("T1 INC-1 event 2 (runbook_chosen): names")
    assert second.endswith("in title, state (title)")


async def test_incidents_that_are_gone_are_named_as_a_range(engine: Engine) -> None:
    for _ in range(5):
        await declares(engine)
    tables = (("timeline", "incident"), ("incident", "number"), ("effect", "incident"), ("timer", "incident"))
    await tampers(engine, *(f"delete from {table} where {name} between 2 and 4" for table, name in tables))
    assert await findings(engine) == ["T1: INC-2 to INC-4 is missing: the next is INC-5"]


# What is drawn from the timeline

DAMAGED_ROWS: dict[str, tuple[str, str]] = {
    "a column": (
        "update incident set severity = 'P4', channel = null",
        "its row differs from a replay of its events in severity, channel",
    ),
    "the state": (
        """update incident set state = replace(state, '"title":"', '"title":"not ')""",
        "its row differs from a replay of its events in state (title)",
    ),
    "an unreadable state": (
        "update incident set state = '{}'",
        "its row differs from a replay of its events in state (cannot be read: number: Field required)",
    ),
    "the head": (
        "update incident set hash = 'beef'",
        "its row differs from a replay of its events in hash",
    ),
    "no row": ("delete from incident", "events, but no row in the table of incidents"),
    "a flag that nobody holds": (
        "insert into flag_override (team_id, env, key, variant, incident, actor, created)"
        " values ('T1', 'production', 'search-v2', 'off', 1, '', '')",
        "the table of overrides holds flag 'search-v2' for it, but its events do not",
    ),
    "a flag let go by hand": (
        "delete from flag_override",
        "its events hold flag 'payments-new-gateway', but the table of overrides does not",
    ),
    "a flag of nobody": (
        "update flag_override set incident = 7",
        "holds 'payments-new-gateway', but has no events",
    ),
    "a count": (
        "update workspace set incidents = 5",
        "T1: counted 5 incidents, but the last one is INC-1",
    ),
    "a workspace": ("delete from workspace", "T1: has rows, but is not in the table of workspaces"),
    "a request": (
        "update request set incident = 8 where key = 'declare'",
        "T1 INC-8: 1 requests were answered with it, but there is no such incident",
    ),
}


@pytest.mark.parametrize("damage", DAMAGED_ROWS)
async def test_damage_to_what_is_drawn_from_it_is_named(engine: Engine, damage: str) -> None:
    await lead_one(engine)
    statement, said = DAMAGED_ROWS[damage]
    await tampers(engine, statement)
    assert any(line.endswith(said) for line in await findings(engine)), await findings(engine)


async def test_a_row_without_events_is_named(engine: Engine) -> None:
    await declares(engine)
    await tampers(engine, "delete from timeline", "delete from effect", "delete from timer")
    assert await findings(engine) == ["T1 INC-1: has a row, but no events"]


# Reminders: a P1 is reminded of a lead who is missing


DAMAGED_REMINDERS: dict[str, tuple[str, str]] = {
    "gone": ("delete from timer", "reminder 'nobody_leads' is wanted, but not set"),
    "late": ("update timer set due = due + 60", "reminder 'nobody_leads' is due at another time"),
    "strange": (
        "update timer set name = 'tea' where name = 'nobody_leads'",
        "reminder 'tea' is set, but not wanted",
    ),
    "of nobody": ("update timer set incident = 9", "has reminders, but no events"),
}


@pytest.mark.parametrize("damage", DAMAGED_REMINDERS)
async def test_damage_to_a_reminder_is_named(engine: Engine, damage: str) -> None:
    await declares(engine)
    statement, said = DAMAGED_REMINDERS[damage]
    await tampers(engine, statement)
    assert any(line.endswith(said) for line in await findings(engine)), await findings(engine)


# Effects

UNFOUNDED: dict[str, tuple[Effect, str]] = {
    "a tale": (
        Tell(event=NoteAdded(at=NOON, by=ANA, text="never said")),
        "tells of a 'note_added' that is not in the timeline",
    ),
    "a second channel": (OpenChannel(), "opens a channel a second time"),
    "a pin": (Pin(surface=Surface.CHECKLIST), "pins the checklist, which was never posted"),
    "a bookmark": (Bookmark(surface=Surface.CARD), "bookmarks the card, which was never posted"),
    "a summary": (
        PostSummary(day=NOON.date(), previous=NOON.date(), channel="incidents"),
        "posts a summary, which belongs to no incident",
    ),
    "an invitation": (Invite(person=BO), "is a 'invite' for a channel that was never opened"),
    "a brief": (
        Brief(person=BO, role=Role.COMMANDER),
        "is a 'brief' for a channel that was never opened",
    ),
    "a drawing": (Draw(surface=Surface.CARD), "draws the card of a channel that was never opened"),
}


@pytest.mark.parametrize("name", UNFOUNDED)
async def test_an_effect_that_no_event_can_have_promised_is_named(engine: Engine, name: str) -> None:
    await declares(engine)
    effect, said = UNFOUNDED[name]
    await promises(engine, effect)
    (line,) = await findings(engine)
    assert line.startswith("T1 INC-1 effect ")
    assert line.endswith(said)


DAMAGED_EFFECTS: dict[str, tuple[str, str]] = {
    "of nothing": ("update effect set incident = 5", "2 effects were promised for it, but it has no events"),
    "of the workspace": ("update effect set incident = 0", "is a 'open_channel', but names no incident"),
    "unreadable": ("update effect set body = '[]'", "cannot be read"),
    "without a lease": ("update effect set state = 'sending', attempt = 1", "without a lease"),
    "done by nobody": ("update effect set state = 'done'", "is done, but was never attempted"),
    "parked for nothing": ("update effect set state = 'parked'", "is parked without a reason"),
    "another lane": ("update effect set lane = 'fast'", "is in lane 'fast', but belongs into"),
    "not to be joined": (
        "update effect set coalesce_key = null where coalesce_key is not null",
        "waits under None, where it should under 'draw:announcement'",
    ),
}


@pytest.mark.parametrize("damage", DAMAGED_EFFECTS)
async def test_damage_to_an_effect_is_named(engine: Engine, damage: str) -> None:
    await declares(engine)
    statement, said = DAMAGED_EFFECTS[damage]
    await tampers(engine, statement)
    assert said in "\n".join(await findings(engine))


async def test_two_that_wait_for_the_same_drawing_are_named(engine: Engine) -> None:
    await declares(engine)
    await tampers(
        engine,
        "update effect set state = 'done', attempt = 1 where coalesce_key is not null",
    )
    await promises(engine, Draw(surface=Surface.ANNOUNCEMENT))
    await engine.write(lambda transaction: transaction.run("drop index effect_coalesced"))
    await tampers(engine, "update effect set state = 'pending' where coalesce_key is not null")
    assert await findings(engine) == ["T1 INC-1: 2 effects wait for 'draw:announcement', where one may"]


async def test_an_effect_of_another_version_is_no_finding_once_it_is_parked(engine: Engine) -> None:
    await declares(engine)
    await tampers(engine, """update effect set body = '{"type":"send_fax"}' where coalesce_key is null""")
    assert "cannot be read" in (await findings(engine))[0]
    await claims(engine)
    assert await findings(engine) == []


# The quick form


async def test_the_quick_form_looks_at_the_end_of_every_timeline(engine: Engine) -> None:
    await declares(engine)
    await declares(engine)
    await asks(engine, AddNote(by=ANA, text="x"))

    async def quick() -> list[str]:
        found: list[str] = []
        await engine.read(lambda transaction: heads(transaction, lambda one: found.append(str(one))))
        return found

    assert await quick() == []
    await tampers(engine, "update timeline set by = 'U99' where version = 3")
    assert await quick() == ["T1 INC-1 event 3 (note_added): was changed after it was written"]
    await tampers(engine, "delete from timeline where version = 3")
    await tampers(engine, "delete from timeline where incident = 2")
    assert await quick() == [
        "T1 INC-1: its row does not fit its last event",
        "T1 INC-2: has a row, but no events",
    ]


# Whatever people do


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.tuples(st.integers(1, 3), st.sampled_from(WITHOUT_FLAGS)), max_size=40))
async def test_whatever_people_do_leaves_it_clean(acts: list[tuple[int, Any]]) -> None:
    async with SqliteEngine.open(":memory:") as engine:
        for _ in range(3):
            await declares(engine)
        for minute, (number, command) in enumerate(acts):
            if isinstance(command, LinkChannel):
                command = replace(command, channel=f"C{number}")  # no two have the same one
            try:
                await asks(engine, command, number=number, now=later(minute), key=f"act {minute}")
            except Refused:
                continue
            if minute % 3 == 0:
                for promise in await claims(engine, limit=4, now=later(99)):
                    await finishes(engine, promise)
        assert await findings(engine) == []


MEANINGS: list[Callable[[str], str]] = [str.upper, lambda text: text + " ", json.dumps]


@pytest.mark.parametrize("column", ["team_id", "at", "recorded_at", "type", "by", "data", "previous", "hash"])
@pytest.mark.parametrize("change", range(len(MEANINGS)))
async def test_no_stored_column_of_an_event_can_change_unseen(
    engine: Engine, column: str, change: int
) -> None:
    await declares(engine)

    def body(transaction: Any) -> bool:
        row = transaction.one("select * from timeline where version = 2")
        changed = MEANINGS[change](row[column])
        if changed == row[column]:
            return False
        transaction.run(
            f"update timeline set {column} = :changed where id = :id", changed=changed, id=row["id"]
        )
        return True

    if await engine.write(body):
        assert await findings(engine) != []
