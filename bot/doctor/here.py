"""What the doctor sees on this machine: settings, database, disk, the bot's process, runbooks."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from pathlib import Path

import aiohttp

from bot.config import DEFAULT_CONFIG, ENVIRONMENT, Settings, SettingsError
from bot.doctor.line import Case, Found, Level
from bot.domain.spelling import nearest
from bot.services.runbooks import Library
from bot.storage import looking, workspaces
from bot.storage.backup import in_bytes
from bot.storage.engine import DatabaseUnusable, StorageError
from bot.web import health

LOCK_SECONDS = (
    2.0  # a commit takes milliseconds; who keeps the right to write for longer keeps people waiting
)
QUICK_SECONDS = 10.0  # of SQLite's own check, about a gigabyte; `firebreak verify` takes its time
WAL_LARGE = 64_000_000  # it is folded into the file from 4 MB on, unless somebody reads for minutes
DISK_LOW, DISK_VERY_LOW = 1_000_000_000, 100_000_000  # a busy day writes some 10 MB
HEALTH_SECONDS = 3.0
LINES_MAX = 5  # of SQLite's own findings: one damaged page is named many times


async def settings(case: Case) -> Found:
    """Which file and which variables were found. Values are never shown."""
    return await asyncio.to_thread(_settings, case)


def _settings(case: Case) -> Found:
    given = [name for name in ENVIRONMENT if case.environ.get(name, "").strip()]
    named = case.environ.get("FIREBREAK_CONFIG", "").strip()
    path = Path(named or DEFAULT_CONFIG).absolute()
    file = f"Settings from {path}" if path.exists() else f"No {path}, so the defaults"
    level = Level.OK if path.exists() or not named else Level.WARN
    found: Found = [(level, f"{file}; from the environment {', '.join(given) or 'nothing'}.")]
    try:
        Settings.load(case.environ)
    except SettingsError as error:
        found.append((Level.BAD, str(error)))
    for name in sorted(case.environ):
        if name.startswith("FIREBREAK_") and name not in ENVIRONMENT:
            meant = nearest(name, ENVIRONMENT)
            found.append(
                (Level.WARN, f"{name} means nothing" + (f"; did you mean {meant}?" if meant else "."))
            )
    return found


async def database(case: Case) -> Found:
    """Does it open, is it whole, can it be written."""
    if case.settings is None:
        return [(Level.BAD, "FIREBREAK_DATABASE cannot be used, so the database was not looked at.")]
    if case.file is not None:
        return await asyncio.to_thread(_file, case.file)
    try:
        known = await case.ask(workspaces.everything)
    except StorageError as error:
        return [(Level.BAD, str(error))]
    return [(Level.OK, f"{case.settings.database} answers. {_of(len(known), 'workspace')}.")]


def _file(path: Path) -> Found:
    if not path.exists():
        if not path.parent.is_dir():
            return [(Level.BAD, f"There is no folder {path.parent} for the database {path.name}. Make it.")]
        return [(Level.WARN, f"There is no database at {path} yet; the first `firebreak run` makes it.")]
    try:
        with looking.snapshot(path) as transaction:
            known = workspaces.everything(transaction)
            found = _damage(transaction)
        found += _locked(path)
    except DatabaseUnusable as error:
        return [(Level.BAD, str(error))]
    wal = path.with_name(path.name + "-wal")
    size, log = path.stat().st_size, wal.stat().st_size if wal.exists() else 0
    if log > WAL_LARGE:
        found.append(
            (
                Level.WARN,
                f"The write-ahead log has grown to {in_bytes(log)}: a program that reads the database does not "
                "let go of it. Look for a backup, a verification or a Datasette that hangs.",
            )
        )
    sizes = f"{in_bytes(size)}, write-ahead log {in_bytes(log)}"
    return [(Level.OK, f"{path} opens: {sizes}, {_of(len(known), 'workspace')}."), *found]


def _damage(transaction: looking.Snapshot) -> Found:
    try:
        damage = looking.damage(transaction, quick=True, seconds=QUICK_SECONDS)
    except TimeoutError:
        slow = (
            f"SQLite's quick check takes longer than {QUICK_SECONDS:.0f} s; `firebreak verify` waits for it."
        )
        return [(Level.OK, slow)]
    if not damage:
        return [(Level.OK, "SQLite's quick check finds nothing wrong; `firebreak verify` looks deeper.")]
    what = "The file is damaged: {}. Stop the bot, keep the file, restore a backup."
    return [(Level.BAD, what.format(line)) for line in damage[:LINES_MAX]]


def _locked(path: Path) -> Found:
    try:
        locked = looking.write_locked(path, seconds=LOCK_SECONDS)
    except sqlite3.Error as error:
        return [(Level.BAD, f"{path} cannot be written ({error}). It has to belong to the user of the bot.")]
    if locked:
        return [
            (
                Level.BAD,
                f"Another program has kept the right to write for {LOCK_SECONDS:.0f} s, so nothing can be stored. "
                f"`fuser {path}` names it.",
            )
        ]
    return []


async def disk(case: Case) -> Found:
    """Is there room to write."""
    return [] if case.file is None else await asyncio.to_thread(_room, case.file)


def _room(path: Path) -> Found:
    folder = path.absolute().parent
    if not folder.is_dir():
        return [(Level.BAD, f"There is no folder {folder}.")]
    free = shutil.disk_usage(folder).free
    room = f"{in_bytes(free)} are free in {folder}."
    if free < DISK_VERY_LOW:
        return [(Level.BAD, f"{room} Make room before the bot has to refuse what people ask.")]
    return [(Level.WARN if free < DISK_LOW else Level.OK, room)]


async def bot(case: Case) -> Found:
    """Is a bot at work: it holds the lock file, and may have a health page."""
    if case.settings is None:
        return []
    works = case.file is not None and looking.bot_holds(case.file)
    found = await _health(case.settings, expected=works)
    if works:
        return [(Level.OK, "A bot works on this database."), *found]
    if case.file is None:  # replicas share a PostgreSQL, and each may be on a machine of its own
        nowhere = "No health page answers here; whether bots run elsewhere is not known."
        return found or [(Level.WARN, nowhere)]
    if not case.exists:
        return [(Level.WARN, "No bot has worked here yet. Start it: firebreak run"), *found]
    nobody = "No bot works on this database, so Slack shows people an error. Start it: firebreak run"
    return [(Level.BAD, nobody), *found]


async def _health(settings: Settings, *, expected: bool) -> Found:
    """What the health page says; nothing where there is none."""
    if not settings.port:
        return []
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)
    url = f"http://{host}:{settings.port}{health.PATH}"
    timeout = aiohttp.ClientTimeout(total=HEALTH_SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
            said = await response.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        if not expected:
            return []
        return [
            (Level.WARN, f"Its health page {url} does not answer ({str(error) or type(error).__name__}).")
        ]
    if not isinstance(said, dict) or "ok" not in said:
        return [(Level.WARN, f"{url} is not the health page of a Firebreak; another program has the port.")]
    words = ", ".join(f"{name} {value}" for name, value in said.items() if name != "ok")
    return [(Level.OK if said["ok"] else Level.BAD, f"The health page {url} says: {words}.")]


async def runbooks(case: Case) -> Found:
    """Can an incident be given a checklist."""
    if case.settings is None:
        return []
    library = await asyncio.to_thread(Library.load, list(case.settings.runbook_folders))
    found: Found = [(Level.WARN, f"Left out: {problem}") for problem in library.problems]
    if library.runbooks:
        return [(Level.OK, f"{_of(len(library.runbooks), 'runbook')} can be used."), *found]
    return [(Level.BAD, "No runbook can be used, so no incident can be declared."), *found]


def _of(count: int, word: str) -> str:
    return f"{count} {word}" + ("" if count == 1 else "s")
