"""What a back-end says of a flag is read in the language of whoever reads it, and old states still load."""

from __future__ import annotations

import pytest

from bot.domain.language import English, Said
from bot.domain.naming import refusal_words
from bot.flags import embedded, flagd_file, flagsmith, launchdarkly, unleash
from bot.flags.careful import CANNOT
from bot.flags.protocol import FlagRef, FlagState, Unsupported
from bot.services.languages import translation

SENTENCES = [
    *(embedded.NO_SAFE_VARIANT, flagd_file.NO_SAFE_VARIANT, launchdarkly.ARCHIVED),
    *(launchdarkly.NO_OFF_VARIATION, unleash.ARCHIVED, unleash.INVERTED, unleash.NOT_EXACTLY),
    *(flagsmith.ARCHIVED, flagsmith.MANY_OVERRIDES, flagsmith.HAS_A_VALUE),
    Said(unleash.CHILDREN, {"flags": "cart, basket"}),
    Said(flagsmith.IDENTITIES, {"number": "3"}),
]
STATE = FlagState(
    ref=FlagRef("unleash", "default", "production", "gateway"),
    serving="ON",
    contained=False,
    version="1",
    fingerprint="x",
)


@pytest.mark.parametrize("said", SENTENCES, ids=lambda said: said.text[:30])
def test_every_reason_and_warning_has_its_french(said: Said) -> None:
    french = said.by(translation("fr"))
    assert french != str(said)
    assert all(value in french for value in said.blanks.values())


def test_a_refusal_is_of_one_language_with_its_reason_in_it() -> None:
    refused = Unsupported(CANNOT, flag="gateway", backend="unleash", why=unleash.ARCHIVED)
    assert unleash.ARCHIVED.by(translation("fr")) in refusal_words(refused, translation("fr"))
    assert refusal_words(refused, English()) == str(refused)
    assert "it is archived there." in str(refused)


def test_a_state_comes_back_from_the_database_as_it_was_stored() -> None:
    state = STATE.model_copy(
        update={"cannot": unleash.ARCHIVED, "warnings": (Said(unleash.CHILDREN, {"flags": "cart"}),)}
    )
    assert FlagState.model_validate_json(state.model_dump_json()) == state
    assert FlagState.model_validate_json(STATE.model_dump_json()) == STATE


def test_states_that_were_stored_as_english_words_still_load() -> None:
    """Half-open braces and all: what was stored is no template."""
    stored = STATE.model_dump() | {"cannot": "it is archived there.", "warnings": ["off with it: {cart"]}
    state = FlagState.model_validate(stored)
    assert (str(state.cannot), [str(each) for each in state.warnings]) == (
        "it is archived there.",
        ["off with it: {cart"],
    )
    assert FlagState.model_validate(stored | {"cannot": "", "warnings": []}) == STATE
