"""Publish what is stored: the document, the file, whoever listens. Never before it is committed.

Everything is read from the database, so a bot that was killed publishes on its next start what was committed
before, and what another process changes (the command line, another bot) is found by looking.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.domain.flags import is_at_safe
from bot.flags.document import Document
from bot.flags.files import FlagFile
from bot.storage import flag_definitions
from bot.storage.engine import Engine, StorageError

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5  # between two looks for what others changed: as often as a flagd file is polled by default


@dataclass
class _Served:
    """One environment. `written` and `told` are the tags of what is in the file and of what listeners know of."""

    document: Document
    file: FlagFile | None
    publishing: asyncio.Lock = field(default_factory=asyncio.Lock)
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    seen: int = 0
    written: str | None = None
    told: str | None = None
    complained: bool = False


class Publisher:
    """The documents of all environments, kept equal to the database while `running()`."""

    def __init__(
        self, engine: Engine, *, team_id: str, environments: Sequence[str], folder: Path | None = None
    ) -> None:
        self._engine = engine
        self._team_id = team_id
        self._served = {
            name: _Served(Document(name), None if folder is None else FlagFile(folder, name))
            for name in environments
        }
        self._listeners: set[asyncio.Event] = set()
        self._wake = asyncio.Event()
        self._asked = 1
        self.closing = False

    def document(self, environment: str) -> Document:
        """What is served now. It changes while you wait; it does not while you compute."""
        return self._served[environment].document

    def serves(self, environment: str) -> bool:
        """Whether it is one of those that are served from here."""
        return environment in self._served

    def wake(self) -> None:
        """Something may have been committed: look at once."""
        self._asked += 1
        self._wake.set()

    async def current(self, environment: str) -> Document:
        """The same, with everything that was committed before the last `wake`: what was confirmed is answered.

        While it cannot be read, what was known is: no answer is an application's own default.
        """
        served = self._served[environment]
        if served.seen != self._asked:
            try:
                await self._refresh(served, only_if_asked=True)
            except StorageError:
                pass  # whoever publishes says so
            except Exception:  # a mistake of ours must not bring back what is held
                log.exception("flags broke", extra={"action": "flags_broke"})
        return served.document

    async def confirms(self, environment: str, key: str) -> bool:
        """Read back: whether everybody who reads from us gets the flag's safe variant, the file included."""
        try:
            await self.publish()
        except (StorageError, OSError):
            return False
        text = self._served[environment].document.served(key)
        return text is not None and is_at_safe(json.loads(text))

    @contextlib.contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """An event that is set at every change of any environment, and when the publisher closes."""
        changed = asyncio.Event()
        self._listeners.add(changed)
        if self.closing:
            changed.set()
        try:
            yield changed
        finally:
            self._listeners.discard(changed)

    async def publish(self) -> None:
        """Read what is new and publish it; raises StorageError, or OSError when a file cannot be written.

        When it returns, everything committed before the call is served. What listens is told even when a file
        cannot be written; the file is tried again.
        """
        problems = [
            problem
            for environment in self._served
            if (problem := await self._publish(environment)) is not None
        ]
        if problems:
            raise problems[0]

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Publish once, then keep it up. Raises StorageError or OSError when the first time does not go well."""
        for served in self._served.values():
            if served.file is not None:
                served.file.prepare()
        await self.publish()
        task = asyncio.create_task(self._keep_up(), name="flag-publisher")
        try:
            yield
        finally:
            self.close()
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def close(self) -> None:
        """Let everybody who listens go home."""
        self.closing = True
        self._tell()

    async def _keep_up(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_SECONDS)
            self._wake.clear()
            try:
                await self.publish()
            except StorageError as error:
                log.warning("flags are served as they were: %s", error, extra={"action": "flags_wait"})
                await asyncio.sleep(LOOK_SECONDS)
            except OSError:
                await asyncio.sleep(LOOK_SECONDS)  # it has been said; no hurry on a full disk
            except Exception:  # a mistake of ours must not leave flags as they were for ever
                log.exception("flags broke", extra={"action": "flags_broke"})
                await asyncio.sleep(LOOK_SECONDS)

    async def _publish(self, environment: str) -> OSError | None:
        served = self._served[environment]
        async with served.publishing:
            await self._refresh(served)
            file = served.file
            if file is None or served.written == served.document.etag:
                self._tell_once(served)
                return None
            # The file is begun first, but whoever listens does not wait for the disk: it is committed already.
            async with asyncio.TaskGroup() as together:
                writing = together.create_task(self._try_to_write(served, file))
                self._tell_once(served)
            self._tell_once(served)  # there may have been news while the file was waited for
        return writing.result()

    async def _try_to_write(self, served: _Served, file: FlagFile) -> OSError | None:
        try:
            await self._write(served, file)
        except OSError as error:
            self._say(served, file, error)
            return error
        served.complained = False
        return None

    async def _write(self, served: _Served, file: FlagFile) -> None:
        with contextlib.ExitStack() as stack:
            # Held from before the read until after the write: of two processes the later reads the newer.
            await asyncio.to_thread(stack.enter_context, file.alone())
            await self._refresh(served)
            tag, pieces = served.document.etag, served.document.pieces
            await asyncio.to_thread(file.replace, pieces)
            served.written = tag

    async def _refresh(self, served: _Served, *, only_if_asked: bool = False) -> None:
        """Take over what was committed since; `only_if_asked` leaves it when somebody has just done so."""
        async with served.reading:
            document, asked = served.document, self._asked
            if only_if_asked and served.seen == asked:
                return
            try:
                change = await self._engine.read(
                    lambda transaction: flag_definitions.changes(
                        transaction, self._team_id, document.environment, after=document.revision
                    )
                )
            finally:
                served.seen = asked  # once for each wake, well or not: whoever publishes tries again
            document.apply(change)

    def _say(self, served: _Served, file: FlagFile, problem: OSError) -> None:
        """Once when a file cannot be written, and not again until it can."""
        if not served.complained:
            log.error(
                "%s was not written (%s): who reads it sees flags as they were",
                file.path,
                problem.strerror or problem,
                extra={"action": "flag_file_waits"},
            )
        served.complained = True

    def _tell_once(self, served: _Served) -> None:
        if served.told != served.document.etag:
            served.told = served.document.etag
            self._tell()

    def _tell(self) -> None:
        for changed in self._listeners:
            changed.set()
