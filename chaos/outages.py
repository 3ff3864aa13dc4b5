"""The machine's own troubles: a clock set back, a locked database, a full disk, kills at bad moments."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.domain.vocabulary import Severity
from bot.storage import workspaces
from bot.storage.engine import Transaction
from chaos import kills, weather
from chaos.house import House, house, opened, runbooks
from chaos.ledger import Asked, Ledger
from chaos.people import Responder
from chaos.rooms import Room
from chaos.witness import Stored, Verdict

HOUR = timedelta(hours=1)
SOON = 30.0  # seconds in which all is delivered although the clock went back: budgets, grace and backoff
SHORTLY, LONG = (
    2.0,
    10.0,
)  # seconds that another process holds the database: within the bot's patience, and beyond
HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None)
connection.execute("begin exclusive")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""
OPEN = """
import asyncio, sys
from bot.storage.address import parse_address
from bot.storage.opening import open_engine
print("ready", flush=True)
async def main():
    async with open_engine(parse_address(sys.argv[1])):
        print("open", flush=True)
asyncio.run(main())
"""
UNLED = 6  # P0 incidents that nobody leads, which is what people are reminded of
LOOK_AGAIN = 0.2
FILLING = " ".join(["full"] * 400)
ROOM_AGAIN = 100_000  # pages: as good as without a limit
BACKUP_TAKES = 2.0  # seconds within which a kill falls; most of it is Python's own start
POSTGRES_MIGRATION_TAKES = 0.5  # the same there, with the connection
MIGRATION_TAKES = 0.06  # seconds within which a kill falls; opening a new file takes about half of that


@dataclass(frozen=True)
class Outage:
    """One trouble and what came of it. `note` says what was seen meanwhile."""

    name: str
    verdict: Verdict
    note: str
    seconds: float

    @property
    def line(self) -> str:
        return f"{self.name}: {self.verdict.counts}; {self.note}; {self.seconds:.0f} s"


Played = Callable[[], Awaitable[tuple[Verdict, str]]]


async def clock_goes_back() -> tuple[Verdict, str]:
    """By an hour, while effects wait for a moment that was near and is far now."""
    back = timedelta()

    def now() -> datetime:
        return datetime.now(UTC) - back

    async with house(now=now) as home:
        room = await home.declared()
        home.slack.faults.add("rate_limited", "chat.postMessage", retry_after=2)
        home.slack.faults.add("reset_after", "chat.update")
        ana = home.person("ana")
        await ana.notes(room, "before r100")
        await ana.ticks(room, room.steps[0])
        await home.slack.until(lambda: all(rule.spent for rule in home.slack.faults.rules))
        back = HOUR
        await ana.notes(room, "after r101")
        await ana.ticks(room, room.steps[1])
        await home.declared("bo")
        began = time.monotonic()
        verdict = await home.verdict(SOON, now)
        return verdict, f"all told {time.monotonic() - began:.0f} s after the clock went back an hour"


async def database_is_locked(seconds: float) -> tuple[Verdict, str]:
    """By another process, while people go on asking."""
    async with house() as home:
        room = await home.declared()
        ana, bo, chi = (home.person(name) for name in ("ana", "bo", "chi"))
        async with held_by_another(Path(home.database), seconds):
            asked = home.ledger.repeats
            await asyncio.gather(
                ana.notes(room, "while it is locked r100"),
                bo.ticks(room, room.steps[0]),
                home.declared("chi"),
            )
            again = home.ledger.repeats - asked
        await chi.notes(room, "after it r101")
        return await home.verdict(), f"locked for {seconds:.0f} s, asked again {again} times"


@contextlib.asynccontextmanager
async def held_by_another(database: Path, seconds: float) -> AsyncIterator[None]:
    """Another process has the file for itself, for so long from now on."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD, str(database), str(seconds), stdout=asyncio.subprocess.PIPE
    )
    if process.stdout is None:
        raise AssertionError("it was asked for")
    await process.stdout.readline()
    try:
        yield
    finally:
        await process.wait()


async def disk_is_full() -> tuple[Verdict, str]:
    """New work is refused in one sentence, what is known is still shown, and it goes on by itself afterwards."""
    async with house() as home:
        room = await home.declared()
        await home.verdict()
        await _grow_at_most(home, 0)
        refused = await _refused(home, room)
        listed = await home.slack.person("ana").types("/incident list", room.channel)
        asking = asyncio.create_task(home.person("bo").notes(room, f"as long as it takes r101 {FILLING}"))
        await home.slack.until(lambda: home.ledger.repeats > 3)
        await _grow_at_most(home, ROOM_AGAIN)
        await asking
        await home.person("bo").leads(room)
        verdict = await home.verdict()
        if refused is None:
            verdict.broken.append("nobody was told in one sentence that it could not be stored")
        if "INC-1" not in listed.text:
            verdict.broken.append(f"on a full disk the list says {listed.text!r}")
        return verdict, f"refused with {refused!r}"


async def _grow_at_most(home: House, pages: int) -> None:
    """The bot's own connection is told that the file may have so many pages more than it has."""

    def body(transaction: Transaction) -> None:
        (counted,) = transaction.all("pragma page_count")
        transaction.all(f"pragma max_page_count = {counted['page_count'] + pages}")

    await home.bot.engine.write(body)


async def _refused(home: House, room: Room) -> str | None:
    """What a person is told once the disk is full; the last pages may still take a few notes."""
    for number in range(50):
        text = f"{FILLING} r{number}"
        reply = await home.slack.person("ana").types(f"/incident note {text}", room.channel)
        if "Noted" not in reply.text:
            return None if reply.error else reply.text
        home.ledger.accept(Asked("note_added", text, room.number))
    return None


