"""Where an incident stands, in at most ten lines, for somebody who joins late."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.domain import story
from bot.domain.captured import FileHashed, PersonJoined, PersonLeft
from bot.domain.events import StepDone, StepReopened
from bot.domain.incident import Incident
from bot.domain.naming import phase_word
from bot.domain.story import marks
from bot.domain.told import Told
from bot.slack.cards import progress
from bot.slack.face import Face
from bot.slack.hints import next_to_do
from bot.slack.leftovers import last_update
from bot.slack.text import ago, code, day_and_clock, quoted

LINES_MAX = 10  # what somebody reads who was just woken
TITLE_SHOWN = 300
PIECE_SHOWN = 150  # of what people typed, in a line of what happened
QUIET = (
    StepDone,
    StepReopened,
    PersonJoined,
    PersonLeft,
    FileHashed,
)  # the checklist and the channel show it


def catchup(incident: Incident, entries: Iterable[Told], face: Face, now: datetime) -> list[str]:
    """What it is, who leads, what was said and done last, and what is next."""
    t = face.t
    title = quoted(incident.title, TITLE_SHOWN)
    lines = [f"*{incident.severity.value} {incident.name} {title}*"]
    if marks(incident, t):
        lines.append(f"⚠️ {marks(incident, t)}")
    phase = phase_word(incident.phase, t)
    lead = face.person(incident.commander) if incident.commander else t("nobody")
    lines.append(
        t(
            "{phase}, {progress}. Lead: {lead}. Declared {ago}.",
            phase=phase.capitalize(),
            progress=progress(incident, incident.phase, face),
            lead=lead,
            ago=ago(incident.declared_at, now, t),
        )
    )
    if incident.update is not None:
        lines.append(last_update(incident.update, face, now))
    if incident.containments:
        held = ", ".join(code(each.flag, 60) for each in incident.containments[:5])
        lines.append(t("*Flags held:* {flags}", flags=held))
    hint = next_to_do(incident, face)
    room = LINES_MAX - len(lines) - 1 - bool(hint)
    told = [entry for entry in entries if not isinstance(entry.event, QUIET)]
    lines.append(t("*Happened last:*"))
    for entry in told[-room:]:
        said = story.line(entry.event, t, face.person, lambda text: quoted(text, PIECE_SHOWN))
        lines.append(f"{day_and_clock(entry.at)} {' '.join(said.split())}")
    return [line for line in [*lines, hint] if line]
