"""A P0: checkout returns 500. Declared, led, contained, stabilized, repaired, closed, and what it took."""

from __future__ import annotations

from bot.domain.runbook import Step
from bot.domain.vocabulary import Phase
from bot.sandbox.people import Actor
from bot.stories.stage import Stage

FLAG = "payments-new-gateway"
SKIPPED_BECAUSE = "the gateway's own page shows no outage"


async def payments(stage: Stage) -> None:
    """Ana declares and repairs, Bo leads; the flag goes off in stabilize and comes back in prevent."""
    ana, bo = stage.slack.person("ana"), stage.slack.person("bo")
    channel = await _declared(stage, ana)
    await _led(stage, bo, channel)
    await _contained(stage, bo, channel)
    await _stabilized(stage, ana, bo, channel)
    await _repaired(stage, ana, channel)
    await _prevented(stage, ana, bo, channel)
    await _figures(stage, ana)
    await _as_it_should_be(stage, channel)


async def _declared(stage: Stage, ana: Actor) -> str:
    stage.act(ana, "types in #payments: /incident P0 checkout returns 500")
    stage.shows(await ana.types("/incident P0 checkout returns 500", "payments"))
    channel = await stage.slack.until(lambda: stage.slack.channel("inc-1-checkout-returns-500"))
    await stage.slack.until(lambda: ana.id in channel.members)
    stage.shows(await ana.sees("P0", channel))
    stage.shows(await ana.sees("Stabilize", channel))
    return channel.id


async def _led(stage: Stage, bo: Actor, channel: str) -> None:
    stage.act(bo, "joins and presses Take the lead")
    await bo.joins(channel)
    await bo.clicks("Take the lead", channel=channel)
    stage.shows(await bo.sees("leads", channel))
    stage.act(bo, "is in a hurry and presses Next phase")
    refused = await bo.clicks("Next phase: repair", channel=channel)
    stage.shows(refused if refused.text or refused.error else await bo.sees("is not over", channel))


async def _contained(stage: Stage, bo: Actor, channel: str) -> None:
    stage.act(bo, f"types /flag kill {FLAG} errors began with the rollout")
    stage.shows(await bo.types(f"/flag kill {FLAG} errors began with the rollout", channel))
    stage.shows(await bo.sees(FLAG, channel))


async def _stabilized(stage: Stage, ana: Actor, bo: Actor, channel: str) -> None:
    steps = _steps(stage, Phase.STABILIZE)
    optional = next(step for step in steps if not step.required)
    stage.act(ana, f"skips “{optional.text}”, because {SKIPPED_BECAUSE}")
    await ana.clicks("Skip…", near=optional.text, channel=channel)
    await ana.sees_modal()
    await ana.fills({"Why can it wait?": SKIPPED_BECAUSE})
    await ana.submits()
    await ana.sees(SKIPPED_BECAUSE, channel)
    await _ticks(stage, ana, [step for step in steps if step is not optional], channel)
    stage.shows(await ana.sees("Stabilize", channel))
    proof = {"payment": "twenty test orders went through, none was charged twice"}
    await _leaves(stage, bo, channel, "Next phase: repair", proof)
    stage.shows(await bo.sees("Repair", channel))


async def _repaired(stage: Stage, ana: Actor, channel: str) -> None:
    stage.act(ana, "writes down the root cause with /incident note")
    stage.shows(
        await ana.types("/incident note the gateway retries without an idempotency key <!channel>", channel)
    )
    await _ticks(stage, ana, _steps(stage, Phase.REPAIR), channel)
    proof = {
        "What kind of cause was it?": "missing idempotency",
        "The root cause": "the gateway retries without an idempotency key",
        "The fix": "release 3.14 sends a key with each payment",
        "The regression test that will catch it": "test_a_retried_payment_is_charged_once",
    }
    await _leaves(stage, ana, channel, "Next phase: prevent", proof)
    stage.shows(await ana.sees("Prevent", channel))


