"""Copy a SQLite database while the bot writes to it: the copy is whole, checked and on disk, or it is not there."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.storage import looking
from bot.storage.engine import DatabaseUnusable, StorageError
from bot.storage.verifying import heads

PAGES_AT_ONCE = 1000  # 4 MB between two chances to be stopped
COMPANIONS = ("-wal", "-shm", "-journal")  # what SQLite keeps beside a database and applies to it
# The copy is older than the moment somebody restores it: what waited then has been delivered since. What was being
# sent needs no mark: a bot that starts puts it in doubt by itself.
DOUBT = (
    "update effect set in_doubt = 1, error = coalesce(error, 'restored from a backup: Slack may have it already')"
    " where state = 'pending'"
)
UNFINISHED = "select count(*) from effect where state in ('pending', 'sending')"


class BackupFailed(StorageError):
    """No backup was written, and nothing was left behind. The message is one sentence for whoever asked."""


@dataclass(frozen=True)
class Backup:
    """What was written. `in_doubt` counts the effects that a bot started on it looks up before it repeats them."""

    path: Path
    size: int
    incidents: int
    events: int
    in_doubt: int


def back_up(database: Path, to: Path, *, between: Callable[[], None] = lambda: None) -> Backup:
    """Copy `database` to the new file `to`; raises BackupFailed or DatabaseUnusable.

    The copy is the state of one moment. It is written beside `to` under another name, checked, and named last:
    whoever finds a file at `to` finds a good one, even after a power cut. `between` is called after each step.
    """
    _refuse_place(database, to)
    with looking.snapshot(database) as source, _temporary(to) as draft:
        _refuse_too_large(database, to)
        try:
            in_doubt = _copy(source.connection, draft, between)
            backup = _checked(draft, to, in_doubt)
            _sync(draft)
        except (sqlite3.Error, OSError) as error:
            raise BackupFailed(f"{to} could not be written ({error}). Nothing was left behind.") from error
        _name(draft, to)
    return backup


def _refuse_place(database: Path, to: Path) -> None:
    """Say at once what would fail in the end, or do harm."""
    if to.is_dir():
        raise BackupFailed(f"{to} is a folder. Name the file to write, such as {to / 'firebreak-backup.db'}.")
    own = {database.resolve(), *(_beside(database.resolve(), end) for end in (*COMPANIONS, ".lock"))}
    if to.resolve() in own:
        raise BackupFailed(f"{to} is a file of the database itself. Name another one.")
    if os.path.lexists(to):
        raise BackupFailed(f"{to} exists already, and a backup overwrites nothing. Name a new file.")
    for companion in (_beside(to, end) for end in COMPANIONS):
        if os.path.lexists(companion):
            raise BackupFailed(
                f"{companion} lies there, and SQLite would take it for a part of the backup. Name a new file."
            )
    if not to.parent.is_dir():
        raise BackupFailed(f"There is no folder {to.parent}. Make it first, or name a file in another one.")


def _beside(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)


def _refuse_too_large(database: Path, to: Path) -> None:
    wal = _beside(database, "-wal")
    needed = database.stat().st_size + (wal.stat().st_size if wal.exists() else 0)
    free = shutil.disk_usage(to.parent).free
    if free < needed:
        raise BackupFailed(
            f"There is not enough room for {to}: it takes up to {in_bytes(needed)}, "
            f"and {in_bytes(free)} are free."
        )


def in_bytes(size: int) -> str:
    """`12.3 MB`."""
    for unit, large in (("GB", 1e9), ("MB", 1e6)):
        if size >= large:
            return f"{size / large:.1f} {unit}"
    return f"{size / 1e3:.0f} kB"


@contextlib.contextmanager
def _temporary(to: Path) -> Iterator[Path]:
    """A new file beside `to` that only its owner may read; it is gone afterwards unless it got a name."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{to.name}.", suffix=".partial", dir=to.parent)
    except OSError as error:
        raise BackupFailed(f"No file can be written in {to.parent} ({error.strerror}).") from error
    os.close(descriptor)
    draft = Path(name)
    try:
        yield draft
    finally:
        for leftover in (draft, *(_beside(draft, end) for end in COMPANIONS)):
            leftover.unlink(missing_ok=True)


def _copy(source: sqlite3.Connection, draft: Path, between: Callable[[], None]) -> int:
    """Copy page by page; answers how many unfinished effects the copy has, all of them to be looked up first.

    `source` is inside a read transaction. Without one, SQLite would start again from the first page whenever
    the bot commits, and never come to an end on a busy day.
    """
    with contextlib.closing(sqlite3.connect(draft)) as target:
        # a callback for every step also lets Python act on Ctrl-C
        source.backup(target, pages=PAGES_AT_ONCE, progress=lambda *_: between())
        with target:
            target.execute(DOUBT)
            in_doubt: int = target.execute(UNFINISHED).fetchone()[0]
        # One file that is complete by itself and can be read where nothing may be written. The bot sets WAL again.
        target.execute("PRAGMA journal_mode=DELETE").fetchall()
    return in_doubt


def _checked(draft: Path, to: Path, in_doubt: int) -> Backup:
    wrong: list[str] = []
    counted = None
    try:
        with looking.snapshot(draft) as copied:
            wrong += looking.damage(copied)
            heads(copied, lambda finding: wrong.append(str(finding)))
            counted = copied.one(
                "select (select count(*) from incident) as incidents, (select count(*) from timeline) as events"
            )
    except DatabaseUnusable as error:
        wrong.append(str(error.__cause__ or error))
    if wrong or counted is None:
        raise BackupFailed(
            f"The copy is not sound ({wrong[0]}), so it was not kept. `firebreak verify` says whether the "
            "database is."
        )
    return Backup(to, draft.stat().st_size, counted["incidents"], counted["events"], in_doubt)


def _sync(draft: Path) -> None:
    with draft.open("rb") as file:
        os.fsync(file.fileno())


def _name(draft: Path, to: Path) -> None:
    """Give the finished file its name, which fails when somebody took that name meanwhile."""
    try:
        _link(draft, to)
    except FileExistsError as error:
        raise BackupFailed(f"{to} was made by somebody else meanwhile, and was left as it is.") from error
    except OSError as error:
        raise BackupFailed(f"{to} could not be named ({error.strerror}). Nothing was left behind.") from error
    folder = os.open(to.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)  # the name is durable too
    finally:
        os.close(folder)


def _link(draft: Path, to: Path) -> None:
    try:
        os.link(draft, to)  # unlike a rename, it never replaces a file
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP) or os.path.lexists(to):
            raise
        draft.rename(to)  # a file system without hard links
