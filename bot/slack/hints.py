"""The one next thing to do in an incident: what every answer ends with."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.domain.vocabulary import Phase
from bot.slack.face import Face
from bot.slack.text import code, quoted

STEP_SHOWN = 300  # of the next step: enough for the whole of it unless every character is escaped


def next_to_do(incident: Incident, face: Face) -> str:
    """One sentence, or nothing for a closed incident."""
    t = face.t
    if incident.is_closed:
        return ""
    if incident.commander is None:
        return t("*Next:* somebody takes the lead with {command}.", command=code("/incident lead"))
    blocking = incident.blocking()
    if blocking:
        return t("*Next:* {step}", step=quoted(blocking[0].step.text, STEP_SHOWN))
    if incident.phase.next is Phase.CLOSED:
        return t("*Next:* nothing required is open, so {command}.", command=code("/incident close"))
    return t("*Next:* nothing required is open, so {command}.", command=code("/incident next"))


def so_now(said: str, incident: Incident, face: Face) -> str:
    """What is so now, and on a line of its own the next thing to do."""
    return f"{said}\n{next_to_do(incident, face)}".strip()
