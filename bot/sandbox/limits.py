"""Block Kit's limits: `check_blocks` and `check_view` refuse as Slack does, with a pointer to the spot."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from bot.sandbox.blocks import elements_of
from bot.sandbox.errors import SlackError
from bot.sandbox.limits_blocks import HOME, KINDS, MARKDOWN_MAX, MESSAGE, MODAL
from bot.sandbox.limits_elements import plain_text
from bot.sandbox.schema import Problem, Report, Shape, boolean, by_type, string

Surface = Literal["message", "modal", "home"]

BLOCKS_MAX = {MESSAGE: 50, MODAL: 100, HOME: 100}  # https://docs.slack.dev/reference/block-kit/blocks
VIEW_BYTES = 250_000  # "greater than 250kb": https://docs.slack.dev/reference/methods/views.open
ATTACHMENTS_MAX = 100  # https://docs.slack.dev/reference/methods/chat.postMessage
TABLE_CHARACTERS = 10_000  # over all cells of the one table that a message may have
DATA_TABLE_CHARACTERS = 20_000
CHARTS_MAX = 2  # data_visualization blocks in a message
TABLES = ("table", "data_table")

_any_block = by_type({name: kind.shape for name, kind in KINDS.items()})
_view_common = {
    "callback_id": string(0, 255),
    "private_metadata": string(0, 3000),
    "external_id": string(0, 255),
}
_blocks = {"blocks": lambda report, value, at: None}  # looked at by `problems_in_blocks`
VIEWS = {
    "modal": Shape(
        {"title": plain_text(24), **_blocks},
        {
            "submit": plain_text(24),
            "close": plain_text(24),
            "clear_on_close": boolean,
            "notify_on_close": boolean,
            **_view_common,
        },
    ),
    "home": Shape(_blocks, _view_common),
}


def check_blocks(blocks: Any, surface: Surface = "message") -> None:
    """Raise `invalid_blocks` (or a relative of it) when Slack would not take these blocks."""
    if not isinstance(blocks, list):
        raise refusal("invalid_blocks_format", [Problem("must provide an array", "/blocks")])
    problems = problems_in_blocks(blocks, surface, "/blocks")
    if not problems:
        return
    if surface != "message":
        raise refusal("invalid_arguments", problems)
    if len(blocks) > BLOCKS_MAX[MESSAGE]:
        raise refusal("msg_blocks_too_many", problems)
    codes = {problem.constraint.get("type") for problem in problems}
    if codes <= {"only_one_table_allowed"}:
        raise refusal("invalid_attachments", problems)
    if codes <= {"markdown_total"}:
        raise refusal("msg_blocks_too_long", problems)
    raise refusal("invalid_blocks", problems)


def check_view(view: Any) -> None:
    """Raise `invalid_arguments` (or a relative of it) when Slack would not take this view."""
    problems = problems_in_view(view, "/view")
    if isinstance(view, dict) and len(json.dumps(view)) > VIEW_BYTES:
        raise SlackError("view_too_large")
    if problems:
        raise refusal("invalid_arguments", problems)


def check_attachments(attachments: list[Any]) -> None:
    """Raise `too_many_attachments` or `invalid_attachments` when Slack would not take these."""
    if len(attachments) > ATTACHMENTS_MAX:
        raise SlackError("too_many_attachments")
    problems: list[Problem] = []
    for number, attachment in enumerate(attachments):
        at = f"/attachments/{number}"
        if not isinstance(attachment, dict):
            problems.append(Problem("must provide an object", at))
        elif isinstance(attachment.get("blocks"), list):
            problems += problems_in_blocks(attachment["blocks"], "message", f"{at}/blocks")
    if problems:
        raise refusal("invalid_attachments", problems)


def refusal(code: str, problems: Iterable[Problem]) -> SlackError:
    """The answer that carries these problems, in the places where Slack puts them."""
    told = [str(problem) for problem in problems]
    extra: dict[str, Any] = {"response_metadata": {"messages": [f"[ERROR] {message}" for message in told]}}
    if code != "invalid_arguments":
        extra["errors"] = told
    return SlackError(code, **extra)


def problems_in_view(view: Any, at: str) -> list[Problem]:
    """Everything wrong with a view, pointers starting at `at`."""
    report = Report()
    by_type(VIEWS)(report, view, at)
    if not isinstance(view, dict) or view.get("type") not in list(VIEWS):
        return report.problems
    blocks = view.get("blocks")
    if blocks is None:
        return report.problems
    if not isinstance(blocks, list):
        report.add("must provide an array", f"{at}/blocks", type="array")
        return report.problems
    if not blocks:
        report.add("no fewer than 1 items allowed", f"{at}/blocks", type="min_items", expected=1)
    inputs = any(isinstance(block, dict) and block.get("type") == "input" for block in blocks)
    if view["type"] == "modal" and inputs and view.get("submit") is None:
        report.add("submit is required when an input block is within the blocks array", f"{at}/submit")
    return report.problems + problems_in_blocks(blocks, view["type"], f"{at}/blocks")


def problems_in_blocks(blocks: list[Any], surface: Surface, at: str) -> list[Problem]:
    """Everything wrong with a list of blocks, pointers starting at `at`."""
    report = Report(surface)
    most = BLOCKS_MAX[surface]
    if len(blocks) > most:
        report.add(f"no more than {most} items allowed", at, type="max_items", expected=most)
    for number, block in enumerate(blocks):
        _any_block(report, block, f"{at}/{number}")
    if report.problems:
        return report.problems  # what follows can rely on every block's form
    for number, block in enumerate(blocks):
        _check_surface(report, block, surface, f"{at}/{number}")
    _check_ids(report, blocks, at)
    _check_totals(report, blocks, at)
    return report.problems


def _check_surface(report: Report, block: dict[str, Any], surface: Surface, at: str) -> None:
    allowed = KINDS[block["type"]].surfaces
    if surface not in allowed:
        report.add(
            f"unsupported type: {block['type']}", f"{at}/type", type="surface", expected=sorted(allowed)
        )
    for number, child in enumerate(block.get("child_blocks", ())):
        _check_surface(report, child, surface, f"{at}/child_blocks/{number}")
    if surface != MODAL and any(part["type"] == "file_input" for _, part in elements_of([block])):
        report.add("unsupported type: file_input", f"{at}/element/type", type="surface", expected=[MODAL])


def _check_ids(report: Report, blocks: list[dict[str, Any]], at: str) -> None:
    seen: set[str] = set()
    for block, pointer in _with_children(blocks, at):
        block_id = block.get("block_id")
        if block_id in seen:
            report.add(f"block_id already exists: {block_id}", f"{pointer}/block_id", type="unique")
        if block_id:
            seen.add(block_id)
        names: set[str] = set()
        for holder, part in elements_of([block]):
            name = part.get("action_id")
            if holder is block and name in names:
                report.add(f"action_id already exists: {name}", f"{pointer}/elements", type="unique")
            if holder is block and name:
                names.add(name)


def _with_children(blocks: list[dict[str, Any]], at: str) -> Iterator[tuple[dict[str, Any], str]]:
    for number, block in enumerate(blocks):
        yield block, f"{at}/{number}"
        yield from _with_children(block.get("child_blocks", []), f"{at}/{number}/child_blocks")


def _check_totals(report: Report, blocks: list[dict[str, Any]], at: str) -> None:
    every = [block for block, _ in _with_children(blocks, at)]
    markdown = sum(len(block["text"]) for block in every if block["type"] == "markdown")
    if markdown > MARKDOWN_MAX:
        report.add(f"must be less than {MARKDOWN_MAX + 1} characters", at, type="markdown_total")
    tables = [block for block in every if block["type"] in TABLES]
    if len(tables) > 1:
        report.add("only_one_table_allowed", at, type="only_one_table_allowed")
    for table in tables:
        most = TABLE_CHARACTERS if table["type"] == "table" else DATA_TABLE_CHARACTERS
        if sum(_characters(cell) for row in table["rows"] for cell in row) > most:
            report.add(f"must be less than {most + 1} characters", at, type="table_total", expected=most)
    charts = sum(block["type"] == "data_visualization" for block in every)
    if charts > CHARTS_MAX:
        report.add(f"no more than {CHARTS_MAX} data_visualization blocks allowed", at, type="max_items")


def _characters(value: Any) -> int:
    """How many characters a cell shows: every `text` in it."""
    if isinstance(value, list):
        return sum(_characters(item) for item in value)
    if not isinstance(value, dict):
        return 0
    own = len(value["text"]) if isinstance(value.get("text"), str) else 0
    return own + sum(_characters(item) for item in value.values() if isinstance(item, dict | list))
