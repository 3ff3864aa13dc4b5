"""The serving part of the composition root: publisher, files and doors of the flags, when anything reads them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import web

from bot.config import HTTP_PORT, Settings
from bot.errors import StartError
from bot.flags.publishing import Publisher
from bot.flags.tokens import Tokens
from bot.offline import existing
from bot.storage.engine import Engine
from bot.web import ofrep

STOP_SECONDS = 2.0  # for requests that are being answered; event streams end by themselves


@dataclass(frozen=True)
class FlagService:
    """The flags as applications read them: `routes` for the web server, and the port of gRPC where it is open."""

    publisher: Publisher
    routes: list[web.RouteDef]
    grpc_port: int | None = None


@contextlib.asynccontextmanager
async def flag_service(
    settings: Settings, engine: Engine, team_id: str, *, by_bot: bool = False
) -> AsyncIterator[FlagService | None]:
    """Published once before anything can be asked, and kept up while the context is open; None when nobody reads.

    It needs the database alone: flags are served while Slack is down. `by_bot` respects the setting that leaves it
    to `firebreak flag serve`. Raises StartError in a sentence.
    """
    flags = settings.flags
    if not flags.is_served or (by_bot and not flags.serve):
        yield None
        return
    publisher = Publisher(engine, team_id=team_id, environments=flags.environments, folder=flags.folder)
    tokens = Tokens(
        {name: [each.get_secret_value() for each in given] for name, given in flags.tokens.items()},
        now=time.time,
    )
    async with contextlib.AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(publisher.running())
        except OSError as error:
            raise StartError(
                f"The flags cannot be written into {flags.folder} ({error.strerror}). Correct [flags] folder, or "
                "its permissions."
            ) from error
        port = None
        if flags.grpc:
            try:
                port = await stack.enter_async_context(_grpc(flags.grpc, publisher, tokens))
            except OSError as error:
                raise StartError(f"{error}. Name another address in [flags] grpc.") from error
        yield FlagService(publisher, ofrep.routes(publisher, tokens) if flags.tokens else [], port)


def _grpc(address: str, publisher: Publisher, tokens: Tokens) -> contextlib.AbstractAsyncContextManager[int]:
    try:
        from bot.flags.grpc_sync import grpc_sync  # here, because gRPC is an extra and slow to import
    except ImportError as error:
        raise StartError(
            f"[flags] grpc needs packages that are not installed ({error}). Install them: "
            "pip install 'firebreak[flagd]'"
        ) from error
    return grpc_sync(address, publisher, tokens)


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
        raise StartError(
            f"Port {port} on {host} cannot be opened ({error.strerror}). Name another one in PORT."
        ) from error
    return f"http://{host}:{runner.addresses[0][1]}"
