"""What a rule reads of a context, and that remembering an answer never changes it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.flags.evaluating import KEPT, Context, Evaluator
from bot.flags.reads import likeness, names_read

FRENCH = {"in": [{"var": "country"}, ["FR", "DE"]]}
RULES: list[Any] = [
    {"if": [FRENCH, "on", "off"]},
    {"if": [{"==": [{"var": "n"}, 1]}, "on", "off"]},
    {"if": [{"===": [{"var": "n"}, True]}, "on", "off"]},
    {"if": [{"var": ["n", True]}, "on", "off"]},
    {"if": [{"<": [{"var": "user.length"}, 3]}, "on", "off"]},
    {"if": [{"==": [{"cat": [{"var": "n"}, {"var": "user.name"}]}, "1ana"]}, "on", "off"]},
    {"if": [{"missing": ["n"]}, "on", "off"]},
    {"if": [{"some": [{"var": "user"}, {"==": [{"var": ""}, 1]}]}, "on", "off"]},
    {"if": [{"==": [{"var": {"cat": ["us", "er"]}}, "ana"]}, "on", "off"]},
    {"if": [{"sem_ver": [{"var": "user"}, ">=", "1.0.0"]}, "on", "off"]},
    {"if": [{"starts_with": [{"var": "targetingKey"}, "a"]}, "on", "off"]},
    {"fractional": [["on", 50], ["off", 50]]},
    {"+": [{"var": "n"}, {"var": "country"}]},
]
VALUES = st.sampled_from(
    [None, True, False, 0, 1, 1.0, -0.0, "", "1", "FR", "ana", "1.2.0", [1], {"name": "ana"}]
)
CONTEXTS = st.builds(
    Context,
    st.sampled_from([None, "ana", "bo"]),
    st.dictionaries(st.sampled_from(["country", "n", "user"]), VALUES),
)


def evaluator(rules: object) -> Evaluator:
    flag = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "off"}
    return Evaluator("gateway", json.dumps(flag | {"targeting": rules}))


@settings(max_examples=60, deadline=None)
@given(rules=st.sampled_from(RULES), contexts=st.lists(CONTEXTS, min_size=2, max_size=12))
def test_what_is_answered_does_not_depend_on_who_asked_before(rules: Any, contexts: list[Context]) -> None:
    remembering = evaluator(rules)
    for context in contexts:
        assert remembering.answer(context) == evaluator(rules).answer(context)


@pytest.mark.parametrize(
    ("rules", "names"),
    [
        ({}, ()),
        ({"if": [FRENCH, "on", "off"]}, ("country",)),
        (
            {"and": [FRENCH, {"==": [{"var": ["plan", {"var": "user.plan"}]}, "free"]}]},
            ("country", "plan", "user"),
        ),
        ({"fractional": [["on", 50], ["off", 50]]}, None),
        ({"<": [{"var": "$flagd.timestamp"}, 1]}, None),
        ({"==": [{"var": "targetingKey"}, "ana"]}, None),
        ({"==": [{"var": ""}, "ana"]}, None),
        ({"$ref": "elsewhere"}, None),
    ],
)
def test_only_rules_that_read_named_attributes_alone_are_remembered(rules: Any, names: Any) -> None:
    assert names_read(rules) == names


def test_what_json_tells_apart_is_told_apart() -> None:
    told_apart: list[Any] = [1, True, None, "1", "", 0, False]
    alike = [likeness(("n",), {"n": value}) for value in told_apart]
    assert len({*alike, likeness(("n",), {})}) == len(alike) + 1
    not_compared: list[Any] = [1.0, [], {}, "x" * 201, 1 << 64]
    assert [likeness(("n",), {"n": value}) for value in not_compared] == [None] * 5


def test_no_more_is_remembered_than_there_is_room_for() -> None:
    gateway = evaluator({"if": [FRENCH, "on", "off"]})
    for number in range(KEPT + 1):
        gateway.answer(Context(None, {"country": str(number)}))
    assert len(gateway._kept) == 1
