"""What is wrong in a file that a person wrote, in words: which key, what it says, what would be right. Pure.

A model whose fields carry a `description` ("true or false") gets complaints that end with it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

Place = tuple[str | int, ...]

SHOWN_MAX = 60  # characters of a wrong value that are repeated; enough to recognise it, on one line
HALF = 0.5  # looser than ALIKE: these are offered to look at, nothing is done with them
WITHIN = 3  # characters; fewer stand in too many names
ALIKE = 0.6  # difflib's own default: below it, a suggestion puzzles more than it helps


@dataclass(frozen=True)
class Complaint:
    """One thing that is wrong. `place` is the path of keys and positions that leads to it."""

    place: Place
    what: str


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The one choice that `word` was most likely meant to be, or None."""
    lowered = {choice.casefold(): choice for choice in choices}
    near = difflib.get_close_matches(word.casefold(), lowered, n=1, cutoff=ALIKE)
    return lowered[near[0]] if near else None


def meant(word: str, choices: Iterable[str], most: int = 3) -> list[str]:
    """Those that a person perhaps meant: what contains the word, then what is spelled like it."""
    known = list(choices)
    within = [choice for choice in known if len(word) >= WITHIN and word.casefold() in choice.casefold()]
    alike = difflib.get_close_matches(word, known, n=most, cutoff=HALF)
    return list(dict.fromkeys([*sorted(within, key=len), *alike]))[:most]


def unknown(word: str, choices: Iterable[str]) -> str:
    """The rest of a sentence about a name that is none: the nearest right one, or all of them."""
    known = list(choices)
    near = nearest(word, known)
    if near is not None:
        return f"did you mean {near!r}?"
    return f"known here: {', '.join(known)}"


def dotted(place: Place) -> str:
    """`phases.repair[2].text`: how a place is written; positions count from one, as people do."""
    path = ""
    for part in place:
        path += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def shown(value: object) -> str:
    """A value as a person would recognise it, cut to one short line."""
    match value:
        case None:
            return "empty"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a table"
        case list() | tuple():
            return "a list" if value else "an empty list"
    text = repr(value)
    return text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 1] + "…"


def complaints(error: ValidationError, model: type[BaseModel]) -> list[Complaint]:
    """Everything that pydantic found, in the words of the model's descriptions."""
    found = error.errors(include_url=False)
    misspelt = {
        (details["loc"][:-1], nearest(str(details["loc"][-1]), _keys(_at(model, details["loc"][:-1]))))
        for details in found
        if details["type"] == "extra_forbidden"
    }
    inside = {loc[:-1] for loc in (details["loc"] for details in found) if loc and isinstance(loc[-1], int)}
    return [
        _complaint(details, model)
        for details in found
        # one mistake, one complaint: a key that is misspelt is not missing as well,
        if (details["type"] != "missing" or (details["loc"][:-1], details["loc"][-1]) not in misspelt)
        # and a list is not too short because an entry of it is wrong
        and (details["type"] != "too_short" or details["loc"] not in inside)
    ]


def _complaint(details: ErrorDetails, model: type[BaseModel]) -> Complaint:
    place: Place = details["loc"]
    context = details.get("ctx", {})
    if details["type"] == "extra_forbidden":
        choices = _keys(_at(model, place[:-1]))
        return Complaint(place, f"unknown key {dotted(place)!r}; {unknown(str(place[-1]), choices)}")
    if place and place[-1] == "[key]":
        choices = _keys(_at(model, place[:-2]))
        return Complaint(
            place[:-1], f"unknown key {dotted(place[:-1])!r}; {unknown(str(place[-2]), choices)}"
        )
    if "place" in context:  # a rule about the whole that knows where it was broken
        return Complaint((*place, *context["place"]), details["msg"])
    right = _description(model, place)
    if details["type"] == "missing":
        what = f"{place[-1]!r} is missing" + (f"; it must be {right}" if right else "")
        return Complaint(place[:-1], f"{what} (in {dotted(place[:-1])})" if place[:-1] else what)
    said = f"{dotted(place) or 'the file'} is {shown(details['input'])}"
    if details["type"] == "value_error":  # one of our own validators, which says why
        return Complaint(place, f"{said}; {context['error']}")
    if right and place and isinstance(place[-1], int):
        return Complaint(place, f"{said}; {dotted(_list_of(place))} must be {right}")
    if right:
        return Complaint(place, f"{said}, but must be {right}")
    return Complaint(place, f"{said}, but must be {_expected(_at(model, place))}")


def _expected(annotation: Any) -> str:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"a table with {', '.join(annotation.model_fields)}"
    if get_origin(annotation) is dict:
        return f"a table with {', '.join(_keys(annotation)) or 'names and values'}"
    if get_origin(annotation) in (tuple, list):
        return "a list"
    return "a text" if annotation is str else "something else"


def _keys(annotation: Any) -> list[str]:
    """The keys that may stand in a table of this type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return list(annotation.model_fields)
    if get_origin(annotation) is dict:
        key = get_args(annotation)[0]
        if isinstance(key, type) and issubclass(key, Enum):
            return [str(member.value) for member in key]
    return []


def _at(annotation: Any, place: Place) -> Any:
    """The type that stands at `place` inside `annotation`; Any where the path leads out of it."""
    annotation = _bare(annotation)
    if not place:
        return annotation
    head, rest = place[0], place[1:]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get(str(head))
        return _at(field.annotation, rest) if field else Any
    if get_origin(annotation) is dict:
        return _at(get_args(annotation)[1], rest)
    if get_origin(annotation) in (tuple, list):
        return _at(get_args(annotation)[0], rest)
    return Any


def _bare(annotation: Any) -> Any:
    """Without `Annotated` and without `| None`."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return _bare(next(each for each in get_args(annotation) if each is not type(None)))
    return annotation


def _list_of(place: Place) -> Place:
    """The place of the list in which `place` is an entry."""
    while place and isinstance(place[-1], int):
        place = place[:-1]
    return place


def _description(model: type[BaseModel], place: Place) -> str | None:
    """What the field at `place` says is right; an entry of a list is described by its list."""
    place = _list_of(place)
    above = _at(model, place[:-1])
    if place and isinstance(above, type) and issubclass(above, BaseModel):
        field = above.model_fields.get(str(place[-1]))
        return field.description if field else None
    if get_origin(above) is dict:  # what stands behind a name of one's own: its type says what is right
        said = [each for each in get_args(get_args(above)[1])[1:] if isinstance(each, FieldInfo)]
        return said[0].description if said else None
    return None
