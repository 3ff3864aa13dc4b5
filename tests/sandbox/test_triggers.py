"""Trigger ids and response_urls: short-lived, counted, never invented."""

from __future__ import annotations

import pytest

from bot.sandbox.clock import VirtualClock
from bot.sandbox.errors import SlackError
from bot.sandbox.triggers import KEEP, RESPONSE_PATH, Triggers


async def test_a_trigger_works_once_within_three_seconds() -> None:
    clock = VirtualClock()
    triggers = Triggers(clock)
    early, late = triggers.issue("U01ANA"), triggers.issue("U02BO")
    await clock.advance(3.0)
    assert triggers.redeem(early) == "U01ANA"
    with pytest.raises(SlackError, match="exchanged_trigger_id"):
        triggers.redeem(early)
    await clock.advance(0.1)
    with pytest.raises(SlackError, match="expired_trigger_id"):
        triggers.redeem(late)
    with pytest.raises(SlackError, match="invalid_trigger_id"):
        triggers.redeem("")


async def test_a_response_url_takes_five_answers_within_half_an_hour() -> None:
    clock = VirtualClock()
    triggers = Triggers(clock)
    urls = [
        triggers.issue_response_url("http://x", channel="C1", user="U1", message_ts="1.2") for _ in range(2)
    ]
    first, second = (url.removeprefix(f"http://x{RESPONSE_PATH}") for url in urls)
    targets = [triggers.use_response_url(first) for _ in range(5)]
    assert (targets[0].channel, targets[0].user, targets[0].message_ts) == ("C1", "U1", "1.2")
    with pytest.raises(SlackError, match="used_url"):
        triggers.use_response_url(first)
    await clock.advance(30 * 60 + 1)
    with pytest.raises(SlackError, match="expired_url") as refused:
        triggers.use_response_url(second)
    assert refused.value.status == 404
    with pytest.raises(SlackError, match="invalid_url"):
        triggers.use_response_url("made-up")


def test_old_permissions_are_forgotten_before_they_fill_the_memory() -> None:
    triggers = Triggers(VirtualClock())
    first = triggers.issue("U01ANA")
    for _ in range(KEEP):
        last = triggers.issue("U01ANA")
    assert triggers.redeem(last) == "U01ANA"
    with pytest.raises(SlackError, match="invalid_trigger_id"):
        triggers.redeem(first)
