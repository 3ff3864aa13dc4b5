"""One incident as a file: everything is in it, whatever the form, and nothing of it does harm."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import Any

from bot.domain.captured import FileShared
from bot.domain.events import Event, IncidentClosed, IncidentReopened, NoteAdded, RoleTaken
from bot.domain.evolving import replay
from bot.domain.happened import EntryCorrected
from bot.domain.holding import Held, holdings, shared_files
from bot.domain.incident import Incident
from bot.domain.language import English
from bot.domain.one_incident import COLUMNS, ExportForm, written
from bot.domain.story import is_told
from bot.domain.vocabulary import Role
from bot.storage.timeline import Entry
from tests.domain.samples import ANA, BO, CLEO, NOON, NUMBER, SEEN, STORY, later, then

NAMES = {ANA: "Ana Ruiz", BO: "Bo Lindqvist", "U99ELSE": "Somebody Else"}
_, TOLD = then(Incident(number=NUMBER), *STORY)
LATER: list[Event] = [
    NoteAdded(at=later(60), by=ANA, text="=HYPERLINK(1) asks <@U02BO>"),
    EntryCorrected(
        at=later(61), by=BO, entry=len(TOLD) + 1, time=later(1), previous=later(60), reason="the log"
    ),
]
EVENTS: list[Event] = [*TOLD, *LATER]
ENTRIES = [Entry(number, event.at, event, f"hash-{number}") for number, event in enumerate(EVENTS, 1)]


def exported(form: ExportForm) -> str:
    return written(replay(NUMBER, EVENTS), ENTRIES, form, English(), NAMES)


def document() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(exported(ExportForm.JSON))
    return read


def rows() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(exported(ExportForm.CSV))))


def test_the_json_has_every_event_with_its_hash_and_every_entry_as_it_is_read() -> None:
    read = document()
    assert [each["hash"] for each in read["timeline"]] == [entry.hash for entry in ENTRIES]
    assert {each["type"] for each in read["entries"]} == {event.type for event in EVENTS if is_told(event)}
    assert read["incident"] == "INC-7"
    assert len(read["action_items"]) == 1
    assert read["unverified"]


def test_only_the_people_of_the_incident_are_named() -> None:
    assert set(document()["people"]) == {ANA, BO}


def test_a_corrected_entry_has_both_times_and_the_reason() -> None:
    entry = next(each for each in document()["entries"] if each["number"] == len(TOLD) + 1)
    assert (entry["at"], entry["first_at"]) == ("2026-11-21T12:01:00Z", "2026-11-21T13:00:00Z")
    assert entry["corrected"] == {"by": BO, "at": "2026-11-21T13:01:00Z", "reason": "the log"}
    row = next(each for each in rows() if each["number"] == str(entry["number"]))
    assert (row["at"], row["first_at"], row["corrected_because"]) == (
        entry["at"],
        entry["first_at"],
        "the log",
    )


def test_a_shared_file_has_its_hash_in_every_form() -> None:
    digest = "9f" * 32
    (file,) = document()["files"]
    assert (file["name"], file["sha256"], file["by"]) == ("a.png", digest, ANA)
    assert [row["sha256"] for row in rows() if row["sha256"]] == [digest]
    assert f"| a.png | image/png | 2.1 kB | `{digest}` | Ana Ruiz |" in exported(ExportForm.MARKDOWN)


def test_a_file_that_was_not_read_says_why() -> None:
    shared = FileShared(at=NOON, by=ANA, ts="1.1", file="F2", name="dump")
    (file,) = shared_files([shared, SEEN[6]])
    assert (file.sha256, file.unread) == ("", "too_large")


def test_the_csv_has_a_line_for_each_entry_and_no_formula() -> None:
    read = rows()
    assert tuple(read[0]) == COLUMNS
    assert [row["number"] for row in read] == [str(each["number"]) for each in document()["entries"]]
    assert not [cell for row in read for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


def test_a_mention_is_the_name_of_the_person() -> None:
    assert any(row["text"].endswith("asks @Bo Lindqvist") for row in rows())


def taken(minutes: float, role: Role, person: str) -> RoleTaken:
    return RoleTaken(at=later(minutes), by=person, role=role, person=person)


def held(role: Role, person: str, since: float, until: float | None = None) -> Held:
    def at(minutes: float) -> datetime:
        return later(minutes)

    return Held(role, person, at(since), None if until is None else at(until))


def test_who_had_which_role_from_when_to_when() -> None:
    events: list[Event] = [
        taken(1, Role.COMMANDER, ANA),
        taken(2, Role.RESPONDER, BO),
        taken(3, Role.RESPONDER, CLEO),
        taken(9, Role.COMMANDER, BO),
        IncidentClosed(at=later(20), by=BO),
    ]
    assert holdings(events) == [
        held(Role.COMMANDER, ANA, 1, 9),
        held(Role.RESPONDER, BO, 2, 20),
        held(Role.RESPONDER, CLEO, 3, 20),
        held(Role.COMMANDER, BO, 9, 20),
    ]
    again = holdings([*events, IncidentReopened(at=later(30), by=BO, reason="it is back")])
    assert [each.until for each in again] == [later(9), None, None, None]
