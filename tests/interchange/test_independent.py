"""The figures a second time: by DuckDB from the files and the events themselves, in nothing but its own words."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]

from bot.domain.events import (
    DuplicateAbsorbed,
    Event,
    IncidentCancelled,
    IncidentClosed,
    IncidentDeclared,
    IncidentMerged,
    IncidentReopened,
    PhaseEntered,
    PhaseReturned,
)
from bot.domain.evolving import replay
from bot.domain.metrics import Window, report_json, report_on
from bot.domain.recoveries import recovery_of
from bot.domain.vocabulary import Kind, Phase, Severity
from tests.interchange.conftest import GITHUB, made, on

HISTORY = GITHUB / "all.jsonl.gz"

# What the records say. An impact is a severity; it was quiet when it went over to monitoring and did not come back.
RECORDS = """
create view record as
with update_of as (
    select id, unnest(updates) as said, generate_subscripts(updates, 1) as place from read_json_auto(?)
), worked as (
    select id, max(place) as last_place from update_of
    where lower(said.status) in ('investigating', 'identified') group by id
), watched as (
    select id, min(place) as place from update_of left join worked using (id)
    where lower(said.status) = 'monitoring' and place > coalesce(last_place, 0) group by id
), quiet as (
    select id, said.at::timestamptz as quiet from update_of join watched using (id, place)
)
select id, impact, started_at::timestamptz as declared, resolved_at::timestamptz as repaired, quiet,
    impact_window.start_at::timestamptz as hurt, impact_window.end_at::timestamptz as healed,
    'P' || (list_position(['critical', 'major', 'minor', 'none', 'maintenance'], impact) - 1) as severity
from read_json_auto(?) as file left join quiet using (id)
"""
FIGURES = """
select count(*) as of, count(seconds) as n, quantile_cont(seconds, 0.5) as median_s,
    quantile_cont(seconds, 0.9) as p90_s, avg(seconds) as mean_s, min(seconds) as min_s, max(seconds) as max_s
