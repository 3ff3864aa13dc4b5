"""Who am I, is anybody there, and the way in for Socket Mode: api.test, auth.test, apps.connections.open."""

from __future__ import annotations

from typing import Any

from bot.sandbox.errors import SlackError
from bot.sandbox.methods.call import Call, Method


async def api_test(call: Call) -> dict[str, Any]:
    """Answers what it was asked; with `error`, fails as asked."""
    error = call.arguments.text("error")
    if error:
        raise SlackError(error, args=call.arguments.values)
    return {"args": call.arguments.values}


async def auth_test(call: Call) -> dict[str, Any]:
    """Whose token this is."""
    workspace = call.workspace
    return {
        "url": f"{call.base_url}/",
        "team": workspace.team_name,
        "user": call.bot.handle,
        "team_id": workspace.team_id,
        "user_id": call.bot.id,
        "bot_id": call.app.bot_id,
        "is_enterprise_install": False,
    }


async def apps_connections_open(call: Call) -> dict[str, Any]:
    """An address for one Socket Mode connection."""
    return {"url": await call.connections.open_url()}


METHODS = {
    "api.test": Method(api_test, token="none", per_minute=100),
    "auth.test": Method(auth_test, token="any", per_minute=600),  # "special": hundreds a minute
    "apps.connections.open": Method(apps_connections_open, token="app", per_minute=50),
}
