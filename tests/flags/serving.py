"""The flags of a small database, served for real on loopback, and applications that read them as processes."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bot.app_flags import FlagService, flag_service
from bot.config import Settings
from bot.domain.flags import Definition
from bot.storage import flag_definitions, flag_overrides
from bot.storage.engine import Engine
from bot.storage.sqlite import SqliteEngine
from tests.domain.samples import NOON

TEAM = "T1"
TOKEN, NEXT_TOKEN, STAGING_TOKEN = "token-of-production", "token-that-replaces-it", "token-of-staging"

SWITCH: dict[str, Any] = {
    "state": "ENABLED",
    "variants": {"on": True, "off": False},
    "defaultVariant": "on",
    "metadata": {"safeVariant": "off"},
}


def settings(folder: Path, more: str = "") -> Settings:
    """Two environments, a folder of files, and gRPC on any port."""
    config = folder / "firebreak.toml"
    config.write_text(
        f'[flags]\nenvironments = ["production", "staging"]\nfolder = "flags"\n{more}', encoding="utf-8"
    )
    tokens = f"production:{TOKEN} production:{NEXT_TOKEN} staging:{STAGING_TOKEN}"
    return Settings.load(
        {"FIREBREAK_FLAG_TOKENS": tokens, "FIREBREAK_DATABASE": str(folder / "firebreak.db")},
        config,
        slack=False,
    )


@dataclass
class Serving:
    """What is served, and the database below it."""

    engine: Engine
    service: FlagService
    url: str
    folder: Path
    session: aiohttp.ClientSession

    async def define(self, key: str, env: str = "production", **data: Any) -> None:
        definition = Definition.read(key, SWITCH | data)
        await self.engine.write(
            lambda transaction: flag_definitions.define(
                transaction, TEAM, env, [definition], by="bo", now=NOON
            )
        )
        await self.service.publisher.publish()

    async def kill(self, key: str, *, publish: bool = True) -> None:
        await self.engine.write(
            lambda transaction: flag_overrides.put_override(
                transaction, TEAM, env="production", key=key, actor="ana", reason="x", now=NOON
            )
        )
        if publish:
            await self.service.publisher.publish()

    async def undo(self, key: str) -> None:
        await self.engine.write(
            lambda transaction: flag_overrides.remove_override(
                transaction, TEAM, env="production", key=key, actor="bo", now=NOON, expected=None
            )
        )
        await self.service.publisher.publish()

    async def ask(
        self, path: str = "", body: Any = None, *, method: str = "POST", **headers: str
    ) -> tuple[int, Any, Mapping[str, str]]:
        """Status, JSON (None without a body) and headers of an answer; `token_less` leaves the token out."""
        sent = {"Authorization": f"Bearer {TOKEN}"} | {
            name.replace("_", "-"): text for name, text in headers.items()
        }
        address = (
            f"{self.url}{path}"
            if path.startswith(("/ofrep", "/flagd"))
            else f"{self.url}/ofrep/v1/evaluate/flags{path}"
        )
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        headers_sent = {name: text for name, text in sent.items() if text}
        async with self.session.request(
            method, address, data=io.BytesIO(raw) if raw else None, headers=headers_sent
        ) as answer:
            read = await answer.read()
            return answer.status, json.loads(read) if read else None, answer.headers


@contextlib.asynccontextmanager
async def serving(folder: Path, more: str = "") -> AsyncIterator[Serving]:
    """The flag service over a database in `folder`, without any Slack."""
    async with contextlib.AsyncExitStack() as stack:
        engine = await stack.enter_async_context(SqliteEngine.open(folder / "firebreak.db"))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        service = await stack.enter_async_context(flag_service(settings(folder, more), engine, TEAM))
        assert service is not None
        application = web.Application()
        application.add_routes(service.routes)
        runner = web.AppRunner(application, shutdown_timeout=1.0)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        stack.callback(service.publisher.close)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        yield Serving(engine, service, f"http://127.0.0.1:{port}", folder / "flags", session)
