"""Small checks that add up to a schema, and the report of what they found: a message and a JSON pointer each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One thing wrong, where (`/blocks/0/text/text`), and the constraint that it broke."""

    message: str
    pointer: str
    constraint: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.message} [json-pointer:{self.pointer}]"


@dataclass
class Report:
    """Everything wrong with one payload, in the order it was found."""

    surface: str = "message"
    problems: list[Problem] = field(default_factory=list)

    def add(self, message: str, pointer: str, **constraint: Any) -> None:
        self.problems.append(Problem(message, pointer, constraint))


Check = Callable[[Report, Any, str], None]


def as_list(value: Any) -> list[Any]:
    """A copy of a list, or an empty one: that it ought to be a list is said elsewhere."""
    return list(value) if isinstance(value, list) else []


def string(low: int = 1, high: int | None = None, *, pattern: str | None = None, hint: str = "") -> Check:
    """A string of `low` to `high` characters, of a form that `hint` describes."""
    form = re.compile(pattern) if pattern else None

    def check(report: Report, value: Any, at: str) -> None:
        if not isinstance(value, str):
            report.add("must be a string", at, type="string")
        elif len(value) < low:
            report.add(f"must be more than {low - 1} characters", at, type="min_length", expected=low)
        elif high is not None and len(value) > high:
            report.add(f"must be less than {high + 1} characters", at, type="max_length", expected=high)
        elif form is not None and not form.fullmatch(value):
            report.add(hint, at, type="pattern", expected=form.pattern)

    return check


def boolean(report: Report, value: Any, at: str) -> None:
    """Exactly true or false."""
    if not isinstance(value, bool):
        report.add("must be a boolean", at, type="boolean")


def number(report: Report, value: Any, at: str) -> None:
    """Any number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        report.add("must be a number", at, type="number")


def integer(low: int, high: int | None = None) -> Check:
    """A whole number between `low` and `high`, both included."""

    def check(report: Report, value: Any, at: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            report.add("must be an integer", at, type="integer")
        elif value < low:
            report.add(f"must be greater than or equal to {low}", at, type="minimum", expected=low)
        elif high is not None and value > high:
            report.add(f"must be less than or equal to {high}", at, type="maximum", expected=high)

    return check


def one_of(*allowed: str) -> Check:
    """One of a closed set of words."""

    def check(report: Report, value: Any, at: str) -> None:
        if value not in allowed:
            report.add("must be a valid enum value", at, type="enum", expected=list(allowed))

    return check


def listing(item: Check, low: int = 0, high: int | None = None) -> Check:
    """A list of `low` to `high` things that each pass `item`."""

    def check(report: Report, value: Any, at: str) -> None:
        if not isinstance(value, list):
            report.add("must provide an array", at, type="array")
            return
        if len(value) < low:
            report.add(f"no fewer than {low} items allowed", at, type="min_items", expected=low)
        if high is not None and len(value) > high:
            report.add(f"no more than {high} items allowed", at, type="max_items", expected=high)
        for number, one in enumerate(value):
            item(report, one, f"{at}/{number}")

    return check


@dataclass(frozen=True)
class Shape:
    """An object: its required and optional fields, what else must hold, and whether more is allowed."""

    required: Mapping[str, Check] = field(default_factory=dict)
    optional: Mapping[str, Check] = field(default_factory=dict)
    also: Callable[[Report, dict[str, Any], str], None] | None = None
    open: bool = False

    def __call__(self, report: Report, value: Any, at: str) -> None:
        if not isinstance(value, dict):
            report.add("must provide an object", at, type="object")
            return
        for name in self.required:
            if value.get(name) is None:
                report.add(f"missing required field: {name}", at, type="required", expected=name)
        known = {**self.required, **self.optional}
        for name, one in value.items():
            if name in known:
                if one is not None:
                    known[name](report, one, f"{at}/{name}")
            elif not self.open and name != "type":
                report.add(f"invalid additional property: {name}", at, type="additional_property")
        if self.also is not None:
            self.also(report, value, at)


def by_type(shapes: Mapping[str, Check], *, among: frozenset[str] | set[str] | None = None) -> Check:
    """An object whose `type` says which shape it must have; `among` narrows which types may stand here."""

    def check(report: Report, value: Any, at: str) -> None:
        if not isinstance(value, dict):
            report.add("must provide an object", at, type="object")
            return
        type_ = value.get("type")
        if type_ is None:
            report.add("missing required field: type", at, type="required", expected="type")
            return
        allowed = set(shapes) if among is None else set(among) & set(shapes)
        if not isinstance(type_, str) or type_ not in allowed:
            expected = sorted(allowed)
            report.add(f"unsupported type: {type_}", f"{at}/type", type="enum", expected=expected)
            return
        shapes[type_](report, value, at)

    return check


def exactly_one(*names: str) -> Callable[[Report, dict[str, Any], str], None]:
    """Exactly one of these fields must be there."""

    def check(report: Report, value: dict[str, Any], at: str) -> None:
        given = [name for name in names if value.get(name) is not None]
        if len(given) != 1:
            report.add(f"must provide exactly one of: {', '.join(names)}", at, type="one_of")

    return check


def at_least_one(*names: str) -> Callable[[Report, dict[str, Any], str], None]:
    """At least one of these fields must be there."""

    def check(report: Report, value: dict[str, Any], at: str) -> None:
        if not any(value.get(name) for name in names):
            report.add(f"must provide at least one of: {', '.join(names)}", at, type="any_of")

    return check
