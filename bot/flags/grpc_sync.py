"""flagd's gRPC sync (flagd.sync.v1): the whole document at once, and again at every change.

An application that syncs evaluates by itself and keeps what it has when the bot is away. Its token comes as the
selector, which every flagd provider can send, or in the headers `authorization` and `x-api-key`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import grpc
from openfeature.schemas.protobuf.flagd.sync.v1 import sync_pb2, sync_pb2_grpc

from bot.flags.publishing import Publisher
from bot.flags.tokens import Tokens

STOP_SECONDS = 1.0  # for streams to end; whoever listens connects again by itself
UNSUPPORTED = "There is no context to add; each evaluation has its own."
NO_TOKEN = "Send one valid read token as the selector."
# Two bots on one port would each get some of the applications, and only one of them the kill at once.
OPTIONS = (("grpc.so_reuseport", 0),)


class Sync(sync_pb2_grpc.FlagSyncServiceServicer):
    """The service itself."""

    def __init__(self, publisher: Publisher, tokens: Tokens) -> None:
        self._publisher = publisher
        self._tokens = tokens

    async def SyncFlags(self, request: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802 - flagd's name
        """What is served, now and at every change, until one of the two goes away."""
        document = self._publisher.document(await self._environment(request, context))
        sent = None
        with self._publisher.listening() as changed:
            while not self._publisher.closing:
                changed.clear()
                if document.etag != sent:
                    sent = document.etag
                    yield sync_pb2.SyncFlagsResponse(flag_configuration=document.text.decode())
                await changed.wait()

    async def FetchAllFlags(self, request: Any, context: Any) -> Any:  # noqa: N802 - flagd's name
        document = self._publisher.document(await self._environment(request, context))
        return sync_pb2.FetchAllFlagsResponse(flag_configuration=document.text.decode())

    async def GetMetadata(self, _: Any, context: Any) -> Any:  # noqa: N802 - flagd's name
        """Not implemented, and it must say so: an empty answer ends the Python provider's thread for good."""
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, UNSUPPORTED)

    async def _environment(self, request: Any, context: Any) -> str:
        headers = {name.lower(): str(value) for name, value in context.invocation_metadata()}
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        given = [
            bearer.strip() if scheme.lower() == "bearer" else None,
            headers.get("x-api-key"),
            headers.get("flagd-selector"),
            request.selector or None,
        ]
        environment = self._tokens.among(given)
        if environment is None:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, NO_TOKEN)
            raise AssertionError("abort raises")
        return environment


@contextlib.asynccontextmanager
async def grpc_sync(address: str, publisher: Publisher, tokens: Tokens) -> AsyncIterator[int]:
    """Open the port and answer which it is; raises OSError when it is taken. Closed with the context."""
    server = grpc.aio.server(options=OPTIONS)
    sync_pb2_grpc.add_FlagSyncServiceServicer_to_server(Sync(publisher, tokens), server)
    try:
        port = server.add_insecure_port(address)
    except RuntimeError as error:
        raise OSError(f"{address} cannot be opened for gRPC") from error
    await server.start()
    try:
        yield port
    finally:
        publisher.close()
        await asyncio.shield(server.stop(STOP_SECONDS))
