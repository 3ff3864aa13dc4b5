"""Blocks with every key of the kind that Block Kit says, so that the templates need not ask. Pure."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

STRINGS = {
    *("type", "block_id", "action_id", "status", "level", "url", "image_url", "title_url"),
    *("video_url", "call_id", "width", "provider_name", "align", "initial_date", "initial_time", "task_id"),
}
LISTS = {
    *(
        "elements",
        "fields",
        "options",
        "option_groups",
        "tasks",
        "rows",
        "child_blocks",
        "actions",
        "sources",
    ),
    *("column_settings", "visible_to_user_ids", "filetypes", "initial_options", "trigger_actions_on"),
    *("initial_users", "initial_channels", "initial_conversations", "include"),
}
NUMBERS = {
    *("max_files", "min_lines", "max_lines", "max_length", "min_length", "min_query_length"),
    "max_selected_items",
}
LISTS_OF_STRINGS = {"visible_to_user_ids", "filetypes", "trigger_actions_on", "include"}


def shaped(blocks: Any) -> list[Json]:
    """The blocks of a message or a view. What cannot be is left out: a key of the wrong kind, a block of none.

    What an app sends was checked by then (`limits.py`), but a page that fails over one message shows nothing.
    """
    return [_shaped(block) for block in blocks if isinstance(block, dict)] if isinstance(blocks, list) else []


def _shaped(value: Json) -> Json:
    return {key: _inner(key, inner) for key, inner in value.items() if _fits(key, inner)}


def _fits(key: str, value: Any) -> bool:
    if key in STRINGS:
        return isinstance(value, str)
    if key in LISTS:
        return isinstance(value, list)
    if key in NUMBERS:
        return isinstance(value, int) and not isinstance(value, bool) and value > 0
    return value is not None


def _inner(key: str, value: Any) -> Any:
    if isinstance(value, dict):
        return _shaped(value)
    if key in LISTS_OF_STRINGS:
        return [item for item in value if isinstance(item, str)]
    if isinstance(value, list):
        return [_inner("", item) for item in value]
    return value
