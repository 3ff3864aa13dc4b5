"""Block Kit as an incident bot draws it, one example of each kind, and the words that must reach the screen."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": True}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def option(text: str, value: str, **more: Any) -> Json:
    return {"text": plain(text), "value": value, **more}


def button(text: str, action_id: str, **more: Any) -> Json:
    return {"type": "button", "text": plain(text), "action_id": action_id, "value": "INC-1", **more}


def rich(*parts: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(parts)}]}


def said(text: str) -> Json:
    return {"type": "text", "text": text}


def cell(text: str) -> Json:
    return {"type": "raw_text", "text": text}


def field(label: str, element: Json, block_id: str, **more: Any) -> Json:
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element, **more}


def task(number: int, title: str, status: str, **more: Any) -> Json:
    return {"type": "task_card", "task_id": str(number), "title": title, "status": status, **more}


SEVERITIES = [option("P0 · total blockage", "P0"), option("P1 · major", "P1"), option("P2 · partial", "P2")]
CONFIRM = {
    "title": plain("Close INC-1?"),
    "text": mrkdwn("Three required steps are *open*."),
    "confirm": plain("Close it"),
    "deny": plain("Not yet"),
    "style": "danger",
}
SEVERITY_MENU = {
    "type": "static_select",
    "action_id": "severity",
    "placeholder": plain("Severity"),
    "options": SEVERITIES,
}
MORE = {
    "type": "overflow",
    "action_id": "more",
    "options": [option("Timeline", "timeline"), option("Export", "export")],
}
CARD: list[Json] = [
    {"type": "header", "text": plain("🔥 INC-1 · Checkout returns 500")},
    {"type": "section", "fields": [mrkdwn("*Severity*\n:red_circle: P0"), mrkdwn("*Lead*\n<@U01ANA>")]},
    {"type": "context", "elements": [mrkdwn("Declared by <@U04DEE> · runbook *payment failures*")]},
    {
        "type": "actions",
        "elements": [
            button("Take the lead", "lead", style="primary"),
            SEVERITY_MENU,
            button("Close incident", "close", style="danger", confirm=CONFIRM),
            MORE,
        ],
    },
]
CHECKLIST: Json = {
    "type": "container",
    "title": plain("Stabilize"),
    "subtitle": plain("1 of 2 done"),
    "is_collapsible": True,
    "child_blocks": [
        {"type": "section", "text": mrkdwn(":white_check_mark: ~Confirm the impact~"), "accessory": MORE},
        {"type": "section", "text": mrkdwn("*Switch off* `psp`"), "accessory": button("Done", "done")},
    ],
}
TABLE: Json = {
    "type": "table",
    "rows": [[cell("Flow"), cell("Errors")], [cell("Payment"), rich(said("61 %"))]],
    "column_settings": [{"is_wrapped": True}, {"align": "right"}],
}
PLAN: Json = {
    "type": "plan",
    "title": "Containment",
    "tasks": [
        task(1, "Read the flag", "complete", output=rich(said("on"))),
        task(2, "Write it", "in_progress"),
        task(3, "Watch", "pending"),
        task(4, "Page", "error", sources=[{"type": "url", "url": "https://x.example", "text": "why"}]),
    ],
}
VIDEO: Json = {
    "type": "video",
    "title": plain("Rollback"),
    "alt_text": "How",
    "video_url": "https://v.example/1",
    "thumbnail_url": "https://v.example/t.png",
}
FEEDBACK: Json = {
    "type": "feedback_buttons",
    "action_id": "f",
    "positive_button": {"text": plain("Good"), "value": "1"},
    "negative_button": {"text": plain("Bad"), "value": "0"},
}
REMOVE = {"type": "icon_button", "action_id": "i", "icon": "trash", "text": plain("Remove")}
NEAR = {
    "type": "image",
    "image_url": "http://127.0.0.1:9/graph.png",
    "alt_text": "Errors",
    "title": plain("Graph"),
}
FAR = {"type": "image", "image_url": "https://far.example/graph.png", "alt_text": "Errors"}


def section(text: str, **more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(text), **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


# One block of each kind, and what a person must find on the screen.
EVERY_BLOCK: list[tuple[Json, list[str]]] = [
    (section("Payments *work* again"), ["Payments", "<strong>work</strong>"]),
    ({"type": "section", "fields": [mrkdwn("*Lead*\nAna"), plain("plain :fire:")]}, ["Lead", "🔥"]),
    ({"type": "header", "text": plain("INC-1")}, ['<h3 class="b-header">INC-1</h3>']),
    ({"type": "divider"}, ["<hr"]),
    ({"type": "context", "elements": [mrkdwn("due _soon_"), plain("x")]}, ["<em>soon</em>"]),
    (actions(button("Done", "a", style="primary")), ["Done", "button primary", "data-press"]),
    (
        actions(button("Runbook", "a", url="https://r.example/pay")),
        ['href="https://r.example/pay"', "Runbook"],
    ),
    (actions(button("Close", "a", confirm=CONFIRM)), ["data-confirm", "Close INC-1?", "Not yet"]),
    (section("one", accessory=MORE), ['role="menu"', "Timeline", "Export"]),
    (section("one", accessory=NEAR), ['src="http://127.0.0.1:9/graph.png"', "has-picture"]),
    (NEAR, ['src="http://127.0.0.1:9/graph.png"', 'alt="Errors"', "Graph"]),
    (FAR, ["Not loaded", "far.example", "Errors"]),
    (
        rich({**said("on"), "style": {"bold": True, "code": True}}),
        ["<strong><code>on</code></strong>"],
    ),
    (
        {"type": "markdown", "text": "**Cause**: retries\n\n|a|b|\n|-|-|\n|1|2|"},
        ["<strong>Cause</strong>", "<td>1"],
    ),
    (TABLE, ['<th scope="col"', "Payment", "61 %", "right"]),
    (CHECKLIST, ["<details", "Stabilize", "1 of 2 done", "Switch off"]),
    (PLAN, ["Containment", "1 of 4", "Read the flag", "In progress", "Failed", "https://x.example"]),
    (task(1, "Export", "complete"), ["Export", "Done"]),
    ({"type": "card", "title": plain("INC-1"), "actions": [button("Open", "o")]}, ["INC-1", "Open"]),
    ({"type": "carousel", "elements": [{"type": "card", "title": plain("One")}]}, ["One"]),
    ({"type": "alert", "level": "warning", "text": mrkdwn("Pages *everybody*")}, ["is-warning", "everybody"]),
    (VIDEO, ["Rollback", "https://v.example/1"]),
    ({"type": "context_actions", "elements": [FEEDBACK, REMOVE]}, ["Good", "Bad", 'aria-label="Remove"']),
    ({"type": "call", "call_id": "R1"}, ["Call"]),
    ({"type": "hologram"}, ["Unsupported block", "hologram"]),
    (section("x", accessory={"type": "lever"}), ["Unsupported element", "lever"]),
]

# One element of each kind, as it stands in an input, and what it must bring to the screen.
EVERY_INPUT: list[tuple[Json, list[str]]] = [
    ({"type": "plain_text_input", "initial_value": "checkout"}, ['value="checkout"', "<input"]),
    (
        {"type": "plain_text_input", "multiline": True, "initial_value": "a\nb"},
        ["<textarea", "a\nb</textarea>"],
    ),
    ({"type": "rich_text_input", "initial_value": rich(said("seen"))}, ["<textarea", "seen"]),
    (
        {"type": "number_input", "is_decimal_allowed": True, "initial_value": "1.5"},
        ['inputmode="decimal"', "1.5"],
    ),
    ({"type": "email_text_input"}, ['type="email"']),
    ({"type": "url_text_input"}, ['type="url"']),
    (
        {"type": "static_select", "options": SEVERITIES, "initial_option": SEVERITIES[1]},
        ['role="listbox"', "P1 · major"],
    ),
    (
        {"type": "static_select", "option_groups": [{"label": plain("Bad"), "options": SEVERITIES}]},
        ['role="group"', 'aria-label="Bad"'],
    ),
    ({"type": "multi_static_select", "options": SEVERITIES}, ['aria-multiselectable="true"']),
    ({"type": "external_select", "min_query_length": 2}, ["data-external", 'data-least="2"']),
    ({"type": "multi_external_select", "initial_options": [SEVERITIES[0]]}, ["data-external", "P0 · total"]),
    ({"type": "users_select", "initial_user": "U02BO"}, ["Bo Lindqvist", 'data-value="U02BO"']),
    ({"type": "multi_users_select", "initial_users": ["U02BO", "U01ANA"]}, ["Ana Ruiz, Bo Lindqvist"]),
    ({"type": "channels_select"}, ["#general"]),
    ({"type": "multi_channels_select", "max_selected_items": 2}, ['data-most="2"']),
    ({"type": "conversations_select"}, ["#incidents"]),
    ({"type": "multi_conversations_select"}, ["#payments"]),
    ({"type": "datepicker", "initial_date": "2026-01-31"}, ['type="date"', "2026-01-31"]),
    ({"type": "timepicker", "initial_time": "08:30"}, ['type="time"', "08:30"]),
    (
        {"type": "datetimepicker", "initial_date_time": 1767225600},
        ['data-epoch="1767225600"', "Europe/Berlin"],
    ),
    (
        {"type": "checkboxes", "options": SEVERITIES, "initial_options": [SEVERITIES[0]]},
        ['type="checkbox"', "checked"],
    ),
    ({"type": "radio_buttons", "options": SEVERITIES}, ['type="radio"', 'role="radiogroup"']),
    ({"type": "file_input", "filetypes": ["png", "log"]}, ['type="file"', 'accept=".png,.log"']),
]
SEVERITY_INPUT = {
    "type": "static_select",
    "action_id": "v",
    "options": SEVERITIES,
    "initial_option": SEVERITIES[0],
}


def modal(**more: Any) -> Json:
    """A form with every kind of input."""
    return {
        "type": "modal",
        "callback_id": "declare",
        "title": plain("Declare an incident"),
        "submit": plain("Declare"),
        "close": plain("Cancel"),
        "blocks": [
            {"type": "alert", "level": "warning", "text": mrkdwn("Declaring pages *Payments on call*.")},
            field(
                "What is broken?",
                {"type": "plain_text_input", "action_id": "v"},
                "title",
                hint=plain("One line"),
            ),
            field("How bad is it?", SEVERITY_INPUT, "severity"),
            *(
                field(
                    f"{number}. {element['type']}",
                    {**element, "action_id": "v"},
                    f"other-{number}",
                    optional=True,
                )
                for number, (element, _) in enumerate(EVERY_INPUT)
            ),
        ],
        **more,
    }
