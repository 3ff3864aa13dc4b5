"""Import a file: read, check, store in small transactions, and say of every record what became of it."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from bot.domain.imported import Imported, Problem, Reading, shown, understood
from bot.domain.vocabulary import incident_name
from bot.errors import StartError
from bot.interchange.formats import MAPPERS, Format, Source
from bot.interchange.reading import BLANK, BOM, Broken, Piece, Progress, document, json_lines, table
from bot.storage.engine import Engine
from bot.storage.imported import Fate, keep

BATCH = 200  # records in one transaction: some tens of milliseconds, so that a bot at work hardly waits
HEAD = 65_536  # bytes that are looked at to tell what a file holds
HERE_ALREADY = "is here already, with other content"
UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Wanted:
    """What was asked for on the command line."""

    path: Path
    format: Format
    source: Source
    reading: Reading
    quarantine: Path
    delimiter: str | None = None
    dry_run: bool = False
    update: bool = False  # take over what a source says otherwise than before


@dataclass
class Summary:
    """What became of the records; `stopped` says where the file could not be read any further."""

    read: int = 0
    kept: int = 0
    there_already: int = 0
    restated: int = 0
    refused: int = 0
    updates: int = 0
    flags: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    stopped: str = ""


class Quarantine:
    """The file of what was not kept: line, id, field, value and reason of each. It is made with its first line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: TextIO | None = None
        self._stack = ExitStack()
        if path.exists() and path.stat().st_size and not _is_quarantine(path):
            raise StartError(
                f"{path} is there and is no quarantine of an import, so it is left alone. "
                "Name another file with --quarantine."
            )

    def __enter__(self) -> Quarantine:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()
        if self._file is None:
            self.path.unlink(missing_ok=True)  # of an earlier import of the same file

    def add(self, line: int, source_id: object, problem: Problem) -> None:
        if self._file is None:
            self._file = self._stack.enter_context(self.path.open("w", encoding="utf-8"))
        told = {
            "line": line,
            "id": None if source_id is None else shown(source_id),
            "field": problem.field,
            "value": problem.value,
            "reason": problem.reason,
        }
        self._file.write(json.dumps(told, ensure_ascii=False) + "\n")


