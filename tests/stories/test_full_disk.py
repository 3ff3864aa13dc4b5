"""A full disk: what people ask is refused in a sentence, what is known is still shown, and room alone mends it."""

from __future__ import annotations

import asyncio
import contextlib
import resource
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from bot.sandbox.server import Sandbox
from bot.storage.engine import Engine, StorageUnavailable, Transaction
from bot.storage.sqlite import SqliteEngine
from tests.cli.test_main import firebreak
from tests.storage.doing import declares, everything, found
from tests.stories.test_stories import bot_in

REFUSED = "It could not be stored, so nothing was changed."
LONG = "x" * 2500


async def room_for(engine: Engine, pages: int) -> None:
    """Let the database grow by so many pages and no further: a disk of just that size."""

    def limit(transaction: Transaction) -> None:
        used = transaction.all("pragma page_count")[0]["page_count"]
        transaction.all(f"pragma max_page_count = {used + pages}")

    await engine.write(limit)


def exported(folder: Path) -> str:
    return firebreak("export", "INC-1", cwd=folder).stdout


async def test_a_bot_on_a_full_disk_refuses_shows_and_goes_on_by_itself(
    slack: Sandbox, tmp_path: Path
) -> None:
    ana = slack.person("ana")
    async with bot_in(slack, "socket", tmp_path) as running:
        await ana.types("/incident P1 checkout returns 500", "general")
        channel = await slack.until(lambda: slack.channel("inc-1…"))
        await running.delivery.idle()

        await room_for(running.engine, 0)
        for number in range(30):  # some fit into pages that are half empty
            reply = await ana.types(f"/incident note {number} {LONG}", channel.id)
            if REFUSED in reply.text:
                break
        assert reply.text.startswith(REFUSED)
        assert REFUSED in (await ana.types("/incident P2 search is slow", "general")).text

        assert "INC-1" in (await ana.types("/incident list", "general")).text
        assert "declared P1: checkout" in (await ana.types("/incident timeline", channel.id)).text
        async with aiohttp.ClientSession() as session, session.get(f"{running.url}/health") as response:
            assert response.status == 200  # a restart would not help
            said = await response.json()
            assert (said["ok"], said["database"].partition(":")[0]) == (False, "degraded")
        assert (await asyncio.to_thread(firebreak, "verify", cwd=tmp_path)).returncode == 0
        assert "1 incident declared" in (await asyncio.to_thread(firebreak, "report", cwd=tmp_path)).stdout

        await room_for(running.engine, 1000)
        assert REFUSED not in (await ana.types("/incident note there is room again", channel.id)).text
        async with aiohttp.ClientSession() as session, session.get(f"{running.url}/health") as response:
            assert (await response.json())["database"] == "ok"
        assert "there is room again" in await asyncio.to_thread(exported, tmp_path)
        await ana.types("/incident P2 search is slow", "general")
        await slack.until(lambda: slack.channel("inc-2…").pins)
    assert firebreak("verify", cwd=tmp_path).returncode == 0


@contextlib.contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """No file may grow beyond `size` bytes: a write in the middle of a commit fails, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_commit_that_finds_no_room_is_refused_and_the_next_one_with_room_is_stored(
    tmp_path: Path,
) -> None:
    wal = tmp_path / "firebreak.db-wal"
    async with SqliteEngine.open(tmp_path / "firebreak.db") as engine:
        await declares(engine)
        before = await everything(engine)
        with files_up_to(wal.stat().st_size):
            for _ in range(3):
                with pytest.raises(StorageUnavailable, match="so nothing was changed"):
                    await declares(engine)
            assert await everything(engine) == before
            assert await found(engine) is not None
        assert (await declares(engine)).incident.number == 2
    async with SqliteEngine.open(tmp_path / "firebreak.db") as engine:
        assert await found(engine, 2) is not None
    assert firebreak("verify", cwd=tmp_path).returncode == 0
