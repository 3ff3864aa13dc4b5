"""`rich_text` blocks as HTML: sections, lists, quotes, preformatted text, and what stands in them."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup, escape

from bot.sandbox.page import mrkdwn
from bot.sandbox.page.reader import Reader

STYLES = (("code", "code"), ("bold", "strong"), ("italic", "em"), ("strike", "s"), ("underline", "u"))
HEX_COLOR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
DEEPEST = 8  # Slack indents lists up to here


def dicts(value: Any) -> list[dict[str, Any]]:
    """The objects in a list, whatever else somebody put into it."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text_of(value: Any) -> str:
    """A string, or nothing."""
    return value if isinstance(value, str) else ""


def rich_text(block: Any, reader: Reader) -> Markup:
    """The HTML of a whole `rich_text` block."""
    elements = dicts(block.get("elements")) if isinstance(block, dict) else []
    return Markup("").join(_element(element, reader) for element in elements)


def _element(element: dict[str, Any], reader: Reader) -> Markup:
    parts = dicts(element.get("elements"))
    match element.get("type"):
        case "rich_text_section":
            return Markup('<div class="rt-section">{}</div>').format(_inlines(parts, reader))
        case "rich_text_quote":
            return Markup("<blockquote>{}</blockquote>").format(_inlines(parts, reader))
        case "rich_text_preformatted":
            return Markup("<pre><code>{}</code></pre>").format(_preformatted(parts))
        case "rich_text_list":
            return _list(element, parts, reader)
        case other:
            return Markup('<div class="unsupported">Unsupported rich text: {}</div>').format(str(other))


def _list(element: dict[str, Any], parts: list[dict[str, Any]], reader: Reader) -> Markup:
    indent, offset = (_small(element.get(key)) for key in ("indent", "offset"))
    items = Markup("").join(Markup("<li>{}</li>").format(_inlines_of(part, reader)) for part in parts)
    classes = f"rt-list rt-indent-{min(indent, DEEPEST)}{' rt-border' if element.get('border') else ''}"
    if element.get("style") == "ordered":
        return Markup('<ol class="{}" start="{}">{}</ol>').format(classes, offset + 1, items)
    return Markup('<ul class="{}">{}</ul>').format(classes, items)


def _inlines_of(part: dict[str, Any], reader: Reader) -> Markup:
    return _inlines(dicts(part.get("elements")), reader)


def _inlines(parts: list[dict[str, Any]], reader: Reader) -> Markup:
    return Markup("").join(_styled(part, reader) for part in parts)


def _styled(part: dict[str, Any], reader: Reader) -> Markup:
    html = _inline(part, reader)
    style = part.get("style")
    for name, tag in STYLES:
        if isinstance(style, dict) and style.get(name):
            html = Markup("<{0}>{1}</{0}>").format(Markup(tag), html)
    return html


def _inline(part: dict[str, Any], reader: Reader) -> Markup:
    url, text = text_of(part.get("url")), text_of(part.get("text"))
    match part.get("type"):
        case "text":
            return _broken(text)
        case "link":
            return mrkdwn.address(url, text or url, reader) or escape(text or url)
        case "user":
            return mrkdwn.user_mention(text_of(part.get("user_id")), "", reader)
        case "channel":
            return mrkdwn.channel_mention(text_of(part.get("channel_id")), "", reader)
        case "usergroup":
            return mrkdwn.group_mention(text_of(part.get("usergroup_id")), "", reader)
        case "broadcast":
            return mrkdwn.mention("broadcast", f"@{text_of(part.get('range'))}")
        case "emoji":
            return mrkdwn.emoji_html(text_of(part.get("name")))
        case "date":
            pattern, fallback = text_of(part.get("format")), text_of(part.get("fallback"))
            return mrkdwn.date_html(str(part.get("timestamp")), pattern, url, fallback, reader)
        case "color":
            return _color(text_of(part.get("value")))
        case "team":
            return mrkdwn.mention("team", text_of(part.get("team_id")))
        case "tag":
            return Markup('<span class="tag">{}</span>').format(text)
        case other:
            return Markup('<span class="unsupported">Unsupported: {}</span>').format(str(other))


def _color(value: str) -> Markup:
    if not HEX_COLOR.fullmatch(value):
        return escape(value)
    # The fill is an SVG attribute, because the page allows no style attributes.
    return Markup(
        '<svg class="swatch" viewBox="0 0 10 10" aria-hidden="true"><rect width="10" height="10" fill="{0}"/>'
        "</svg> <code>{0}</code>"
    ).format(value)


def _preformatted(parts: list[dict[str, Any]]) -> Markup:
    return Markup("").join(escape(text_of(p.get("text")) or text_of(p.get("url"))) for p in parts)


def _broken(text: str) -> Markup:
    return Markup("<br>").join(escape(line) for line in text.split("\n"))


def _small(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10_000 else 0