def _is_quarantine(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            first = json.loads(file.readline(HEAD))
        except (ValueError, RecursionError):
            return False
    return isinstance(first, dict) and first.keys() == {"line", "id", "field", "value", "reason"}


def told_apart(path: Path) -> Format:
    """What the file holds, by its beginning. Raises StartError when that does not say."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head.startswith(UTF16):
        raise StartError(f"{path} is UTF-16. Convert it first: iconv -f UTF-16 -t UTF-8 {path.name}")
    text = head.decode("utf-8", errors="replace").lstrip(BLANK + BOM)
    if not text:
        raise StartError(f"{path} is empty.")
    if text[0] not in "[{":
        return Format.CSV
    for mark, form in (
        ('"status_sequence"', Format.GITHUB),
        ('"declared"', Format.FIREBREAK),
        ('"incident_updates"', Format.STATUSPAGE),
        ('"external_desc"', Format.GOOGLE),
    ):
        if mark in text:
            return form
    raise StartError(
        f"The beginning of {path} does not tell what it holds. Say it: --format {'|'.join(Format)}."
    )


def pieces(wanted: Wanted, file: BinaryIO, progress: Progress, beside: dict[str, Any]) -> Iterator[Piece]:
    """The records of the file as its format has them."""
    if wanted.format is Format.CSV:
        return table(file, progress, wanted.delimiter)
    if wanted.format is Format.GITHUB or (wanted.format is Format.FIREBREAK and _is_a_record(wanted.path)):
        return json_lines(file, progress)
    return document(file, progress, beside)


def _is_a_record(path: Path) -> bool:
    """Whether our own export is one record a line, and not one document."""
    with path.open("rb") as file:
        head = file.read(HEAD).decode("utf-8", errors="replace").lstrip(BLANK + BOM)
    return head.startswith("{") and '"incidents"' not in head.split('"declared"')[0]


async def import_file(engine: Engine, team_id: str, wanted: Wanted, progress: Progress) -> Summary:
    """Import what can be; raises StartError, StorageError. Without `update` nothing there is ever changed."""
    summary = Summary()
    with (
        wanted.path.open("rb", buffering=io.DEFAULT_BUFFER_SIZE * 16) as file,
        Quarantine(wanted.quarantine) as quarantine,
    ):
        run = _Run(engine, team_id, wanted, summary, quarantine.add)
        try:
            for piece in pieces(wanted, file, progress, run.beside):
                await run.take(piece)
        except Broken as broken:
            await run.store()
            summary.stopped = str(broken)
            quarantine.add(broken.line, None, Problem("", "", f"the file could not be read on: {broken.why}"))
        await run.store()
    return summary


class _Run:
    """One import under way: what is read, and waits to be stored."""

    def __init__(
        self,
        engine: Engine,
        team_id: str,
        wanted: Wanted,
        summary: Summary,
        refuse: Callable[[int, object, Problem], None],
    ) -> None:
        self.beside: dict[str, Any] = {}
        self._engine = engine
        self._team_id = team_id
        self._wanted = wanted
        self._summary = summary
        self._refuse = refuse
        self._source = Source(wanted.source.name, wanted.source.columns, self.beside)
        self._waiting: list[tuple[int, Imported]] = []
        self._settled: set[tuple[str, str]] = set()  # of an update: what stood further up in the file
        self._met: dict[
            tuple[str, str], bytes
        ] = {}  # of a dry run, in which nothing is stored to be met again

    async def take(self, piece: Piece) -> None:
        self._summary.read += 1
        if piece.record is None:
            self._refused(piece.line, None, [Problem("", "", piece.wrong)])
            return
        draft = MAPPERS[self._wanted.format](piece.record, self._source)
        found = understood(draft, self._wanted.reading)
        if isinstance(found, list):
            self._refused(piece.line, draft.id.value, found)
            return
        self._waiting.append((piece.line, found))
        if len(self._waiting) >= BATCH:
            await self.store()

    async def store(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        arrivals = [arrival for _, arrival in waiting]
        now, dry = self._wanted.reading.now, self._wanted.dry_run
        body = lambda transaction: keep(  # noqa: E731
            transaction,
            self._team_id,
            arrivals,
            now,
            store=not dry,
            update=self._wanted.update,
            settled=self._settled,
        )
        fates = await (self._engine.read(body) if dry else self._engine.write(body))
        for (line, arrival), kept in zip(waiting, fates, strict=True):
            fate = self._met_before(arrival, kept.fate) if dry else kept.fate
            self._count(line, arrival, fate, kept.number)
        if self._wanted.update:
            self._settled |= {(each.incident.source, each.incident.source_id) for each in arrivals}

    def _met_before(self, arrival: Imported, fate: Fate) -> Fate:
        key = (arrival.incident.source, arrival.incident.source_id)
        said = hashlib.sha256(repr(arrival).encode()).digest()
        if fate is not Fate.NEW:
            return fate
        before = self._met.setdefault(key, said)
        if before is said:
            return Fate.NEW
        return Fate.SAME if before == said else Fate.OTHER

    def _count(self, line: int, arrival: Imported, fate: Fate, number: int) -> None:
        match fate:
            case Fate.NEW:
                self._summary.kept += 1
                self._summary.updates += len(arrival.updates)
                self._summary.flags.update(set(arrival.flags))
            case Fate.SAME:
                self._summary.there_already += 1
            case Fate.RESTATED:
                self._summary.restated += 1
            case Fate.OTHER:
                hint = "" if self._wanted.update else "; --update takes it over"
                where = f"({incident_name(number)}{hint})" if number else "further up in this file"
                incident = arrival.incident
                self._refused(
                    line,
                    incident.source_id,
                    [Problem("id", incident.source_id, f"{HERE_ALREADY} {where}")],
                )

    def _refused(self, line: int, source_id: object, problems: list[Problem]) -> None:
        self._summary.refused += 1
        for problem in problems:
            self._refuse(line, source_id, problem)
        first = problems[0]
        # where it is, is another place each time
        reason = HERE_ALREADY if first.reason.startswith(HERE_ALREADY) else first.reason
        self._summary.reasons[f"{first.field}: {reason}" if first.field else reason] += 1
