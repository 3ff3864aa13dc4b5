"""Interactive elements as a client knows them: where they are, what they hold, what may be typed into them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.blocks import elements_of
from bot.sandbox.errors import NotPossibleError, SlackError
from bot.sandbox.workspace import Workspace

Json = dict[str, Any]

# element type -> the key of its value in `state.values`, and of its initial value in the element itself
STATE_KEYS = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "file_input": ("files", ""),
}
MANY = {type_ for type_, (key, _) in STATE_KEYS.items() if key.endswith("s")}
WITH_OPTIONS = {"static_select", "multi_static_select", "radio_buttons", "checkboxes"}  # known beforehand
DATE, TIME = "%Y-%m-%d", "%H:%M"

REQUIRED = "Please complete this required field."  # the words of Slack's own client
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
TOTAL_FILES = (
    10  # docs.slack.dev/reference/block-kit/block-elements/file-input-element: max_files defaults to 10
)


@dataclass(frozen=True)
class Spot:
    """One interactive element and the block that holds it."""

    block: Json
    element: Json

    @property
    def block_id(self) -> str:
        return str(self.block.get("block_id", ""))

    @property
    def action_id(self) -> str:
        return str(self.element.get("action_id", ""))

    @property
    def type(self) -> str:
        return str(self.element.get("type", ""))

    @property
    def is_input(self) -> bool:
        return self.block.get("type") == "input"

    @property
    def label(self) -> str:
        """What stands on it or above it."""
        own = self.element.get("text") or self.block.get("label") or self.element.get("placeholder") or {}
        return str(own.get("text", ""))

    @property
    def names(self) -> set[str]:
        """Everything that a person or a test may call it by."""
        parts = ("placeholder", "positive_button", "negative_button")
        texts = [self.element.get(part) or {} for part in parts]
        texts = [text.get("text", "") for text in texts]
        names = [text.get("text") if isinstance(text, dict) else text for text in texts]
        names += [self.label, self.element.get("accessibility_label"), self.action_id]
        return {str(name) for name in names if name}


def spots(blocks: list[Json]) -> Iterator[Spot]:
    """Every interactive element with its block, those in containers and cards included."""
    return (Spot(block, element) for block, element in elements_of(blocks))


def find(blocks: list[Json], block_id: str, action_id: str) -> Spot | None:
    """The element with these ids, if it is there."""
    return next((s for s in spots(blocks) if s.block_id == block_id and s.action_id == action_id), None)


def values(blocks: list[Json], entered: dict[str, Json]) -> dict[str, Json]:
    """`state.values`: what every stateful element holds: what was entered, or else what it began with."""
    state: dict[str, Json] = {}
    for spot in spots(blocks):
        if spot.type not in STATE_KEYS:
            continue
        typed = entered.get(spot.block_id, {}).get(spot.action_id)
        held = typed if typed is not None and typed["type"] == spot.type else initial(spot.element)
        state.setdefault(spot.block_id, {})[spot.action_id] = held
    return state


def initial(element: Json) -> Json:
    """What an element holds before anybody touched it."""
    type_ = element["type"]
    key, first = STATE_KEYS[type_]
    empty: Any = [] if type_ in MANY else None
    return {"type": type_, key: element.get(first, empty)}


def held(entry: Json) -> Any:
    """The value inside an entry of `state.values`."""
    return entry.get(STATE_KEYS[entry["type"]][0])


def enter(spot: Spot, value: Any, workspace: Workspace, known: list[Json] | None = None) -> Json:
    """An entry of `state.values` for a plain value; NotPossibleError when it cannot hold it.

    `known` are the options an external menu offered last; the others know theirs.
    """
    type_ = spot.type
    if type_ not in STATE_KEYS:
        raise NotPossibleError(f"a {type_} holds no value")
    key = STATE_KEYS[type_][0]
    if value is None or value == "":
        return {"type": type_, key: [] if type_ in MANY else None}
    if type_ in MANY:
        given = value if isinstance(value, list) else [value]
        return {"type": type_, key: [_one(spot, item, workspace, known) for item in given]}
    return {"type": type_, key: _one(spot, value, workspace, known)}


def _one(spot: Spot, value: Any, workspace: Workspace, known: list[Json] | None) -> Any:
    kind = spot.type.removeprefix("multi_")
    try:
        match kind:
            case "static_select" | "external_select" | "radio_buttons" | "checkboxes":
                return option(spot, value, known)
            case "users_select":
                return workspace.person(str(value)).id
            case "conversations_select" | "channels_select":
                return workspace.channel(str(value)).id
            case "file_input":
                return _file(workspace, str(value))
            case "datetimepicker":
                return int(value)
            case "rich_text_input":
                return value if isinstance(value, dict) else _rich_text(str(value))
    except (SlackError, TypeError, ValueError) as error:
        raise NotPossibleError(f"{spot.label!r} cannot hold {value!r}: {error}") from error
    return str(value)


def option(spot: Spot, value: Any, known: list[Json] | None = None) -> Json:
    """The option with this value or this text, out of the element's own or the `known` ones."""
    offered = known if known is not None else options(spot.element)
    if isinstance(value, dict):
        value = value.get("value")
    by_value = {one.get("value"): one for one in reversed(offered)}
    by_text = {one["text"]["text"]: one for one in reversed(offered)}
    found = (by_value.get(value) or by_text.get(value)) if isinstance(value, str) else None
    if found is not None:
        return found
    names = ", ".join(one["text"]["text"] for one in offered) or "nothing"
    raise NotPossibleError(f"{spot.label!r} has no option {value!r}; it offers {names}")


