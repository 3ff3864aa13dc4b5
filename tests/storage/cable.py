"""The cable between the engine and a PostgreSQL: it can be cut at the very word one names."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict

CHUNK = 65536


class Cable:
    """Forwards every connection. `cut_at` is the next word from the client at which its connection is cut, once.

    `arrives` says whether the server still hears the word, and only the answer is lost. With `for_good`, the cut
    ends every other connection as well, and none is made any more.
    """

    def __init__(self, server: str) -> None:
        with psycopg.connect(server) as connection:
            self._host, self._port = connection.info.host, connection.info.port
        self._server = server
        self.url = ""
        self.cut_at: bytes | None = None
        self.arrives = False
        self.for_good = False
        self.cuts = 0
        self._clients: set[asyncio.StreamWriter] = set()
        self._handlers: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def plugged_in(self) -> AsyncIterator[Cable]:
        def connected(client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
            self._handlers.add(asyncio.create_task(self._connected(client, to_client)))

        listening = await asyncio.start_server(connected, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        known = {**conninfo_to_dict(self._server), "host": "127.0.0.1", "port": port, "sslmode": "disable"}
        self.url = "postgresql://?" + urlencode(known, quote_via=quote)
        async with listening:
            yield self
        self._cut()
        await asyncio.gather(*self._handlers)

    async def _connected(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        self._clients.add(to_client)
        if self.for_good and self.cuts:
            self._cut()
            return
        if self._host.startswith("/"):
            server, to_server = await asyncio.open_unix_connection(f"{self._host}/.s.PGSQL.{self._port}")
        else:
            server, to_server = await asyncio.open_connection(self._host, self._port)
        back = asyncio.create_task(_forward(server, to_client))
        try:
            while heard := await client.read(CHUNK):
                cut = self.cut_at is not None and self.cut_at in heard
                if cut:
                    self.cut_at, self.cuts = None, self.cuts + 1
                    back.cancel()
                if self.arrives or not cut:
                    to_server.write(heard)
                    await to_server.drain()
                if cut:
                    to_client.transport.abort()
                    if self.for_good:
                        self._cut()
                    break
        except ConnectionError:
            pass
        finally:
            # what was written is heard all the same, as when a network fails and the server has not noticed yet
            to_server.close()
            with contextlib.suppress(asyncio.CancelledError):
                await back
            to_client.close()

    def _cut(self) -> None:
        for client in self._clients:
            client.transport.abort()


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while said := await reader.read(CHUNK):
            writer.write(said)
            await writer.drain()
        writer.close()
