"""A figure before or after: `/incident measure payment errors before 412 of 2300 from 14:05 to 14:52`."""

from __future__ import annotations

from functools import partial

from bot.domain.commands import MeasureFigure
from bot.domain.measure_words import measure_lines, pairs
from bot.domain.measures import read_measure
from bot.slack.text import quoted
from handlers.commands import Router
from handlers.desk import Desk
from handlers.payloads import Typed

LINE_SHOWN = 800  # of each line of the answer, escaped; the timeline has the whole of it


def register(incident: Router, desk: Desk) -> None:
    """Connect the story."""
    incident.verb("measure", partial(_measure, desk))


async def _measure(desk: Desk, typed: Typed) -> str:
    """Kept, and told at once what both sides carry together."""
    here = await desk.incidents.of_channel(typed.channel)
    measure = read_measure(typed.text, desk.face.zone, desk.now())
    command = MeasureFigure(by=typed.actor.id, measure=measure)
    outcome = await desk.incidents.carry_out(typed.actor, here.number, command, key=typed.key)
    t, known = desk.face.t, pairs(outcome.incident.measures)
    (pair,) = (each for each in known if measure.key in {side.key for side in each.sides})
    told = [quoted(line, LINE_SHOWN) for line in measure_lines(pair, t)]
    return "\n".join([t("Measured in {incident}:", incident=here.name), *told])
