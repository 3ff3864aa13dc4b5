"""Reading YAML as nodes: by libyaml or by PyYAML's own parser, it is the same."""

from __future__ import annotations

from contextlib import closing

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.services.runbooks import BUILT_IN
from bot.services.yaml_nodes import NotRead, _is_plain, _Nodes, composed

TEXTS = [path.read_text() for path in sorted(BUILT_IN.glob("*.yaml"))]
SCRAPS = [
    ": ",
    "- ",
    "\n",
    "  ",
    "'",
    '"',
    "#",
    "[",
    "]",
    "{a: b}",
    "&a ",
    "*a",
    "!!str ",
    "|\n",
    "? ",
    "\t",
    "---\n",
    "\\",
    "é",
]
Seen = tuple[str, str, int, object]


def seen(node: yaml.Node | None) -> Seen | None:
    """All that is asked of a node: its kind, its tag, its line, and what is in it."""
    match node:
        case None:
            return None
        case yaml.MappingNode():
            inside: object = [(seen(key), seen(value)) for key, value in node.value]
        case yaml.SequenceNode():
            inside = [seen(each) for each in node.value]
        case _:
            inside = node.value
    return type(node).__name__, node.tag, node.start_mark.line, inside


def read_slowly(text: str) -> Seen | None:
    with closing(_Nodes(text)) as loader:
        return seen(loader.get_single_node())


@pytest.mark.parametrize("text", TEXTS)
def test_what_ships_is_read_by_libyaml_as_by_pyyaml(text: str) -> None:
    assert _is_plain(text)
    assert seen(composed(text)) == read_slowly(text)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.sampled_from(TEXTS), st.data())
def test_what_both_parsers_read_they_read_alike(text: str, data: st.DataObject) -> None:
    lines = text.splitlines(keepends=True)[:25]
    cut = "".join(lines)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(cut)))
        cut = cut[:place] + data.draw(st.sampled_from(SCRAPS)) + cut[place + data.draw(st.integers(0, 3)) :]
    try:
        slowly = read_slowly(cut)
    except (yaml.YAMLError, NotRead, ValueError):
        return
    assert seen(composed(cut)) == slowly


@pytest.mark.parametrize(
    "text",
    ["a: &x 1\nb: *x", "a: !!str 1", "[" * 8 + "1" + "]" * 8, "[" * 50_000, "a: 'open", "a:\tb", "\ud800"],
)
def test_what_is_not_plain_is_left_to_the_parser_that_says_why(text: str) -> None:
    assert not _is_plain(text)


def test_seven_levels_are_read_and_eight_are_refused() -> None:
    assert composed("[" * 7 + "1" + "]" * 7) is not None
    with pytest.raises(NotRead, match="nested too deeply"):
        composed("[" * 8 + "1" + "]" * 8)
