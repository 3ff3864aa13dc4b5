"""Two people fight over one step: nobody's tick is lost, nothing is ticked twice."""

from __future__ import annotations

import asyncio

from bot.domain.vocabulary import Phase, StepState
from bot.stories.scenes import declared, found, leads, read, runbook
from bot.stories.stage import Stage


async def together(stage: Stage) -> None:
    """Ana and Bo press at the same moment: the same step, then two others, then against each other."""
    ana, bo = stage.slack.person("ana"), stage.slack.person("bo")
    channel = await declared(stage, ana, "/incident P0 checkout returns 500")
    await leads(stage, bo, channel)
    first, second, third = runbook(stage, "payment-failures").phases[Phase.STABILIZE][:3]
    stage.act(ana, f"and Bo press Done on “{first.text}” in the same moment")
    await asyncio.gather(
        ana.clicks("Done", near=first.text, channel=channel),
        bo.clicks("Done", near=first.text, channel=channel),
    )
    stage.act(ana, f"presses Done on “{second.text}” while Bo presses Done on “{third.text}”")
    await asyncio.gather(
        ana.clicks("Done", near=second.text, channel=channel),
        bo.clicks("Done", near=third.text, channel=channel),
    )
    await stage.all_told()
    incident = await found(stage)
    for step in (first, second, third):
        item = incident.item(step.id)
        stage.check(item is not None and item.state is StepState.DONE, f"“{step.text}” is done", item)
    done = [event for event in await stage.timeline(1) if event.type == "step_done"]
    stage.check(len(done) == 3, "each is ticked once", done)
    stage.shows(await bo.sees(f"✅ {third.text}", channel))

    stage.act(bo, f"takes “{first.text}” back: it was not done")
    await bo.clicks("Undo", near=first.text, channel=channel)
    await stage.all_told()
    item = (await found(stage)).item(first.id)
    stage.check(item is not None and item.state is StepState.OPEN, "it is open again", item)
    happened = [event.type for event in await stage.timeline(1) if event.type.startswith("step_")]
    stage.check(happened == ["step_done"] * 3 + ["step_reopened"], "and the timeline says so", happened)
    shown = read(stage, channel, ana)
    stage.check(shown.count(f"✅ {second.text}") == 1, "the checklist shows what is so", shown)
