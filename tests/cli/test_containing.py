"""`firebreak flag kill` and its siblings as people type them while Slack is down."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bot.domain.flags import Definition
from bot.flags.publishing import Publisher
from bot.storage import flag_definitions
from bot.storage.sqlite import SqliteEngine
from bot.storage.workspaces import remember
from tests.cli.test_flags import firebreak, refused
from tests.domain.samples import NOON
from tests.domain.test_flags import ROLLOUT


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    """A database with one flag, and no incident."""
    path = tmp_path / "firebreak.db"
    definition = Definition.read(
        "gateway", ROLLOUT | {"metadata": {"safeVariant": "old", "killSwitch": False}}
    )
    async with SqliteEngine.open(path) as engine:
        await engine.write(lambda transaction: remember(transaction, "T1", "Acme"))
        await engine.write(
            lambda transaction: flag_definitions.define(
                transaction, "T1", "production", [definition], by="cleo", now=NOON
            )
        )
    (tmp_path / "firebreak.toml").write_text('flags.environments = ["production", "staging"]\n')
    return path


def test_a_flag_is_killed_with_an_incident_and_undone_without_slack(database: Path) -> None:
    assert "declare one with it: --declare P1" in refused(firebreak(database, "kill", "gateway", "errors"))
    killed = firebreak(database, "kill", "gateway", "errors", "began", "--declare", "P1", "--for", "2h")
    assert "gateway in production is held at old for everyone because of INC-1" in killed.stdout
    assert "confirmed by reading it back" in killed.stdout
    assert "(command line)" in killed.stdout
    again = firebreak(database, "kill", "gateway", "errors")
    assert "was held already" in again.stdout
    assert "stays held" in firebreak(database, "extend", "gateway", "3h").stdout
    assert "held by INC-1" in firebreak(database, "show", "gateway").stdout
    assert "somebody else lets go of it" in refused(firebreak(database, "undo", "gateway"))
    undone = firebreak(database, "undo", "gateway", "--alone", "nobody else is awake")
    assert "gateway in production serves new, or what its rules say again for everyone." in undone.stdout
    audit = firebreak(database, "log", "INC-1").stdout.splitlines()
    assert [line.split("  ")[2:4] for line in reversed(audit)] == [
        ["contain", "asked"],
        ["contain", "done"],
        ["extend", "done"],
        ["restore", "asked"],
        ["restore", "done"],
    ]
    assert firebreak(database, "log", "gateway").stdout.count("(command line)") == 5


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["kill", "gatewy", "errors", "--declare", "P1"], "Did you mean `gateway`? Nothing was switched."),
        (
            ["kill", "gateway", "errors", "--env", "stagin"],
            "There is no environment `stagin`, so nothing was changed. Did you mean `staging`?",
        ),
        (["kill", "gateway", "errors", "--for", "9y", "--declare", "P1"], "is no time to hold a flag for"),
        (["kill", "gateway", "errors", "--incident", "seven"], "is not the name of an incident"),
        (["kill", "gateway", "errors", "--incident", "INC-7"], "There is no INC-7"),
        (["show", "gatewy"], "There is no flag 'gatewy' in production. firebreak flag list names"),
        (["undo", "gateway"], "gateway is not held in production, and no incident is open."),
        (["log", "INC-7"], "There is no INC-7 in this database."),
    ],
)
def test_what_is_not_right_is_one_sentence_and_switches_nothing(
    database: Path, words: list[str], told: str
) -> None:
    assert told in refused(firebreak(database, *words))
    assert firebreak(database, "log").stdout == "Nothing was switched yet.\n"
    assert firebreak(database, "list").stdout == "gateway\tnew, or what its rules say\n"


def test_who_lets_go_of_a_flag_need_not_know_which_incident_holds_it(database: Path) -> None:
    data = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "on"}
    given = json.dumps({"flags": {"cart": data | {"metadata": {"safeVariant": "off"}}}})
    firebreak(database, "import", "-", given=given)
    firebreak(database, "kill", "gateway", "errors", "--declare", "P1")
    firebreak(database, "kill", "cart", "errors", "--declare", "P2")
    assert "Name one with --incident" in refused(firebreak(database, "kill", "gateway", "errors"))
    assert "stays held" in firebreak(database, "extend", "cart", "3h").stdout
    assert "serves on again" in firebreak(database, "undo", "cart", "--alone", "nobody is awake").stdout
    assert "restore  done  INC-2" in firebreak(database, "log", "cart").stdout.splitlines()[0]


async def staged(database: Path, folder: str = "") -> None:
    """The same flag in staging, and where files are written if anywhere."""
    definition = Definition.read("gateway", ROLLOUT | {"metadata": {"safeVariant": "old"}})
    async with SqliteEngine.open(database) as engine:
        await engine.write(
            lambda transaction: flag_definitions.define(
                transaction, "T1", "staging", [definition], by="cleo", now=NOON
            )
        )
    settings = 'flags.environments = ["production", "staging"]\n'
    (database.parent / "firebreak.toml").write_text(
        settings + (f'flags.folder = "{folder}"\n' if folder else "")
    )


async def test_a_drill_on_the_command_line_says_what_it_looked_at(database: Path) -> None:
    await staged(database)
    done = await asyncio.to_thread(firebreak, database, "drill", "gateway")
    assert "gateway in staging was held at old, and that was seen after 0." in done.stdout
    assert "in the database; what applications get was not asked" in done.stdout
    assert "exactly as before." in done.stdout
    shown = await asyncio.to_thread(firebreak, database, "show", "gateway")
    assert "in staging, took 0." in shown.stdout
    refusal = refused(await asyncio.to_thread(firebreak, database, "drill", "gateway", "--env", "production"))
    assert "nobody practises there" in refusal


async def test_a_drill_looks_in_the_file_that_another_process_writes(database: Path) -> None:
    await staged(database, "flags")
    async with SqliteEngine.open(database) as engine:
        publisher = Publisher(
            engine, team_id="T1", environments=("production", "staging"), folder=database.parent / "flags"
        )
        async with publisher.running():
            done = await asyncio.to_thread(firebreak, database, "drill", "gateway")
    assert "s in the flag file. It serves new, or what its rules say again" in done.stdout


def test_several_flags_are_killed_after_one_question_or_with_yes(database: Path) -> None:
    data = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "on"}
    data["metadata"] = {"safeVariant": "off"}
    given = json.dumps({"flags": {"search": data, "cart": data}})
    assert firebreak(database, "import", "-", given=given).exit_code == 0
    firebreak(database, "kill", "gateway", "errors", "--declare", "P1")
    firebreak(database, "undo", "gateway", "--alone", "nobody else is awake")
    assert "Perhaps you meant" in refused(firebreak(database, "kill", "gatewy,search", "errors"))
    no = firebreak(database, "kill", "cart,search", "errors", given="n\n")
    assert no.exit_code == 2
    assert "search in production: now on -> after off for everyone" in no.stdout
    assert "serves on" in firebreak(database, "show", "search").stdout
    done = firebreak(database, "kill", "gateway,cart,search", "errors", "--yes").stdout
    assert "gateway in production: left out, alone: firebreak flag kill gateway REASON" in done
    assert "cart in production: done, held at off" in done
    assert "search in production: done, held at off, confirmed by reading it back." in done
    assert "gateway in production: done" not in done
