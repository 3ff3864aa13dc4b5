"""Another team's flagd file: one flag in it is held by replacing its text, and nothing else in the file moves.

Their flagd (or a provider in file mode) reads the file; we lay the safe variant over the flag and, to undo it,
put its own text back, byte for byte. Their next deployment may write over ours: that is found by reading again.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from bot.domain.containing import OWNER
from bot.domain.flags import Definition, fingerprint
from bot.domain.language import Said, marked
from bot.domain.vocabulary import Refused
from bot.flags.careful import Careful
from bot.flags.files import replace_file
from bot.flags.protocol import (
    Caps,
    FlagRef,
    FlagState,
    FlagSummary,
    Health,
    NotFound,
    Receipt,
    Unavailable,
)

CAPS = Caps(cas="detect", multivariate=True, effect_seconds=1.0)  # providers look twice a second
NO_FILE = marked("{backend} cannot read {path} ({problem}), so nothing was switched.")
NO_DOCUMENT = marked("{backend}: {path} is no flagd document in JSON ({problem}), so nothing was switched.")
NO_FLAG = marked("{backend} has no flag `{flag}` in {environment}; nothing was switched.")
NO_ENVIRONMENT = marked("{backend} has no environment {environment}; nothing was switched.")
NOT_WRITTEN = marked("{backend} could not write {path} ({problem}), so `{flag}` was not switched.")
WRITTEN_OVER = marked(
    "{path} was changed by somebody else at the same moment; `{flag}` was not switched. Try again."
)
NO_SAFE_VARIANT = Said(marked("it does not say which of its variants is safe (metadata `safeVariant`)."))

_BETWEEN = re.compile(
    r"[ \t\r\n]*[{:,]?[ \t\r\n]*"
)  # what stands between a name, its value and the next name
_DECODER = json.JSONDecoder()


class _File(NamedTuple):
    """A flagd document with the place of every flag in its text, and what the file was when it was read."""

    text: str
    spans: dict[str, tuple[int, int]]
    shared: object
    seen: tuple[int, int, int]
    mode: int


class FlagdFile(Careful):
    """`files` says where the document of each environment lies."""

    caps = CAPS

    def __init__(self, name: str, files: Mapping[str, Path]) -> None:
        super().__init__(name)
        self._files = dict(files)
        self._writing = (
            asyncio.Lock()
        )  # two flags of one file: each write begins with a read of what is there

    async def search(self, project: str, env: str, query: str = "", limit: int = 20) -> list[FlagSummary]:
        file, words = await self._read(env), query.casefold().split()
        found = []
        for key in sorted(file.spans):
            try:
                state = self._state(FlagRef(self.name, project, env, key), file)
            except Refused:
                continue  # no key that could be asked for, or no flag at all
            if all(word in f"{key} {state.description}".casefold() for word in words):
                found.append(
                    FlagSummary(
                        ref=state.ref,
                        serving=state.serving,
                        contained=state.contained,
                        description=state.description,
                    )
                )
        return found[:limit]

    async def get(self, ref: FlagRef) -> FlagState:
        return self._state(ref, await self._read(ref.env))

    async def health(self) -> Health:
        wrong = []
        for env in self._files:
            try:
                await self._read(env)
            except Refused as error:
                wrong.append(str(error))
        return Health(reachable=not wrong, said=" ".join(wrong), environments=tuple(self._files))

    async def _hold(self, before: FlagState, *, actor: str, reason: str, op_id: str) -> None:
        async with self._writing:
            file = await self._read(before.ref.env)
            current = self._state(before.ref, file)
            if current.version != before.version:
                raise self.conflict(current)
            definition = _definition(before.ref.key, file)
            held = json.dumps(definition.held(before.safe), separators=(",", ":"), ensure_ascii=False)
            await self._put(before.ref, file, held)

    async def _bring_back(
        self, receipt: Receipt, current: FlagState, *, actor: str, reason: str, op_id: str
    ) -> None:
        async with self._writing:
            file = await self._read(current.ref.env)
            found = self._state(current.ref, file)
            if found.version != current.version:
                raise self.conflict(found)
            await self._put(current.ref, file, str(receipt.before.snapshot["text"]))

    async def _put(self, ref: FlagRef, file: _File, flag: str) -> None:
        start, end = file.spans[ref.key]
        path = self._path(ref.env)
        text = (file.text[:start] + flag + file.text[end:]).encode("utf-8", "surrogateescape")

        def write() -> bool:
            if _seen(path.stat()) != file.seen:
                return False
            replace_file(path, [text], mode=file.mode)
            return True

        try:
            written = await asyncio.to_thread(write)
        except OSError as error:
            raise Unavailable(
                NOT_WRITTEN,
                backend=self.name,
                path=path,
                problem=error.strerror,
                flag=ref.key,
            ) from error
        if not written:
            raise Unavailable(WRITTEN_OVER, path=path, flag=ref.key)

    async def _read(self, env: str) -> _File:
        path = self._path(env)

        def read() -> tuple[bytes, os.stat_result]:
            with path.open("rb") as file:
                return file.read(), os.fstat(file.fileno())

        try:
            raw, status = await asyncio.to_thread(read)
            text = raw.decode("utf-8", "surrogateescape")
            spans, shared = _flags(text)
        except OSError as error:
            raise Unavailable(NO_FILE, backend=self.name, path=path, problem=error.strerror) from error
        except (ValueError, RecursionError) as error:
            raise Unavailable(NO_DOCUMENT, backend=self.name, path=path, problem=error) from error
        return _File(text, spans, shared, _seen(status), stat.S_IMODE(status.st_mode))

    def _path(self, env: str) -> Path:
        path = self._files.get(env)
        if path is None:
            raise NotFound(NO_ENVIRONMENT, backend=self.name, environment=env)
        return path

    def _state(self, ref: FlagRef, file: _File) -> FlagState:
        if ref.key not in file.spans:
            raise NotFound(NO_FLAG, backend=self.name, flag=ref.key, environment=ref.env)
        definition = _definition(ref.key, file)
        start, end = file.spans[ref.key]
        text = file.text[start:end]
        decides = fingerprint([definition.data, file.shared if "$ref" in text else None])
        safe = definition.safe
        is_held = safe is not None and definition.data == definition.held(safe)
        return FlagState(
            ref=ref,
            serving=definition.serves,
            contained=is_held,
            version=fingerprint(text),
            fingerprint=decides,
            safe=safe or "",
            snapshot={"text": text},
            cannot=None if safe else NO_SAFE_VARIANT,
            description=definition.description,
            owner=str(definition.metadata.get(OWNER, "")),
        )


def _definition(key: str, file: _File) -> Definition:
    start, end = file.spans[key]
    return Definition.read(key, json.loads(file.text[start:end]))


def _seen(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_mtime_ns, status.st_size


def _flags(text: str) -> tuple[dict[str, tuple[int, int]], object]:
    """Where the text of each flag stands, and the rules they share. Raises ValueError."""
    whole = json.loads(text)
    if not isinstance(whole, dict) or not isinstance(whole.get("flags"), dict):
        raise ValueError('it has no table "flags"')  # noqa: TRY004 - as JSON's own
    start, _ = _members(text, 0)["flags"]
    return _members(text, start), whole.get("$evaluators", {})


def _members(text: str, start: int) -> dict[str, tuple[int, int]]:
    """The names in the JSON object that begins there, each with where its value begins and ends.

    The text is known to be good JSON, so each step leads to the next name or to the end.
    """
    found: dict[str, tuple[int, int]] = {}
    place = _next(text, start)
    while text[place] != "}":
        name, place = _DECODER.raw_decode(text, place)
        value = _next(text, place)
        _, place = _DECODER.raw_decode(text, value)
        if name in found:
            raise ValueError(f"the name {name[:60]!r} stands twice in one table")
        found[name] = (value, place)
        place = _next(text, place)
    return found


def _next(text: str, place: int) -> int:
    """Behind the mark and the blanks that stand here."""
    found = _BETWEEN.match(text, place)
    return place if found is None else found.end()
