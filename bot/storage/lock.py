"""One bot a SQLite file: two dispatchers on one file would each keep the other's promises."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from bot.storage.engine import DatabaseUnusable, refuse_folder


@contextlib.contextmanager
def only_bot_on(database: Path) -> Iterator[None]:
    """Hold `<database>.lock` for as long as the context is open; raises DatabaseUnusable when another bot does.

    The lock is the kernel's (flock): it ends with the process, however that ends. The file stays.
    """
    refuse_folder(database)
    path = database.with_name(database.name + ".lock")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DatabaseUnusable(
            f"{database} cannot be opened for writing ({error.strerror}). "
            "Check that its folder exists and belongs to the user who runs Firebreak."
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise DatabaseUnusable(
            f"Another Firebreak works on {database} already. Stop it first, or name another file in "
            "FIREBREAK_DATABASE."
        ) from error
    try:
        yield
    finally:
        os.close(descriptor)
