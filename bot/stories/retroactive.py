"""It happened last night and nobody declared it: written down afterwards, it counts for the impact alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.vocabulary import Milestone, Phase
from bot.stories.scenes import declared, found, passes, types
from bot.stories.stage import Stage


async def retroactive(stage: Stage) -> None:
    """Eli writes down a night's outage and says how it will not come back."""
    eli = stage.slack.person("eli")
    ended = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=3)
    began = ended - timedelta(minutes=90)
    span = f"{began:%Y-%m-%d %H:%M} {ended:%Y-%m-%d %H:%M}"
    refused = await types(
        stage, eli, f"/incident retro P2 {span[17:]} {span[:16]} carts lost items", "payments"
    )
    stage.check("must come after" in refused.text, "an end before its beginning is refused", refused.text)
    channel = await declared(stage, eli, f"/incident retro P2 {span} carts lost items")
    incident = await found(stage)
    stage.check(incident.phase is Phase.PREVENT, "what is left to do is to prevent it", incident.phase)
    times = (incident.milestones[Milestone.IMPACT_STARTED], incident.milestones[Milestone.IMPACT_ENDED])
    stage.check(times == (began, ended), "the impact has both ends", times)
    await types(stage, eli, "/incident note a deploy at 02:05 dropped the cart's cookie", channel)
    await passes(stage, eli, channel, Phase.PREVENT)
    stage.shows(await eli.sees("closed", channel))
    figures = await types(stage, eli, "/mttr", "general")
    stage.check("1 recorded after the fact" in figures.text, "it is named", figures.text)
    stage.check("after 0" not in figures.text, "it never counts as repaired in no time", figures.text)
    await stage.all_told()
    stage.check((await found(stage)).is_closed, "it is closed")
