"""What is kept of a record of another tool, and which value of it is refused, with what reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain.evolving import evolve
from bot.domain.imported import Draft, Imported, NotATime, Problem, Reading, Said, moment, understood
from bot.domain.incident import Incident
from bot.domain.metrics import not_counted
from bot.domain.promising import promised
from bot.domain.recoveries import recovery_of
from bot.domain.reminders import wanted
from bot.domain.rules import decide
from bot.domain.vocabulary import Kind, Milestone, Phase, Refused, Severity
from tests.domain.samples import COMMANDS, NOON

BERLIN = ZoneInfo("Europe/Berlin")
READING = Reading(now=NOON, zone=BERLIN, severities={"major": Severity.P1})


def draft(**changes: Any) -> Draft:
    made = Draft(
        source="elsewhere",
        id=Said("id", "17"),
        title=Said("name", "Search answers slowly"),
        severity=Said("impact", "major"),
        times={
            Milestone.DECLARED: Said("started_at", "2026-10-02T08:15:00Z"),
            Milestone.REPAIRED: Said("resolved_at", "2026-10-02T09:05:00Z"),
        },
    )
    return replace(made, **changes)


def times(**changes: str | None) -> Draft:
    made = draft()
    made.times |= {Milestone(name): Said(name, value) for name, value in changes.items()}
    return made


def kept(made: Draft, reading: Reading = READING) -> Imported:
    found = understood(made, reading)
    assert isinstance(found, Imported), found
    return found


def wrong(made: Draft, reading: Reading = READING) -> Problem:
    found = understood(made, reading)
    assert isinstance(found, list)
    return found[0]


def state(imported: Imported) -> Incident:
    return evolve(Incident(number=17), imported.incident)


def test_an_imported_incident_says_where_it_is_from_and_is_over() -> None:
    incident = state(kept(draft()))
    assert incident.origin is not None
    assert (incident.origin.source, incident.origin.id) == ("elsewhere", "17")
    assert (incident.phase, incident.severity, incident.commander) == (Phase.CLOSED, Severity.P1, None)
    assert recovery_of(incident).repaired == datetime(2026, 10, 2, 9, 5, tzinfo=UTC)


def test_nothing_of_it_goes_out_and_nobody_is_reminded_of_it() -> None:
    found = kept(times(repaired=None))
    incident = state(found)
    assert not incident.is_closed
    assert found.flags == ("still open at its source",)
    assert promised(incident, found.incident) == []
    assert wanted(incident) == {}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: type(command).__name__)
def test_nobody_leads_history(command: object) -> None:
    with pytest.raises(Refused):
        decide(state(kept(times(repaired=None))), command, NOON)  # type: ignore[arg-type]


def test_a_maintenance_is_kept_and_is_in_no_figure() -> None:
    found = kept(draft(kind=Said("impact", "maintenance")))
    assert found.incident.kind is Kind.MAINTENANCE
    assert found.flags == ("maintenance: in no figure",)
    assert not_counted(recovery_of(state(found))) == "maintenance"


def test_one_of_zero_length_was_written_down_afterwards() -> None:
    found = kept(times(repaired="2026-10-02T08:15:00Z"))
    assert found.flags == ("written down when it was over: in no response time",)
    assert not_counted(recovery_of(state(found))) == "retroactive"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("22025-03-18T10:00:00Z", "is not a date and time"),
        ("14.43", "is not a date and time"),
        ("1600", "is not a date and time"),
        ("Time TBC", "is not a date and time"),
        ("2026-02-30T10:00:00Z", "is not a date that exists"),
        ("2026-10-02", "is not a date and time"),
        ("2026-03-29T02:30:00", "never was"),
        ("2027-01-01T00:00:00Z", "is in the future"),
    ],
)
def test_a_time_that_means_no_moment_is_refused_with_its_field(text: str, reason: str) -> None:
    problem = wrong(times(declared=text))
    assert (problem.field, problem.value) == ("declared", text)
    assert problem.reason.startswith(reason)


def test_a_time_without_a_zone_needs_one_to_be_named() -> None:
    bare = times(declared="2026-10-02 08:15:00")
    assert "--zone" in wrong(bare, replace(READING, zone=None)).reason
    assert kept(bare).incident.at == datetime(2026, 10, 2, 6, 15, tzinfo=UTC)


def test_a_time_that_the_clock_showed_twice_is_the_first_one_and_flagged() -> None:
    found = kept(times(declared="2026-10-25T02:30:00", repaired="2026-10-25T02:00:00Z"))
    assert found.incident.at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert "a time that the clock showed twice: the first was taken" in found.flags


def test_a_format_of_its_own_is_read_and_nothing_else_is() -> None:
    assert moment("20-11-2026 14:05", BERLIN, "%d-%m-%Y %H:%M")[0] == datetime(
        2026, 11, 20, 13, 5, tzinfo=UTC
    )
    with pytest.raises(NotATime, match="%d-%m-%Y"):
        moment("2026-11-20 14:05", BERLIN, "%d-%m-%Y %H:%M")


@pytest.mark.parametrize(
    ("made", "field", "reason"),
    [
        (times(repaired="2026-10-02T08:00:00Z"), "repaired", "is before started_at (2026-10-02T08:15:00Z)"),
        (
            times(repaired="2026-11-11T08:16:00Z"),
            "repaired",
            "is more than 40 days after started_at; 40 are the most",
        ),
        (times(repaired="2026-11-12T08:16:00Z"), "repaired", "is 41 days after started_at; 40 are the most"),
        (
            times(impact_started="2026-10-02T09:00:00Z", impact_ended="2026-10-02T08:00:00Z"),
            "impact_ended",
            "is before impact_started (2026-10-02T09:00:00Z)",
        ),
        (draft(title=Said("name", " ")), "name", "is empty"),
        (draft(title=Said("name", None)), "name", "is missing"),
        (draft(title=Said("name", ["a"])), "name", "is not a text"),
        (draft(title=Said("name", "half \ud83d")), "name", "holds half of a character (a lone surrogate)"),
        (draft(title=Said("name", "a\0b")), "name", "holds a NUL character"),
        (draft(id=Said("id", "9" * 300)), "id", "has 300 characters; 200 are the most"),
        (draft(source=None), "source", "is missing"),
        (draft(severity=Said("impact", "grave")), "impact", "is no severity that is known"),
        (draft(kind=Said("kind", "party")), "kind", "is none of real, drill"),
        (draft(services=Said("components", "all")), "components", "is not a list"),
        (draft(reopened=-1), "reopened", "is not a small whole number"),
        (draft(updates=[(Said("updates[0].at", "soon"), "", "")]), "updates[0].at", "is not a date and time"),
    ],
)
def test_a_record_is_refused_with_the_field_and_the_reason(made: Draft, field: str, reason: str) -> None:
    problem = wrong(made)
    assert problem.field == field
    assert problem.reason.startswith(reason)


def test_a_span_of_our_own_may_be_long() -> None:
    long = times(repaired="2026-11-15T08:16:00Z")
    assert Milestone.REPAIRED in kept(long, replace(READING, long_spans=True)).incident.milestones


def test_everything_that_is_wrong_is_told_at_once() -> None:
    found = understood(draft(title=Said("name", ""), severity=Said("impact", 7)), READING)
    assert isinstance(found, list)
    assert [problem.field for problem in found] == ["name", "impact"]


def test_updates_stand_in_the_order_in_which_they_were_said() -> None:
    said = [
        (Said("b", "2026-10-02T08:40:00Z"), "monitoring", "it is back"),
        (Said("a", "2026-10-02T08:20:00Z"), "investigating", "we look"),
    ]
    assert [update.text for update in kept(draft(updates=said)).updates] == ["we look", "it is back"]


def test_a_cause_is_one_line_that_can_be_grouped_by() -> None:
    assert kept(draft(cause=" bad\nconfig \x1e push ")).incident.cause == "bad config push"
    assert kept(draft(cause="")).incident.cause == ""
    assert wrong(draft(cause="x" * 201)).reason == "has 201 characters; 200 are the most"
