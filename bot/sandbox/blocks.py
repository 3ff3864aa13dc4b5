"""What Slack makes of blocks once it took them: a copy with every id and default filled in."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

NewId = Callable[[str], str]

# elements that answer with a `block_actions` payload; Slack gives each an action_id when the app did not
INTERACTIVE = {
    "button",
    "channels_select",
    "checkboxes",
    "conversations_select",
    "datepicker",
    "datetimepicker",
    "email_text_input",
    "external_select",
    "feedback_buttons",
    "file_input",
    "icon_button",
    "multi_channels_select",
    "multi_conversations_select",
    "multi_external_select",
    "multi_static_select",
    "multi_users_select",
    "number_input",
    "overflow",
    "plain_text_input",
    "radio_buttons",
    "rich_text_input",
    "static_select",
    "timepicker",
    "url_text_input",
    "users_select",
    "workflow_button",
}


def settled(blocks: list[dict[str, Any]] | None, new_id: NewId) -> list[dict[str, Any]] | None:
    """The blocks as Slack stores them: block_id, action_id, `emoji` and `verbatim` are always there."""
    if not blocks:
        return None
    stored = copy.deepcopy(blocks)
    for block in stored:
        _settle_block(block, new_id)
    return stored


def _settle_block(block: dict[str, Any], new_id: NewId) -> None:
    if not block.get("block_id") or block.get("type") == "markdown":  # Slack keeps no block_id of these
        block["block_id"] = new_id("b")
    for child in children(block):
        _settle_block(child, new_id)
    for part in _parts(block):
        if part.get("type") in INTERACTIVE and not part.get("action_id"):
            part["action_id"] = new_id("a")
        elif part.get("type") == "plain_text":
            part.setdefault("emoji", True)
        elif part.get("type") == "mrkdwn":
            part.setdefault("verbatim", False)


def children(block: dict[str, Any]) -> list[dict[str, Any]]:
    """The blocks inside a block: of a container, of a plan, of a carousel."""
    cards = block.get("elements", ()) if block.get("type") == "carousel" else ()
    return [*block.get("child_blocks", ()), *block.get("tasks", ()), *cards]


def _parts(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every object inside a block, at any depth; blocks inside it are left out."""
    nested = {id(child) for child in children(block)}
    waiting: list[Any] = list(block.values())
    while waiting:
        value = waiting.pop(0)
        if isinstance(value, list):
            waiting = [*value, *waiting]
        elif isinstance(value, dict) and id(value) not in nested:
            yield value
            waiting = [*value.values(), *waiting]


def elements_of(blocks: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every interactive element with the block that holds it, in the order they are shown."""
    for block in blocks:
        for part in _parts(block):
            if part.get("type") in INTERACTIVE:
                yield block, part
        yield from elements_of(children(block))
