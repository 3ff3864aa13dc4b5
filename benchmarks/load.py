"""Many clients at once on kept connections, with as little of their own cost as asyncio allows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """What so many clients got: answers a second, and the seconds that one in a hundred took longer than."""

    per_second: float
    p99: float


async def load(port: int, requests: Sequence[bytes], *, clients: int, seconds: float) -> Load:
    """Each client sends the next request when the last one is answered, and each begins at another of them."""
    end = time.perf_counter() + seconds
    began = time.perf_counter()
    taken = await asyncio.gather(*(_client(port, requests, number, end) for number in range(clients)))
    times = sorted(each for one in taken for each in one)
    return Load(len(times) / (time.perf_counter() - began), times[int(len(times) * 0.99)])


async def _client(port: int, requests: Sequence[bytes], first: int, end: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    taken: list[float] = []
    try:
        while (sent := time.perf_counter()) < end:
            writer.write(requests[(first + len(taken)) % len(requests)])
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise AssertionError(head.decode())
            length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            taken.append(time.perf_counter() - sent)
    finally:
        writer.close()
        await writer.wait_closed()
    return taken
