"""Each limit of Block Kit holds at its number and breaks one above, with a pointer to the very field."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from bot.sandbox.errors import SlackError
from bot.sandbox.limits import check_attachments, check_blocks, check_view
from tests.sandbox.kit import (
    actions,
    address,
    alert,
    asked,
    button,
    buttons,
    card,
    carousel,
    choice,
    chosen,
    container,
    context,
    data_table,
    field,
    grouped,
    header,
    home,
    icons,
    image,
    markdown,
    menu,
    modal,
    mrkdwn,
    plain,
    plan,
    section,
    table,
    task,
    x,
)

Make = Callable[[int], dict[str, Any]]


def refused(blocks: Any, surface: Any = "message") -> tuple[str, list[str]]:
    """The code of the refusal, and what it says."""
    with pytest.raises(SlackError) as refusal:
        check_blocks(blocks, surface)
    return refusal.value.code, said(refusal.value)


def refused_view(view: Any) -> tuple[str, list[str]]:
    with pytest.raises(SlackError) as refusal:
        check_view(view)
    return refusal.value.code, said(refusal.value)


def said(refusal: SlackError) -> list[str]:
    lines: list[str] = refusal.extra.get("response_metadata", {}).get("messages", [])
    return [line.removeprefix("[ERROR] ") for line in lines]


# what is limited, how to make one of a given length, the longest, and where the pointer must lead
LENGTHS: list[tuple[str, Make, int, str]] = [
    ("section text", lambda n: section(text=mrkdwn(x(n))), 3000, "/text/text"),
    ("section field", lambda n: section(fields=[mrkdwn(x(n))]), 2000, "/fields/0/text"),
    ("header", lambda n: header(x(n)), 150, "/text/text"),
    ("context text", lambda n: context(mrkdwn(x(n))), 3000, "/elements/0/text"),
    ("markdown", lambda n: markdown(x(n)), 12_000, "/text"),
    ("image address", lambda n: image(image_url=address(n)), 3000, "/image_url"),
    ("image description", lambda n: image(alt_text=x(n)), 2000, "/alt_text"),
    ("image title", lambda n: image(title=plain(x(n))), 2000, "/title/text"),
    ("block_id", lambda n: section(block_id=x(n)), 255, "/block_id"),
    ("action_id", lambda n: actions(button(action_id=x(n))), 255, "/elements/0/action_id"),
    ("button text", lambda n: actions(button(text=plain(x(n)))), 75, "/elements/0/text/text"),
    ("button value", lambda n: actions(button(value=x(n))), 2000, "/elements/0/value"),
    ("button address", lambda n: actions(button(url=address(n))), 3000, "/elements/0/url"),
    (
        "button label",
        lambda n: section(accessory=button(accessibility_label=x(n))),
        75,
        "/accessory/accessibility_label",
    ),
    ("confirm title", lambda n: asked(title=plain(x(n))), 100, "/elements/0/confirm/title/text"),
    ("confirm text", lambda n: asked(text=mrkdwn(x(n))), 300, "/elements/0/confirm/text/text"),
    ("confirm yes", lambda n: asked(confirm=plain(x(n))), 30, "/elements/0/confirm/confirm/text"),
    ("confirm no", lambda n: asked(deny=plain(x(n))), 30, "/elements/0/confirm/deny/text"),
    ("placeholder", lambda n: menu(placeholder=plain(x(n))), 150, "/elements/0/placeholder/text"),
    ("option text", lambda n: chosen(text=plain(x(n))), 75, "/elements/0/options/0/text/text"),
    ("option value", lambda n: chosen(value=x(n)), 150, "/elements/0/options/0/value"),
    (
        "option description",
        lambda n: chosen(description=plain(x(n))),
        75,
        "/elements/0/options/0/description/text",
    ),
    ("group label", lambda n: grouped(label=x(n)), 75, "/elements/0/option_groups/0/label/text"),
    ("input label", lambda n: field(label=plain(x(n))), 2000, "/label/text"),
    ("input hint", lambda n: field(hint=plain(x(n))), 2000, "/hint/text"),
    ("container title", lambda n: container(title=plain(x(n))), 150, "/title/text"),
    ("container subtitle", lambda n: container(subtitle=mrkdwn(x(n))), 150, "/subtitle/text"),
    ("card title", lambda n: card(title=plain(x(n))), 150, "/title/text"),
    ("card subtitle", lambda n: card(subtitle=plain(x(n))), 150, "/subtitle/text"),
    ("card body", lambda n: card(body=mrkdwn(x(n))), 200, "/body/text"),
    ("chart title", lambda n: {"type": "data_visualization", "title": x(n)}, 50, "/title"),
]


@pytest.mark.parametrize(
    ("make", "most", "where"), [row[1:] for row in LENGTHS], ids=[row[0] for row in LENGTHS]
)
def test_a_text_may_be_as_long_as_its_limit_and_no_longer(make: Make, most: int, where: str) -> None:
    check_blocks([make(most)])
    wrong = f"must be less than {most + 1} characters [json-pointer:/blocks/1{where}]"
    assert refused([section(), make(most + 1)]) == ("invalid_blocks", [wrong])


COUNTS: list[tuple[str, Make, int, str]] = [
    ("section fields", lambda n: section(fields=[plain()] * n), 10, "/fields"),
    ("context elements", lambda n: context(*[mrkdwn()] * n), 10, "/elements"),
    ("actions", lambda n: actions(*buttons(n)), 25, "/elements"),
    ("context actions", icons, 5, "/elements"),
    ("select options", lambda n: choice("static_select", n), 100, "/elements/0/options"),
    ("multi-select options", lambda n: choice("multi_static_select", n), 100, "/elements/0/options"),
    ("option groups", lambda n: grouped(groups=n), 100, "/elements/0/option_groups"),
    ("options of a group", lambda n: grouped(of=n), 100, "/elements/0/option_groups/0/options"),
    ("checkboxes", lambda n: choice("checkboxes", n), 10, "/elements/0/options"),
    ("radio buttons", lambda n: choice("radio_buttons", n), 10, "/elements/0/options"),
    ("overflow", lambda n: choice("overflow", n), 5, "/elements/0/options"),
    ("table rows", lambda n: table(rows=n), 100, "/rows"),
    ("table cells", lambda n: table(cells=n), 20, "/rows/0"),
    ("table columns", lambda n: table(column_settings=[{"align": "left"}] * n), 20, "/column_settings"),
    ("data table rows", lambda n: data_table(rows=n), 201, "/rows"),
    ("data table columns", lambda n: data_table(cells=n), 20, "/rows/0"),
    ("card actions", lambda n: card(actions=buttons(n)), 3, "/actions"),
    ("carousel", carousel, 10, "/elements"),
    ("container children", lambda n: container(*[section()] * n), 10, "/child_blocks"),
    ("tasks of a plan", lambda n: plan(*map(task, range(n))), 50, "/tasks"),
]


@pytest.mark.parametrize(
    ("make", "most", "where"), [row[1:] for row in COUNTS], ids=[row[0] for row in COUNTS]
)
def test_a_list_may_have_as_many_items_as_its_limit_and_no_more(make: Make, most: int, where: str) -> None:
    check_blocks([make(most)])
    wrong = f"no more than {most} items allowed [json-pointer:/blocks/0{where}]"
    assert refused([make(most + 1)]) == ("invalid_blocks", [wrong])


def length(**bounds: int) -> dict[str, Any]:
    return field({"type": "plain_text_input", **bounds})


PAGED = data_table()


@pytest.mark.parametrize(
    ("good", "bad", "bound", "where"),
    [
        (
            length(max_length=3000),
            length(max_length=3001),
            "less than or equal to 3000",
            "element/max_length",
        ),
        (length(max_length=1), length(max_length=0), "greater than or equal to 1", "element/max_length"),
        (length(min_length=0), length(min_length=-1), "greater than or equal to 0", "element/min_length"),
        (PAGED | {"page_size": 100}, PAGED | {"page_size": 101}, "less than or equal to 100", "page_size"),
    ],
)
def test_a_number_stays_within_its_bounds(
    good: dict[str, Any], bad: dict[str, Any], bound: str, where: str
) -> None:
    check_blocks([good])
    assert refused([bad]) == ("invalid_blocks", [f"must be {bound} [json-pointer:/blocks/0/{where}]"])


# totals over a whole message ------------------------------------------


@pytest.mark.parametrize(("surface", "most"), [("message", 50), ("modal", 100), ("home", 100)])
def test_a_surface_takes_so_many_blocks(surface: Any, most: int) -> None:
    check_blocks([section()] * most, surface)
    code, lines = refused([section()] * (most + 1), surface)
    assert code == ("msg_blocks_too_many" if surface == "message" else "invalid_arguments")
    assert lines == [f"no more than {most} items allowed [json-pointer:/blocks]"]


def test_markdown_counts_over_the_whole_message() -> None:
    check_blocks([markdown(x(6000)), markdown(x(6000))])
    assert refused([markdown(x(6000)), markdown(x(6001))])[0] == "msg_blocks_too_long"


def test_a_message_has_one_table() -> None:
    code, lines = refused([table(), table()])
    assert (code, lines) == ("invalid_attachments", ["only_one_table_allowed [json-pointer:/blocks]"])
    assert refused([table(), data_table()])[0] == "invalid_attachments"
    assert refused([table(), container(table())])[0] == "invalid_attachments"


def test_a_tables_cells_hold_ten_thousand_characters_together() -> None:
    check_blocks([table(rows=10, text=x(1000))])
    assert refused([table(rows=10, text=x(1001))])[1] == [
        "must be less than 10001 characters [json-pointer:/blocks]"
    ]


def test_a_message_has_two_charts() -> None:
    chart = {"type": "data_visualization"}
    check_blocks([chart] * 2)
    assert refused([chart] * 3)[0] == "invalid_blocks"


def test_a_message_takes_a_hundred_attachments_with_good_blocks() -> None:
    check_attachments([{"blocks": [section()]}] * 100)
    with pytest.raises(SlackError, match="too_many_attachments"):
        check_attachments([{}] * 101)
    with pytest.raises(SlackError, match="invalid_attachments") as refusal:
        check_attachments([{"blocks": [section()]}, {"blocks": [header(x(151))]}])
    assert said(refusal.value) == [
        "must be less than 151 characters [json-pointer:/attachments/1/blocks/0/text/text]"
    ]


# views ----------------------------------------------------------------

VIEW_LENGTHS: list[tuple[str, Make, int]] = [
    ("/title/text", lambda n: modal(title=plain(x(n))), 24),
    ("/submit/text", lambda n: modal(submit=plain(x(n))), 24),
    ("/close/text", lambda n: modal(close=plain(x(n))), 24),
    ("/private_metadata", lambda n: modal(private_metadata=x(n)), 3000),
    ("/callback_id", lambda n: modal(callback_id=x(n)), 255),
    ("/external_id", lambda n: home(external_id=x(n)), 255),
    ("/blocks/0/text/text", lambda n: modal(alert(x(n))), 200),
]


@pytest.mark.parametrize(("where", "make", "most"), VIEW_LENGTHS, ids=[row[0] for row in VIEW_LENGTHS])
def test_a_views_texts_have_limits(where: str, make: Make, most: int) -> None:
    check_view(make(most))
    wrong = f"must be less than {most + 1} characters [json-pointer:/view{where}]"
    assert refused_view(make(most + 1)) == ("invalid_arguments", [wrong])


def test_a_view_has_one_to_a_hundred_blocks() -> None:
    check_view(modal(*[section()] * 100))
    assert refused_view(modal(*[section()] * 101))[1] == [
        "no more than 100 items allowed [json-pointer:/view/blocks]"
    ]
    empty = {**modal(), "blocks": []}
    assert refused_view(empty)[1] == ["no fewer than 1 items allowed [json-pointer:/view/blocks]"]


def sized(size: int) -> dict[str, Any]:
    """A modal of exactly so many bytes of JSON."""
    texts = [2500] * 90
    missing = size - len(json.dumps(modal(*(section(text=mrkdwn(x(n))) for n in texts))))
    for number in range(90):  # a section takes 500 characters more at most
        more = min(500, missing)
        texts[number] += more
        missing -= more
    return modal(*(section(text=mrkdwn(x(n))) for n in texts))


def test_a_view_is_at_most_250_kilobytes() -> None:
    assert len(json.dumps(sized(250_000))) == 250_000
    check_view(sized(250_000))
    assert refused_view(sized(250_001)) == ("view_too_large", [])
