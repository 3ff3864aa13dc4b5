"""The limits of what stands inside a block: text objects, options, dialogs, and every interactive element.

The numbers are those of https://docs.slack.dev/reference/block-kit: each is named where it is used.
"""

from __future__ import annotations

from typing import Any

from bot.sandbox.schema import (
    Check,
    Report,
    Shape,
    as_list,
    boolean,
    by_type,
    exactly_one,
    integer,
    listing,
    one_of,
    string,
)

WEB_ADDRESS = r"https?://\S+"
INPUT_MAX = 3000  # what a plain_text_input holds
CHECKBOXES_MAX = 10  # checkboxes and radio buttons; the SDK does not check it
SELECT_MAX = 100  # options of a menu, groups of options, options of a group

action_id = string(1, 255)
address = string(1, 3000, pattern=WEB_ADDRESS, hint="must be a valid URL")


def plain_text(high: int, *, low: int = 1) -> Check:
    """A plain_text object of `low` to `high` characters."""
    return by_type({"plain_text": Shape({"text": string(low, high)}, {"emoji": boolean})})


def any_text(high: int) -> Check:
    """A plain_text or mrkdwn object of 1 to `high` characters."""
    text = string(1, high)
    return by_type(
        {
            "plain_text": Shape({"text": text}, {"emoji": boolean}),
            "mrkdwn": Shape({"text": text}, {"verbatim": boolean}),
        }
    )


