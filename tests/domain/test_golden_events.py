"""Events that were stored once are read for ever: tests/golden/events.jsonl holds one sample of each.

A line is what the timeline stores: `type`, `at` and `by`, then the keys of `data` in order. A line is never changed
or taken away. An event that gets a new field (with a default) gets one more line, and the old one stays.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from bot.domain.events import Event, event_adapter
from bot.domain.evolving import replay
from bot.storage.sqlite import SqliteEngine
from bot.storage.timeline import GENESIS, append, entries, stamp

LINES = (Path(__file__).parent.parent / "golden" / "events.jsonl").read_text(encoding="utf-8").splitlines()

# Only ever grows: a name that was written to a timeline once must be understood as long as that timeline exists.
EVER_WRITTEN = {
    "incident_declared",
    "runbook_chosen",
    "channel_opened",
    "surface_posted",
    "severity_changed",
    "role_taken",
    "step_done",
    "step_skipped",
    "step_reopened",
    "step_assigned",
    "step_noted",
    "step_added",
    "phase_entered",
    "gate_answered",
    "gate_overridden",
    "action_item_added",
    "action_item_done",
    "action_item_reopened",
    "incident_closed",
    "incident_reopened",
    "phase_returned",
    "incident_cancelled",
    "incident_merged",
    "incident_unmerged",
    "duplicate_absorbed",
    "duplicate_released",
    "milestone_corrected",
    "update_posted",
    "note_added",
    "flag_contained",
    "flag_restored",
    "flag_asked",
    "containment_extended",
    "containment_lost",
    "containment_ended",
    "flag_switching",
    "flag_not_switched",
    "reminder_sent",
    "incident_imported",
    "update_imported",
    "import_restated",
    "reminder_snoozed",
    *("message_captured", "pin_removed", "message_edited", "message_deleted"),
    *("file_shared", "file_hashed", "file_left_out", "person_joined", "person_left", "topic_set"),
    *("figure_measured", "postmortem_asked", "canvas_linked", "likeness_found"),
    "entry_corrected",
}


def written(event: Event) -> str:
    """The event as a line, with no more keys than the line it was read from."""
    data = event.model_dump(mode="json", exclude={"type", "at", "by"}, exclude_unset=True)
    line = {"type": event.type, "at": stamp(event.at), "by": event.by, **_sorted(data)}
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))


def _sorted(data: dict[str, object]) -> dict[str, object]:
    ordered: dict[str, object] = json.loads(json.dumps(data, sort_keys=True))
    return ordered


@pytest.mark.parametrize("line", LINES, ids=lambda line: json.loads(line)["type"])
def test_an_old_event_is_read_and_written_byte_for_byte(line: str) -> None:
    assert written(event_adapter.validate_json(line)) == line


def test_there_is_a_sample_of_every_event_ever_written() -> None:
    assert {json.loads(line)["type"] for line in LINES} == EVER_WRITTEN


def test_every_event_that_is_written_today_is_among_them() -> None:
    union, *_ = get_args(Event)
    assert {kind.model_fields["type"].default for kind in get_args(union)} == EVER_WRITTEN


def test_the_samples_are_a_history_that_replays() -> None:
    incident = replay(7, [event_adapter.validate_json(line) for line in LINES])
    assert incident.version == len(LINES)
    assert incident.is_closed


async def test_the_timeline_stores_what_the_samples_say() -> None:
    events = [event_adapter.validate_json(line) for line in LINES]
    async with SqliteEngine.open(":memory:") as engine:
        await engine.write(
            lambda transaction: append(
                transaction,
                team_id="T1",
                incident=7,
                version=0,
                previous=GENESIS,
                events=events,
                now=events[-1].at,
            )
        )
        rows = await engine.read(
            lambda transaction: transaction.all("select * from timeline order by version")
        )
        read = await engine.read(lambda transaction: entries(transaction, "T1", 7))
    stored = [
        json.dumps(
            {"type": row["type"], "at": row["at"], "by": row["by"], **json.loads(row["data"])},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for row in rows
    ]
    newest = {json.loads(line)["type"]: line for line in LINES}  # older samples may lack a later field
    assert set(newest.values()) <= set(stored)
    assert [entry.event for entry in read] == events
