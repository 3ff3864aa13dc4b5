"""What a person reads, as plain text: blocks, attachments and mrkdwn without their markup, for assertions."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from bot.sandbox.errors import SlackError
from bot.sandbox.workspace import Message, View, Workspace

Json = dict[str, Any]

LINK = re.compile(r"<([^<>\n]+)>")
# *bold*, _italic_, ~struck~ only where Slack formats them: not inside a word, not around spaces
EMPHASIS = [re.compile(rf"(?<![\w*_~`]){m}(?=\S)([^{m}\n]+)(?<=\S){m}(?![\w`])") for m in (r"\*", "_", "~")]
CODE = re.compile(r"(```.+?```|`[^`\n]+`)", re.DOTALL)
MARKDOWN = re.compile(r"(\*\*|__|~~)(?=\S)([^*_~\n]+)\1")


def text_of(message: Message, workspace: Workspace | None = None) -> str:
    """A message as it is read: its blocks one a line, or its text when it has none, then its attachments."""
    shown = text_of_blocks(message.blocks, workspace) if message.blocks else plain(message.text, workspace)
    parts = [shown]
    for attachment in message.attachments or ():
        parts += [plain(str(attachment.get(key, "")), workspace) for key in ("pretext", "title", "text")]
        parts.append(text_of_blocks(attachment.get("blocks") or [], workspace))
    return "\n".join(part for part in parts if part)


def text_of_view(view: View, workspace: Workspace | None = None) -> str:
    """A modal or a Home tab as it is read: title, blocks, and the words of its buttons."""
    raw = view.raw
    ends = [(raw.get(key) or {}).get("text", "") for key in ("submit", "close")]
    title = (raw.get("title") or {}).get("text", "")
    return "\n".join(
        part for part in (title, text_of_blocks(raw.get("blocks") or [], workspace), *ends) if part
    )


def text_of_blocks(blocks: list[Json], workspace: Workspace | None = None) -> str:
    """Blocks as they are read, one a line."""
    return "\n".join(line for line in (text_of_block(block, workspace) for block in blocks) if line)


def text_of_block(block: Json, workspace: Workspace | None = None) -> str:
    """One block as it is read, the words of its elements included."""
    return "\n".join(line for line in _lines(block, workspace) if line)


def plain(text: str, workspace: Workspace | None = None) -> str:
    """mrkdwn without its markup: `*Done* by <@U01ANA>` is read as `Done by @Ana Ruiz`."""
    pieces = CODE.split(text)
    read = [_unmarked(piece) if number % 2 == 0 else piece.strip("`") for number, piece in enumerate(pieces)]
    return html.unescape(LINK.sub(lambda found: _reference(found[1], workspace), "".join(read)))


def _unmarked(text: str) -> str:
    for _ in range(2):  # one emphasis inside another, as in *_both_*
        for marker in EMPHASIS:
            text = marker.sub(r"\1", text)
    return text


def _reference(inside: str, workspace: Workspace | None) -> str:
    """What stands where mrkdwn says `<…>`: a mention, a channel, a date or a link."""
    target, _, label = inside.partition("|")
    if target.startswith("!date^"):
        return label
    if target.startswith("!subteam^"):
        group = workspace.groups.get(target[9:]) if workspace else None
        return f"@{group.handle}" if group else label or target
    if target.startswith("!"):
        return f"@{target[1:]}"
    if target[:1] in ("@", "#"):
        return _name(target, label, workspace)
    return label or target.removeprefix("mailto:")


def _name(target: str, label: str, workspace: Workspace | None) -> str:
    sign, id_ = target[0], target[1:]
    if workspace is not None:
        try:
            return sign + (workspace.person(id_).real_name if sign == "@" else workspace.channel(id_).name)
        except SlackError:
            return sign + (label or id_)
    return sign + (label or id_)


def _lines(block: Json, workspace: Workspace | None) -> Iterator[str]:
    match block.get("type"):
        case "rich_text":
            yield from (_rich(element, workspace) for element in block.get("elements") or ())
        case "markdown":
            yield MARKDOWN.sub(r"\2", str(block.get("text", "")))
        case "image" | "video":
            yield _text(block.get("title"), workspace)
            yield str(block.get("alt_text", ""))
        case "table" | "data_table":
            for row in block.get("rows") or ():
                yield " | ".join(_cell(cell, workspace) for cell in row)
        case "plan":
            yield _text(block.get("title"), workspace)
            for task in block.get("tasks") or ():
                yield from _lines({"type": "task_card", **task}, workspace)
        case "task_card":
            yield f"{_text(block.get('title'), workspace)} ({block.get('status', 'pending')})"
            for key in ("details", "output"):
                yield from _lines(block.get(key) or {}, workspace)
        case "container" | "carousel":
            yield _text(block.get("title"), workspace) or _rich(block.get("rich_text_title") or {}, workspace)
            yield _text(block.get("subtitle"), workspace)
            for child in block.get("child_blocks") or block.get("elements") or ():
                yield from _lines(child, workspace)
        case _:
            yield from _ordinary(block, workspace)


def _ordinary(block: Json, workspace: Workspace | None) -> Iterator[str]:
    """Blocks made of texts and elements: section, header, context, actions, input, card, alert."""
    for key in ("label", "title", "subtitle", "body", "text"):
        yield _text(block.get(key), workspace)
    yield from (_text(field, workspace) for field in block.get("fields") or ())
    elements = [*(block.get("elements") or ()), *(block.get("actions") or ())]
    yield "  ".join(filter(None, (_element(element, workspace) for element in elements)))
    for key in ("accessory", "element"):
        yield _element(block.get(key) or {}, workspace)
    yield _text(block.get("hint"), workspace)


def _element(element: Json, workspace: Workspace | None) -> str:
    if element.get("type") == "image":
        return str(element.get("alt_text", ""))
    if element.get("type") in ("mrkdwn", "plain_text"):
        return _text(element, workspace)
    own = _text(element.get("text"), workspace)
    if element.get("type") in ("checkboxes", "radio_buttons"):
        own = "\n".join(
            " ".join(filter(None, (_text(option.get(key), workspace) for key in ("text", "description"))))
            for option in element.get("options") or ()
        )
    return own or _text(element.get("placeholder"), workspace)


def _text(value: Any, workspace: Workspace | None) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return ""
    text = str(value.get("text", ""))
    return plain(text, workspace) if value.get("type") == "mrkdwn" else text


def _cell(cell: Json, workspace: Workspace | None) -> str:
    if cell.get("type") == "rich_text":
        return " ".join(_lines(cell, workspace))
    return str(cell.get("text", cell.get("value", "")))


def _rich(element: Json, workspace: Workspace | None) -> str:
    """One element of rich text, with everything inside it."""
    match element.get("type"):
        case "text":
            return str(element.get("text", ""))
        case "emoji":
            return f":{element.get('name', '')}:"
        case "link":
            return str(element.get("text") or element.get("url", ""))
        case "user":
            return _name(f"@{element.get('user_id', '')}", "", workspace)
        case "channel":
            return _name(f"#{element.get('channel_id', '')}", "", workspace)
        case "usergroup":
            return _reference(f"!subteam^{element.get('usergroup_id', '')}", workspace)
        case "broadcast":
            return f"@{element.get('range', 'here')}"
        case "date":
            return str(element.get("fallback", ""))
        case "rich_text_list":
            return "\n".join(_rich(item, workspace) for item in element.get("elements") or ())
    return "".join(_rich(inner, workspace) for inner in element.get("elements") or ())
