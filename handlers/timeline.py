"""Write into the timeline and read it: `/incident note <text>`, `/incident timeline`, `/incident list`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from bot.domain import story
from bot.domain.commands import AddNote
from bot.slack.cards import list_line
from bot.slack.hints import so_now
from bot.slack.text import code, day_and_clock, quoted, width
from handlers.commands import ANSWER_MAX, Router
from handlers.desk import Desk
from handlers.payloads import Typed

PIECE_MAX = 400  # of what people typed, in a line of the timeline: the export has the whole of it
HEADLINE_ROOM = 200  # of an answer, for what stands above and below the lines


def register(incident: Router, desk: Desk) -> None:
    """Connect the story."""
    incident.verb("note", partial(_note, desk))
    incident.verb("timeline", partial(_timeline, desk), takes_text=False)
    incident.verb("list", partial(_list, desk), takes_text=False)


async def _note(desk: Desk, typed: Typed) -> str:
    here = await desk.incidents.of_channel(typed.channel)
    command = AddNote(by=typed.actor.id, text=typed.text)
    outcome = await desk.incidents.carry_out(typed.actor, here.number, command, key=typed.key)
    said = desk.face.t("Noted in the timeline of {incident}.", incident=here.name)
    return so_now(said, outcome.incident, desk.face)


async def _timeline(desk: Desk, typed: Typed) -> str:
    here = await desk.incidents.of_channel(typed.channel)
    t = desk.face.t
    told = [entry.event for entry in await desk.incidents.timeline(here.number) if story.is_told(entry.event)]
    lines = [f"{day_and_clock(event.at)} {story.line(event, t, desk.face.person, _short)}" for event in told]
    shown = _newest(lines)
    headline = t("*{incident}, what happened:*", incident=here.name)
    if len(shown) < len(lines):
        export = code(f"firebreak export {here.name}")
        earlier = t("{count} earlier ones: {export}", count=len(lines) - len(shown), export=export)
        return "\n".join([headline, earlier, *shown])
    return "\n".join([headline, *shown])


async def _list(desk: Desk, typed: Typed) -> str:
    still_open = await desk.incidents.still_open()
    t, now = desk.face.t, desk.now()
    if not still_open:
        return t("No incident is open. To declare one: {command}", command=code(t("/incident P1 <title>")))
    worst_first = sorted(still_open, key=lambda incident: (incident.severity, incident.number))
    lines = [list_line(incident, desk.face, now) for incident in worst_first]
    shown = _first(lines)
    headline = t.n("*{count} open incident:*", "*{count} open incidents:*", len(lines))
    more = t("and {count} more", count=len(lines) - len(shown)) if len(shown) < len(lines) else ""
    return "\n".join([headline, *shown, more]).strip()


def _short(text: str) -> str:
    return quoted(text, PIECE_MAX)


def _first(lines: Iterable[str]) -> list[str]:
    """As many lines from the beginning as one answer holds."""
    shown, used = [], 0
    for line in lines:
        used += width(line) + 1
        if used > ANSWER_MAX - HEADLINE_ROOM:
            break
        shown.append(line)
    return shown


def _newest(lines: list[str]) -> list[str]:
    """As many lines from the end as one answer holds, in their order."""
    return _first(reversed(lines))[::-1]
