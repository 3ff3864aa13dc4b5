"""Read runbooks from folders of YAML files. A file that is wrong is named with its line; the others load.

The YAML is composed into nodes and never constructed into objects: there are no tags to run, no aliases to
multiply, and every value knows its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import ValidationError

from bot.domain.runbook import Runbook
from bot.domain.spelling import Place, complaints, dotted
from bot.services.languages import ENGLISH
from bot.services.yaml_nodes import NotRead, composed

BUILT_IN = Path(__file__).resolve().parents[2] / "runbooks"  # shipped beside the packages, in the wheel too

SIZE_MAX = 100_000  # bytes; ten times the longest runbook that anyone follows, and parsed in half a second
PLAIN_NULL = "tag:yaml.org,2002:null"

UNSHOWABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")

# PyYAML says what it met; what to do about it is for us to say. Looked up by a part of its message.
ADVICE = {
    "cannot start any token": "indent with spaces, and put a text that begins with @, `, % or a tab in quotes",
    "mapping values are not allowed": "put a text that contains ': ' in quotes, and check the indentation",
    "could not find expected ':'": "write each line as 'key: value', and close the quotes",
    "but found another document": "one file holds one runbook: move what follows '---' to a file of its own",
    "unacceptable character": "remove the control character",
    "unexpected end of stream": "close the quotes",
}
OTHER_ADVICE = "check the indentation, the quotes and the brackets around here"


@dataclass(frozen=True)
class Problem:
    """What is wrong in a file, and what would be right. `line` counts from one; 0 means the file as a whole."""

    file: Path
    line: int
    what: str

    def __str__(self) -> str:
        where = f"{self.file}, line {self.line}" if self.line else f"{self.file}"
        return f"{where}: {self.what}"


@dataclass(frozen=True)
class Library:
    """The runbooks that could be read, in the order of their ids, and everything that was wrong."""

    runbooks: list[Runbook]
    problems: list[Problem]

    @classmethod
    def load(cls, folders: Iterable[Path], language: str = ENGLISH) -> Library:
        """Read every `*.yaml` of `folders`. Never raises for what stands in a file.

        In another language than English, a folder's own folder of that name (`fr/`) is read too: a runbook
        there takes the place of the one with the same id; what is not translated stays as it is.
        """
        read = list(folders)
        library = cls._load(read)
        own = [folder / language for folder in read if language != ENGLISH and (folder / language).is_dir()]
        translated = cls._load(own)
        by_id = {runbook.id: runbook for runbook in (*library.runbooks, *translated.runbooks)}
        return cls([by_id[each] for each in sorted(by_id)], [*library.problems, *translated.problems])

    @classmethod
    def _load(cls, folders: Iterable[Path]) -> Library:
        found: dict[str, tuple[Runbook, Path]] = {}
        problems: list[Problem] = []
        for file in _files(folders, problems):
            try:
                runbook, line = _read(file)
            except _Wrong as wrong:
                problems += [Problem(file, line, what) for line, what in sorted(wrong.found)]
                continue
            if runbook.id in found:
                first = found[runbook.id][1]
                what = f"id {runbook.id!r} belongs to {first} already; give this runbook another id"
                problems.append(Problem(file, line, what))
                continue
            found[runbook.id] = (runbook, file)
        return cls([runbook for _, (runbook, _) in sorted(found.items())], problems)


class _Wrong(Exception):
    """Lines and what is wrong there."""

    def __init__(self, *found: tuple[int, str]) -> None:
        super().__init__(found)
        self.found = found


def _files(folders: Iterable[Path], problems: list[Problem]) -> list[Path]:
    """The files to read, each once even when a folder is named twice; notes what stands in the way."""
    files: dict[Path, Path] = {}
    for folder in folders:
        try:
            names = sorted(folder.iterdir())
        except OSError as error:
            what = f"the folder cannot be read ({error.strerror}); make it, or correct [runbooks] folders"
            problems.append(Problem(folder, 0, what))
            continue
        for path in names:
            if path.suffix == ".yml":
                problems.append(Problem(path, 0, "only *.yaml is read; rename the file to end in .yaml"))
            elif path.suffix == ".yaml" and not path.is_file():  # reading a named pipe would wait for ever
                problems.append(Problem(path, 0, "this is not a file; put a runbook here, or remove it"))
            elif path.suffix == ".yaml":
                files.setdefault(path.resolve(), path)
    return list(files.values())


def _read(file: Path) -> tuple[Runbook, int]:
    """The runbook in `file`, and the line its id stands on."""
    document, lines = _document(_text(file))
    try:
        runbook = Runbook.model_validate(document)
    except ValidationError as error:
        found = [(_line(lines, each.place), each.what) for each in complaints(error, Runbook)]
        raise _Wrong(*found) from error
    return runbook, _line(lines, ("id",))


def _line(lines: dict[Place, int], place: Place) -> int:
    """The line of a place, or of the nearest one around it that stands in the file."""
    while place and place not in lines:
        place = place[:-1]
    return lines[place]


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(SIZE_MAX + 1)
    except OSError as error:
        raise _Wrong((0, f"cannot be read ({error.strerror}); check its permissions")) from error
    if len(content) > SIZE_MAX:
        raise _Wrong((0, f"is larger than {SIZE_MAX:,} bytes, so it was not read; a runbook is a few pages"))
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _Wrong((line, "is not UTF-8 text; save the file as UTF-8")) from error


def _document(text: str) -> tuple[object, dict[Place, int]]:
    """What stands in the YAML text, as lists, dicts and texts, and the line of each place in it."""
    try:
        root = composed(text)
    except NotRead as error:
        raise _Wrong((error.line, error.what)) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _Wrong((line, f"control character #x{ord(text[error.position]):04x}; remove it")) from error
    except yaml.MarkedYAMLError as error:
        raise _Wrong(_unparsed(error)) from error
    except (ValueError, OverflowError) as error:  # PyYAML lets them out of an escape beyond Unicode
        raise _Wrong((0, "an escape (\\U…) names no character; correct or remove it")) from error
    if root is None:
        raise _Wrong((1, "the file is empty; write id, title and phases, as runbooks/README.md shows"))
    lines: dict[Place, int] = {}
    return _value(root, (), lines), lines


def _unparsed(error: yaml.MarkedYAMLError) -> tuple[int, str]:
    opened = "quoted" in (
        error.context or ""
    )  # it is noticed at the end of the file; people look at the start
    mark = error.context_mark if opened else error.problem_mark
    said = error.problem or "this is not YAML"
    advice = next((advice for part, advice in ADVICE.items() if part in said), OTHER_ADVICE)
    return (mark.line + 1 if mark else 0, f"{said}; {advice}")


def _value(node: yaml.Node, place: Place, lines: dict[Place, int]) -> object:
    """The value of a node. A scalar is its text, so that `words: [no, 404]` are words; nothing is None."""
    lines[place] = node.start_mark.line + 1
    match node:
        case yaml.ScalarNode():
            return None if node.tag == PLAIN_NULL else _clean(node.value, lines[place])
        case yaml.SequenceNode():
            return [_value(each, (*place, position), lines) for position, each in enumerate(node.value)]
        case yaml.MappingNode():
            return _table(node, place, lines)
    raise AssertionError(f"the composer makes no other nodes: {node!r}")


def _clean(text: str, line: int) -> str:
    """The text without outer blanks; what no database and no screen takes can only come from an escape."""
    if UNSHOWABLE.search(text):
        raise _Wrong((line, "an escape (\\x…, \\u…) makes a character that cannot be shown; remove it"))
    return text.strip()


def _table(node: yaml.MappingNode, place: Place, lines: dict[Place, int]) -> dict[str, object]:
    table: dict[str, object] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise _Wrong((line, "a key must be one word; check for a stray '?', '[' or '{'"))
        here: Place = (*place, key.value)
        if key.value in table:
            raise _Wrong((line, f"key {dotted(here)!r} stands twice; remove one of them"))
        table[key.value] = _value(value, here, lines)
        lines[here] = line
    return table
