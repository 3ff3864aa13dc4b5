"""Somebody else's application: asks for one flag over OFREP again and again, and prints `gateway: ON` or `OFF`.

It stands alone (run by its path) and imports nothing of the bot's: it sees what any application sees. It is what a
provider of OpenFeature's sends, written out, so that nobody has to install one for a demo.

    FLAG_TOKEN=… python bot/stories/shop.py http://127.0.0.1:3000 payments-new-gateway
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime

import aiohttp

ASKS_EVERY = 0.1  # seconds between two payments of this small shop
SAFE = False  # the default in its code is the safe value, as docs/flags.md asks of every application
ANSWERS_WITHIN = aiohttp.ClientTimeout(total=2.0)  # seconds; a payment does not wait longer for a flag


async def gateway(session: aiohttp.ClientSession, url: str, flag: str) -> tuple[bool, str]:
    """Whether the new gateway takes this payment, and why."""
    try:
        async with session.post(f"{url}/ofrep/v1/evaluate/flags/{flag}", json={"context": {}}) as answer:
            said = await answer.json()
            return bool(said["value"]), f"{said['reason']}, {said['variant']}"
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError) as error:
        return SAFE, f"no answer ({type(error).__name__}): the default in its code"


async def sell(url: str, flag: str, token: str) -> None:
    """Print each change, with its time, until stdin closes: then whoever started us is gone."""
    loop = asyncio.get_running_loop()
    parent = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(parent), sys.stdin)
    last: bool | None = None
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers, timeout=ANSWERS_WITHIN) as session:
        while not parent.at_eof():
            on, why = await gateway(session, url, flag)
            if on is not last:
                at = datetime.now(UTC).strftime("%H:%M:%S.%f")[:-3]
                sys.stdout.write(f"{at} gateway: {'ON' if on else 'OFF'} ({why})\n")
                sys.stdout.flush()
                last = on
            await asyncio.sleep(ASKS_EVERY)


if __name__ == "__main__":
    asyncio.run(sell(sys.argv[1], sys.argv[2], os.environ["FLAG_TOKEN"]))
