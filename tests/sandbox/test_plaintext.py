"""Messages as they are read: no markup, names instead of ids, blocks one a line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.plaintext import plain, text_of, text_of_blocks
from bot.sandbox.workspace import Message, Workspace

Json = dict[str, Any]


@pytest.mark.parametrize(
    ("mrkdwn", "read"),
    [
        ("*Done* by <@U01ANA>", "Done by @Ana Ruiz"),
        ("*_both_* and ~gone~", "both and gone"),
        ("snake_case_name stays", "snake_case_name stays"),
        ("3 * 4 * 5", "3 * 4 * 5"),
        ("`*code*` and ```a *b*```", "*code* and a *b*"),
        ("<https://example.org|the page>", "the page"),
        ("<https://example.org>", "https://example.org"),
        ("<mailto:a@example.org>", "a@example.org"),
        ("<#C00000001> <#C404|gone>", "#general #gone"),
        ("<!here> <!subteam^S01PAYMENTS>", "@here @payments-oncall"),
        ("<!date^1767225600^{time}|midnight>", "midnight"),
        ("&lt;!channel&gt; &amp; more", "<!channel> & more"),
        ("<@U404>", "@U404"),
        ("<|> <@> <#> <!> <!date^>", " @ # @ "),
    ],
)
def test_markup_is_read_as_slack_shows_it(mrkdwn: str, read: str) -> None:
    assert plain(mrkdwn, Workspace()) == read


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def label(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


BLOCKS: list[tuple[Json, str]] = [
    ({"type": "header", "text": label("INC-1 *raw*")}, "INC-1 *raw*"),
    ({"type": "divider"}, ""),
    ({"type": "section", "text": mrkdwn("*a*"), "fields": [mrkdwn("_b_"), label("c")]}, "a\nb\nc"),
    ({"type": "context", "elements": [mrkdwn("*x*"), {"type": "image", "alt_text": "a cat"}]}, "x  a cat"),
    ({"type": "actions", "elements": [{"type": "button", "text": label("Go")}]}, "Go"),
    ({"type": "image", "title": label("Graph"), "alt_text": "a curve"}, "Graph\na curve"),
    ({"type": "markdown", "text": "**bold** text"}, "bold text"),
    (
        {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}, rich({"type": "text", "text": "b"})]]},
        "a | b",
    ),
    (
        rich(
            {"type": "text", "text": "to "},
            {"type": "user", "user_id": "U02BO"},
            {"type": "emoji", "name": "tada"},
        ),
        "to @Bo Lindqvist:tada:",
    ),
    (
        {"type": "plan", "title": label("Steps"), "tasks": [{"title": "Roll back", "status": "complete"}]},
        "Steps\nRoll back (complete)",
    ),
    (
        {
            "type": "container",
            "title": label("Phase"),
            "child_blocks": [{"type": "section", "text": mrkdwn("in")}],
        },
        "Phase\nin",
    ),
    (
        {
            "type": "input",
            "label": label("Title"),
            "element": {"type": "plain_text_input", "placeholder": label("what")},
        },
        "Title\nwhat",
    ),
    (
        {
            "type": "section",
            "text": mrkdwn("s"),
            "accessory": {"type": "checkboxes", "options": [{"text": mrkdwn("*one*")}]},
        },
        "s\none",
    ),
]


@pytest.mark.parametrize(("block", "read"), BLOCKS, ids=[block["type"] for block, _ in BLOCKS])
def test_every_block_can_be_read(block: Json, read: str) -> None:
    assert text_of_blocks([block], Workspace()) == read


def test_text_is_only_the_fallback_of_blocks_and_attachments_follow() -> None:
    message = Message(ts="1.0", channel="C1", user="U1", text="*fallback*")
    assert text_of(message) == "fallback"
    message.attachments = [{"title": "t", "text": "*x*"}]
    message.blocks = [{"type": "section", "text": mrkdwn("shown")}]
    assert text_of(message) == "shown\nt\nx"


@settings(deadline=None)
@given(st.text(alphabet="*_~`<>|&ab !@#^", max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    assert isinstance(plain(text, Workspace()), str)
