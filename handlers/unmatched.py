"""What no story wants, and what broke in one: acknowledged, and told to the person in one sentence.

Slack repeats an event that was answered with an error, and shows people an error of its own for the rest.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext, AsyncRespond
from slack_bolt.response import BoltResponse

from bot.slack.ids import STALE
from bot.slack.modals import notice
from handlers.answers import tell
from handlers.desk import Desk
from handlers.payloads import Body

log = logging.getLogger(__name__)

ANYTHING = re.compile(".*", re.DOTALL)


def register(app: AsyncApp, desk: Desk) -> None:
    """Connect the last listeners, but for events; nothing registered after them is ever asked."""
    _limits(app)
    _leftovers(app, desk)
    _mistakes(app, desk)


def register_events(app: AsyncApp) -> None:
    """Connect what is left of the events; after all stories that hear of any."""

    @app.event(ANYTHING)
    async def event() -> None:
        """An event that nobody needs. Bolt acknowledges it."""


def _limits(app: AsyncApp) -> None:
    @app.middleware
    async def rate_limited(body: Body, next_: Callable[[], Awaitable[BoltResponse]]) -> BoltResponse:
        """Slack's word that it keeps events from us. Bolt knows no listener for it, and 404 is another failure."""
        if body.get("type") != "app_rate_limited":
            return await next_()
        log.warning("Slack delivers fewer events than there are", extra={"action": "events_limited"})
        return BoltResponse(status=200)


def _leftovers(app: AsyncApp, desk: Desk) -> None:
    face = desk.face

    @app.action(ANYTHING)
    async def action(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await tell(respond, face.refusal(STALE))

    @app.view(ANYTHING)
    async def form(ack: AsyncAck) -> None:
        await ack(response_action="update", view=notice(face, face.plain_refusal(STALE)))

    @app.view_closed(ANYTHING)
    async def closed(ack: AsyncAck) -> None:
        await ack()

    @app.options(ANYTHING)
    async def options(ack: AsyncAck) -> None:
        await ack(options=[])

    @app.shortcut(ANYTHING)
    async def shortcut(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await tell(respond, face.refusal(STALE))

    @app.command(ANYTHING)
    async def command(ack: AsyncAck) -> None:
        text = face.t(
            "Firebreak does not know this command any more. Type {command}.", command="`/incident help`"
        )
        await ack(text=text)


def _mistakes(app: AsyncApp, desk: Desk) -> None:
    face = desk.face

    @app.error
    async def broke(
        error: Exception, body: Body, context: AsyncBoltContext, respond: AsyncRespond
    ) -> BoltResponse | None:
        """A mistake of ours. What was acknowledged stays so; before that Slack gets a 500."""
        log.error(
            "a listener broke: %s",
            type(error).__name__,
            exc_info=error,
            extra={"action": "listener_broke", "payload": body.get("type", "")},
        )
        sentence = face.t(
            "Firebreak made a mistake there; its log has the details. Look at the card or {command} before you try "
            "again: it may have been stored.",
            command="`/incident timeline`",
        )
        await tell(respond, sentence)
        return context.ack.response
