"""Somebody leaves the company, or comes back: Slack tells of their account."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.ids import Heard
from handlers.desk import Desk
from handlers.payloads import Body


def register(app: AsyncApp, desk: Desk) -> None:
    """Connect the story."""

    @app.event(Heard.USER_CHANGED)
    async def changed(event: Body) -> None:
        """It tells of every new picture and status, too: those of people who are here write nothing."""
        user = event.get("user")
        person = user.get("id") if isinstance(user, dict) else None
        if isinstance(user, dict) and isinstance(person, str):
            name = user.get("name")
            await desk.incidents.account_changed(
                person, name if isinstance(name, str) and name else person, is_off=user.get("deleted") is True
            )