async def killed_while_migrating(
    times: int, seed: int, new: Callable[[], AbstractContextManager[str]], within: float = MIGRATION_TAKES
) -> tuple[Verdict, str]:
    """kill -9 while a new database gets its tables: the next start finishes what is missing."""
    chance = random.Random(seed)
    verdict, opened_before = Verdict(), 0
    for _ in range(times):
        with new() as database:
            opened_before += await _killed_opening(database, chance.uniform(0.0, within))
            verdict.tried += 1
            async with opened(database) as engine:
                stored = await Stored.read(engine)
                await engine.write(lambda transaction: workspaces.remember(transaction, "T1", "Sandbox"))
            verdict.broken += stored.findings
    return verdict, f"{times} kills, {opened_before} of them after it was open"


@contextlib.contextmanager
def new_file() -> Iterator[str]:
    """The path of a database that is not there yet; gone with the context."""
    with tempfile.TemporaryDirectory(prefix="firebreak-chaos-") as folder:
        yield str(Path(folder) / "firebreak.db")


async def _killed_opening(database: str, seconds: float) -> bool:
    """Kill a process that opens a database so many seconds after it began; answers whether it had opened it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OPEN, database, stdout=asyncio.subprocess.PIPE
    )
    if process.stdout is None:
        raise AssertionError("it was asked for")
    await process.stdout.readline()
    await asyncio.sleep(seconds)
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    rest = await process.stdout.read()
    await process.wait()
    return b"open" in rest


async def killed_while_backing_up(times: int, seed: int) -> tuple[Verdict, str]:
    """kill -9 while a backup is written: a whole one is there under its name, or none; the bot never notices."""
    chance = random.Random(seed)
    written = 0
    async with house() as home:
        room = await home.declared()
        folder = Path(home.database).parent
        environment = {**os.environ, "FIREBREAK_DATABASE": home.database}
        found: list[str] = []
        for number in range(times):
            copy = folder / f"backup-{number}.db"
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "bot", "backup", str(copy)),
                env=environment,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
            await home.person("ana").notes(room, f"meanwhile r{number}")
            await asyncio.sleep(chance.uniform(0.0, BACKUP_TAKES))
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            if copy.exists():
                written += 1
                async with opened(str(copy)) as engine:
                    found += (await Stored.read(engine)).findings
        verdict = await home.verdict()
        verdict.broken += found
        return verdict, f"{times} kills, {written} backups were there and whole"


async def stopped_while_slack_is_silent() -> tuple[Verdict, str]:
    """SIGTERM while no call is ever answered: the bot is gone in time, and the next one finishes the work."""
    ledger, chance = Ledger(), random.Random(0)
    async with kills.staged("socket") as stage:
        (bot,) = stage.fleet
        ana = Responder(stage.slack.person("ana"), stage.slack, ledger, chance)
        room = await ana.declares("checkout returns 500 r1", Severity.P0, runbooks())
        for method in weather.METHODS:
            stage.slack.faults.add("timeout_after", method, times=None)
        await ana.notes(room, "into the silence r100")
        await ana.rates(room, Severity.P1)
        await stage.slack.until(lambda: stage.slack.faults.happened("timeout_after"))
        await bot.stop()
        stage.slack.faults.clear()
        await bot.start()
        await bot.up()
        _, verdict = await stage.examined(ledger)
        return verdict, f"gone in {bot.slowest_stop:.1f} s"


async def reminded_by_two(database: str) -> tuple[Verdict, str]:
    """Two replicas look at the same reminders when their time has come: each is sent once."""
    ahead = timedelta()

    def now() -> datetime:
        return datetime.now(UTC) + ahead

    async with house(database=database, replicas=2, now=now) as home:
        for _ in range(UNLED):
            await home.declared()
        ahead = HOUR
        began = time.monotonic()
        sent = 0
        while sent < UNLED and time.monotonic() < began + SOON:
            await asyncio.sleep(LOOK_AGAIN)
            sent = await home.bot.engine.read(_reminders)
        verdict = await home.verdict()  # nothing is drawn anew because a step is overdue by now
        verdict.tried += UNLED
        verdict.lost += [f"{UNLED - sent} reminders were not sent"] if sent < UNLED else []
        verdict.doubled += [f"{sent - UNLED} reminders too many"] if sent > UNLED else []
        return verdict, f"{sent} reminders in {time.monotonic() - began:.0f} s"


def _reminders(transaction: Transaction) -> int:
    row = transaction.one("select count(*) as n from timeline where type = 'reminder_sent'")
    return 0 if row is None else int(row["n"])


async def play(name: str, played: Played) -> Outage:
    """One of them, timed."""
    began = time.monotonic()
    verdict, note = await played()
    return Outage(name, verdict, note, time.monotonic() - began)


def every(seed: int, times: int) -> dict[str, Played]:
    """All of them on SQLite, by name."""
    return {
        "clock set back an hour": clock_goes_back,
        f"database locked {SHORTLY:.0f} s": lambda: database_is_locked(SHORTLY),
        f"database locked {LONG:.0f} s": lambda: database_is_locked(LONG),
        "disk full": disk_is_full,
        "SIGTERM while Slack is silent": stopped_while_slack_is_silent,
        "kill -9 while migrating": lambda: killed_while_migrating(times, seed, new_file),
        "kill -9 while backing up": lambda: killed_while_backing_up(times // 2, seed),
    }
