"""The words after `/mttr`."""

from __future__ import annotations

import pytest

from bot.domain.metrics.asking import Asked, asked
from tests.domain.metrics import incident


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", Asked()),
        ("90d", Asked("90d")),
        ("p0 P1", Asked(severities=("P0", "P1"))),
        ("2026-09 P1, P0", Asked("2026-09", ("P0", "P1"))),
        ("90d service Card payments", Asked("90d", service="Card payments")),
        ("checkout all", Asked("all", service="checkout")),
        ("0d", Asked("0d")),
        ("-3d", Asked("-3d")),
        ("13 months of Sundays", Asked(service="13 months of Sundays")),
    ],
)
def test_windows_severities_and_services_stand_in_any_order(text: str, meant: Asked) -> None:
    assert asked(text) == meant


def test_only_what_was_asked_for_counts() -> None:
    checkout = incident(1, severity="P0", services=("Checkout", "search"))
    assert asked("P0 checkout").wants(checkout)
    assert not asked("P1 checkout").wants(checkout)
    assert not asked("cart").wants(checkout)
    assert asked("").wants(checkout)
