"""docs/operations.md is read at 3 a.m., so it names what there is: actions, checks, fields, commands."""

from __future__ import annotations

import configparser
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from bot.__main__ import main
from bot.config import ENVIRONMENT
from bot.doctor import CHECKS
from bot.storage import sqlite

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "operations.md").read_text()
ACTIONS = sorted(
    {
        action
        for folder in ("bot", "handlers")
        for path in (ROOT / folder).rglob("*.py")
        if "sandbox" not in path.parts
        for action in re.findall(r'"action": "(\w+)"', path.read_text())
    }
)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_there_are_actions() -> None:
    assert "effect_parked" in ACTIONS


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_in_the_log_is_explained(action: str) -> None:
    assert re.search(rf"^\| .*`{action}`.* \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize("name", [name for name, _ in CHECKS])
def test_every_line_of_the_doctor_is_explained(name: str) -> None:
    assert re.search(rf"^\| `{name}` \|", PAGE, re.MULTILINE)


def test_every_command_it_names_exists() -> None:
    named = set(re.findall(r"(?:`|^    |bin/|\bfirebreak )firebreak (\w+)", PAGE, re.MULTILINE))
    assert {"doctor", "verify", "backup", "run"} <= named <= set(main.commands)


def test_every_variable_it_sets_exists() -> None:
    named = set(re.findall(r"\b(?:FIREBREAK|SLACK)_[A-Z_]*[A-Z]\b", PAGE))
    assert named
    assert named <= set(ENVIRONMENT)


def test_the_unit_and_the_litestream_file_can_be_parsed() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(blocks("ini")[0])
    assert unit["Service"]["ExecStart"].endswith("firebreak run")
    (litestream,) = (yaml.safe_load(block) for block in blocks("yaml"))
    (database,) = litestream["dbs"]
    assert database["busy-timeout"] == f"{sqlite.BUSY_SECONDS:.0f}s"


def test_the_version_of_python_in_the_container_is_one_we_support() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    (minor,) = re.findall(r"FROM python:3\.(\d+)-slim", PAGE)
    assert int(minor) >= int(wanted.removeprefix(">=3."))
