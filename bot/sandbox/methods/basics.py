"""Who am I, is anybody there, is this Block Kit: api.test, auth.test, apps.connections.open, blocks.validate."""

from __future__ import annotations

from typing import Any

from bot.sandbox.arguments import refuse
from bot.sandbox.errors import SlackError
from bot.sandbox.limits import problems_in_blocks, problems_in_view
from bot.sandbox.methods.call import Call, Method
from bot.sandbox.schema import Problem


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
        "url": f"{workspace.base_url}/",
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


async def blocks_validate(call: Call) -> dict[str, Any]:
    """Say whether Slack would take these blocks, this message or this view."""
    given = [name for name in ("blocks", "message", "view") if call.arguments.values.get(name)]
    if len(given) != 1:
        raise refuse("must provide exactly one of `blocks`, `view`, or `message`")
    name = given[0]
    value = call.arguments.json(name, kind=list if name == "blocks" else dict)
    problems: list[Problem]
    if name == "view":
        problems = problems_in_view(value, "")
    else:
        blocks = value if name == "blocks" else value.get("blocks", [])
        problems = problems_in_blocks(blocks, "message", "" if name == "blocks" else "/blocks")
    if problems:
        raise SlackError(f"invalid_{name}", errors=[_told(problem) for problem in problems])
    return {}


def _told(problem: Problem) -> dict[str, Any]:
    told = {"code": "failed_constraint", "message": problem.message, "pointer": problem.pointer}
    field = problem.pointer.rpartition("/")[2]
    return {**told, "field": field, "constraint": problem.constraint}


SPECIAL = 300  # "hundreds a minute", say the pages of auth.test and blocks.validate
METHODS = {
    "api.test": Method(api_test, token="none", per_minute=100),
    "auth.test": Method(auth_test, token="any", per_minute=SPECIAL),
    "apps.connections.open": Method(apps_connections_open, token="app", per_minute=50),
    "blocks.validate": Method(blocks_validate, token="none", per_minute=SPECIAL),
}
