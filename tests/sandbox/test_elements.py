"""What interactive elements hold: every type, and whatever somebody sends for its value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox import elements
from bot.sandbox.elements import STATE_KEYS, Spot
from bot.sandbox.errors import NotPossibleError
from bot.sandbox.workspace import Workspace

Json = dict[str, Any]

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["ana", "p0", "general"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def spot(type_: str, **more: Any) -> Spot:
    option = {"text": {"type": "plain_text", "text": "P0 total"}, "value": "p0"}
    element = {"type": type_, "action_id": "a", "options": [option], **more}
    return Spot({"type": "input", "block_id": "b", "element": element}, element)


@pytest.mark.parametrize("type_", sorted(STATE_KEYS))
def test_every_element_begins_with_what_its_app_said_or_with_nothing(type_: str) -> None:
    key, first = STATE_KEYS[type_]
    empty: Any = [] if type_ in elements.MANY else None
    assert elements.initial({"type": type_}) == {"type": type_, key: empty}
    if first:
        assert elements.initial({"type": type_, first: "given"})[key] == "given"


@settings(deadline=None)
@given(type_=st.sampled_from(sorted(STATE_KEYS)), value=ANYTHING)
def test_any_value_is_held_or_refused_and_never_crashes(type_: str, value: Any) -> None:
    held = spot(type_)
    try:
        entry = elements.enter(held, value, Workspace())
    except NotPossibleError as refusal:
        assert str(refusal)
        return
    assert entry["type"] == type_
    assert set(entry) == {"type", STATE_KEYS[type_][0]}
    elements.problem(held, entry)


@settings(deadline=None)
@given(text=st.text(max_size=20))
@pytest.mark.parametrize(
    "type_", ["url_text_input", "number_input", "email_text_input", "datepicker", "timepicker"]
)
def test_the_client_s_checks_answer_for_any_text(type_: str, text: str) -> None:
    problem = elements.problem(spot(type_), {"type": type_, STATE_KEYS[type_][0]: text})
    assert problem is None or problem.startswith("Please ")


def test_a_button_holds_nothing() -> None:
    with pytest.raises(NotPossibleError, match="holds no value"):
        elements.enter(spot("button"), "x", Workspace())


def test_an_option_is_known_by_its_value_before_its_text() -> None:
    plain = {"type": "plain_text"}
    options: list[Json] = [
        {"text": {**plain, "text": "b"}, "value": "a"},
        {"text": {**plain, "text": "a"}, "value": "b"},
    ]
    assert elements.option(spot("static_select", options=options), "a") is options[0]
    grouped = spot("static_select", options=None, option_groups=[{"label": plain, "options": options}])
    assert elements.option(grouped, "b") is options[1]


def test_elements_in_containers_and_accessories_are_found() -> None:
    button = {"type": "button", "action_id": "inner", "text": {"type": "plain_text", "text": "Inner"}}
    child = {"type": "section", "block_id": "child", "accessory": button}
    container = {"type": "container", "block_id": "outer", "child_blocks": [child]}
    found = elements.find([container], "child", "inner")
    assert found is not None
    assert found.label == "Inner"
    assert elements.find([container], "outer", "inner") is None
