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
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"`firebreak {command}`" in README


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_says_what_it_does(name: str) -> None:
    assert main.commands[name].get_short_help_str()


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
            assert f"`{name}`" in README, f"firebreak {group.name} {name}"
