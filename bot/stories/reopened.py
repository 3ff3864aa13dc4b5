"""Closed too early: it comes back within the day, and the final times are the ones that count."""

from __future__ import annotations

from bot.domain.vocabulary import Milestone, Phase
from bot.stories.scenes import closes, declared, found, leads, types
from bot.stories.stage import Stage


async def reopened(stage: Stage) -> None:
    """Ana closes; customers write again; Bo reopens, and it is led to its end once more."""
    ana, bo = stage.slack.person("ana"), stage.slack.person("bo")
    channel = await declared(stage, ana, "/incident P1 payments time out")
    await leads(stage, ana, channel)
    await closes(stage, ana, channel)
    stage.shows(await ana.sees("/incident reopen", channel))
    closed_first = (await found(stage)).milestones[Milestone.CLOSED]
    await bo.joins(channel)
    refused = await types(stage, bo, "/incident reopen", channel)
    stage.check("Say why" in refused.text, "a reopening has a reason", refused.text)
    answer = await types(stage, bo, "/incident reopen three customers cannot pay again", channel)
    stage.check("INC-1 is in phase stabilize now." in answer.text, "it is open again", answer.text)
    stage.shows(await bo.sees("Reopened once", channel))
    figures = await types(stage, ana, "/mttr", "general")
    stage.check("still open" in figures.text, "it counts as open", figures.text)
    await closes(stage, ana, channel)
    await stage.all_told()
    incident = await found(stage)
    stage.check(
        incident.is_closed and incident.reopened == 1, "closed again, reopened once", incident.reopened
    )
    stage.check(incident.milestones[Milestone.CLOSED] > closed_first, "the final close counts")
    stage.check(incident.phase is Phase.CLOSED, "and every phase was left anew", incident.phase)
    stage.check(len(channel.pins) == 2, "card and checklist are the same ones", len(channel.pins))
