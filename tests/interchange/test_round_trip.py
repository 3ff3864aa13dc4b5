"""What is exported comes in again as it was: the same report, in another database, by every form."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.commands import (
    Absorb,
    CancelIncident,
    ChangeSeverity,
    Command,
    CorrectMilestone,
    DeclareIncident,
    MergeIncident,
    ParentFacts,
    ReopenIncident,
    TakeRole,
)
from bot.domain.vocabulary import Kind, Milestone, Role, Severity
from bot.storage import incidents
from bot.storage.sqlite import SqliteEngine
from tests.domain.samples import BO, NOON, TO_PREVENT, TO_THE_END, declare
from tests.interchange.conftest import GITHUB, Firebreak, made, on

STARTED = CorrectMilestone(
    by=BO, milestone=Milestone.IMPACT_STARTED, time=NOON - timedelta(days=3, minutes=-12), reason="the graph"
)
LED: list[tuple[DeclareIncident, list[Command]]] = [
    (
        declare(title="=cmd() 'quotes', \"commas\"\nand lines"),
        [TakeRole(by=BO, role=Role.COMMANDER)],
    ),
    (declare(), [*TO_THE_END, ReopenIncident(by=BO, reason="it is back")]),
    (declare(), [ChangeSeverity(by=BO, severity=Severity.P0), *TO_PREVENT, STARTED]),
    (declare(), [CancelIncident(by=BO, reason="a test order")]),
    (
        declare(),
        [MergeIncident(by=BO, parent=ParentFacts(number=3, exists=True), reason="the same gateway")],
    ),
    (replace(declare(), kind=Kind.DRILL), TO_THE_END),
    (
        declare(),
        [Absorb(by=BO, child=9, declared=NOON - timedelta(hours=2), impact_started=None, reason="same")],
    ),
]


def led(path: Path) -> Path:
    """A database in which the bot has led some incidents, each in another way."""

    async def lead() -> None:
        async with SqliteEngine.open(path) as engine:
            for number, (opening, commands) in enumerate(LED, start=1):
                for minute, command in enumerate([opening, *commands]):
                    asked = None if minute == 0 else number
                    at = NOON - timedelta(days=3) + timedelta(hours=number, minutes=minute * 3)
                    await engine.write(
                        lambda transaction, asked=asked, command=command, at=at: incidents.execute(  # type: ignore[misc]
                            transaction, team_id="T1", number=asked, command=command, now=at
                        )
                    )

    asyncio.run(lead())
    return path


def report(firebreak: Firebreak) -> Any:
    groups = [word for name in ("severity", "service", "cause") for word in ("--group-by", name)]
    done = firebreak("report", "--window", "all", "--as-of", "2026-11-20", "--json", *groups)
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


@pytest.mark.parametrize("form", ["jsonl", "json", "csv"])
def test_a_report_is_the_same_after_export_and_import(tmp_path: Path, form: str) -> None:
    first, second = on(led(made(tmp_path / "one.db"))), on(made(tmp_path / "two.db"))
    assert first("import", GITHUB / "incidents.jsonl").exit_code == 0
    file = tmp_path / f"all.{form}"
    file.write_text(first("export", "--format", form).output, encoding="utf-8")
    assert second("import", file).output.splitlines()[0].startswith("47 read, 47 kept")
    assert report(second) == report(first)
    assert report(first)["population"]["declared"] == 47
    assert second("verify").exit_code == 0


@pytest.mark.parametrize("form", ["jsonl", "json", "csv"])
def test_an_export_that_comes_home_changes_nothing(tmp_path: Path, form: str) -> None:
    firebreak = on(led(made(tmp_path / "one.db")))
    firebreak("import", GITHUB / "incidents.jsonl")
    file = tmp_path / f"all.{form}"
    file.write_text(firebreak("export", "--format", form).output, encoding="utf-8")
    assert (
        firebreak("import", file).output == "47 read, 0 kept with 0 updates, 47 there already, 0 refused.\n"
    )


def test_our_own_arrive_under_our_name_and_are_led_by_nobody(tmp_path: Path) -> None:
    first, second = on(led(made(tmp_path / "one.db"))), on(made(tmp_path / "two.db"))
    file = tmp_path / "all.jsonl"
    file.write_text(first("export").output, encoding="utf-8")
    second("import", file)
    told = second("export", "INC-3").output
    assert "imported from firebreak/T1" in told
    assert "U02BO changed the severity from P1 to P0." in told
    assert "Declared by" not in told


def test_no_spreadsheet_calculates_what_people_typed(tmp_path: Path) -> None:
    firebreak = on(led(made(tmp_path / "one.db")))
    rows = list(csv.DictReader(io.StringIO(firebreak("export", "--format", "csv").output)))
    assert rows[0]["title"].startswith("'=cmd()")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--format", "md"), "Markdown is for one incident"),
        (("INC-1", "--format", "jsonl"), "One incident is written as md, json or csv"),
        (("checkout",), "is not the name of an incident"),
    ],
)
def test_a_form_that_does_not_fit_is_refused(firebreak: Firebreak, words: tuple[str, ...], says: str) -> None:
    done = firebreak("export", *words)
    assert done.exit_code == 2
    assert says in done.output
