"""`firebreak flag serve`: the flags alone, as a process, without any Slack."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from bot.storage import workspaces
from bot.storage.sqlite import SqliteEngine
from chaos.applications import application
from chaos.bots import free_port
from tests.cli.test_main import firebreak, refused
from tests.flags.serving import TEAM, TOKEN


@contextlib.asynccontextmanager
async def served(folder: Path, port: int, toml: str) -> AsyncIterator[str]:
    """The process; answers what it says first, and looks that SIGTERM ends it in order."""
    (folder / "firebreak.toml").write_text(toml)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK", "FIREB"))}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "bot", "flag", "serve"),
        cwd=folder,
        env={**inherited, "PORT": str(port), "FIREBREAK_FLAG_TOKENS": f"production:{TOKEN}"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        yield (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, said) == (0, b"")


async def database(folder: Path) -> None:
    async with SqliteEngine.open(folder / "firebreak.db") as engine:
        await engine.write(lambda transaction: workspaces.remember(transaction, TEAM, "Acme"))


async def test_flags_are_served_without_slack_and_follow_the_command_line(tmp_path: Path) -> None:
    await database(tmp_path)
    web, sync = free_port(), free_port()
    toml = f'[flags]\nserve = false\nfolder = "flags"\ngrpc = "127.0.0.1:{sync}"\n'
    async with served(tmp_path, web, toml) as said:
        assert said.startswith(
            f"Flags of production: files in flags; OFREP and HTTP sync on http://127.0.0.1:{web}"
        )
        defined = await asyncio.to_thread(firebreak, "flag", "define", "gateway", cwd=tmp_path)
        assert defined.returncode == 0, defined.stderr
        async with (
            application("ofrep", f"http://127.0.0.1:{web}", TOKEN) as shop,
            application("grpc", str(sync), TOKEN) as other,
            application("file", str(tmp_path / "flags" / "production.flagd.json")) as third,
        ):
            for reader in (shop, other, third):
                await reader.serves("gateway", True, default=False)


async def test_serving_nothing_to_nobody_is_refused(tmp_path: Path) -> None:
    await database(tmp_path)
    said = await asyncio.to_thread(firebreak, "flag", "serve", cwd=tmp_path)
    assert "Nothing would be served. Set FIREBREAK_FLAG_TOKENS" in refused(said)
