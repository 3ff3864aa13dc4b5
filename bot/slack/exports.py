"""The file that `/incident export` sends: the whole incident, and a line above it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.domain.effects import SendExport
from bot.domain.incident import Incident
from bot.services.incidents import Incidents
from bot.slack.face import Face
from bot.slack.text import one_line, quoted
from bot.slack.uploads import Upload

TITLE_SHOWN = 300  # a title has at most 150 characters; escaping makes some of them longer


def exports(incidents: Incidents, face: Face) -> Callable[[Incident, SendExport], Awaitable[Upload]]:
    """Where the files come from that were promised."""

    async def export(incident: Incident, wanted: SendExport) -> Upload:
        text = await incidents.exported(incident, wanted.form, face.t)
        title = quoted(incident.title, TITLE_SHOWN)
        return Upload(
            text.encode(),
            title=one_line(f"{incident.name} {incident.title}"),
            comment=face.t("*{incident}* as it stands now: {title}", incident=incident.name, title=title),
            stem=incident.name.lower(),
            ending=wanted.form.value,
        )

    return export
