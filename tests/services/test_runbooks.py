"""Runbooks read from files: what is wrong is named with its line, and it never costs the other runbooks."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.vocabulary import Phase
from bot.services.runbooks import Library, Problem

GOOD = """\
id: search-down
title: Search finds nothing
matching:
  words: [search, no results, 404, no]
phases:
  stabilize:
    - id: serve-stale
      text: Serve yesterday's index.
      why: Old results beat none.
      required: true
      flag: search-new-index
  repair:
    - id: reindex
      text: Rebuild the index.
  prevent:
    - id: alert
      text: Alert on empty answers.
"""


def written(folder: Path, **files: str | bytes) -> Path:
    """`folder` with a file for each keyword; `_` in a name stands for `-`."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / f"{name.replace('_', '-')}.yaml").write_bytes(data)
    return folder


def only_problem(folder: Path) -> Problem:
    """The one thing that is wrong in `folder`, after seeing that the good file beside it loads all the same."""
    (folder / "good.yaml").write_text(GOOD)
    library = Library.load([folder])
    assert [runbook.id for runbook in library.runbooks] == ["search-down"]
    (problem,) = library.problems
    return problem


def test_a_runbook_is_read_with_its_words_steps_and_reasons(tmp_path: Path) -> None:
    library = Library.load([written(tmp_path, search=GOOD)])
    assert library.problems == []
    (runbook,) = library.runbooks
    assert (runbook.id, runbook.title) == ("search-down", "Search finds nothing")
    (step,) = runbook.phases[Phase.STABILIZE]
    assert (step.text, step.why) == ("Serve yesterday's index.", "Old results beat none.")
    assert (step.required, step.flag) == (True, "search-new-index")
    assert not runbook.phases[Phase.REPAIR][0].required


def test_words_that_yaml_takes_for_numbers_and_booleans_stay_words(tmp_path: Path) -> None:
    (runbook,) = Library.load([written(tmp_path, search=GOOD)]).runbooks
    assert runbook.matching.words == ("search", "no results", "404", "no")


def test_runbooks_of_several_folders_come_in_the_order_of_their_ids(tmp_path: Path) -> None:
    first = written(tmp_path / "a", one=GOOD.replace("search-down", "zeta"))
    second = written(tmp_path / "b", two=GOOD.replace("search-down", "alpha"))
    library = Library.load([first, second, first])
    assert [runbook.id for runbook in library.runbooks] == ["alpha", "zeta"]
    assert library.problems == []


