"""YAML texts as plain nodes, each with its line: no anchors, no tags, no depth that could exhaust the stack.

Read by libyaml where PyYAML brings it, in a tenth of the time: without it, reading runbooks is a tenth of starting.
What libyaml refuses, or what we do, PyYAML's own parser reads once more: the words of what is wrong are the same
everywhere.
"""

from __future__ import annotations

import contextlib
import re

import yaml

DEPTH_MAX = 8  # a runbook is four deep; beyond this it is a mistake, or meant to exhaust the stack

UNSURE = re.compile(r"\t|(?<!\S)\?(?!\S)")


class NotRead(Exception):
    """It is YAML, but not of the plain kind that is read here. `line` counts from one."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line
        self.what = what


def composed(text: str) -> yaml.Node | None:
    """The root of the document, None where there is nothing; raises yaml.YAMLError, ValueError or NotRead."""
    if yaml.__with_libyaml__ and _is_plain(text):
        with contextlib.suppress(yaml.YAMLError):
            fast: yaml.Node | None = yaml.compose(text, Loader=yaml.CSafeLoader)
            return fast
    with contextlib.closing(_Nodes(text)) as loader:
        root: yaml.Node | None = loader.get_single_node()
        return root


def _is_plain(text: str) -> bool:
    """Whether libyaml can be let at it: its composer goes as deep as the text does, and follows every alias.

    Where the two parsers do not always agree, PyYAML's own decides: tabs, question marks that begin a key or stand
    within brackets.
    """
    if UNSURE.search(text):
        return False
    depth = 0
    brackets: list[int] = []  # where those that are open began
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
                return False
            if getattr(event, "tag", None) is not None:
                return False
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                start = event.start_mark
                if start is not None and (event.flow_style or brackets):
                    brackets.append(start.index)
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
                end = event.end_mark
                if end is not None and brackets and "?" in text[brackets.pop() : end.index]:
                    return False
            if depth >= DEPTH_MAX:
                return False
    except (yaml.YAMLError, ValueError):  # a lone surrogate is no UTF-8
        return False
    return True


class _Nodes(yaml.SafeLoader):
    """Composes plain nodes; refuses aliases, anchors, tags and depth before they can cost anything."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def close(self) -> None:
        """Let go of the parser's states, which refer back to it."""
        self.dispose()

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it out
        tag = getattr(event, "tag", None)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            what = "anchors and aliases (&name, *name) are not read; write the text out, or put it in quotes"
            raise _not_read(what, event)
        if tag is not None:
            raise _not_read(f"tags ({tag}) are not read; remove it, or put the text in quotes", event)
        if self._depth >= DEPTH_MAX:
            raise _not_read("nested too deeply; a runbook has phases, steps, and the keys of a step", event)
        self._depth += 1
        try:
            node: yaml.Node | None = super().compose_node(parent, index)
        finally:
            self._depth -= 1
        return node


def _not_read(what: str, event: yaml.Event) -> NotRead:
    return NotRead(event.start_mark.line + 1 if event.start_mark else 0, what)
