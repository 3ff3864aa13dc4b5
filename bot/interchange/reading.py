"""Records of a file, one after the other, with the line each begins on. However broken the file is, it says where.

Nothing here holds more than one record: a file may be larger than the memory.
"""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

RECORD_MAX = 8_000_000  # bytes; the longest incident that we know of has 200,000
CHUNK = 262_144  # bytes read at once
BLANK = " \t\r\n"
BOM = "\ufeff"

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Piece:
    """One record, or what is wrong with it. `last`: it is so broken that nothing after it can be read."""

    line: int
    record: dict[str, Any] | None
    wrong: str = ""
    last: bool = False


class Broken(Exception):
    """The file cannot be read any further: on which line, and why."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")
        self.line = line
        self.why = why


def json_lines(file: BinaryIO, progress: Progress) -> Iterator[Piece]:
    """One JSON object a line. A broken line is told of, and the next one read."""
    for number, raw in _lines(file, progress):
        if raw is None:
            yield Piece(number, None, f"the line is longer than {RECORD_MAX:,} bytes")
            continue
        try:
            text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            yield Piece(number, None, f"is not UTF-8 at byte {error.start + 1} of the line")
            continue
        if text.strip(BLANK):
            yield _object(number, text.strip(BLANK))


def _object(number: int, text: str) -> Piece:
    try:
        record = json.loads(text)
    except json.JSONDecodeError as error:
        return Piece(number, None, f"is not JSON at column {error.colno}: {error.msg}")
    except RecursionError:
        return Piece(number, None, "is nested too deeply")
    except ValueError:
        return Piece(number, None, "holds a number that is too long")
    return _checked(number, record)


def _checked(line: int, record: object) -> Piece:
    if not isinstance(record, dict):
        return Piece(line, None, "is not an object in braces")
    return Piece(line, record)


def _lines(file: BinaryIO, progress: Progress) -> Iterator[tuple[int, bytes | None]]:
    """Number and bytes of each line; None for one that is too long, which is read past."""
    number = 0
    while raw := file.readline(RECORD_MAX + 1):
        number += 1
        progress(len(raw))
        if len(raw) <= RECORD_MAX:
            yield number, raw
            continue
        while raw and not raw.endswith(b"\n"):
            raw = file.readline(CHUNK)
            progress(len(raw))
        yield number, None


def table(file: BinaryIO, progress: Progress, delimiter: str | None = None) -> Iterator[Piece]:
    """The rows of a CSV file by the names in its first line. Raises Broken for a file without such a line."""
    text = _CsvLines(file, progress)
    first = next(text, "")
    if not first.strip():
        raise Broken(1, "there is no line with the names of the columns")
    if text.broken:
        raise Broken(*text.broken[0])
    delimiter = delimiter or max(",;\t", key=first.count)
    names = next(csv.reader([first], delimiter=delimiter))
    names = [name.strip() for name in names]
    if len(set(names)) < len(names):
        raise Broken(1, "two columns have the same name")
    rows = csv.reader(text, delimiter=delimiter, strict=True)
    while True:
        line = text.number + 1
        text.broken.clear()
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Piece(line, None, f"is not CSV: {error}")
            continue
        if text.broken:
            yield Piece(text.broken[0][0], None, text.broken[0][1])
        elif len(row) not in (0, len(names)):
            yield Piece(line, None, f"has {len(row)} fields, the first line {len(names)}")
        elif any(row):
            yield Piece(line, dict(zip(names, row, strict=True)))


class _CsvLines:
    """Lines as text for the csv module; what is wrong with one stands in `broken` until its row is out."""

    def __init__(self, file: BinaryIO, progress: Progress) -> None:
        self._lines = _lines(file, progress)
        self.number = 0
        self.broken: list[tuple[int, str]] = []

    def __iter__(self) -> _CsvLines:
        return self

    def __next__(self) -> str:
        self.number, raw = next(self._lines)
        if raw is None:
            self.broken.append((self.number, f"the line is longer than {RECORD_MAX:,} bytes"))
            return "\n"
        try:
            return raw.decode("utf-8-sig" if self.number == 1 else "utf-8").replace("\0", "\ufffd")
        except UnicodeDecodeError as error:
            self.broken.append((self.number, f"is not UTF-8 at byte {error.start + 1} of the line"))
            return raw.decode("utf-8", errors="replace").replace("\0", "\ufffd")


def document(file: BinaryIO, progress: Progress, beside: dict[str, Any]) -> Iterator[Piece]:
    """The elements of the array that a JSON document is, or that it has under `incidents`.

    What stands before them in the document is put into `beside`. Raises Broken.
    """
    text = _Text(file, progress)
    opening = text.next()
    if opening == "{":
        opening = _to_the_incidents(text, beside)
    if opening != "[":
        raise Broken(text.line, "there is no list of incidents; it begins with [ or has a key `incidents`")
    if text.peek() == "]":
        return
    while True:
        text.peek()
        line = text.line
        yield _checked(line, text.value())
        match text.next():
            case "]":
                return
            case ",":
                continue
            case "":
                raise Broken(text.line, "the file ends in the middle of the list of incidents")
            case other:
                raise Broken(text.line, f"{other!r} stands where a comma or ] should")


def _to_the_incidents(text: _Text, beside: dict[str, Any]) -> str:
    """Past the keys of the document up to its list of incidents; answers what the list begins with."""
    separator = "," if text.peek() != "}" else "}"
    while separator == ",":
        if text.peek() != '"':
            raise Broken(text.line, "a key in quotes should stand here")
        key = text.value()
        if text.next() != ":":
            raise Broken(text.line, f"a colon should follow the key {key!r}")
        if key == "incidents" and text.peek() == "[":
            return text.next()
        beside[str(key)] = text.value()
        separator = text.next()
    return separator


class _Text:
    """The text of a file, of which only what is not used up yet is held."""

    def __init__(self, file: BinaryIO, progress: Progress) -> None:
        self._file = file
        self._progress = progress
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._json = json.JSONDecoder()
        self._text = ""
        self._at = 0
        self._read = 0
        self._ended = False
        self.line = 1

    def peek(self) -> str:
        """The next character that is not blank; empty at the end of the file."""
        while True:
            while self._at < len(self._text):
                character = self._text[self._at]
                if character not in BLANK and character != BOM:
                    return character
                self.line += character == "\n"
                self._at += 1
            if not self._more(CHUNK):
                return ""

    def next(self) -> str:
        """The same, and use it up."""
        character = self.peek()
        self._at += len(character)
        return character

    def value(self) -> object:
        """The value that stands here. Raises Broken."""
        self.peek()
        while True:
            try:
                found, end = self._json.raw_decode(self._text, self._at)
            except RecursionError:
                raise Broken(self.line, "is nested too deeply") from None
            except json.JSONDecodeError as error:
                self._grow_or_break(error)
                continue
            except ValueError:
                raise Broken(self.line, "holds a number that is too long") from None
            if end == len(self._text) and self._more(CHUNK):
                continue  # a number may go on
            self.line += self._text.count("\n", self._at, end)
            self._at = end
            return found

    def _grow_or_break(self, error: json.JSONDecodeError) -> None:
        held, place = len(self._text) - self._at, error.pos - self._at
        if held <= RECORD_MAX and self._more(max(CHUNK, held)):  # doubled, so that long ones stay linear
            return
        if held > RECORD_MAX:
            raise Broken(self.line, f"is longer than {RECORD_MAX:,} characters, or not JSON") from None
        line = self.line + self._text.count("\n", self._at, self._at + place)
        if self._at + place >= len(self._text.rstrip(BLANK)) or "Unterminated" in error.msg:
            raise Broken(line, "the file ends in the middle of a value") from None
        raise Broken(line, f"is not JSON: {error.msg} (column {error.colno})") from None

    def _more(self, size: int) -> bool:
        if self._ended:
            return False
        raw = self._file.read(size)
        self._ended = not raw
        self._progress(len(raw))
        try:
            text = self._decoder.decode(raw, final=not raw)
        except UnicodeDecodeError as error:
            pending = len(error.object) - len(raw)
            lines = self._text.count("\n", self._at) + error.object.count(b"\n", 0, error.start)
            raise Broken(
                self.line + lines,
                f"is not UTF-8 at byte {self._read - pending + error.start + 1} of the file",
            ) from None
        self._read += len(raw)
        self._text = self._text[self._at :] + text
        self._at = 0
        return bool(raw)
