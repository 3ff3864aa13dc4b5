"""The bot calls no Web API method that the sandbox lacks, and asks for every scope that they need."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.sandbox.methods import METHODS
from bot.slack.manifest import manifest

ROOT = Path(__file__).parent.parent
FAMILIES = "apps|auth|bookmarks|canvases|chat|conversations|files|pins|reactions|team|usergroups|users|views"
CALL = re.compile(rf"client\.((?:{FAMILIES})_\w+)\(")


def called() -> set[str]:
    """`chat_postMessage` in the code is `chat.postMessage` on the wire; one that is unknown stays as it is."""
    on_the_wire = {name.replace(".", "_"): name for name in METHODS}
    found = set()
    for folder in ("bot", "handlers"):
        for path in (ROOT / folder).rglob("*.py"):
            if "sandbox" not in path.parts:
                found |= {on_the_wire.get(call, call) for call in CALL.findall(path.read_text())}
    return found


def test_the_bot_calls_something() -> None:
    assert {"chat.postMessage", "conversations.create", "views.open"} <= called()


@pytest.mark.parametrize("method", sorted(called()))
def test_the_sandbox_has_every_method_that_the_bot_calls(method: str) -> None:
    assert method in METHODS


@pytest.mark.parametrize("method", sorted(called()))
def test_the_manifest_asks_for_a_scope_of_every_method_that_the_bot_calls(method: str) -> None:
    wanted = set(METHODS[method].scopes)
    asked = set(manifest("socket")["oauth_config"]["scopes"]["bot"])
    assert not wanted or wanted & asked, f"{method} needs one of {sorted(wanted)}"
