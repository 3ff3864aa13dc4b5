"""When an action item is overdue."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from bot.domain.questions import ActionItem

DUE = date(2026, 11, 20)
ITEM = ActionItem(number=1, text="Alert on the retry rate", owner="U01ANA", due=DUE)


def test_an_action_item_is_overdue_from_the_day_after_its_own_until_it_is_done() -> None:
    assert not ITEM.is_overdue(DUE)
    assert ITEM.is_overdue(DUE + timedelta(days=1))
    done = ITEM.model_copy(update={"done_at": datetime(2026, 11, 25, tzinfo=UTC)})
    assert not done.is_overdue(DUE + timedelta(days=9))
