"""What people type and press, one file a story. `register` connects them all to a Bolt app."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.ids import Slash
from handlers import (
    capturing,
    checklist,
    containing,
    correcting,
    declare,
    drilling,
    exporting,
    flags,
    gates,
    held,
    home,
    leaving,
    lifecycle,
    measures,
    overriding,
    postmortem,
    reminders,
    reports,
    respond,
    roles,
    runbook,
    timeline,
    unmatched,
    updates,
    waiting,
)
from handlers import help as usage
from handlers.commands import Router
from handlers.desk import Desk


def register(app: AsyncApp, desk: Desk) -> None:
    """Connect every story, then what catches the rest: Bolt takes the first listener that matches.

    It asks one after the other, which takes as long as a declaration's own work where there are sixty. So commands
    come first, then the stories of what is heard: Slack tells a dozen events for each declaration.
    """
    routers = {slash: Router(slash, desk) for slash in Slash}
    incident, flag, mttr = (routers[slash] for slash in (Slash.INCIDENT, Slash.FLAG, Slash.MTTR))
    for router in routers.values():
        router.listen(app)
    capturing.register(app, desk)
    waiting.register(app, desk)
    leaving.register(app, desk)
    home.register(app, desk)
    usage.register(app, incident, desk)
    unmatched.register_events(app)
    declare.register(app, incident, desk)
    respond.register(app, incident, desk)
    gates.register(app, incident, desk)
    held.register(app, desk)
    overriding.register(app, incident, desk)
    updates.register(app, incident, desk)
    lifecycle.register(incident, desk)
    correcting.register(incident, desk)
    exporting.register(incident, desk)
    roles.register(app, incident, desk)
    checklist.register(app, incident, desk)
    runbook.register(app, incident, desk)
    reminders.register(app, incident, desk)
    timeline.register(incident, desk)
    measures.register(incident, desk)
    postmortem.register(app, incident, desk)
    flags.register(flag, desk)
    containing.register(app, flag, desk)
    drilling.register(flag, desk)
    reports.register(app, mttr, desk)
    unmatched.register(app, desk)
