"""Which names a person perhaps meant."""

from __future__ import annotations

import pytest

from bot.domain.spelling import meant

FLAGS = ["payments-new-gateway", "checkout-recommendations", "search-suggestions", "pay-later"]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("pay", ["pay-later", "payments-new-gateway"]),  # the beginning of a long name is not spelled like it
        ("gateway", ["payments-new-gateway"]),
        ("serch-sugestions", ["search-suggestions"]),
        ("PAY-LATER", ["pay-later"]),
        ("a", []),
        ("", []),
    ],
)
def test_a_part_of_a_name_or_a_slip_finds_the_name(typed: str, offered: list[str]) -> None:
    assert meant(typed, FLAGS) == offered