async def _prevented(stage: Stage, ana: Actor, bo: Actor, channel: str) -> None:
    stage.act(bo, f"types /flag undo {FLAG}: the fix is live")
    stage.shows(await bo.types(f"/flag undo {FLAG}", channel))
    await bo.sees("serves on again", channel)
    await _ticks(stage, ana, _steps(stage, Phase.PREVENT), channel)
    proof = {
        "The alert that will tell us first": "double charges above zero for five minutes",
        "Who owns the alert?": "bo",
        "The runbook that was written or updated": "payment-failures, its third step",
        "What does “working” mean, and how is it measured?": "99.9 % of payments end within 10 s",
        "Who knows about it now?": "shown to support and to the checkout team",
        "Action item": "alert on retries without a key",
        "Its owner": "ana",
        "Due on": "2030-01-15",
    }
    await _leaves(stage, bo, channel, "Close incident", proof)
    stage.shows(await bo.sees("declared → stabilized", channel))


async def _figures(stage: Stage, ana: Actor) -> None:
    stage.act(ana, "types /mttr")
    told = await ana.types("/mttr", "general")
    stage.shows(told)
    stage.check("declared → stabilized" in told.text, "/mttr names its end points", told.text)


async def _ticks(stage: Stage, person: Actor, steps: list[Step], channel: str) -> None:
    for step in steps:
        stage.act(person, f"presses Done on “{step.text}”")
        await person.clicks("Done", near=step.text, channel=channel)


async def _leaves(stage: Stage, person: Actor, channel: str, button: str, proof: dict[str, str]) -> None:
    """Press the button and say in the form how we know."""
    stage.act(person, f"presses {button}, and answers")
    await person.clicks(button, channel=channel)
    await person.sees_modal()
    for question, answer in proof.items():
        stage.shows(f"{question}: {answer}")
    await person.fills(proof)
    refused = await person.submits()
    stage.check(not refused.errors, "the form is taken", refused.errors)


def _steps(stage: Stage, phase: Phase) -> list[Step]:
    runbook = next(runbook for runbook in stage.runbooks if runbook.id == "payment-failures")
    return list(runbook.phases[phase])


async def _as_it_should_be(stage: Stage, channel: str) -> None:
    """What the database and the channel must say when the story is over."""
    await stage.all_told()
    happened = [event.type for event in await stage.timeline(1)]
    steps = {phase: len(_steps(stage, phase)) for phase in (Phase.STABILIZE, Phase.REPAIR, Phase.PREVENT)}
    expected = [
        "incident_declared",
        "runbook_chosen",
        "channel_opened",
        "role_taken",
        "flag_contained",
        "step_skipped",
        *["step_done"] * (steps[Phase.STABILIZE] - 1),
        "gate_answered",
        "phase_entered",
        "note_added",
        *["step_done"] * steps[Phase.REPAIR],
        "gate_answered",
        "phase_entered",
        "flag_restored",
        *["step_done"] * steps[Phase.PREVENT],
        "gate_answered",
        "action_item_added",
        "incident_closed",
    ]
    stage.check(happened == expected, "the timeline has every act once and in order", happened)
    held = [flag.key for flag in await stage.database.incidents.flags() if flag.held_by]
    stage.check(held == [], "no flag is held any more", held)
    room = stage.slack.channel(channel)
    stage.check({"U01ANA", "U02BO"} <= set(room.members), "Ana and Bo are in the channel", room.members)
    stage.check(len(room.pins) == 2, "card and checklist are pinned", len(room.pins))
    stage.check("closed" in room.topic["value"].lower(), "the topic says closed", room.topic["value"])
    announcements = [
        stage.slack.text_of(message)
        for message in stage.slack.shown("incidents", "dee")
        if "checkout returns 500" in stage.slack.text_of(message)
    ]
    stage.check(len(announcements) == 1, "#incidents has one announcement", announcements)
    stage.check("closed" in announcements[0].lower(), "the announcement says closed", announcements[0])
    pings = [message for message in room.messages.values() if "<!channel>" in repr(message)]
    stage.check(pings == [], "nobody was pinged by a note", pings)
