"""Three in the morning: who leads goes to bed, who takes over knows in a minute where it stands."""

from __future__ import annotations

from bot.domain.vocabulary import Phase, Role, Severity
from bot.stories.scenes import declared, found, kinds, leads, passes, types
from bot.stories.stage import Stage


async def handover(stage: Stage) -> None:
    """Ana has led for hours; Bo is woken, reads what is so, and leads on."""
    ana, bo, dee = (stage.slack.person(name) for name in ("ana", "bo", "dee"))
    channel = await declared(stage, ana, "/incident P0 payments are charged twice")
    await leads(stage, ana, channel)
    await passes(stage, ana, channel, Phase.STABILIZE)
    await types(
        stage, ana, "/incident update the old gateway takes all payments; refunds begin at eight", channel
    )
    answer = await types(stage, ana, "/incident handover @bo", channel)
    stage.check(answer.text.startswith("Lead: @Bo Lindqvist"), "Ana sees who leads now", answer.text)
    stage.shows(await ana.sees("handed the role lead over to", channel))
    await stage.slack.until(lambda: bo.id in channel.members)
    stage.shows(await bo.sees("you have the role lead"))
    caught_up = await types(stage, bo, "/incident catchup", channel)
    stage.check("refunds begin at eight" in caught_up.text, "Bo reads the last update", caught_up.text)
    stage.check(len(caught_up.text.splitlines()) <= 10, "in ten lines", caught_up.text)
    await types(stage, bo, "/incident severity P1", channel)
    await types(stage, bo, "/incident assign communications @dee", channel)
    await stage.slack.until(lambda: dee.id in channel.members)
    await stage.all_told()
    incident = await found(stage)
    stage.check(incident.commander == bo.id, "Bo leads", incident.commander)
    stage.check(incident.holders(Role.COMMUNICATIONS) == (dee.id,), "Dee talks to those who wait")
    stage.check(incident.severity is Severity.P1, "it is a P1 by now", incident.severity)
    happened = await kinds(stage)
    stage.check(happened.count("role_taken") == 3, "who led when is in the timeline", happened)
    lead = await bo.sees("Lead: @Bo Lindqvist", channel)
    stage.check(
        "since" in stage.slack.text_of(await ana.sees("had held it since", channel)), "since when", lead
    )
