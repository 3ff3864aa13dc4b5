"""When the silence of an open incident is too long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.silence import is_too_long


@pytest.mark.parametrize(("severity", "days"), [("P0", 1), ("P1", 1), ("P2", 7), ("P3", 7), ("P4", 7)])
def test_a_day_without_a_word_is_too_long_for_a_grave_one_and_a_week_for_others(
    severity: str, days: int
) -> None:
    assert is_too_long(timedelta(days=days), severity)
    assert not is_too_long(timedelta(days=days) - timedelta(seconds=1), severity)
