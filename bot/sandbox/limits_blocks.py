"""The limits of each block type: its fields, their lengths, and the surfaces it may stand on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.sandbox.limits_elements import (
    IN_ACTIONS,
    IN_CONTEXT_ACTIONS,
    IN_INPUT,
    IN_SECTION,
    address,
    any_text,
    element,
    image_fields,
    plain_text,
)
from bot.sandbox.schema import (
    Check,
    Report,
    Shape,
    as_list,
    at_least_one,
    boolean,
    by_type,
    exactly_one,
    integer,
    listing,
    number,
    one_of,
    string,
)

MESSAGE, MODAL, HOME = "message", "modal", "home"
EVERYWHERE = frozenset({MESSAGE, MODAL, HOME})
MARKDOWN_MAX = 12_000  # of one block, and of all of them in a payload

# The documented list of children and the one that the live validator is said to accept differ
# (rich_text, file and input are only in the first); what is in both is safe.
CONTAINER_CHILDREN = {"actions", "context", "divider", "header", "image", "section", "table", "video"}


@dataclass(frozen=True)
class Kind:
    """A block type: where it may stand and what it looks like."""

    surfaces: frozenset[str]
    shape: Shape


# rich text ------------------------------------------------------------

_style: dict[str, Check] = {"style": Shape(open=True)}
INLINE: dict[str, Check] = {
    "text": Shape({"text": string(1)}, _style),
    "link": Shape({"url": string()}, {"text": string(), "unsafe": boolean, **_style}),
    "user": Shape({"user_id": string()}, _style),
    "usergroup": Shape({"usergroup_id": string()}, _style),
    "channel": Shape({"channel_id": string()}, _style),
    "team": Shape({"team_id": string()}, _style),
    "emoji": Shape({"name": string()}, {"unicode": string(), "skin_tone": integer(1, 6), **_style}),
    "date": Shape(
        {"timestamp": integer(0), "format": string()}, {"url": string(), "fallback": string(), **_style}
    ),
    "broadcast": Shape({"range": one_of("here", "channel", "everyone")}, _style),
    "color": Shape({"value": string()}, _style),
    "tag": Shape(open=True),
    "citation": Shape(open=True),
}
_inline = listing(by_type(INLINE))
_section = Shape({"elements": _inline})
RICH: dict[str, Check] = {
    "rich_text_section": _section,
    "rich_text_preformatted": Shape({"elements": _inline}, {"border": integer(0, 1), "language": string()}),
    "rich_text_quote": Shape({"elements": _inline}, {"border": integer(0, 1)}),
    "rich_text_list": Shape(
        {
            "elements": listing(by_type({"rich_text_section": _section})),
            "style": one_of("bullet", "ordered"),
        },
        {"indent": integer(0, 8), "offset": integer(0), "border": integer(0, 1)},
    ),
}
_block_id: dict[str, Check] = {"block_id": string(1, 255)}
rich_text = Shape({"elements": listing(by_type(RICH), 1)}, _block_id)
_rich_text = by_type({"rich_text": rich_text})

# what needs more than a list of fields --------------------------------


def _container(report: Report, block: dict[str, Any], at: str) -> None:
    if block.get("title") is None and block.get("rich_text_title") is None:
        report.add("must provide at least one of: title, rich_text_title", at, type="any_of")
    if block.get("default_collapsed") and not block.get("is_collapsible"):
        report.add("requires is_collapsible to be true", f"{at}/default_collapsed", type="requires")
    if block.get("has_header_divider") and block.get("is_collapsible"):
        report.add("not allowed when is_collapsible is true", f"{at}/has_header_divider", type="conflict")


def _plan(report: Report, block: dict[str, Any], at: str) -> None:
    seen: set[str] = set()
    for position, task in enumerate(as_list(block.get("tasks"))):
        if not isinstance(task, dict) or not isinstance(task.get("task_id"), str):
            continue
        if task["task_id"] in seen:
            report.add("must be unique", f"{at}/tasks/{position}/task_id", type="unique")
        seen.add(task["task_id"])


def _child(report: Report, value: Any, at: str) -> None:
    by_type({name: kind.shape for name, kind in KINDS.items()}, among=CONTAINER_CHILDREN)(report, value, at)


def block(**fields: Check) -> dict[str, Check]:
    """Optional fields of a block, with the block_id that all of them have."""
    return {**_block_id, **fields}


# the table ------------------------------------------------------------

_image = by_type({"image": image_fields})
_cell = by_type(
    {
        "raw_text": Shape({"text": string(1)}),
        "raw_number": Shape({"value": number}, {"text": string()}),
        "rich_text": rich_text,
    }
)
_in_context = by_type(
    {
        "image": image_fields,
        "plain_text": Shape({"text": string(1, 3000)}, {"emoji": boolean}),
        "mrkdwn": Shape({"text": string(1, 3000)}, {"verbatim": boolean}),
    }
)
_column = Shape(optional={"align": one_of("left", "center", "right"), "is_wrapped": boolean})
_source = by_type({"url": Shape({"url": address, "text": string()})})
_task = Shape(
    {
        "task_id": string(1, 255),
        "title": string(1),
        "status": one_of("pending", "in_progress", "complete", "error"),
    },
    block(
        details=_rich_text,
        output=_rich_text,
        sources=listing(_source),
        hide_title=boolean,
        icon=Shape(open=True),
    ),
)
_card = Shape(
    {},
    block(
        title=any_text(150),
        subtitle=any_text(150),
        body=any_text(200),
        hero_image=_image,
        icon=_image,
        actions=listing(element({"button"}), 1, 3),
    ),
    also=at_least_one("hero_image", "title", "actions", "body"),
)

KINDS: dict[str, Kind] = {
    "section": Kind(
        EVERYWHERE,
        Shape(
            {},
            block(
                text=any_text(3000),
                fields=listing(any_text(2000), 1, 10),
                accessory=element(IN_SECTION),
                expand=boolean,
            ),
            also=at_least_one("text", "fields"),
        ),
    ),
    "header": Kind(EVERYWHERE, Shape({"text": plain_text(150)}, block())),
    "divider": Kind(EVERYWHERE, Shape({}, block())),
    "image": Kind(
        EVERYWHERE,
        Shape(
            {"alt_text": string(1, 2000)},
            block(**image_fields.optional, title=plain_text(2000)),
            also=exactly_one("image_url", "slack_file"),
        ),
    ),
    "actions": Kind(EVERYWHERE, Shape({"elements": listing(element(IN_ACTIONS), 1, 25)}, block())),
    "context": Kind(EVERYWHERE, Shape({"elements": listing(_in_context, 1, 10)}, block())),
    "context_actions": Kind(
        frozenset({MESSAGE}), Shape({"elements": listing(element(IN_CONTEXT_ACTIONS), 1, 5)}, block())
    ),
    "input": Kind(
        EVERYWHERE,
        Shape(
            {"label": plain_text(2000), "element": element(IN_INPUT)},
            block(hint=plain_text(2000), optional=boolean, dispatch_action=boolean),
        ),
    ),
    "rich_text": Kind(EVERYWHERE, rich_text),
    "markdown": Kind(frozenset({MESSAGE}), Shape({"text": string(1, MARKDOWN_MAX)}, block())),
    "video": Kind(
        EVERYWHERE,
        Shape(
            {
                "alt_text": string(),
                "title": plain_text(199),
                "thumbnail_url": address,
                "video_url": address,
            },
            block(
                title_url=address,
                description=plain_text(200),
                author_name=string(1, 49),
                provider_name=string(),
                provider_icon_url=address,
            ),
        ),
    ),
    "file": Kind(frozenset({MESSAGE}), Shape({"external_id": string(), "source": one_of("remote")}, block())),
    "call": Kind(
        frozenset({MESSAGE}),
        Shape({"call_id": string()}, block(api_decoration_available=boolean, call=Shape(open=True))),
    ),
    "table": Kind(
        frozenset({MESSAGE}),
        Shape(
            {"rows": listing(listing(_cell, 1, 20), 1, 100)},
            block(column_settings=listing(_column, 0, 20)),
        ),
    ),
    # no class in slack_sdk: only what Slack's own guidance names is checked
    "data_table": Kind(
        frozenset({MESSAGE, HOME}),
        Shape(
            {"caption": string(), "rows": listing(listing(Shape(open=True), 1, 20), 1, 201)},
            block(page_size=integer(1, 100)),
            open=True,
        ),
    ),
    "data_visualization": Kind(frozenset({MESSAGE}), Shape({}, block(title=string(1, 50)), open=True)),
    "card": Kind(frozenset({MESSAGE}), _card),
    "carousel": Kind(
        frozenset({MESSAGE}), Shape({"elements": listing(by_type({"card": _card}), 1, 10)}, block())
    ),
    "container": Kind(
        frozenset({MESSAGE, HOME}),
        Shape(
            {"child_blocks": listing(_child, 1, 10)},
            block(
                title=plain_text(150),
                rich_text_title=_rich_text,
                subtitle=any_text(150),
                width=one_of("narrow", "standard", "wide", "full"),
                icon=_image,
                is_collapsible=boolean,
                default_collapsed=boolean,
                has_header_divider=boolean,
            ),
            also=_container,
        ),
    ),
    "alert": Kind(
        frozenset({MODAL}),
        Shape(
            {"text": any_text(200)},
            block(level=one_of("default", "info", "warning", "error", "success")),
        ),
    ),
    "plan": Kind(
        frozenset({MESSAGE}),
        Shape(
            {"title": string()},
            block(tasks=listing(by_type({"task_card": _task}), 0, 50)),
            also=_plan,
        ),
    ),
    "task_card": Kind(frozenset({MESSAGE}), _task),
}