def options(element: Json) -> list[Json]:
    """The options of an element, those in groups included."""
    grouped = [one for group in element.get("option_groups") or () for one in group.get("options", ())]
    return [*(element.get("options") or ()), *grouped]


def offers(body: Any) -> bool:
    """Whether an app's answer to an external menu is a list of options, or of groups of them."""
    if not isinstance(body, dict):
        return False
    groups = body.get("option_groups")
    if isinstance(groups, list):
        return all(isinstance(group, dict) and _all_options(group.get("options")) for group in groups)
    return _all_options(body.get("options"))


def _all_options(given: Any) -> bool:
    if not isinstance(given, list):
        return False
    texts = [one.get("text") if isinstance(one, dict) else None for one in given]
    return all(isinstance(text, dict) and isinstance(text.get("text"), str) for text in texts)


def _file(workspace: Workspace, id_: str) -> Json:
    file = workspace.files.get(id_)
    if file is None:
        raise SlackError("file_not_found")
    return {
        "id": file.id,
        "name": file.name,
        "title": file.title,
        "mimetype": file.mimetype,
        "user": file.user,
    }


def _rich_text(text: str) -> Json:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [section]}


def problem(spot: Spot, entry: Json) -> str | None:
    """What Slack's client says under an input that cannot be submitted like this, before the app hears of it."""
    value = held(entry)
    if value is None or value == [] or (isinstance(value, str) and not value.strip()):
        return None if spot.block.get("optional") else REQUIRED
    element = spot.element
    match spot.type:
        case "plain_text_input":
            return _length_problem(element, value)
        case "email_text_input":
            return None if EMAIL.fullmatch(value) else "Please enter a valid email address."
        case "url_text_input":
            return _url_problem(value)
        case "number_input":
            return _number_problem(element, value)
        case "datepicker" | "timepicker":
            form, noun = (DATE, "date") if spot.type == "datepicker" else (TIME, "time")
            return None if _parses(value, form) else f"Please enter a valid {noun}."
        case "file_input":
            return _files_problem(element, value)
    most = element.get("max_selected_items")
    if most is not None and isinstance(value, list) and len(value) > most:
        return f"Please choose at most {most}."
    return None


def _length_problem(element: Json, value: str) -> str | None:
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if len(value) < least:
        return f"Please enter at least {least} characters."
    if len(value) > most:
        return f"Please enter at most {most} characters."
    return None


def _url_problem(value: str) -> str | None:
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or " " in value:
        return "Please enter a valid URL."
    return None


def _number_problem(element: Json, value: str) -> str | None:
    whole = not element.get("is_decimal_allowed")
    if not re.fullmatch(r"-?\d+" if whole else r"-?\d+(\.\d+)?", value):
        return "Please enter a whole number." if whole else "Please enter a number."
    if "min_value" in element and float(value) < float(element["min_value"]):
        return f"Please enter a number of at least {element['min_value']}."
    if "max_value" in element and float(value) > float(element["max_value"]):
        return f"Please enter a number of at most {element['max_value']}."
    return None


def _files_problem(element: Json, files: list[Json]) -> str | None:
    most = element.get("max_files", TOTAL_FILES)
    if len(files) > most:
        return f"Please choose at most {most}."
    kinds = element.get("filetypes")
    for file in files:
        if kinds and file["name"].rpartition(".")[2].lower() not in kinds:
            return f"Please choose files of these types: {', '.join(kinds)}."
    return None


def _parses(value: str, form: str) -> bool:
    try:
        datetime.strptime(value, form)  # noqa: DTZ007  a date or a time of day has no zone
    except ValueError:
        return False
    return True
