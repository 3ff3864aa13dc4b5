"""Is it well? For a load balancer, a container's probe and a tired person with curl."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.storage import outbox
from bot.storage.engine import Engine, StorageError

PATH = "/health"


def routes(engine: Engine, team_id: str, connected: Callable[[], Awaitable[bool]]) -> list[web.RouteDef]:
    """`GET /health`: 200 when the database answers and Slack is connected, else 503; both say what is so.

    A database that answers and takes no changes (a full disk) is degraded: 200, because a restart would not help.
    `connected` tells whether Slack can reach us (always, over signed HTTP). `waiting` and `parked` count the
    effects that Slack has not been told yet.
    """

    async def health(_: web.Request) -> web.Response:
        try:
            waiting, parked = await engine.read(lambda transaction: outbox.counted(transaction, team_id))
        except StorageError as error:
            return web.json_response({"ok": False, "database": str(error)}, status=503)
        reachable = await connected()
        trouble = engine.trouble
        answer = {
            "ok": reachable and trouble is None,
            "database": "ok" if trouble is None else f"degraded: the last change was not taken ({trouble})",
            "slack": "connected" if reachable else "not connected",
            "waiting": waiting - parked,
            "parked": parked,
        }
        return web.json_response(answer, status=200 if reachable else 503)

    return [web.get(PATH, health)]
