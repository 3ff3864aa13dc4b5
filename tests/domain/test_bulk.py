"""Several flags in one word, and how they count."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.bulk import TOGETHER_MOST, action_of, request_of, several
from bot.domain.vocabulary import Refused

KEYS = st.text("abc-.:_1", min_size=1, max_size=8)


@settings(max_examples=50)
@given(st.lists(KEYS, min_size=2, max_size=TOGETHER_MOST, unique=True))
def test_keys_joined_by_commas_come_back_in_their_order(keys: list[str]) -> None:
    assert list(several(",".join(keys))) == keys


@settings(max_examples=50)
@given(KEYS, st.integers(0, TOGETHER_MOST))
def test_every_part_of_a_bulk_counts_as_the_one_action(action: str, number: int) -> None:
    assert action_of(request_of(action, number)) == action_of(action) == action


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("a,", "one comma between two"),
        ("a,,b", "one comma between two"),
        ("a,b,a", "is named twice"),
        (",".join(f"f{number}" for number in range(TOGETHER_MOST + 1)), "are held together"),
    ],
)
def test_what_is_no_list_of_flags_is_one_sentence(word: str, told: str) -> None:
    with pytest.raises(Refused, match=told):
        several(word)