@pytest.mark.parametrize(
    ("wrong", "right", "line", "said"),
    [
        ("title: Search", "titel: Search", 2, "unknown key 'titel'; did you mean 'title'?"),
        ("      why:", "      wy:", 9, "unknown key 'phases.stabilize[1].wy'; did you mean 'why'?"),
        (
            "  repair:",
            "  fix:",
            12,
            "unknown key 'phases.fix'; known here: stabilize, repair, prevent, closed",
        ),
        ("  stabilize:", "  stabilise:", 6, "unknown key 'phases.stabilise'; did you mean 'stabilize'?"),
        ("required: true", "required: maybe", 10, "is 'maybe', but must be true or false"),
        ("id: search-down", "id: Search down", 1, "id is 'Search down', but must be lower-case letters"),
        ("Rebuild the index.", "", 14, "phases.repair[1].text is empty, but must be a text of 1 to 200"),
        ("Rebuild the index.", "x" * 201, 14, "but must be a text of 1 to 200 characters"),
        ("Rebuild the index.", "[a, b]", 14, "text is a list, but must be a text of 1 to 200 characters"),
        ("[search, no results, 404, no]", "search", 4, "words is 'search', but must be a list of words"),
        ("no results", "'!?'", 4, "a word needs a letter or a digit"),
        ("id: alert", "id: reindex", 16, "step id 'reindex' stands twice"),
        ("id: alert", "text: x", 17, "key 'phases.prevent[1].text' stands twice"),
        ("id: alert", "id:", 16, "phases.prevent[1].id is empty, but must be lower-case letters"),
        (
            "    - id: alert\n      text: Alert on empty answers.",
            "    []",
            15,
            "phase 'prevent' has no steps",
        ),
        ("      text: Alert on empty answers.\n", "", 16, "'text' is missing; it must be a text of 1 to 200"),
        (
            "  prevent:",
            "  closed:\n    - {id: x, text: y}\n  prevent:",
            15,
            "'closed' is the end, not a phase",
        ),
        ("title: Search", "title: Search: it", 2, "put a text that contains ': ' in quotes"),
        ("title: Search", "\ttitle: Search", 2, "indent with spaces"),
        ("Rebuild the index.", "@oncall rebuilds", 14, "in quotes"),
        ("Rebuild the index.", "'Rebuild", 14, "close the quotes"),
        ("Rebuild the index.", "&all Rebuild", 14, "anchors and aliases (&name, *name) are not read"),
        ("Rebuild the index.", "*all", 14, "anchors and aliases (&name, *name) are not read"),
        ("Rebuild the index.", "!!python/object/apply:os.abort []", 14, "tags (tag:yaml.org,2002:python/"),
        ("Rebuild the index.", '"\\ud800"', 14, "makes a character that cannot be shown"),
        ("Rebuild the index.", "a\x07b", 14, "control character #x0007; remove it"),
        ("Rebuild the index.", "[[[[[[[[[[x]]]]]]]]]]", 14, "nested too deeply"),
        ("  repair:", "  ? [a]\n  : b\n  repair:", 12, "a key must be one word"),
        ("phases:", "---\nphases:", 5, "one file holds one runbook"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_what_is_right(
    tmp_path: Path, wrong: str, right: str, line: int, said: str
) -> None:
    assert wrong in GOOD
    folder = written(tmp_path, broken=GOOD.replace(wrong, right, 1).replace("search-down", "other", 1))
    if "search-down" in wrong:
        folder = written(tmp_path, broken=GOOD.replace(wrong, right, 1))
    problem = only_problem(folder)
    assert (problem.file.name, problem.line) == ("broken.yaml", line)
    assert said in problem.what
    assert str(problem).startswith(f"{problem.file}, line {line}: ")
    assert "\n" not in str(problem)


def test_everything_that_is_wrong_in_a_file_is_named_at_once_from_top_to_bottom(tmp_path: Path) -> None:
    broken = (
        GOOD.replace("title:", "titel:").replace("required: true", "required: 2").replace("flag:", "flg:")
    )
    library = Library.load([written(tmp_path, broken=broken)])
    assert [problem.line for problem in library.problems] == [2, 10, 11]


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (b"", 1, "the file is empty"),
        (b"just words", 1, "but must be a table with id, title"),
        (b"[1, 2]", 1, "the file is a list, but must be a table with id, title"),
        (b"id: a\ntitle: caf\xe9\n", 2, "not UTF-8"),
        (GOOD.encode("utf-16"), 1, "not UTF-8"),
        (b'id: "\\U7fffffff"', 0, "names no character"),
        (b"# " + b"x" * 10_000_000, 0, "larger than 100,000 bytes"),
    ],
)
def test_a_file_that_is_no_runbook_at_all_is_named(
    tmp_path: Path, content: bytes, line: int, said: str
) -> None:
    problem = only_problem(written(tmp_path, broken=content))
    assert problem.line == line
    assert said in problem.what


def test_the_same_runbook_id_in_two_files_keeps_the_first_and_names_both(tmp_path: Path) -> None:
    folder = written(tmp_path, a_first=GOOD, b_second="# a copy\n" + GOOD.replace("Search finds", "Copied"))
    library = Library.load([folder])
    assert [runbook.title for runbook in library.runbooks] == ["Search finds nothing"]
    (problem,) = library.problems
    assert (problem.file.name, problem.line) == ("b-second.yaml", 2)
    assert str(folder / "a-first.yaml") in problem.what


def test_a_folder_that_is_missing_is_named_and_the_others_load(tmp_path: Path) -> None:
    library = Library.load([tmp_path / "nowhere", written(tmp_path / "here", good=GOOD)])
    assert len(library.runbooks) == 1
    (problem,) = library.problems
    assert str(problem).startswith(f"{tmp_path / 'nowhere'}: the folder cannot be read")


def test_a_file_with_the_other_ending_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    (tmp_path / "other.yml").write_text(GOOD.replace("search-down", "other"))
    assert "rename" in only_problem(tmp_path).what


def test_a_named_pipe_does_not_hang_the_start(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    assert "not a file" in only_problem(tmp_path).what


def test_aliases_that_multiply_cost_no_time_and_no_memory(tmp_path: Path) -> None:
    levels = "\n".join(f"l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * 9)}]" for level in range(1, 40))
    started = time.monotonic()
    problem = only_problem(written(tmp_path, bomb=f"l0: &l0 lol\n{levels}"))
    assert "aliases" in problem.what
    assert time.monotonic() - started < 1.0


def test_twenty_steps_fit_into_a_phase_and_the_twenty_first_is_refused(tmp_path: Path) -> None:
    def steps(count: int) -> str:
        return "".join(f"    - {{id: s{number}, text: Do it.}}\n" for number in range(count))

    start = "    - id: alert\n      text: Alert on empty answers.\n"
    most = GOOD.replace(start, steps(20))
    assert Library.load([written(tmp_path / "most", search=most)]).problems == []
    (problem,) = Library.load([written(tmp_path / "more", search=GOOD.replace(start, steps(21)))]).problems
    assert "21 steps and at most 20 fit" in problem.what


PIECES = [
    *GOOD.split("\n"),
    "[",
    "]",
    "{",
    "}",
    "&a",
    "*a",
    "!x",
    "? ",
    "- ",
    ": ",
    "'",
    '"',
    "|",
    "\t",
    "%",
    "\x85",
]


@settings(max_examples=80, deadline=None)
@given(
    content=st.one_of(
        st.binary(max_size=300),
        st.lists(st.sampled_from(PIECES), max_size=30).map(lambda pieces: "\n".join(pieces).encode()),
        st.lists(st.sampled_from(PIECES), max_size=30).map(lambda pieces: " ".join(pieces).encode()),
    )
)
@example(content=b'"\\UFFFFFFFF"')
def test_no_bytes_whatever_stop_the_loading(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = written(tmp_path_factory.getbasetemp() / "whatever", file=content, good=GOOD)
    library = Library.load([folder])
    assert "search-down" in [runbook.id for runbook in library.runbooks]
    assert all(problem.what and problem.line >= 0 for problem in library.problems)
