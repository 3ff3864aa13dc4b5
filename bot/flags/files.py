"""The flagd file of one environment: replaced at once and whole, on the disk before its name points to it.

Readers poll the time of its last change and load it only when that has grown, so each file is younger than the one
before by at least a millisecond, whatever the clock does.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.domain.flags import is_at_safe

TICK = 1_000_000  # nanoseconds; what a reader that counts in milliseconds can tell apart
READABLE = 0o644  # applications run as other users


class FlagFile:
    """Where one environment is written to."""

    def __init__(self, folder: Path, environment: str) -> None:
        self.path = folder / f"{environment}.flagd.json"
        self._lock = folder / f".{environment}.lock"

    def prepare(self) -> None:
        """Make the folder; raises OSError."""
        self.path.parent.mkdir(parents=True, exist_ok=True)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold off other processes that write the same file; what is read inside is newer than what they wrote."""
        with self._lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def holds(self, key: str) -> bool:
        """Whether everybody who reads the file gets the flag's safe variant; not so while there is no file."""
        try:
            flags = json.loads(self.path.read_bytes())["flags"]
        except (OSError, ValueError, KeyError):
            return False
        return is_at_safe(flags.get(key, {}))

    def replace(self, pieces: Sequence[bytes]) -> bool:
        """Write the document if it differs from what is there; answers whether it did. Raises OSError."""
        return replace_file(self.path, pieces, mode=READABLE)


def replace_file(path: Path, pieces: Sequence[bytes], *, mode: int) -> bool:
    """Put the pieces there at once and whole unless they are there already; answers whether it did.

    Raises OSError.
    """
    before = _before(path)
    same_size = before is not None and before.st_size == sum(map(len, pieces))
    if same_size and path.read_bytes() == b"".join(pieces):
        return False
    written = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with written.open("wb") as file:
            os.fchmod(file.fileno(), mode)
            file.writelines(pieces)
            file.flush()
            now = max(time.time_ns(), 0 if before is None else before.st_mtime_ns + TICK)
            os.utime(file.fileno(), ns=(now, now))
            os.fsync(file.fileno())
        written.replace(path)
    except OSError:
        written.unlink(missing_ok=True)
        raise
    _sync(path.parent)
    return True


def _before(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _sync(folder: Path) -> None:
    """The new name is on the disk too, or a power cut would bring the file before back."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
