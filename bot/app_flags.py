"""The serving part of the composition root: publisher, files and doors of the flags, when anything reads them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from bot.config import Settings
from bot.domain.away import is_away
from bot.errors import StartError
from bot.flags.publishing import Publisher
from bot.flags.tokens import Tokens
from bot.storage.engine import Engine
from bot.web import ofrep


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


Held = Callable[[str, str], Awaitable[bool]]


def read_back(is_held: Held, service: FlagService | None) -> Held:
    """Whether a flag is held, in the database and, where we serve it, in what applications get: file included."""
    if service is None:
        return is_held
    publisher = service.publisher

    async def served(flag: str, environment: str) -> bool:
        stored = await is_held(flag, environment)
        if is_away(flag):
            return stored  # its back-end was asked, and serves it
        return stored and (not publisher.serves(environment) or await publisher.confirms(environment, flag))

    return served
