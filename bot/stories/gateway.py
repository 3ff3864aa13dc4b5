"""A risky gateway is off in two clicks, as a live shop shows; a second person brings it back after the fix."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.domain.runbook import Step
from bot.domain.vocabulary import Phase
from bot.sandbox.people import Actor
from bot.sandbox.workspace import Channel
from bot.stories.scenes import declared, found, leads, passes, runbook, types
from bot.stories.shopping import Shop
from bot.stories.stage import Stage

FLAG = "payments-new-gateway"


async def gateway(stage: Stage) -> None:
    """Bo leads and switches off; Ana brings it back. A shop reads the flag all the while."""
    ana, bo = stage.slack.person("ana"), stage.slack.person("bo")
    async with stage.shop(FLAG) as shop:
        stage.prints(await shop.prints(on=True))
        channel = await declared(stage, ana, "/incident P0 card payments fail since the rollout")
        await leads(stage, bo, channel)
        await _off_in_two_clicks(stage, bo, channel, shop)
        await passes(stage, bo, channel, Phase.STABILIZE)
        await passes(stage, ana, channel, Phase.REPAIR)
        await _back_by_a_second_person(stage, ana, bo, channel, shop)
    await types(stage, ana, f"/flag log {FLAG}", channel)
    await stage.all_told()
    await _as_it_should_be(stage, await found(stage), ana, bo)


async def _off_in_two_clicks(stage: Stage, bo: Actor, channel: Channel, shop: Shop) -> None:
    step = _step(stage)
    stage.act(bo, f"presses Hold the flag… on the step “{step.text}”")
    await bo.clicks("Hold the flag…", near=step.text, channel=channel)
    stage.shows(await bo.sees("PRODUCTION", channel))
    stage.act(bo, "reads what will be, and presses Switch off in production")
    await bo.clicks("Switch off in production", channel=channel)
    stage.prints(await shop.prints(on=False))
    stage.shows(await bo.sees("OFF for everyone", channel))


async def _back_by_a_second_person(stage: Stage, ana: Actor, bo: Actor, channel: Channel, shop: Shop) -> None:
    stage.act(bo, "presses Undo: the fix is live")
    await bo.clicks("Undo", near="OFF for everyone", channel=channel)
    await bo.confirms()
    stage.shows(await bo.sees("somebody else lets go of it", channel))
    stage.act(ana, "has seen the fix work, and presses Undo")
    await ana.clicks("Undo", near="OFF for everyone", channel=channel)
    await ana.confirms()
    stage.prints(await shop.prints(on=True))
    stage.shows(await ana.sees("serves on again", channel))


def _step(stage: Stage) -> Step:
    steps = runbook(stage, "payment-failures").phases[Phase.STABILIZE]
    return next(step for step in steps if step.flag == FLAG)


async def _as_it_should_be(stage: Stage, incident: Incident, ana: Actor, bo: Actor) -> None:
    switched = [event for event in await stage.timeline(1) if event.type.startswith("flag_")]
    kinds = [(event.type, event.by) for event in switched]
    expected = [("flag_contained", bo.id), ("flag_restored", ana.id)]
    stage.check(kinds == expected, "Bo switched it off and Ana brought it back", kinds)
    stage.check(getattr(switched[0], "alone", None) == "", "by the rules", switched[0])
    stage.check(incident.containments == (), "nothing is held any more", incident.containments)
    stage.check(incident.phase is Phase.PREVENT, "it goes on with prevention", incident.phase)