from (select {seconds} as seconds from record where {who})
"""
COUNTED = "impact <> 'maintenance' and repaired > declared"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("history")
    firebreak = on(made(folder / "firebreak.db"))
    plain = folder / "all.jsonl"
    plain.write_bytes(gzip.decompress(HISTORY.read_bytes()))
    done = firebreak("import", plain)
    assert done.output.startswith("819 read, 819 kept"), done.output
    return json.loads(firebreak("report", "--window", "all", "--json").output)


@pytest.fixture(scope="module")
def records() -> Any:
    with duckdb.connect() as connection:
        connection.execute(RECORDS.replace("?", f"'{HISTORY}'"))
        yield connection


def figures(records: Any, seconds: str, who: str) -> dict[str, float]:
    found = records.execute(FIGURES.format(seconds=seconds, who=who))
    return dict(zip([column[0] for column in found.description], found.fetchone(), strict=True))


def group(report: Any, key: str) -> Any:
    return next(each for each in report["groups"] if each["key"] == key)


def agree(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert (ours["n"], ours["of"], ours["censored"]) == (theirs["n"], theirs["of"], 0)
    for name in ("min_s", "max_s"):
        assert ours[name] == theirs[name]
    shown = ["median_s", "mean_s"] if theirs["n"] >= 5 else ["mean_s"]
    for name in [*shown, "p90_s"] if theirs["n"] >= 20 else shown:
        assert ours[name] == pytest.approx(theirs[name], abs=0.5), name  # to the second


def test_the_counts_are_theirs(report: Any, records: Any) -> None:
    counts = records.execute(
        "select count(*), count(*) filter (impact = 'maintenance'),"
        " count(*) filter (impact <> 'maintenance' and repaired <= declared), count(*) filter (repaired is null)"
        " from record"
    ).fetchone()
    population = report["population"]
    excluded = population["excluded"]
    assert counts == (
        population["declared"],
        excluded["maintenance"],
        excluded["retroactive"],
        population["open"],
    )


@pytest.mark.parametrize("severity", ["all", "P0", "P1", "P2", "P3"])
def test_the_times_are_theirs(report: Any, records: Any, severity: str) -> None:
    who = COUNTED if severity == "all" else f"{COUNTED} and severity = '{severity}'"
    ours = group(report, severity)
    agree(ours["time_to_repair"], figures(records, "epoch(repaired) - epoch(declared)", who))
    quiet = "epoch(coalesce(quiet, repaired)) - epoch(declared)"
    agree(ours["time_to_stabilize"], figures(records, f"nullif({quiet}, 0)", who))


def test_the_impact_is_theirs(report: Any, records: Any) -> None:
    ours = group(report, "all")["impact"]
    agree(ours, figures(records, "epoch(healed) - epoch(hurt)", "impact <> 'maintenance'"))


# Histories that nobody wrote: of each incident, what happened and when

BERLIN = ZoneInfo("Europe/Berlin")
SPRING, AUTUMN = datetime(2026, 3, 29, tzinfo=BERLIN), datetime(2026, 10, 25, tzinfo=BERLIN)
ACTS = st.lists(
    st.tuples(st.sampled_from(["on", "on", "on", "back", "reopen", "cancel", "merge"]), st.integers(1, 9000)),
    max_size=9,
)
INCIDENTS = st.lists(
    st.tuples(
        st.sampled_from([SPRING, AUTUMN]), st.integers(0, 3 * 86_400), st.sampled_from(list(Kind)[:3]), ACTS
    ),
    min_size=1,
    max_size=30,
)
PHASES = list(Phase)


def history(number: int, start: datetime, kind: Kind, acts: list[tuple[str, int]]) -> list[Event]:
    """What can follow what, as the bot allows it; an act that cannot follow is left out."""
    at, by, phase, aside = start, "ana", 0, ""
    events: list[Event] = [
        IncidentDeclared(at=at, by=by, number=number, title="T", severity=Severity.P1, kind=kind)
    ]
    for act, seconds in acts:
        at += timedelta(seconds=seconds)
        if aside == "merged":
            break
        if aside == "cancelled":
            if act == "reopen":
                events.append(IncidentReopened(at=at, by=by, reason="r"))
                aside = ""
        elif act == "on" and phase < 2:
            events.append(PhaseEntered(at=at, by=by, left=PHASES[phase], phase=PHASES[phase + 1]))
            phase += 1
        elif act == "on" and phase == 2:
            events.append(IncidentClosed(at=at, by=by))
            phase = 3
        elif act == "back" and phase in (1, 2):
            events.append(
                PhaseReturned(at=at, by=by, left=PHASES[phase], phase=PHASES[phase - 1], reason="r")
            )
            phase -= 1
        elif act == "reopen" and phase == 3:
            events.append(IncidentReopened(at=at, by=by, reason="r"))
            phase = 0
        elif act == "cancel" and phase < 3:
            events.append(IncidentCancelled(at=at, by=by, reason="r"))
            aside = "cancelled"
        elif act == "merge" and phase < 3 and number > 1:
            events.append(IncidentMerged(at=at, by=by, into=1, reason="r"))
            aside = "merged"
    return events


# The same rules in SQL: an end counts when nothing after it took it back.
SECOND_OPINION = """
with event as (
    select unnest(from_json(?, '[{"incident": "INT", "seq": "INT", "type": "VARCHAR", "ms": "BIGINT",
        "left": "VARCHAR", "phase": "VARCHAR", "kind": "VARCHAR", "into": "INT"}]'), recursive := true)
), marked as (
    select *, last_value(case when type in ('incident_closed', 'incident_cancelled') then type end ignore nulls)
        over (partition by incident order by seq) as ended_by from event
), undone as (
    select incident,
        coalesce(max(seq) filter (type = 'incident_reopened' and ended_by = 'incident_closed'
            or type = 'phase_returned' and phase = 'stabilize'), 0) as stabilize,
        coalesce(max(seq) filter (type = 'incident_reopened' and ended_by = 'incident_closed'
            or type = 'phase_returned'), 0) as repair,
        coalesce(max(seq) filter (type = 'incident_reopened'), 0) as closing
    from marked group by incident
), incident as (
    select incident, min(ms) as own_start, any_value(kind) filter (kind is not null) as kind,
        max(ms) filter (type = 'phase_entered' and "left" = 'stabilize' and seq > undone.stabilize) as stabilized,
        max(ms) filter (type = 'phase_entered' and "left" = 'repair' and seq > undone.repair) as repaired,
        max(ms) filter (type = 'incident_closed' and seq > closing) as closed,
        bool_or(type = 'incident_cancelled' and seq > closing) as cancelled,
        bool_or(type = 'incident_merged') as merged
    from marked join undone using (incident) group by incident
)
select case when incident = 1
        then (select min(own_start) from incident as each where each.incident = 1 or each.merged)
        else own_start end as declared, stabilized, repaired, closed,
    case when kind <> 'real' then kind when merged then 'duplicate' when cancelled then 'cancelled' end as excluded
