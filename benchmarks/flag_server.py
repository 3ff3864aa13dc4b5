"""The server of `make bench-flags`: our evaluation route, beside one that returns a constant of the same size.

python -m benchmarks.flag_server FOLDER     prints its port
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from aiohttp import web

from bot.app_flags import flag_service
from bot.flags.evaluating import Context
from bot.storage.sqlite import SqliteEngine
from tests.flags.serving import TEAM, settings

CONSTANT = "/constant"


async def main(folder: Path) -> None:
    async with (
        SqliteEngine.open(folder / "firebreak.db") as engine,
        flag_service(settings(folder), engine, TEAM) as service,
    ):
        if service is None:
            raise AssertionError("the settings name tokens")
        evaluator = service.publisher.document("production").evaluator("rules")
        if evaluator is None:
            raise AssertionError("the flag was defined before")
        body = b"x" * len(evaluator.answer(Context(None, {})).body)

        async def constant(request: web.Request) -> web.Response:
            await request.read()
            return web.Response(body=body, content_type="application/json")

        application = web.Application()
        application.add_routes([*service.routes, web.post(CONSTANT, constant)])
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
