"""Flags in flagd's words: what can be stored, what is refused in a sentence, and what holding one changes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.flags import Definition, checked_key, document_text, read_document
from bot.domain.vocabulary import Refused

ROLLOUT: dict[str, Any] = {
    "state": "ENABLED",
    "variants": {"new": True, "old": False},
    "defaultVariant": "new",
    "targeting": {"fractional": [["new", 37], ["old", 63]]},
    "metadata": {"safeVariant": "old", "description": "Card payments", "owner": "payments"},
}


def changed(**values: Any) -> dict[str, Any]:
    return ROLLOUT | values


def refusal(data: object, key: object = "gateway") -> str:
    with pytest.raises(Refused) as refused:
        Definition.read(key, data)
    return str(refused.value)


def test_a_held_flag_is_enabled_serves_its_safe_variant_and_has_no_rules() -> None:
    for state in ("ENABLED", "DISABLED"):
        held = Definition.read("gateway", changed(state=state)).held("old")
        assert held == {
            "state": "ENABLED",
            "variants": {"new": True, "old": False},
            "defaultVariant": "old",
            "metadata": ROLLOUT["metadata"],
        }


def test_holding_leaves_the_definition_as_it_was() -> None:
    definition = Definition.read("gateway", ROLLOUT)
    before = definition.text
    definition.held("old")
    assert definition.text == before
    assert json.loads(before) == ROLLOUT


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (ROLLOUT, "new, or what its rules say"),
        (changed(targeting={}), "new"),
        (changed(defaultVariant=None, targeting={}), "the application's default"),
        (changed(state="DISABLED"), "the application's default (disabled)"),
    ],
)
def test_what_a_flag_serves_is_said_in_a_few_words(data: dict[str, Any], said: str) -> None:
    assert Definition.read("gateway", data).serves == said


def test_the_safe_variant_is_declared_and_never_guessed() -> None:
    assert Definition.read("gateway", ROLLOUT).safe == "old"
    assert Definition.read("gateway", changed(metadata={})).safe is None


def test_words_for_switches_become_switches_and_others_stay_texts() -> None:
    assert Definition.simple("x", serves="on", safe="off").data["variants"] == {"on": True, "off": False}
    assert Definition.simple("x", serves="off", safe="on").data["variants"] == {"off": False, "on": True}
    assert Definition.simple("x", serves="25 %", safe="off").data["variants"] == {
        "25 %": "25 %",
        "off": "off",
    }


@pytest.mark.parametrize("key", ["", "-x", ".x", "a b", "we?ird", "ünder", "a/b", "x" * 201, 7, None, "a\n"])
def test_a_key_that_some_evaluator_would_mangle_is_refused(key: object) -> None:
    with pytest.raises(Refused, match="cannot be the key of a flag"):
        checked_key(key)
    assert "cannot be the key" in refusal(ROLLOUT, key)


@pytest.mark.parametrize("key", ["a", "7", "checkout-v2", "a.b_c-D", "x" * 200])
def test_other_keys_are_taken_as_they_are(key: str) -> None:
    assert checked_key(key) == key


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "not a table"),
        (changed(state="on"), "state is 'on', but must be 'ENABLED' or 'DISABLED'"),
        (changed(variants={}), "variants is a table, but must be a table of one or more values by name"),
        (changed(variants={"a": True, "b": "x"}), "defaultVariant is 'new'"),
        (changed(variants={"new": True, "old": "x"}), "must be of one kind"),
        (changed(variants={"new": None, "old": None}), "may not be empty"),
        (changed(variants={"new": True, "old": True, "": True}), "needs a name"),
        (changed(defaultVariant="old "), "defaultVariant is 'old ', but must be one of its variants: 'new'"),
        (changed(metadata={"safeVariant": "off"}), "safeVariant is 'off', but must be one of its variants"),
        (changed(metadata={"safeVariant": False}), "safeVariant is 'False'"),
        (changed(metadata={"team": ["a"]}), "metadata.team"),
        (changed(targeting="all"), "targeting is 'all'"),
        (changed(default_variant_="x"), "unknown key 'default_variant_'; did you mean"),
    ],
)
def test_a_flag_that_flagd_would_not_take_is_refused_with_what_would_be_right(
    data: object, said: str
) -> None:
    assert said in refusal(data)


def test_rules_that_are_nested_for_ever_are_refused() -> None:
    rule: Any = True
    for _ in range(80):
        rule = {"!": [rule]}
    assert "nested deeper than" in refusal(changed(targeting=rule))


def test_two_definitions_that_decide_the_same_have_one_fingerprint() -> None:
    turned = dict(reversed(ROLLOUT.items()))
    assert Definition.read("a", turned).fingerprint == Definition.read("a", ROLLOUT).fingerprint
    assert (
        Definition.read("a", changed(state="DISABLED")).fingerprint
        != Definition.read("a", ROLLOUT).fingerprint
    )


# Documents


def test_a_document_comes_out_as_it_went_in() -> None:
    text = document_text([("a", json.dumps(ROLLOUT)), ("b", json.dumps(changed(state="DISABLED")))])
    found = read_document(text)
    assert [each.key for each in found] == ["a", "b"]
    assert document_text((each.key, each.text) for each in found).replace(" ", "") == text.replace(" ", "")
    assert json.loads(document_text([]))["flags"] == {}


def test_shared_rules_and_metadata_are_written_into_each_flag() -> None:
    beta = {"in": ["@example.com", {"var": "email"}]}
    document = {
        "metadata": {"owner": "everybody", "team": "shop"},
        "$evaluators": {"beta": beta},
        "flags": {"a": changed(targeting={"if": [{"$ref": "beta"}, "new", "old"]})},
    }
    (found,) = read_document(json.dumps(document))
    assert found.data["targeting"] == {"if": [beta, "new", "old"]}
    assert found.metadata == ROLLOUT["metadata"] | {"team": "shop"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ('{"flags": ', "not JSON"),
        ('{"flags": {"a": NaN}}', "NaN is not a number in JSON"),
        ('{"flags": {}, "flags": {}}', "the key 'flags' stands twice"),
        ('{"flags": {"a": "\\ud800"}}', "surrogate"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "This is no flagd document"),
        ('{"flags": []}', "This is no flagd document"),
        ('{"flags": {}, "metadata": []}', "are tables"),
        ('{"flags": {"a b": {}}}', "cannot be the key"),
        ('{"flags": {"a": {"targeting": {"$ref": "x"}}}}', "refers to 'x', which $evaluators does not have"),
        ('{"$evaluators": {"x": {"$ref": "x"}}, "flags": {"a": {"$ref": "x"}}}', "lead in a circle"),
    ],
)
def test_a_document_that_is_none_is_refused_in_one_sentence(text: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        read_document(text)
    assert said in str(refused.value)
    assert len(str(refused.value)) < 400


@settings(max_examples=80, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
        max_leaves=12,
    )
)
def test_whatever_stands_in_a_document_is_flags_or_a_refusal(value: object) -> None:
    for text in (json.dumps(value), json.dumps({"flags": value}), json.dumps({"flags": {"a": value}})):
        try:
            found = read_document(text)
        except Refused:
            continue
        assert all(json.loads(each.text) == each.data for each in found)
