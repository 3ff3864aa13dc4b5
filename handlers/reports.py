"""Recovery times: `/mttr`, `/mttr 28d`, `/mttr 2026-09 P0 P1`, `/mttr 90d checkout`."""

from __future__ import annotations

from functools import partial

from bot.domain.metrics.asking import asked
from bot.slack.text import cut, quoted
from handlers.commands import ANSWER_MAX, Router
from handlers.desk import Desk
from handlers.payloads import Typed

ASKED_MAX = 120  # a window, some severities and a service; a refusal repeats it


def register(mttr: Router, desk: Desk) -> None:
    """Connect the story."""
    mttr.otherwise(partial(_figures, desk))


async def _figures(desk: Desk, typed: Typed) -> str:
    lines = await desk.reports.answer(asked(cut(typed.text, ASKED_MAX)))
    headline, *rest = [quoted(line, ANSWER_MAX) for line in lines]
    return "\n".join([f"*{headline}*", *rest])
