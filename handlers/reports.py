"""Recovery times: `/mttr summary`, `/mttr 28d`, `/mttr 2026-09 P0 P1`, `/mttr 90d checkout`, and their buttons."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.domain.metrics.asking import Asked, asked
from bot.slack.cards import summary_message
from bot.slack.face import Drawing
from bot.slack.figures import figures_message, method_words
from bot.slack.ids import Action, FiguresAim
from bot.slack.text import cut
from handlers.answers import pressing, retell, tell
from handlers.commands import Router
from handlers.desk import Desk
from handlers.payloads import Body, Typed, pressed

ASKED_MAX = 120  # a window, some severities and a service; a refusal repeats it
SPLITS = {
    Action.FIGURES_BY_SEVERITY: "severity",
    Action.FIGURES_BY_SERVICE: "service",
    Action.FIGURES_BY_CAUSE: "cause",
}


def register(app: AsyncApp, mttr: Router, desk: Desk) -> None:
    """Connect the story."""
    mttr.verb("summary", partial(_summary, desk), takes_text=False)
    mttr.otherwise(partial(_figures, desk))
    for action, group_by in SPLITS.items():
        app.action(action)(_split(desk, group_by))

    @app.action(Action.FIGURES_METHOD)
    async def method(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        async with pressing(desk.face, ack, respond):
            pressed(FiguresAim, body)
            await tell(respond, method_words(desk.face.t))


async def _figures(desk: Desk, typed: Typed) -> Drawing:
    wanted = asked(cut(typed.text, ASKED_MAX))
    lines = await desk.reports.answer(wanted)
    picture = await desk.reports.promise_picture(wanted, typed.actor.id)
    return figures_message(lines, wanted, desk.face.t, picture=picture)


async def _summary(desk: Desk, typed: Typed) -> Drawing:
    """What the next daily summary would say now, to whoever asks alone."""
    return summary_message(await desk.summary())


def _split(desk: Desk, group_by: str) -> Callable[[AsyncAck, Body, AsyncRespond], Awaitable[None]]:
    """The same figures by severity, service or cause, in the place of those that were pressed."""

    async def split(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        async with pressing(desk.face, ack, respond):
            aim = pressed(FiguresAim, body)
            wanted = Asked(aim.window, aim.severities, aim.service)
            lines = await desk.reports.answer(wanted, (group_by,))
            await retell(respond, figures_message(lines, wanted, desk.face.t))

    return split
