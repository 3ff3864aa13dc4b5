"""Write into the timeline and read it: `/incident note`, `/incident timeline`, `/incident list`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from bot.domain import story
from bot.domain.commands import AddNote
from bot.domain.times import past_time
from bot.domain.told import Told, told
from bot.domain.vocabulary import Refused
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
    incident.verb("timeline", partial(_timeline, desk))
    incident.verb("list", partial(_list, desk), takes_text=False)


async def _note(desk: Desk, typed: Typed) -> str:
    here = await desk.incidents.of_channel(typed.channel)
    time, text = _at(typed.text, desk)
    command = AddNote(by=typed.actor.id, text=text, time=time)
    outcome = await desk.incidents.carry_out(typed.actor, here.number, command, key=typed.key)
    said = desk.face.t("Noted in the timeline of {incident}.", incident=here.name)
    return so_now(said, outcome.incident, desk.face)


def _at(text: str, desk: Desk) -> tuple[datetime | None, str]:
    """`at 14:05 the deploy went out`: when it was, and what. Other notes may begin with the word, too."""
    word, _, rest = text.partition(" ")
    if word.casefold() != "at" or not rest[:1].isdigit():
        return None, text
    return past_time(rest, desk.face.zone, desk.now())


async def _timeline(desk: Desk, typed: Typed) -> str:
    """The last page, or an older one: `/incident timeline 2` is the page before the last."""
    page = int(typed.text) if typed.text.isascii() and typed.text.isdigit() and len(typed.text) < 4 else 0
    if typed.text and not page:
        raise Refused(
            "Which page? `/incident timeline` shows the newest, `/incident timeline 2` those before."
        )
    here = await desk.incidents.of_channel(typed.channel)
    t = desk.face.t
    lines = [_line(entry, desk) for entry in told(await desk.incidents.timeline(here.number))]
    for _ in range(max(page, 1) - 1):
        lines = lines[: -len(_newest(lines))] or lines
    shown = _newest(lines)
    headline = t("*{incident}, what happened:*", incident=here.name)
    if len(shown) == len(lines):
        return "\n".join([headline, *shown])
    earlier = t(
        "{count} earlier ones: {older}, or all of it: {export}",
        count=len(lines) - len(shown),
        older=code(f"/incident timeline {max(page, 1) + 1}"),
        export=code(f"firebreak export {here.name}"),
    )
    return "\n".join([headline, earlier, *shown])


def _line(entry: Told, desk: Desk) -> str:
    """`#12 14:05 what happened`, and when it was written down where that was later."""
    t = desk.face.t
    said = story.line(entry.event, t, desk.face.person, _short)
    late = t(" (recorded {when})", when=day_and_clock(entry.recorded_at)) if entry.is_late else ""
    return f"`#{entry.number}` {day_and_clock(entry.at)} {said}{late}"


async def _list(desk: Desk, typed: Typed) -> str:
    still_open = await desk.incidents.still_open(typed.actor.id)
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
