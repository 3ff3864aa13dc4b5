"""A P0: checkout returns 500. Declared, led, contained, stabilized, repaired, closed, and what it took."""

from __future__ import annotations

from bot.domain.runbook import Step
from bot.domain.vocabulary import Phase
from bot.sandbox.people import Actor
from bot.sandbox.workspace import Channel
from bot.stories.scenes import PREVENTED, REPAIRED, STABILIZED, leaves, runbook, ticks
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


async def _declared(stage: Stage, ana: Actor) -> Channel:
    stage.act(ana, "types in #payments: /incident P0 checkout returns 500")
    stage.shows(await ana.types("/incident P0 checkout returns 500", "payments"))
    channel = await stage.slack.until(lambda: stage.slack.channel("inc-1-checkout-returns-500"))
    await stage.slack.until(lambda: ana.id in channel.members)
    stage.shows(await ana.sees("P0", channel))
    stage.shows(await ana.sees("Stabilize", channel))
    return channel


async def _led(stage: Stage, bo: Actor, channel: Channel) -> None:
    stage.act(bo, "joins and presses Take the lead")
    await bo.joins(channel)
    await bo.clicks("Take the lead", channel=channel)
    stage.shows(await bo.sees("leads", channel))
    stage.act(bo, "is in a hurry and presses Next phase")
    refused = await bo.clicks("Next phase: repair", channel=channel)
    stage.shows(refused if refused.text or refused.error else await bo.sees("is not over", channel))


async def _contained(stage: Stage, bo: Actor, channel: Channel) -> None:
    stage.act(bo, f"types /flag kill {FLAG} errors began with the rollout")
    stage.shows(await bo.types(f"/flag kill {FLAG} errors began with the rollout", channel))
    stage.act(bo, "reads what will be, and presses Switch off in production")
    await bo.clicks("Switch off in production", channel=channel)
    stage.shows(await bo.sees("OFF for everyone", channel))


async def _stabilized(stage: Stage, ana: Actor, bo: Actor, channel: Channel) -> None:
    steps = _steps(stage, Phase.STABILIZE)
    optional = next(step for step in steps if not step.required)
    stage.act(ana, f"skips “{optional.text}”, because {SKIPPED_BECAUSE}")
    await ana.clicks("Skip…", near=optional.text, channel=channel)
    await ana.sees_modal()
    await ana.fills({"Why can it wait?": SKIPPED_BECAUSE})
    await ana.submits()
    await ana.sees(SKIPPED_BECAUSE, channel)
    await ticks(stage, ana, [step for step in steps if step is not optional], channel)
    stage.shows(await ana.sees("Stabilize", channel))
    await leaves(stage, bo, channel, "Next phase: repair", STABILIZED)
    stage.shows(await bo.sees("Repair", channel))


async def _repaired(stage: Stage, ana: Actor, channel: Channel) -> None:
    stage.act(ana, "writes down the root cause with /incident note")
    stage.shows(
        await ana.types("/incident note the gateway retries without an idempotency key <!channel>", channel)
    )
    await ticks(stage, ana, _steps(stage, Phase.REPAIR), channel)
    await leaves(stage, ana, channel, "Next phase: prevent", REPAIRED)
    stage.shows(await ana.sees("Prevent", channel))


async def _prevented(stage: Stage, ana: Actor, bo: Actor, channel: Channel) -> None:
    stage.act(ana, f"types /flag undo {FLAG}: the fix is live, and Bo cannot undo alone what Bo did")
    stage.shows(await ana.types(f"/flag undo {FLAG}", channel))
    await ana.sees("serves on again", channel)
    await ticks(stage, ana, _steps(stage, Phase.PREVENT), channel)
    await leaves(stage, bo, channel, "Close incident", PREVENTED)
    stage.shows(await bo.sees("declared → stabilized", channel))


async def _figures(stage: Stage, ana: Actor) -> None:
    stage.act(ana, "types /mttr")
    told = await ana.types("/mttr", "general")
    stage.shows(told)
    stage.check("declared → stabilized" in told.text, "/mttr names its end points", told.text)


def _steps(stage: Stage, phase: Phase) -> list[Step]:
    return list(runbook(stage, "payment-failures").phases[phase])


async def _as_it_should_be(stage: Stage, channel: Channel) -> None:
    """What the database and the channel must say when the story is over."""
    await stage.all_told()
    timeline = [event.type for event in await stage.timeline(1)]
    happened = [each for each in timeline if each != "person_joined"]  # which Slack tells a moment later
    stage.check(timeline.count("person_joined") == 1, "the timeline says that Bo came", timeline)
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
    stage.check({"U01ANA", "U02BO"} <= set(channel.members), "Ana and Bo are in the channel", channel.members)
    stage.check(len(channel.pins) == 2, "card and checklist are pinned", len(channel.pins))
    stage.check("closed" in channel.topic["value"].lower(), "the topic says closed", channel.topic["value"])
    announcements = [
        stage.slack.text_of(message)
        for message in stage.slack.shown("incidents", "dee")
        if "checkout returns 500" in stage.slack.text_of(message)
    ]
    stage.check(len(announcements) == 1, "#incidents has one announcement", announcements)
    stage.check("closed" in announcements[0].lower(), "the announcement says closed", announcements[0])
    pings = [message for message in channel.messages.values() if "<!channel>" in repr(message)]
    stage.check(pings == [], "nobody was pinged by a note", pings)
