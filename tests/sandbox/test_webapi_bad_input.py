"""Whatever is sent, the sandbox answers with a refusal of its own and never breaks."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.errors import SlackError
from bot.sandbox.limits import check_attachments, check_blocks, check_view
from bot.sandbox.limits_blocks import INLINE, KINDS, RICH
from bot.sandbox.limits_elements import ELEMENTS
from bot.sandbox.methods import METHODS
from tests.sandbox.kit import modal, section
from tests.sandbox.serving import Served, serving

SHAPES: dict[str, Any] = {name: kind.shape for name, kind in KINDS.items()} | ELEMENTS | RICH | INLINE
TEXTS = ("plain_text", "mrkdwn", "raw_text")
PARTS = [
    "text",
    "value",
    "options",
    "label",
    "title",
    "confirm",
    "deny",
    "url",
    "type",
    "elements",
    "task_id",
]
leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=5)


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Objects of every known type with the fields of that type, each holding something or other."""
    of_a_type = st.sampled_from(sorted(SHAPES)).flatmap(
        lambda name: st.dictionaries(st.sampled_from(_fields(name)), inner, max_size=5).map(
            lambda fields: {**fields, "type": name}
        )
    )
    text = st.builds(lambda kind, value: {"type": kind, "text": value}, st.sampled_from(TEXTS), inner)
    loose = st.dictionaries(st.sampled_from(PARTS), inner, max_size=4)
    return st.lists(inner, max_size=3) | of_a_type | text | loose


def _fields(name: str) -> list[str]:
    shape = SHAPES[name]
    return [*shape.required, *shape.optional, "block_id", "unknown"]


json_like = st.recursive(leaves, objects, max_leaves=15)


@settings(max_examples=200, deadline=None)
@given(st.lists(json_like, max_size=3), st.sampled_from(["message", "modal", "home"]))
def test_any_blocks_are_taken_or_refused(blocks: list[Any], surface: Any) -> None:
    try:
        check_blocks(blocks, surface)
        check_attachments([{"blocks": blocks}, *blocks])
    except SlackError as refusal:
        assert refusal.extra["response_metadata"]["messages"]


@settings(max_examples=200, deadline=None)
@given(json_like)
def test_any_view_is_taken_or_refused(view: Any) -> None:
    try:
        check_view(view)
    except SlackError as refusal:
        assert refusal.code == "invalid_arguments"


# every method, with arguments that mean something elsewhere ------------

NAMES = [
    *(
        "channel",
        "channel_id",
        "channels",
        "user",
        "users",
        "user_id",
        "ts",
        "thread_ts",
        "timestamp",
        "text",
    ),
    *("blocks", "attachments", "metadata", "view", "view_id", "trigger_id", "hash", "external_id", "name"),
    *("limit", "cursor", "types", "oldest", "latest", "topic", "purpose", "title", "type", "link", "emoji"),
    *("bookmark_id", "file", "files", "filename", "length", "canvas_id", "changes", "criteria", "post_at"),
    *("document_content", "message_ts", "scheduled_message_id", "email", "usergroup", "force", "is_private"),
    *("markdown_text", "message", "return_im", "inclusive", "file_ids", "reply_broadcast", "error", "bot"),
]
VALUES: list[Any] = [
    *("", " ", "0", "-1", "true", "x", "<!channel> & <@U01ANA>", "\x00", "💥" * 50, "[", "{}", "[]", "null"),
    *(
        "C00000001",
        "C00000002",
        "U01ANA",
        "U0BOT",
        "U01ANA,U02BO",
        "1.000001",
        "1767225600.000001",
        "99999999999",
    ),
    *(["x"], [1], [None], [[]], {"type": "x"}, {"id": 1}, [{"id": "F1"}], {"type": "markdown"}, 10**30),
    *([section()], modal(), {"event_type": 1}, [{"operation": "rename"}], [{"operation": "replace"}]),
    *("MTox", "b2Zmc2V0Oi0x", "b2Zmc2V0OjEuNQ==", "=" * 9),  # cursors: 1:1, offset:-1, offset:1.5, and none
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("method", METHODS)
async def test_any_arguments_get_an_answer(served: Served, method: str) -> None:
    chance = random.Random(method)
    token = "app" if METHODS[method].token == "app" else "bot"
    for _ in range(25):
        names = chance.sample(NAMES, k=chance.randint(0, 12))
        arguments = {name: chance.choice(VALUES) for name in names}
        answer = await served.call(method, token, **arguments)
        assert answer["ok"] is True or answer.get("error") or answer.get("not_in_channel"), arguments
