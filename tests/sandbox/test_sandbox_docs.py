"""docs/sandbox.md says what is so: its example runs, and its tables are complete."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.control import Control
from bot.sandbox.control_verbs import VERBS
from bot.sandbox.faults import KINDS
from bot.sandbox.people import Actor
from bot.sandbox.server import Sandbox

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")


async def test_the_example_works_as_it_stands(slack: Sandbox) -> None:
    [example] = [
        block for block in re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL) if "async def test_" in block
    ]
    written: dict[str, Any] = {}
    exec(example, written)
    await written["test_a_greeting_is_answered"](slack)


def test_every_file_of_the_sandbox_is_in_the_map() -> None:
    files = {path.name for path in (ROOT / "bot" / "sandbox").glob("*.py")} - {"__init__.py"}
    assert {name for name in files if f"`{name}`" not in DOCS} == set()


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_of_the_control_api_is_explained(verb: str) -> None:
    assert f"`{verb}`" in DOCS.partition("### Acting")[2]


@pytest.mark.parametrize("kind", KINDS)
def test_every_fault_is_explained(kind: str) -> None:
    assert f"`{kind}`" in DOCS.partition("### Faults")[2]


async def test_every_request_of_the_control_api_is_listed(slack: Sandbox) -> None:
    for route in Control(slack).routes():
        assert f"{route.method} {route.path}" in DOCS, f"{route.method} {route.path}"


def test_every_verb_of_people_is_in_the_docs() -> None:
    verbs = {name for name in dir(Actor) if not name.startswith("_")} - {
        "id",
        "modal",
        "goes_to",
        "channel",
        "picks_file",
    }
    assert {verb for verb in verbs if f".{verb}" not in DOCS and f" {verb}" not in DOCS} == set()
