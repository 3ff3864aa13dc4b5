"""Walk an incident through its phases in the sandbox: ticks, and answers to the exit questions."""

from __future__ import annotations

from bot.domain.vocabulary import Phase
from bot.sandbox.workspace import Channel
from tests.handlers.conftest import House

REQUIRED = {
    Phase.STABILIZE: ("Note which payments fail", "Hold the new gateway"),
    Phase.REPAIR: ("Fix the cause",),
    Phase.PREVENT: ("Write down what we learned",),
}
PROOF = {
    Phase.STABILIZE: {"payment": "twenty test orders went through"},
    Phase.REPAIR: {
        "What kind of cause was it?": "missing idempotency",
        "The root cause": "the gateway retries without a key",
        "The fix": "release 3.14",
        "The regression test that will catch it": "test_a_retry_charges_once",
    },
    Phase.PREVENT: {
        "The alert that will tell us first": "double charges above zero",
        "Who owns the alert?": "bo",
        "The runbook that was written or updated": "payment-failures",
        "What does “working” mean, and how is it measured?": "99.9 % of payments end within 10 s",
        "Who knows about it now?": "support",
        "None needed, because": "everything was done today",
    },
}
TO_GO_ON = {
    Phase.STABILIZE: "Next phase: repair",
    Phase.REPAIR: "Next phase: prevent",
    Phase.PREVENT: "Close incident",
}


async def ticked(house: House, channel: Channel, phase: Phase) -> None:
    """Everything required in this phase is done."""
    for step in REQUIRED[phase]:
        await house.person("ana").clicks("Done", near=step, channel=channel)
    await house.delivery.idle()


async def left(house: House, channel: Channel, phase: Phase) -> None:
    """The phase is left through its gate."""
    ana = house.person("ana")
    await ticked(house, channel, phase)
    await ana.clicks(TO_GO_ON[phase], channel=channel)
    await ana.sees_modal()
    await ana.fills(PROOF[phase])
    refused = await ana.submits()
    assert refused.errors == {}
    await house.delivery.idle()


async def closed(house: House, channel: Channel) -> None:
    """The incident is closed, with every question answered."""
    for phase in REQUIRED:
        await left(house, channel, phase)