from incident
"""


def second_opinion(histories: list[list[Event]]) -> list[dict[str, Any]]:
    rows = [
        {
            "incident": number,
            "seq": seq,
            "type": event.type,
            "ms": int(event.at.timestamp() * 1000),
            **{name: getattr(event, name, None) for name in ("left", "phase", "kind", "into")},
        }
        for number, events in enumerate(histories, start=1)
        for seq, event in enumerate(events, start=1)
    ]
    with duckdb.connect() as connection:
        found = connection.execute(SECOND_OPINION, [json.dumps(rows)])
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def median(known: list[float], at_least: list[float]) -> float | None:
    """Kaplan-Meier's as SciPy has it: when half of them are over. Where all are known, the usual one."""
    if not at_least:
        return float(
            duckdb.execute("select quantile_cont(x, 0.5) from (select unnest(?) as x)", [known]).fetchall()[
                0
            ][0]
        )
    survival = stats.ecdf(stats.CensoredData(uncensored=known, right=at_least)).sf
    over = [
        time
        for time, share in zip(survival.quantiles, survival.probabilities, strict=True)
        if share <= 0.5 + 1e-12
    ]
    return min(over, default=None)


@settings(max_examples=40, deadline=None)
@given(drawn=INCIDENTS)
def test_histories_that_nobody_wrote_have_the_same_figures(
    drawn: list[tuple[datetime, int, Kind, Any]],
) -> None:
    histories = [
        history(number, (start.astimezone(ZoneInfo("UTC")) + timedelta(seconds=ahead)), kind, acts)
        for number, (start, ahead, kind, acts) in enumerate(drawn, start=1)
    ]
    for events in histories[1:]:
        merged = events[-1]
        if isinstance(merged, IncidentMerged):
            taken = DuplicateAbsorbed(at=merged.at, by="ana", child=2, declared=events[0].at)
            histories[0].append(taken.model_copy(update={"child": len(histories[0]) + 100}))
    as_of = datetime(2026, 11, 20, tzinfo=BERLIN)
    window = Window(datetime(2026, 1, 1, tzinfo=BERLIN), as_of, BERLIN)
    made_by_us = report_json(
        report_on(
            [recovery_of(replay(n, events)) for n, events in enumerate(histories, start=1)], window, as_of
        )
    )
    theirs = second_opinion(histories)
    counted = [row for row in theirs if row["excluded"] is None]
    still_open = [row for row in counted if row["repaired"] is None and row["closed"] is None]
    population: Any = made_by_us["population"]
    assert population["declared"] == len(histories)
    assert population["open"] == len(still_open)
    assert population["excluded"] == {
        reason: sum(row["excluded"] == reason for row in theirs)
        for reason in sorted({r["excluded"] for r in theirs} - {None})
    }
    if not counted:
        return
    ours = group(made_by_us, "all")["time_to_repair"]
    known = [(row["repaired"] - row["declared"]) // 1000 for row in counted if row["repaired"] is not None]
    waits = [(int(as_of.timestamp() * 1000) - row["declared"]) // 1000 for row in still_open]
    assert (ours["n"], ours["of"], ours["censored"]) == (len(known), len(counted), len(waits))
    if known:
        assert ours["mean_s"] == pytest.approx(sum(known) / len(known), abs=0.5)
        expected = median(known, waits)
        assert ours["median_s"] == (None if expected is None else pytest.approx(expected, abs=0.5))
