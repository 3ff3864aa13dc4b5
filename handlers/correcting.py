"""Say when something really was: `/incident correct stabilized 14:05 …`, or `#12` for an entry of the timeline."""

from __future__ import annotations

import re
from functools import partial

from bot.domain.commands import CorrectMilestone
from bot.domain.naming import milestone_word
from bot.domain.times import past_time
from bot.domain.vocabulary import Milestone, Refused
from bot.slack.cards import recovery_times
from bot.slack.text import day_and_clock
from handlers.commands import Router
from handlers.desk import Desk
from handlers.payloads import Typed

ENTRY = re.compile(r"#?(\d{1,6})", re.ASCII)
WHAT_TO_CORRECT = Refused(
    "What, when and why? Type `/incident correct stabilized 14:05 <reason>`, or `#12` in its place "
    "for an entry of `/incident timeline`. There are: {milestones}.",
    milestones=", ".join(milestone.value for milestone in Milestone),
)


def register(incident: Router, desk: Desk) -> None:
    """Connect the story."""
    incident.verb("correct", partial(_correct, desk))


async def _correct(desk: Desk, typed: Typed) -> str:
    word, _, rest = typed.text.partition(" ")
    entry = ENTRY.fullmatch(word)
    if entry is not None:
        return await _entry(desk, typed, int(entry[1]), rest)
    try:
        milestone = Milestone(word.casefold().replace("-", "_"))
    except ValueError:
        raise WHAT_TO_CORRECT from None
    here = await desk.incidents.of_channel(typed.channel)
    time, reason = past_time(rest, desk.face.zone, desk.now())
    command = CorrectMilestone(by=typed.actor.id, milestone=milestone, time=time, reason=reason)
    outcome = await desk.incidents.carry_out(typed.actor, here.number, command, key=typed.key)
    told = desk.face.t(
        "{milestone}: {time}.",
        milestone=milestone_word(milestone, desk.face.t).capitalize(),
        time=day_and_clock(outcome.incident.milestones[milestone]),
    )
    return "\n".join([told, *recovery_times(outcome.incident, desk.face)])


async def _entry(desk: Desk, typed: Typed, number: int, rest: str) -> str:
    here = await desk.incidents.of_channel(typed.channel)
    time, reason = past_time(rest, desk.face.zone, desk.now())
    await desk.incidents.correct_entry(
        typed.actor, here.number, entry=number, time=time, reason=reason, key=typed.key
    )
    return desk.face.t(
        "#{number} stands at {time} now; the time from before stays in the export.",
        number=number,
        time=day_and_clock(time),
    )
