"""Block Kit by hand: the smallest valid block of each kind, with any field replaced."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def x(length: int) -> str:
    return "x" * length


def address(length: int) -> str:
    return "https://" + x(length - 8)


def plain(text: str = "a") -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str = "a") -> Json:
    return {"type": "mrkdwn", "text": text}


def option(**more: Any) -> Json:
    return {"text": plain(), "value": "v", **more}


def options(number: int) -> list[Json]:
    return [option(value=str(n)) for n in range(number)]


def section(**more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(), **more}


def header(text: str = "a") -> Json:
    return {"type": "header", "text": plain(text)}


def context(*elements: Json) -> Json:
    return {"type": "context", "elements": list(elements) or [mrkdwn()]}


def markdown(text: str = "a") -> Json:
    return {"type": "markdown", "text": text}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain(), **more}


def buttons(number: int) -> list[Json]:
    return [button(action_id=str(n)) for n in range(number)]


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def asked(**more: Any) -> Json:
    """A button that asks first."""
    texts = {"title": plain(), "text": mrkdwn(), "confirm": plain(), "deny": plain()}
    return actions(button(confirm=texts | more))


def menu(**more: Any) -> Json:
    return actions({"type": "static_select", "options": options(2), **more})


def chosen(**more: Any) -> Json:
    """A menu with one option."""
    return menu(options=[option(**more)])


def grouped(groups: int = 1, of: int = 1, label: str = "a") -> Json:
    group = {"label": plain(label), "options": options(of)}
    return actions({"type": "static_select", "option_groups": [group] * groups})


def choice(kind: str, number: int, **more: Any) -> Json:
    return actions({"type": kind, "options": options(number), **more})


def field(element: Json | None = None, **more: Any) -> Json:
    return {"type": "input", "label": plain(), "element": element or {"type": "plain_text_input"}, **more}


def icons(number: int) -> Json:
    icon = {"type": "icon_button", "icon": "trash", "text": plain()}
    return {"type": "context_actions", "elements": [{**icon, "action_id": str(n)} for n in range(number)]}


def words(text: str = "a") -> Json:
    return {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements) or [words()]}


def bullets(**more: Any) -> Json:
    return rich({"type": "rich_text_list", "style": "bullet", "elements": [words()], **more})


def table(rows: int = 1, cells: int = 1, text: str = "a", **more: Any) -> Json:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": text}] * cells] * rows, **more}


def data_table(rows: int = 1, cells: int = 1) -> Json:
    return {"type": "data_table", "caption": "c", "rows": [[{}] * cells] * rows}


def container(*children: Json, **more: Any) -> Json:
    return {"type": "container", "title": plain(), "child_blocks": list(children) or [section()], **more}


def task(number: int = 1, **more: Any) -> Json:
    return {"type": "task_card", "task_id": str(number), "title": "t", "status": "pending", **more}


def plan(*tasks: Json) -> Json:
    return {"type": "plan", "title": "Plan", "tasks": list(tasks)}


def card(**more: Any) -> Json:
    return {"type": "card", "title": plain(), **more}


def carousel(cards: int = 1) -> Json:
    return {"type": "carousel", "elements": [card()] * cards}


def image(**more: Any) -> Json:
    return {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a", **more}


def alert(text: str = "a") -> Json:
    return {"type": "alert", "text": plain(text)}


def modal(*blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain(), "blocks": list(blocks) or [section()], **more}


def home(*blocks: Json, **more: Any) -> Json:
    return {"type": "home", "blocks": list(blocks) or [section()], **more}