confirm = Shape(
    {"title": plain_text(100), "text": any_text(300), "confirm": plain_text(30), "deny": plain_text(30)},
    {"style": one_of("primary", "danger")},
)
slack_file = Shape(optional={"id": string(), "url": string()}, also=exactly_one("id", "url"))
image_fields = Shape(
    {"alt_text": string(1, 2000)},
    {"image_url": address, "slack_file": slack_file},
    also=exactly_one("image_url", "slack_file"),
)
dispatch = Shape({"trigger_actions_on": listing(one_of("on_enter_pressed", "on_character_entered"), 1, 2)})
conversation_filter = Shape(
    optional={
        "include": listing(one_of("im", "mpim", "private", "public"), 1, 4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    }
)


def option(*, text: Check | None = None, url: bool = False) -> Shape:
    """One option: text 75, value 150, description 75; only an overflow menu's may carry a URL."""
    more: dict[str, Check] = {"description": any_text(75) if text else plain_text(75)}
    if url:
        more["url"] = address
    return Shape({"text": text or plain_text(75), "value": string(1, 150)}, more)


menu_option = option()
rich_option = option(text=any_text(75))
group = Shape({"label": plain_text(75), "options": listing(menu_option, 1, SELECT_MAX)})


def _initial_among_options(report: Report, element: dict[str, Any], at: str) -> None:
    offered = as_list(element.get("options"))
    for one in as_list(element.get("option_groups")):
        offered += as_list(one.get("options")) if isinstance(one, dict) else []
    given = {
        "initial_option": [element.get("initial_option")],
        "initial_options": as_list(element.get("initial_options")),
    }
    for name, initial in given.items():
        if any(one is not None and one not in offered for one in initial):
            report.add(f"{name} must be among the options", f"{at}/{name}", type="enum")


def _static_menu(report: Report, element: dict[str, Any], at: str) -> None:
    exactly_one("options", "option_groups")(report, element, at)
    _initial_among_options(report, element, at)


def _lengths_in_order(report: Report, element: dict[str, Any], at: str) -> None:
    low, high = element.get("min_length"), element.get("max_length")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        report.add("min_length must be less than or equal to max_length", f"{at}/min_length", type="range")


common: dict[str, Check] = {"action_id": action_id, "confirm": confirm}
focus: dict[str, Check] = {"focus_on_load": boolean}
typed: dict[str, Check] = {
    "action_id": action_id,
    "placeholder": plain_text(150),
    "dispatch_action_config": dispatch,
    **focus,
}
picked: dict[str, Check] = {**common, **focus, "placeholder": plain_text(150)}
many: dict[str, Check] = {**picked, "max_selected_items": integer(1)}
static: dict[str, Check] = {
    "options": listing(menu_option, 1, SELECT_MAX),
    "option_groups": listing(group, 1, SELECT_MAX),
}
date = string(pattern=r"\d{4}-\d{2}-\d{2}", hint="must be a date in the format YYYY-MM-DD")
time_of_day = string(pattern=r"[0-2]\d:[0-5]\d", hint="must be a time in the format HH:mm")
feedback = Shape({"text": plain_text(75), "value": string(1, 2000)}, {"accessibility_label": string(1, 75)})

MENUS: dict[str, Shape] = {
    "static_select": Shape({}, {**picked, **static, "initial_option": menu_option}, also=_static_menu),
    "multi_static_select": Shape(
        {}, {**many, **static, "initial_options": listing(menu_option, 1, SELECT_MAX)}, also=_static_menu
    ),
    "external_select": Shape({}, {**picked, "min_query_length": integer(0), "initial_option": menu_option}),
    "multi_external_select": Shape(
        {},
        {**many, "min_query_length": integer(0), "initial_options": listing(menu_option, 1, SELECT_MAX)},
    ),
    "users_select": Shape({}, {**picked, "initial_user": string()}),
    "multi_users_select": Shape({}, {**many, "initial_users": listing(string(), 1)}),
    "conversations_select": Shape(
        {},
        {
            **picked,
            "initial_conversation": string(),
            "default_to_current_conversation": boolean,
            "response_url_enabled": boolean,
            "filter": conversation_filter,
        },
    ),
    "multi_conversations_select": Shape(
        {},
        {
            **many,
            "initial_conversations": listing(string(), 1),
            "default_to_current_conversation": boolean,
            "filter": conversation_filter,
        },
    ),
    "channels_select": Shape({}, {**picked, "initial_channel": string(), "response_url_enabled": boolean}),
    "multi_channels_select": Shape({}, {**many, "initial_channels": listing(string(), 1)}),
}

CHOICES: dict[str, Shape] = {
    "checkboxes": Shape(
        {"options": listing(rich_option, 1, CHECKBOXES_MAX)},
        {**common, **focus, "initial_options": listing(rich_option, 1, CHECKBOXES_MAX)},
        also=_initial_among_options,
    ),
    "radio_buttons": Shape(
        {"options": listing(rich_option, 1, CHECKBOXES_MAX)},
        {**common, **focus, "initial_option": rich_option},
        also=_initial_among_options,
    ),
    "overflow": Shape({"options": listing(option(url=True), 1, 5)}, common),
}

PICKERS: dict[str, Shape] = {
    "datepicker": Shape({}, {**picked, "initial_date": date}),
    "timepicker": Shape({}, {**picked, "initial_time": time_of_day, "timezone": string()}),
    "datetimepicker": Shape({}, {**common, **focus, "initial_date_time": integer(10**9, 10**10 - 1)}),
}

BUTTONS: dict[str, Shape] = {
    "button": Shape(
        {"text": plain_text(75)},
        {
            **common,
            "url": address,
            "value": string(1, 2000),
            "style": one_of("primary", "danger"),
            "accessibility_label": string(1, 75),
            "agent_prompt": string(1, 4000),
            "agent_prompt_display": string(),
            "visible_to_user_ids": listing(string(), 1),
        },
    ),
    "workflow_button": Shape(
        {"text": plain_text(75), "workflow": Shape(open=True)},
        {
            "action_id": action_id,
            "style": one_of("primary", "danger"),
            "accessibility_label": string(1, 75),
        },
    ),
    "feedback_buttons": Shape(
        {"positive_button": feedback, "negative_button": feedback}, {"action_id": action_id}
    ),
    "icon_button": Shape(
        {"icon": one_of("trash"), "text": plain_text(75)},
        {
            **common,
            "value": string(1, 2000),
            "accessibility_label": string(1, 75),
            "visible_to_user_ids": listing(string(), 1, 10),
        },
    ),
}

INPUTS: dict[str, Shape] = {
    "plain_text_input": Shape(
        {},
        {
            **typed,
            "initial_value": string(0, INPUT_MAX),
            "multiline": boolean,
            "min_length": integer(0, INPUT_MAX),
            "max_length": integer(1, INPUT_MAX),
        },
        also=_lengths_in_order,
    ),
    "email_text_input": Shape({}, {**typed, "initial_value": string()}),
    "url_text_input": Shape({}, {**typed, "initial_value": string()}),
    "number_input": Shape(
        {"is_decimal_allowed": boolean},
        {**typed, "initial_value": string(), "min_value": string(), "max_value": string()},
    ),
    "rich_text_input": Shape(
        {},
        {**typed, "initial_value": Shape(open=True), "min_lines": integer(1), "max_lines": integer(1)},
    ),
    "file_input": Shape(
        {"action_id": action_id}, {"filetypes": listing(string(), 1), "max_files": integer(1, 10)}
    ),
}

ELEMENTS: dict[str, Shape] = {**MENUS, **CHOICES, **PICKERS, **BUTTONS, **INPUTS, "image": image_fields}

# where each element may stand: https://docs.slack.dev/reference/block-kit/block-elements
IN_SECTION = {*MENUS, *CHOICES, "datepicker", "timepicker", "button", "workflow_button", "image"}
IN_ACTIONS = {*MENUS, *CHOICES, *PICKERS, "button", "workflow_button", "rich_text_input"}
IN_INPUT = {*MENUS, *PICKERS, *INPUTS, "checkboxes", "radio_buttons"}
IN_CONTEXT_ACTIONS = {"feedback_buttons", "icon_button"}


def element(among: set[str]) -> Check:
    """One element of a type that may stand here."""
    return by_type(ELEMENTS, among=among)
