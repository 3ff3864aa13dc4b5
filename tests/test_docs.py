"""What the documents promise is so: commands, variables and dependencies stand where people look for them."""

from __future__ import annotations

import itertools
import re
import tomllib
from pathlib import Path

import click
import pytest

from bot.__main__ import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
COMMANDS = (ROOT / "docs" / "commands.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
SHORT_HELP = 54  # characters that `firebreak --help` has for it in a terminal of 80 columns
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_stands_in_the_table(command: str) -> None:
    assert f"| `firebreak {command}` |" in COMMANDS


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_says_what_it_does_and_is_not_cut_off(name: str) -> None:
    named = main.commands[name]
    for command in [named, *(named.commands.values() if isinstance(named, click.Group) else ())]:
        said = command.get_short_help_str(limit=SHORT_HELP)
        assert said and not said.endswith("...")


def test_contributing_gives_a_reason_for_every_dependency_and_no_other() -> None:
    listed = re.findall(r"^\| `([\w-]+)` \|", CONTRIBUTING, re.MULTILINE)
    wanted = [*PROJECT["dependencies"], *itertools.chain(*PROJECT["optional-dependencies"].values())]
    assert sorted(listed) == sorted({re.match(r"[\w-]+", item)[0] for item in wanted})  # type: ignore[index]


@pytest.mark.parametrize("document", [README, CONTRIBUTING, *(p.read_text() for p in ROOT.glob("docs/*.md"))])
def test_links_inside_the_repository_lead_somewhere(document: str) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", document)
    missing = [link for link in links if not (ROOT / link).exists() and not (ROOT / "docs" / link).exists()]
    assert missing == []


def test_make_targets_in_the_readme_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"(?:^    |`)make ([a-z]+)", README, re.MULTILINE)
    assert named
    assert set(named) <= targets


def test_subcommands_are_named_too() -> None:
    groups = [command for command in main.commands.values() if isinstance(command, click.Group)]
    for group in groups:
        for name in group.commands:
            assert f"`{name}`" in COMMANDS, f"firebreak {group.name} {name}"


def in_slack() -> list[str]:
    """`/incident lead` and its like: every slash command with every word that a story gives it."""
    stories = "\n".join(path.read_text() for path in sorted(ROOT.glob("handlers/*.py")))
    return [f"/{name} {verb}" for name, verb in re.findall(r'\b(\w+)\.verb\(\s*"(\w+)"', stories)]


@pytest.mark.parametrize("typed", in_slack())
def test_what_can_be_typed_in_slack_stands_in_the_table(typed: str) -> None:
    assert re.search(rf"`{typed}[ `]", COMMANDS)


def test_the_readme_shows_nothing_to_type_that_there_is_not() -> None:
    shown = set(re.findall(r"`(/(?:incident|flag) [a-z]+)", README))
    assert len(shown) > 5
    assert shown <= set(in_slack())
