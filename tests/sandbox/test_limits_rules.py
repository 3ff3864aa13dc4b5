"""What Block Kit asks for besides numbers: types, required and unknown fields, unique ids, the right surface."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.models import blocks as official
from slack_sdk.models.blocks import block_elements
from slack_sdk.models.blocks.basic_components import ConfirmObject, Option

from bot.sandbox.blocks import INTERACTIVE
from bot.sandbox.errors import SlackError
from bot.sandbox.limits import check_blocks, check_view
from bot.sandbox.limits_blocks import KINDS
from bot.sandbox.limits_elements import ELEMENTS
from tests.sandbox.kit import (
    actions,
    alert,
    bullets,
    button,
    card,
    carousel,
    choice,
    chosen,
    container,
    context,
    data_table,
    field,
    header,
    home,
    image,
    markdown,
    menu,
    modal,
    mrkdwn,
    option,
    options,
    plain,
    plan,
    rich,
    section,
    table,
    task,
    words,
)
from tests.sandbox.test_limits import refused, refused_view

DIVIDER = {"type": "divider"}

# a block that is wrong, what is said, and where the pointer leads below /blocks/0
WRONG: list[tuple[str, Any, str, str]] = [
    ("a block that is no object", "divider", "must provide an object", ""),
    ("a block without a type", {}, "missing required field: type", ""),
    ("a block of no known type", {"type": "checklist"}, "unsupported type: checklist", "/type"),
    ("a block whose type is a number", {"type": 7}, "unsupported type: 7", "/type"),
    ("an unknown field", DIVIDER | {"colour": "red"}, "invalid additional property: colour", ""),
    ("a header without text", {"type": "header"}, "missing required field: text", ""),
    ("an empty text", section(text=mrkdwn("")), "must be more than 0 characters", "/text/text"),
    ("a text that is a string", section(text="hi"), "must provide an object", "/text"),
    ("a text that is a number", section(text=mrkdwn(3)), "must be a string", "/text/text"),  # type: ignore[arg-type]
    ("mrkdwn in a header", {"type": "header", "text": mrkdwn()}, "unsupported type: mrkdwn", "/text/type"),
    (
        "emoji in mrkdwn",
        section(text=mrkdwn() | {"emoji": True}),
        "invalid additional property: emoji",
        "/text",
    ),
    ("a section of nothing", {"type": "section"}, "must provide at least one of: text, fields", ""),
    ("no fields", section(fields=[]), "no fewer than 1 items allowed", "/fields"),
    ("fields that are no list", section(fields={}), "must provide an array", "/fields"),
    ("no elements", actions(), "no fewer than 1 items allowed", "/elements"),
    ("a button in context", context(button()), "unsupported type: button", "/elements/0/type"),
    (
        "an input in actions",
        actions({"type": "plain_text_input"}),
        "unsupported type: plain_text_input",
        "/elements/0/type",
    ),
    ("a button as input", field(button()), "unsupported type: button", "/element/type"),
    (
        "a style that is not",
        actions(button(style="warning")),
        "must be a valid enum value",
        "/elements/0/style",
    ),
    ("a button to nowhere", actions(button(url="javascript:x")), "must be a valid URL", "/elements/0/url"),
    ("a button without text", actions({"type": "button"}), "missing required field: text", "/elements/0"),
    ("an image without words", image(alt_text=None), "missing required field: alt_text", ""),
    (
        "an image from nowhere",
        {"type": "image", "alt_text": "a"},
        "must provide exactly one of: image_url, slack_file",
        "",
    ),
    ("two sources", image(slack_file={"id": "F1"}), "must provide exactly one of: image_url, slack_file", ""),
    (
        "a menu without options",
        menu(options=None),
        "must provide exactly one of: options, option_groups",
        "/elements/0",
    ),
    (
        "a choice that is not offered",
        menu(initial_option=option(value="z")),
        "initial_option must be among the options",
        "/elements/0/initial_option",
    ),
    (
        "choices that are not offered",
        choice("checkboxes", 2, initial_options=[option(value="z")]),
        "initial_options must be among the options",
        "/elements/0/initial_options",
    ),
    (
        "mrkdwn in a menu",
        chosen(text=mrkdwn()),
        "unsupported type: mrkdwn",
        "/elements/0/options/0/text/type",
    ),
    (
        "a menu's option with a link",
        chosen(url="https://a.example"),
        "invalid additional property: url",
        "/elements/0/options/0",
    ),
    (
        "a date in words",
        field({"type": "datepicker", "initial_date": "1st of May"}),
        "must be a date in the format YYYY-MM-DD",
        "/element/initial_date",
    ),
    (
        "a time in words",
        field({"type": "timepicker", "initial_time": "teatime"}),
        "must be a time in the format HH:mm",
        "/element/initial_time",
    ),
    (
        "a number input of no kind",
        field({"type": "number_input"}),
        "missing required field: is_decimal_allowed",
        "/element",
    ),
    ("a flag that is a word", field(optional="yes"), "must be a boolean", "/optional"),
    (
        "a shortest above the longest",
        field({"type": "plain_text_input", "min_length": 5, "max_length": 2}),
        "min_length must be less than or equal to max_length",
        "/element/min_length",
    ),
    ("a list in no style", bullets(style="check"), "must be a valid enum value", "/elements/0/style"),
    (
        "a list of lists",
        bullets(elements=[bullets()["elements"][0]]),
        "unsupported type: rich_text_list",
        "/elements/0/elements/0/type",
    ),
    (
        "rich text of no known part",
        rich({"type": "rich_text_table"}),
        "unsupported type: rich_text_table",
        "/elements/0/type",
    ),
    ("an empty rich text", rich(words("")), "must be more than 0 characters", "/elements/0/elements/0/text"),
    (
        "a cell of no known type",
        table() | {"rows": [[plain()]]},
        "unsupported type: plain_text",
        "/rows/0/0/type",
    ),
    ("a table of nothing", table(rows=0), "no fewer than 1 items allowed", "/rows"),
    (
        "a container of nothing",
        container() | {"child_blocks": []},
        "no fewer than 1 items allowed",
        "/child_blocks",
    ),
    (
        "a container without a title",
        container(title=None),
        "must provide at least one of: title, rich_text_title",
        "",
    ),
    ("a card in a container", container(card()), "unsupported type: card", "/child_blocks/0/type"),
    (
        "a container in a container",
        container(container()),
        "unsupported type: container",
        "/child_blocks/0/type",
    ),
    ("rich text in a container", container(rich()), "unsupported type: rich_text", "/child_blocks/0/type"),
    ("an odd width", container(width="huge"), "must be a valid enum value", "/width"),
    (
        "closed, but not closable",
        container(default_collapsed=True),
        "requires is_collapsible to be true",
        "/default_collapsed",
    ),
    (
        "a line under a closable header",
        container(is_collapsible=True, has_header_divider=True),
        "not allowed when is_collapsible is true",
        "/has_header_divider",
    ),
    ("a plan of buttons", plan(button()), "unsupported type: button", "/tasks/0/type"),
    ("a task twice", plan(task(1), task(1)), "must be unique", "/tasks/1/task_id"),
    ("a task that is cancelled", task(status="cancelled"), "must be a valid enum value", "/status"),
    ("a task in no state", task(status=None), "missing required field: status", ""),
    (
        "a card of nothing",
        {"type": "card"},
        "must provide at least one of: hero_image, title, actions, body",
        "",
    ),
    (
        "a menu on a card",
        card(actions=[menu()["elements"][0]]),
        "unsupported type: static_select",
        "/actions/0/type",
    ),
    (
        "a carousel of sections",
        {"type": "carousel", "elements": [section()]},
        "unsupported type: section",
        "/elements/0/type",
    ),
    ("an alarming alert", alert() | {"level": "alarm"}, "must be a valid enum value", "/level"),
]


@pytest.mark.parametrize(
    ("block", "wrong", "where"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_what_is_wrong_is_said_and_pointed_at(block: Any, wrong: str, where: str) -> None:
    assert refused([block]) == ("invalid_blocks", [f"{wrong} [json-pointer:/blocks/0{where}]"])


def test_everything_wrong_is_said_at_once() -> None:
    _, lines = refused([header(""), section(), {"type": "x"}])
    assert lines == [
        "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
        "unsupported type: x [json-pointer:/blocks/2/type]",
    ]


@pytest.mark.parametrize("blocks", [None, {}, "[]", 3])
def test_blocks_are_a_list(blocks: Any) -> None:
    assert refused(blocks)[0] == "invalid_blocks_format"


@pytest.mark.parametrize("odd", [5, "x", True, {"a": 1}, [None], [[]]])
def test_a_field_of_the_wrong_kind_is_refused_wherever_it_is_looked_at(odd: Any) -> None:
    for block in (
        menu(options=odd, initial_option=odd),
        menu(option_groups=odd),
        choice("checkboxes", 1, initial_options=odd),
        plan() | {"tasks": odd},
        container() | {"child_blocks": odd},
        carousel() | {"elements": odd},
        table() | {"rows": odd},
        {"type": odd},
    ):
        assert refused([block])[0] == "invalid_blocks"
        assert refused_view(modal(block))[0] == "invalid_arguments"
    assert refused_view({"type": odd})[0] == "invalid_arguments"


# ids ------------------------------------------------------------------


def test_a_block_id_names_one_block() -> None:
    twice = [section(block_id="card"), section(block_id="card")]
    assert refused(twice)[1] == ["block_id already exists: card [json-pointer:/blocks/1/block_id]"]
    check_blocks([section(block_id="card"), section(block_id="steps"), section(), section()])


def test_a_block_id_inside_a_container_counts_as_well() -> None:
    _, lines = refused([section(block_id="card"), container(section(block_id="card"))])
    assert lines == ["block_id already exists: card [json-pointer:/blocks/1/child_blocks/0/block_id]"]


def test_an_action_id_names_one_element_of_its_block() -> None:
    _, lines = refused([actions(button(action_id="done"), button(action_id="done"))])
    assert lines == ["action_id already exists: done [json-pointer:/blocks/0/elements]"]
    check_blocks([actions(button(action_id="done")), actions(button(action_id="done"))])
    check_blocks([container(actions(button(action_id="done")), section(accessory=button(action_id="done")))])


# surfaces -------------------------------------------------------------

SURFACES: list[tuple[Any, set[str]]] = [
    (section(), {"message", "modal", "home"}),
    (field(), {"message", "modal", "home"}),
    (rich(), {"message", "modal", "home"}),
    (image(), {"message", "modal", "home"}),
    (container(), {"message", "home"}),
    (data_table(), {"message", "home"}),
    (alert(), {"modal"}),
    (markdown(), {"message"}),
    (table(), {"message"}),
    (plan(task()), {"message"}),
    (task(), {"message"}),
    (card(), {"message"}),
    (carousel(), {"message"}),
    (field({"type": "file_input", "action_id": "evidence"}), {"modal"}),
]


@pytest.mark.parametrize(("block", "places"), SURFACES, ids=[row[0]["type"] for row in SURFACES])
@pytest.mark.parametrize("surface", ["message", "modal", "home"])
def test_a_block_stands_only_where_it_may(block: dict[str, Any], places: set[str], surface: Any) -> None:
    if surface in places:
        check_blocks([block], surface)
        return
    named = block["type"] if block["type"] != "input" else "file_input"
    assert refused([block], surface)[1][0].startswith(f"unsupported type: {named} [json-pointer:/blocks/0/")


# views ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("view", "wrong"),
    [
        ([], "must provide an object [json-pointer:/view]"),
        ({"type": "dialog"}, "unsupported type: dialog [json-pointer:/view/type]"),
        (modal(title=None), "missing required field: title [json-pointer:/view]"),
        (modal(blocks=None), "missing required field: blocks [json-pointer:/view]"),
        (modal(blocks={}), "must provide an array [json-pointer:/view/blocks]"),
        (modal(title=mrkdwn()), "unsupported type: mrkdwn [json-pointer:/view/title/type]"),
        (modal(id="V1"), "invalid additional property: id [json-pointer:/view]"),
        (modal(submit_disabled=True), "invalid additional property: submit_disabled [json-pointer:/view]"),
        (home(submit=plain()), "invalid additional property: submit [json-pointer:/view]"),
        (modal(table()), "unsupported type: table [json-pointer:/view/blocks/0/type]"),
        (
            modal(field()),
            "submit is required when an input block is within the blocks array [json-pointer:/view/submit]",
        ),
    ],
)
def test_what_is_wrong_with_a_view_is_said(view: Any, wrong: str) -> None:
    assert refused_view(view) == ("invalid_arguments", [wrong])


def test_a_modal_with_inputs_has_a_submit_button() -> None:
    check_view(modal(field(), submit=plain("Save"), close=plain("Cancel"), notify_on_close=True))


# beside the official SDK ----------------------------------------------


def types_of(module: Any, base: type) -> set[str]:
    found = [thing for thing in vars(module).values() if isinstance(thing, type) and issubclass(thing, base)]
    return {kind for kind in (getattr(thing, "type", None) for thing in found) if isinstance(kind, str)}


def test_every_block_type_of_the_sdk_is_known() -> None:
    not_for_apps = {"auth_provider"}  # Slack's own; not documented for apps
    assert types_of(official, official.Block) - not_for_apps <= set(KINDS)


def test_every_element_type_of_the_sdk_is_known() -> None:
    parts = {"url"} | {
        kind for kind in types_of(block_elements, official.BlockElement) if "rich_text_" in kind
    }
    interactive = types_of(block_elements, official.BlockElement) - parts | {"rich_text_input"}
    assert interactive <= set(ELEMENTS)
    assert interactive - {"image"} == INTERACTIVE


def test_what_the_sdk_builds_is_taken() -> None:
    choices = [Option(text="One", value="1"), Option(text="Two", value="2")]
    confirm = ConfirmObject(title="Sure?", text="It stops payments.")
    built: list[official.Block] = [
        official.HeaderBlock(text="INC-1"),
        official.SectionBlock(
            text="*Checkout*", accessory=official.OverflowMenuElement(action_id="more", options=choices)
        ),
        official.SectionBlock(fields=["*Severity*", "P0"]),
        official.ActionsBlock(
            elements=[
                official.ButtonElement(text="Kill", action_id="kill", style="danger", confirm=confirm),
                official.StaticSelectElement(action_id="severity", options=choices, placeholder="Severity"),
                official.CheckboxesElement(action_id="steps", options=choices),
                official.DatePickerElement(action_id="day", initial_date="2026-01-01"),
            ]
        ),
        official.ContextBlock(elements=[official.MarkdownTextObject(text="by <@U1>")]),
        official.DividerBlock(),
        official.PlanBlock(
            title="Stabilize", tasks=[official.TaskCardBlock(task_id="1", title="a", status="pending")]
        ),
        official.ContainerBlock(
            title="Steps", child_blocks=[official.SectionBlock(text="a")], is_collapsible=True
        ),
    ]
    check_blocks([block.to_dict() for block in built])


def test_options_of_the_sdk_beyond_the_limit_are_refused_though_the_sdk_lets_them_pass() -> None:
    eleven = [Option(text=str(number), value=str(number)) for number in range(11)]
    block = official.ActionsBlock(elements=[official.CheckboxesElement(action_id="steps", options=eleven)])
    with pytest.raises(SlackError, match="invalid_blocks"):
        check_blocks([block.to_dict()])


def test_every_kind_of_element_can_be_made() -> None:
    check_blocks([choice(kind, 2) for kind in ("checkboxes", "radio_buttons", "overflow", "static_select")])
    inputs = [name for name in ELEMENTS if name.endswith(("_select", "picker", "_input"))]
    for name in inputs:
        more: dict[str, Any] = {"options": options(2)} if name.endswith("static_select") else {}
        more |= {"is_decimal_allowed": True} if name == "number_input" else {}
        check_view(modal(field({"type": name, "action_id": "a", **more}), submit=plain("Save")))
