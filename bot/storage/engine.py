"""What a database must do for us: run a function in one transaction. The functions live above it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Row = dict[str, Any]


class StorageError(Exception):
    """Base of what the database may raise here.

    StorageError
    ├── DatabaseUnusable    at start: not a database, from a newer version, not writable
    └── StorageUnavailable  at work: locked, disk full; nothing was stored, and it may go well later
    """


class DatabaseUnusable(StorageError):
    """The database cannot be opened. The message is one sentence for the person who starts the bot."""


class StorageUnavailable(StorageError):
    """This transaction was not stored. The message is one sentence for the person who asked."""


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

    def lock(self, key: str) -> None:
        """Hold off other transactions that lock the same key until this one ends. Take it first in a body."""
        ...


Body = Callable[[Transaction], T]


class Engine(Protocol):
    """One database. `write` is durable when it returns; what `body` raises undoes that body alone."""

    async def write(self, body: Body[T]) -> T: ...

    async def read(self, body: Body[T]) -> T: ...
