"""It is not what it looked like: the runbook is changed mid-way, and what was ticked stays ticked."""

from __future__ import annotations

from bot.domain.vocabulary import Phase, StepState
from bot.stories.scenes import declared, found, kinds, leads, runbook, ticks, types
from bot.stories.stage import Stage


async def other_runbook(stage: Stage) -> None:
    """Payments fail because a queue is stuck: Eli sees it, and the checklist becomes the right one."""
    ana, eli = stage.slack.person("ana"), stage.slack.person("eli")
    channel = await declared(stage, ana, "/incident P1 payments stay pending in the queue")
    await leads(stage, ana, channel)
    before, after = runbook(stage, "payment-failures"), runbook(stage, "queue-stuck")
    incident = await found(stage)
    stage.check(
        incident.runbook_title == before.title, "it begins with payment failures", incident.runbook_title
    )
    scope = before.phases[Phase.STABILIZE][0]
    await ticks(stage, ana, [scope], channel)
    await types(stage, ana, "/incident step ask the provider about their backlog", channel)
    stage.act(eli, "joins, types /incident runbook and reads why each of them fits")
    await eli.joins(channel)
    await eli.types("/incident runbook", channel)
    form = await eli.sees_modal("Change the runbook")
    stage.shows(form.text)
    await eli.fills({"Go on with": after.title})
    await eli.submits()
    stage.shows(await eli.sees(after.phases[Phase.STABILIZE][1].text, channel))
    await stage.all_told()
    incident = await found(stage)
    stage.check(incident.runbook_title == after.title, "it goes by the other runbook", incident.runbook_title)
    item = incident.item(scope.id)
    stage.check(item is not None and item.state is StepState.DONE, "what was ticked stays ticked", item)
    added = [item for item in incident.items if item.is_added]
    stage.check(len(added) == 1, "the step that was added stays", added)
    happened = await kinds(stage)
    stage.check(happened.count("runbook_chosen") == 2, "the change is in the timeline", happened)
    wrong = await types(stage, eli, "/incident runbook queue-stcuk", channel)
    stage.check(
        "queue-stuck" in wrong.text, "a slip of the finger is answered with the right word", wrong.text
    )
