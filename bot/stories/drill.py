"""A game day: the drill says that it is one wherever it is shown, and enters no figure."""

from __future__ import annotations

from bot.stories.scenes import closes, declared, found, leads, read, types
from bot.stories.stage import Stage


async def drill(stage: Stage) -> None:
    """Chi has the team practise a payment outage, from declaration to close."""
    chi, ana = stage.slack.person("chi"), stage.slack.person("ana")
    channel = await declared(stage, chi, "/incident drill P0 payments fail on the game day")
    stage.check("drill" in channel.topic["value"].lower(), "the topic says drill", channel.topic["value"])
    stage.shows(await chi.sees("drill", "incidents"))
    await leads(stage, ana, channel)
    await closes(stage, ana, channel)
    figures = await types(stage, ana, "/mttr", "general")
    stage.check("1 drill" in figures.text, "the drill is named and not counted", figures.text)
    stage.check("No incidents declared" in figures.text, "nothing was declared", figures.text)
    await stage.all_told()
    incident = await found(stage)
    stage.check(incident.is_closed, "it was led to its end", incident.phase)
    stage.check(incident.kind.value == "drill", "the database says drill", incident.kind)
    for screen in (read(stage, channel, chi), read(stage, "incidents", chi)):
        stage.check("drill" in screen.lower(), "every screen says drill", screen)
