"""`firebreak flag …` as people type it: flagd JSON in and out, and each mistake one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from bot.storage.sqlite import SqliteEngine
from bot.storage.workspaces import remember
from tests.domain.test_flags import ROLLOUT

DOCUMENT = json.dumps({"flags": {"gateway": ROLLOUT, "search": {**ROLLOUT, "metadata": {}}}})


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    """A database that a bot has used."""
    path = tmp_path / "firebreak.db"
    async with SqliteEngine.open(path) as engine:
        await engine.write(lambda transaction: remember(transaction, "T1", "Acme"))
    (tmp_path / "firebreak.toml").write_text('flags.environments = ["production", "staging"]\n')
    return path


def firebreak(database: Path, *words: str, given: str | bytes | None = None) -> Result:
    environment = {
        "FIREBREAK_DATABASE": str(database),
        "FIREBREAK_CONFIG": str(database.parent / "firebreak.toml"),
    }
    return CliRunner().invoke(main, ["flag", *words], input=given, env=environment)


def refused(result: Result) -> str:
    assert result.exit_code == 2, result.output
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr


def test_a_document_goes_in_and_comes_out(database: Path) -> None:
    done = firebreak(database, "import", "-", given=DOCUMENT)
    assert done.stdout == "2 flags read, 2 of them new or changed.\n"
    assert done.stderr == "Cannot be held, because they declare no safeVariant: search\n"
    out = firebreak(database, "export").stdout
    assert json.loads(out)["flags"] == json.loads(DOCUMENT)["flags"]
    assert "0 of them new" in firebreak(database, "import", "-", given=out).stdout
    assert firebreak(database, "export", "--effective").stdout == out


def test_each_environment_has_its_own(database: Path) -> None:
    assert firebreak(database, "define", "checkout", "--env", "staging").exit_code == 0
    assert firebreak(database, "list", "--env", "staging").stdout == "checkout\ton\n"
    assert firebreak(database, "list").stdout.startswith("No flags yet")


def test_one_bad_flag_leaves_all_as_they_were(database: Path) -> None:
    bad = json.dumps({"flags": {"a": ROLLOUT, "b c": ROLLOUT}})
    assert "'b c' cannot be the key of a flag" in refused(firebreak(database, "import", "-", given=bad))
    assert firebreak(database, "list").stdout.startswith("No flags yet")


@pytest.mark.parametrize(
    ("words", "given", "said"),
    [
        (("import", "-"), b"\xff\xfe{", "is not UTF-8 text"),
        (("import", "-"), "", "not JSON that can be used"),
        (("import", "-", "--env", "stagign"), DOCUMENT, "did you mean 'staging'"),
        (("define", "x", "--safe", "on"), None, "change nothing"),
        (("define", "a b"), None, "cannot be the key"),
        (("list", "--env", "moon"), None, "known here: production, staging"),
    ],
)
def test_a_mistake_is_one_sentence(
    database: Path, words: tuple[str, ...], given: str | bytes | None, said: str
) -> None:
    assert said in refused(firebreak(database, *words, given=given))
