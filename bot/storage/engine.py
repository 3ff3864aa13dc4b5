"""What a database must do for us: run a function in one transaction. The functions live above it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Row = dict[str, Any]


class StorageError(Exception):
    """Base of what the database may raise here.

    StorageError
    ├── DatabaseUnusable    at start: not a database, from a newer version, not writable
    └── StorageUnavailable  at work: locked, disk full, server away; it may go well later
    """


class DatabaseUnusable(StorageError):
    """The database cannot be opened. The message is one sentence for the person who starts the bot."""


def refuse_folder(path: Path) -> None:
    """A folder is a likely slip where the name of a file is wanted; SQLite only says that it cannot open it."""
    if path.is_dir():
        raise DatabaseUnusable(
            f"{path} is a folder. Name the file in it that is the database, such as {path / 'firebreak.db'}."
        )


class StorageUnavailable(StorageError):
    """This transaction was not stored; where nobody can know whether it was, the message says so.

    It is one sentence for the person who asked.
    """


class Transaction(Protocol):
    """SQL with `:name` parameters. A body that uses only this runs on every engine."""

    def one(self, sql: str, **values: Any) -> Row | None:
        """The first row, or None."""
        ...

    def all(self, sql: str, **values: Any) -> list[Row]:
        """Every row, read to the end."""
        ...

    def run(self, sql: str, **values: Any) -> int:
        """Execute; answers how many rows it touched."""
        ...

    def many(self, sql: str, rows: Sequence[Row]) -> None:
        """Execute once for each row of values."""
        ...

    def lock(self, key: str) -> None:
        """Hold off other transactions that lock the same key until this one ends. Take it first in a body."""
        ...

    def joined(self, what: str) -> str:
        """SQL for an aggregate: `what` of every row in one text, with commas between; null is left out."""
        ...

    @property
    def for_update(self) -> str:
        """Ends a select of rows that the body goes on to change: nobody else changes them in between."""
        ...

    @property
    def skip_locked(self) -> str:
        """The same for a select that takes what is free: rows that somebody else is changing are left out."""
        ...


Body = Callable[[Transaction], T]


class Engine(Protocol):
    """One database. `write` is durable when it returns; what `body` raises undoes that body alone.

    A body has no effect but its SQL, because it may be run again: after a clash with another, and when the server
    went away and nobody knows whether it was stored. Then a request's key or an attempt's number must tell.
    """

    @property
    def shared(self) -> bool:
        """Whether other processes may write to this database while we do."""
        ...

    @property
    def trouble(self) -> str | None:
        """Why the last change was not taken, if it was not: a full disk, a lock, a server that is away."""
        ...

    async def write(self, body: Body[T]) -> T: ...

    async def read(self, body: Body[T]) -> T:
        """Run `body` on one picture of what is committed."""
        ...
