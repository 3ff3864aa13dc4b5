"""Recovery times: `/mttr`, `/mttr 28d`, `/mttr 2026-09`."""

from __future__ import annotations

from functools import partial

from bot.slack.text import cut, quoted
from handlers.commands import ANSWER_MAX, Router
from handlers.desk import Desk
from handlers.payloads import Typed

USUAL_WINDOW = "28d"  # always four of each weekday, so that windows compare
WINDOW_MAX = 40  # no window is written longer; a refusal repeats it


def register(mttr: Router, desk: Desk) -> None:
    """Connect the story."""
    mttr.otherwise(partial(_figures, desk))


async def _figures(desk: Desk, typed: Typed) -> str:
    lines = await desk.reports.figures(cut(typed.text, WINDOW_MAX) or USUAL_WINDOW)
    headline, *rest = [quoted(line, ANSWER_MAX) for line in lines]
    return "\n".join([f"*{headline}*", *rest])
