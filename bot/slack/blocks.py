"""Block Kit's pieces as plain dicts, each within its limit. Limits: https://docs.slack.dev/reference/block-kit"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.slack.text import cut, is_blank, one_line

Block = dict[str, Any]

BLOCKS_MAX = 50  # of a message
SECTION_MAX = 3000
CONTEXT_MAX = 3000  # of one text in a context block
HEADER_MAX = 150
BUTTON_MAX = 75  # label and accessibility label
VALUE_MAX = 2000  # of a button
OPTION_MAX = 75  # text and description
CONFIRM_TITLE_MAX, CONFIRM_TEXT_MAX, CONFIRM_BUTTON_MAX = 100, 300, 30
NOTIFICATION_MAX = 600  # a notification shows about two lines; chat.update refuses more than 4,000


def mrkdwn(text: str, most: int = SECTION_MAX) -> Block:
    """Marked-up text. `verbatim`: Slack must not turn a typed @here or #name into something alive."""
    return {"type": "mrkdwn", "text": "…" if is_blank(text) else cut(text, most), "verbatim": True}


def plain(text: str, most: int) -> Block:
    """Text that Slack shows as it is; on one line, never empty."""
    shown = one_line(text)
    return {"type": "plain_text", "text": "…" if is_blank(shown) else cut(shown, most), "emoji": False}


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, HEADER_MAX)}


def section(text: str, accessory: Block | None = None) -> Block:
    block: Block = {"type": "section", "text": mrkdwn(text)}
    return block if accessory is None else {**block, "accessory": accessory}


def lines(*texts: str | None) -> Block:
    """A section of lines; None leaves one out."""
    return section("\n".join(text for text in texts if text))


def context(*texts: str | None) -> Block:
    """Small type."""
    return {"type": "context", "elements": [mrkdwn(text, CONTEXT_MAX) for text in texts if text]}


def actions(*elements: Block | None) -> Block:
    return {"type": "actions", "elements": [element for element in elements if element is not None]}


def button(
    label: str,
    action_id: str,
    value: str,
    *,
    primary: bool = False,
    danger: bool = False,
    confirm: Block | None = None,
    spoken: str | None = None,
) -> Block:
    """`spoken` is what a screen reader says instead of the label, where the label alone is one of many."""
    element: Block = {
        "type": "button",
        "text": plain(label, BUTTON_MAX),
        "action_id": action_id,
        "value": value,
    }
    if primary:
        element["style"] = "primary"
    if danger:
        element["style"] = "danger"
    if confirm is not None:
        element["confirm"] = confirm
    if spoken is not None:
        element["accessibility_label"] = cut(one_line(spoken), BUTTON_MAX)
    return element


def confirm(title: str, text: str, *, yes: str, no: str) -> Block:
    return {
        "title": plain(title, CONFIRM_TITLE_MAX),
        "text": plain(text, CONFIRM_TEXT_MAX),
        "confirm": plain(yes, CONFIRM_BUTTON_MAX),
        "deny": plain(no, CONFIRM_BUTTON_MAX),
    }


def option(text: str, value: str, description: str = "") -> Block:
    made: Block = {"text": plain(text, OPTION_MAX), "value": value}
    if not is_blank(description):
        made["description"] = plain(description, OPTION_MAX)
    return made


def menu(
    action_id: str, options: Sequence[Block], *, chosen: Block | None = None, placeholder: str = ""
) -> Block:
    element: Block = {"type": "static_select", "action_id": action_id, "options": list(options)}
    if placeholder:
        element["placeholder"] = plain(placeholder, 150)
    if chosen is not None:
        element["initial_option"] = chosen
    return element


def overflow(action_id: str, options: Sequence[Block]) -> Block:
    """The three dots: one to five options."""
    return {"type": "overflow", "action_id": action_id, "options": list(options)}


def notification(text: str) -> str:
    """The text beside the blocks."""
    return cut(text, NOTIFICATION_MAX)
