"""Go back: reopen, a phase back, cancel, merge and un-merge, correct a time; and what is no ordinary incident."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bot.domain.commands import CancelIncident, Command, ReopenIncident, StepBack
from bot.domain.naming import phase_word
from bot.domain.story import marks
from bot.domain.times import past_time
from bot.domain.vocabulary import Kind, Refused, Severity, incident_name, incident_number
from bot.slack.hints import so_now
from bot.slack.text import code, quoted, without_mentions
from bot.storage.incidents import Outcome
from handlers.commands import Router
from handlers.desk import Desk
from handlers.payloads import Typed

TITLE_SHOWN = 300  # a title has at most 150 characters; escaping makes some of them longer
WHICH_ONE = Refused("Which one is it the same as, and why? Type `/incident merge INC-3 <reason>`.")


def register(incident: Router, desk: Desk) -> None:
    """Connect the story."""
    incident.verb("reopen", partial(_change, desk, lambda by, text: ReopenIncident(by=by, reason=text)))
    incident.verb("cancel", partial(_change, desk, lambda by, text: CancelIncident(by=by, reason=text)))
    incident.verb("back", partial(_back, desk))
    incident.verb("merge", partial(_merge, desk))
    incident.verb("unmerge", partial(_unmerge, desk))
    incident.verb("drill", partial(_declare, desk, Kind.DRILL))
    incident.verb("test", partial(_declare, desk, Kind.TEST))
    incident.verb("retro", partial(_declare, desk, Kind.RETROACTIVE))


async def _change(desk: Desk, make: Callable[[str, str], Command], typed: Typed) -> str:
    here = await desk.incidents.of_channel(typed.channel)
    command = make(typed.actor.id, typed.text)
    return _so(desk, await desk.incidents.carry_out(typed.actor, here.number, command, key=typed.key))


async def _back(desk: Desk, typed: Typed) -> str:
    here = await desk.incidents.of_channel(typed.channel)
    command = StepBack(by=typed.actor.id, leaving=here.phase, reason=typed.text)
    return _so(desk, await desk.incidents.carry_out(typed.actor, here.number, command, key=typed.key))


async def _merge(desk: Desk, typed: Typed) -> str:
    here = await desk.incidents.of_channel(typed.channel)
    name, _, reason = typed.text.partition(" ")
    number = incident_number(name)
    if number is None:
        raise WHICH_ONE
    merged = await desk.incidents.merge(typed.actor, here.number, into=number, reason=reason, key=typed.key)
    return _so(desk, merged)


async def _unmerge(desk: Desk, typed: Typed) -> str:
    here = await desk.incidents.of_channel(typed.channel)
    outcome = await desk.incidents.unmerge(typed.actor, here.number, reason=typed.text, key=typed.key)
    if not outcome.events and not outcome.repeated:
        raise Refused(
            "{incident} is no duplicate, so there is nothing to take back. To make it one: "
            "`/incident merge INC-3 <reason>`.",
            incident=here.name,
        )
    return _so(desk, outcome)


async def _declare(desk: Desk, kind: Kind, typed: Typed) -> str:
    word, _, rest = without_mentions(typed.text).partition(" ")
    try:
        severity = Severity(word.upper().rstrip(":,"))
    except ValueError:
        raise _how_bad(kind) from None
    impact = None
    if kind is Kind.RETROACTIVE:
        started, rest = past_time(rest, desk.face.zone, desk.now())
        ended, rest = past_time(rest, desk.face.zone, desk.now())
        impact = (started, ended)
    outcome = await desk.incidents.declare(
        typed.actor, title=rest, severity=severity, key=typed.key, kind=kind, impact=impact
    )
    return desk.face.t(
        "{incident} ({kind}): {title}. Its channel opens now and you are invited.",
        incident=outcome.incident.name,
        kind=marks(outcome.incident, desk.face.t),
        title=quoted(outcome.incident.title.rstrip("."), TITLE_SHOWN),
    )


def _how_bad(kind: Kind) -> Refused:
    if kind is Kind.RETROACTIVE:
        return Refused("How bad was it, and when? Type `/incident retro P2 02:10 03:40 <title>`.")
    return Refused("How bad would it be? Type `/incident {kind} P1 <title>`.", kind=kind.value)


def _so(desk: Desk, outcome: Outcome) -> str:
    """What the incident is now."""
    t, incident = desk.face.t, outcome.incident
    if incident.merged_into is not None:
        return t(
            "{incident} is a duplicate of {parent} now. To take it back: {undo}.",
            incident=incident.name,
            parent=incident_name(incident.merged_into),
            undo=code(t("/incident unmerge <reason>")),
        )
    if incident.cancelled is not None:
        return t(
            "{incident} is cancelled: not an incident. To take it back: {undo}.",
            incident=incident.name,
            undo=code(t("/incident reopen <reason>")),
        )
    if incident.is_closed:
        return t("{incident} is closed.", incident=incident.name)
    phase = phase_word(incident.phase, t)
    return so_now(
        t("{incident} is in phase *{phase}* now.", incident=incident.name, phase=phase), incident, desk.face
    )
