"""`firebreak flag serve`: the flags alone, in a process that needs no Slack."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from aiohttp import web

from bot.app_flags import FlagService, flag_service
from bot.config import HTTP_PORT, Settings
from bot.errors import StartError, port_refused
from bot.offline import existing

STOP_SECONDS = 2.0  # for requests that are being answered; event streams end by themselves


@contextlib.asynccontextmanager
async def flag_server(settings: Settings) -> AsyncIterator[str]:
    """The flags alone, without any Slack: answers what is served, in a sentence. Raises StartError."""
    async with contextlib.AsyncExitStack() as stack:
        database = await stack.enter_async_context(existing(settings))
        service = await stack.enter_async_context(flag_service(settings, database.engine, database.team_id))
        if service is None:
            raise StartError(
                "Nothing would be served. Set FIREBREAK_FLAG_TOKENS, or [flags] folder; docs/flags.md says how."
            )
        where = [] if settings.flags.folder is None else [f"files in {settings.flags.folder}"]
        if service.routes:
            url = await _open(stack, settings.host, settings.port or HTTP_PORT, service)
            where.append(f"OFREP and HTTP sync on {url}")
        if service.grpc_port is not None:
            where.append(f"gRPC sync on port {service.grpc_port}")
        yield f"Flags of {', '.join(settings.flags.environments)}: {'; '.join(where)}."


async def _open(stack: contextlib.AsyncExitStack, host: str, port: int, service: FlagService) -> str:
    async def health(_: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    application = web.Application()
    application.add_routes([*service.routes, web.get("/health", health)])
    runner = web.AppRunner(application, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    stack.callback(service.publisher.close)  # before the cleanup, which waits for streams to end
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise port_refused(host, port, error, another="Name another one in PORT.") from error
    return f"http://{host}:{runner.addresses[0][1]}"
