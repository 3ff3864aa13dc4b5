"""`firebreak import`: what a person types, what the database holds afterwards, and what is left alone."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.interchange.conftest import GITHUB, Firebreak

STATUSPAGE: dict[str, Any] = {
    "page": {"id": "kctbh9vrtdwd", "name": "Acme"},
    "incidents": [
        {
            "id": "p31zjtct2jer",
            "name": "Search answers slowly",
            "impact": "major",
            "created_at": "2026-10-02T10:15:00.000+02:00",
            "started_at": "2026-10-02T10:05:00.000+02:00",
            "resolved_at": "2026-10-02T11:30:00.000+02:00",
            "shortlink": "https://stspg.io/1",
            "components": [{"id": "c1", "name": "Search"}],
            "incident_updates": [
                {"status": "resolved", "body": "Over.", "created_at": "2026-10-02T11:30:00.000+02:00"},
                {"status": "monitoring", "body": "We watch.", "created_at": "2026-10-02T11:10:00.000+02:00"},
                {"status": "investigating", "body": "Again.", "created_at": "2026-10-02T10:50:00.000+02:00"},
                {"status": "monitoring", "body": "Better.", "created_at": "2026-10-02T10:40:00.000+02:00"},
                {
                    "status": "investigating",
                    "body": "We look.",
                    "created_at": "2026-10-02T10:15:00.000+02:00",
                },
            ],
        }
    ],
}
GOOGLE = [
    {
        "id": "RvZMCy8b8FPZq6nF2m5C",
        "number": "1",
        "begin": "2026-10-01T20:00:00+00:00",
        "created": "2026-10-01T20:30:00+00:00",
        "end": "2026-10-01T23:00:00+00:00",
        "external_desc": "Pub/Sub: messages are late",
        "severity": "high",
        "service_key": "dFjdLh2v6zuES6t9ADCB",
        "affected_products": [{"title": "Pub/Sub", "id": "x"}],
        "uri": "incidents/RvZMCy8b8FPZq6nF2m5C",
        "updates": [
            {"when": "2026-10-01T20:30:00+00:00", "status": "SERVICE_DISRUPTION", "text": "We look."}
        ],
    }
]


def stored(database: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(database)) as connection:
        return [
            json.loads(state) for (state,) in connection.execute("select state from incident order by number")
        ]


def everything(database: Path) -> str:
    with closing(sqlite3.connect(database)) as connection:
        return "\n".join(connection.iterdump())


def quarantined(file: Path) -> list[dict[str, Any]]:
    path = file.with_name(file.name + ".quarantine.jsonl")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def written(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_a_history_comes_in_once_and_passes_verification(firebreak: Firebreak, database: Path) -> None:
    first = firebreak("import", GITHUB / "incidents.jsonl")
    assert first.output.splitlines()[0] == "40 read, 40 kept with 152 updates, 0 there already, 0 refused."
    assert "Flagged: 5 maintenance: in no figure" in first.output
    assert first.exit_code == 0
    before = everything(database)
    again = firebreak("import", GITHUB / "incidents.jsonl")
    assert again.output == "40 read, 0 kept with 0 updates, 40 there already, 0 refused.\n"
    assert everything(database) == before
    assert "Nothing is wrong. Looked at: 1 workspace, 40 incidents, 192 events" in firebreak("verify").output


def test_nothing_is_promised_to_slack(firebreak: Firebreak, database: Path) -> None:
    firebreak("import", GITHUB / "incidents.jsonl")
    with closing(sqlite3.connect(database)) as connection:
        counts = [
            connection.execute(f"select count(*) from {table}").fetchone() for table in ("effect", "timer")
        ]
    assert counts == [(0,), (0,)]
    assert all(
        state["channel"] is None and state["origin"]["source"] == "github-status"
        for state in stored(database)
    )


def test_a_dry_run_says_the_same_and_stores_nothing(
    firebreak: Firebreak, database: Path, tmp_path: Path
) -> None:
    before = everything(database)
    sample = (GITHUB / "incidents.jsonl").read_text(encoding="utf-8").splitlines()
    changed = sample[0].replace('"title": "', '"title": "Not ')
    file = written(tmp_path / "history.jsonl", "\n".join([*sample, sample[3], changed]))
    done = firebreak("import", file, "--dry-run")
    assert done.output.startswith("42 read, 40 would be kept with 152 updates, 1 there already, 1 refused.")
    assert everything(database) == before
    assert firebreak("import", file).output.startswith(
        "42 read, 40 kept with 152 updates, 1 there already, 1 refused."
    )


def test_a_status_page_is_read_in_its_own_words(firebreak: Firebreak, database: Path, tmp_path: Path) -> None:
    assert firebreak("import", written(tmp_path / "incidents.json", STATUSPAGE)).exit_code == 0
    (state,) = stored(database)
    assert (state["severity"], state["reopened"], state["services"]) == ("P1", 0, ["Search"])
    assert state["origin"]["source"] == "statuspage/kctbh9vrtdwd"
    assert {name: at[11:16] for name, at in state["milestones"].items()} == {
        "impact_started": "08:05",
        "declared": "08:15",
        "stabilized": "09:10",  # not the first time: they went back to work on it
        "repaired": "09:30",
    }
    assert "monitoring: We watch." in firebreak("export", "INC-1").output


def test_google_clouds_own_form_is_read(firebreak: Firebreak, database: Path, tmp_path: Path) -> None:
    assert firebreak("import", written(tmp_path / "incidents.json", GOOGLE)).exit_code == 0
    (state,) = stored(database)
    assert (state["severity"], state["services"]) == ("P1", ["Pub/Sub"])
    assert {name: at[11:16] for name, at in state["milestones"].items()} == {
        "impact_started": "20:00",
        "declared": "20:30",
        "repaired": "23:00",
        "impact_ended": "23:00",
    }


CSV = "\ufeffTicket;What;Prio;Opened;Solved\r\n7;Search is slow;hoch;02.10.2026 10:15;02.10.2026 11:30\r\n"
MAPPED = (
    *("--source", "helpdesk", "--zone", "Europe/Berlin", "--date-format", "%d.%m.%Y %H:%M"),
    *("--map", "id=Ticket", "--map", "title=What", "--map", "severity=Prio", "--map", "declared=Opened"),
    *("--map", "repaired=Solved", "--severity", "hoch=P1"),
)


def test_a_table_is_read_by_its_columns(firebreak: Firebreak, database: Path, tmp_path: Path) -> None:
    done = firebreak("import", written(tmp_path / "tickets.csv", CSV), *MAPPED)
    assert done.exit_code == 0, done.output
    (state,) = stored(database)
    assert (state["title"], state["severity"]) == ("Search is slow", "P1")
    assert state["milestones"] == {"declared": "2026-10-02T08:15:00Z", "repaired": "2026-10-02T09:30:00Z"}


def test_what_cannot_be_kept_is_quarantined_with_its_place(firebreak: Firebreak, tmp_path: Path) -> None:
    rows = ["22025-03-18", "14.43", "Time TBC", "02.10.2026 10:00", "31.12.2099 10:00", "31.12.2026"]
    text = CSV + "".join(f"{number};T;hoch;02.10.2026 10:15;{row}\r\n" for number, row in enumerate(rows))
    file = written(tmp_path / "tickets.csv", text)
    done = firebreak("import", file, *MAPPED)
    assert done.exit_code == 1
    assert done.output.startswith("7 read, 1 kept with 0 updates, 0 there already, 6 refused.")
    assert [(each["line"], each["id"], each["field"], each["value"]) for each in quarantined(file)] == [
        (line, str(line - 3), "Solved", value) for line, value in enumerate(rows, start=3)
    ]
    assert "is before Opened (02.10.2026 10:15)" in quarantined(file)[3]["reason"]


def test_the_same_id_with_other_content_is_refused_and_changes_nothing(
    firebreak: Firebreak, database: Path, tmp_path: Path
) -> None:
    firebreak("import", written(tmp_path / "tickets.csv", CSV), *MAPPED)
    before = everything(database)
    other = written(tmp_path / "others.csv", CSV.replace("slow", "down"))
    done = firebreak("import", other, *MAPPED)
    assert done.exit_code == 1
    assert (
        quarantined(other)[0]["reason"]
        == "is here already, with other content (INC-1; --update takes it over)"
    )
    assert "Refused: 1 because id: is here already, with other content\n" in done.output
    assert everything(database) == before


def test_what_a_file_holds_is_said_in_the_words_that_the_refusal_names(
    firebreak: Firebreak, tmp_path: Path
) -> None:
    file = written(
        tmp_path / "all.json", '{"page": {}, "incidents": [' + json.dumps(STATUSPAGE["incidents"][0])
    )
    long = written(tmp_path / "long.json", '{"page": "' + "x" * 70_000 + '", "incidents": []}')
    refused = firebreak("import", long)
    assert refused.exit_code == 2
    for name in refused.output.rpartition("--format ")[2].strip(" .\n").split("|"):
        assert firebreak("import", file, "--dry-run", "--format", name).exit_code in (0, 1), name


def _later(**now: Any) -> dict[str, Any]:
    """The status page some time after it was read first."""
    return {**STATUSPAGE, "incidents": [{**STATUSPAGE["incidents"][0], **now}]}


def test_what_a_source_says_otherwise_is_taken_over_when_asked_and_both_are_told(
    firebreak: Firebreak, database: Path, tmp_path: Path
) -> None:
    open_yet = _later(resolved_at=None, incident_updates=STATUSPAGE["incidents"][0]["incident_updates"][-1:])
    firebreak("import", written(tmp_path / "first.json", json.dumps(open_yet)))
    before = everything(database)
    assert population(firebreak) == {"declared": 1, "open": 1, "excluded": {}}

    file = written(tmp_path / "later.json", json.dumps(STATUSPAGE))
    assert firebreak("import", file).exit_code == 1
    tried = firebreak("import", file, "--update", "--dry-run")
    assert tried.output.startswith(
        "1 read, 0 would be kept with 0 updates, 0 there already, 1 restated, 0 refused."
    )
    assert everything(database) == before

    assert firebreak("import", file, "--update").exit_code == 0
    assert population(firebreak) == {"declared": 1, "open": 0, "excluded": {}}
    told = firebreak("export", "INC-1", "--format", "md").output
    assert "repaired 2026-10-02T09:30:00Z instead of –" in told
    assert "Better." in told and told.count("We look.") == 1
    assert "Nothing is wrong." in firebreak("verify").output

    after = everything(database)
    for again in (file, written(tmp_path / "own.jsonl", firebreak("export").output)):
        assert "1 there already" in firebreak("import", again, "--update").output
    assert everything(database) == after


def test_of_one_id_twice_in_a_file_the_first_is_taken_over_and_the_other_refused(
    firebreak: Firebreak, tmp_path: Path
) -> None:
    firebreak("import", written(tmp_path / "first.json", json.dumps(STATUSPAGE)))
    twice = _later(impact="minor")
    twice["incidents"].append({**twice["incidents"][0], "impact": "critical"})
    done = firebreak("import", written(tmp_path / "twice.json", json.dumps(twice)), "--update")
    assert "1 restated, 1 refused." in done.output
    assert "P2" in firebreak("export", "--format", "csv").output


def population(firebreak: Firebreak) -> Any:
    return json.loads(firebreak("report", "--window", "all", "--format", "json").output)["population"]


def test_a_file_that_breaks_off_is_taken_up_to_there(
    firebreak: Firebreak, database: Path, tmp_path: Path
) -> None:
    whole = json.dumps(STATUSPAGE, indent=1)
    second = whole[whole.index('  {\n   "id"') : whole.rindex("\n ]")].replace("p31zjtct2jer", "q")
    file = written(
        tmp_path / "incidents.json", whole[: whole.rindex("\n ]")] + ",\n" + second[: len(second) // 2]
    )
    done = firebreak("import", file)
    assert done.exit_code == 1
    assert "1 kept" in done.output
    assert "The file could not be read on at line" in done.output
    assert len(stored(database)) == 1
    assert firebreak("import", written(file, STATUSPAGE)).output.startswith("1 read, 0 kept")
    assert not file.with_name(file.name + ".quarantine.jsonl").exists()  # of the run before


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty."),
        (b"\xff\xfei\x00d\x00", "is UTF-16. Convert it first"),
        (b'{"hello": 1}', "does not tell what it holds. Say it: --format"),
        (b"[" * 1_000_000, "does not tell what it holds"),
    ],
)
def test_a_file_that_is_none_of_ours_gets_one_sentence(
    firebreak: Firebreak, database: Path, tmp_path: Path, content: bytes, says: str
) -> None:
    before = everything(database)
    file = tmp_path / "file"
    file.write_bytes(content)
    done = firebreak("import", file)
    assert done.exit_code == 2
    assert says in done.output
    assert everything(database) == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--zone", "Berlin"), "'Berlin' is no time zone"),
        (("--map", "start=Opened"), "'start' is none of our fields"),
        (("--severity", "hoch=S1"), "'S1' is none of P0"),
        (("--severity", "hoch"), "two words with = between them"),
        (("--delimiter", "::"), "is one character"),
    ],
)
def test_a_wrong_word_on_the_command_line_gets_one_sentence(
    firebreak: Firebreak, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    done = firebreak("import", written(tmp_path / "tickets.csv", CSV), *words)
    assert done.exit_code == 2
    assert says in done.output


def test_somebody_elses_file_is_never_overwritten(firebreak: Firebreak, tmp_path: Path) -> None:
    mine = written(tmp_path / "mine.txt", "dear diary\n")
    done = firebreak("import", written(tmp_path / "tickets.csv", CSV), "--quarantine", mine)
    assert done.exit_code == 2
    assert "is no quarantine of an import" in done.output
    assert mine.read_text() == "dear diary\n"
