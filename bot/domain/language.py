"""How the domain says something to people: through a catalogue handed in as an argument. No files here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

Who = Callable[[str], str]  # a person's id in, the name out
Quote = Callable[[str], str]  # what somebody typed in, escaped out


class Translate(Protocol):
    """A catalogue of one language. Texts are written out where they are said, so that extraction finds them.

    `t("Opened {number}", number=3)` says one sentence; `t.n("{count} step", "{count} steps", 3)` picks the
    plural form that the language wants. Placeholders are those of `str.format`, named, never positional,
    because languages order them differently. Values are put in last and are never read as templates.
    """

    def __call__(self, text: str, /, **params: object) -> str: ...

    def n(self, one: str, many: str, count: int, /, **params: object) -> str:
        """The form for `count`, which the text may show as `{count}`."""
        ...


def as_it_is(text: str) -> str:
    """The `Quote` of screens without markup."""
    return text


def stopped(text: str) -> str:
    """Ends as a sentence does, so that the next one can follow."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def marked(text: str) -> str:
    """The text itself: marks one for the catalogues that is said later, in whatever language it is read."""
    return text


@dataclass(frozen=True)
class Said:
    """A marked text with its blanks, made where nobody knows in which language it will be read. `str()` is English.

    `said.by(t)` says it. As a blank of a refusal it is said in that one's language.
    """

    text: str
    blanks: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text.format(**self.blanks)

    def by(self, t: Translate) -> str:
        return t(self.text, **self.blanks)


class English:
    """The language the texts are written in: nothing to look up, only the placeholders to fill."""

    def __call__(self, text: str, /, **params: object) -> str:
        return text.format(**params)

    def n(self, one: str, many: str, count: int, /, **params: object) -> str:
        return (one if count == 1 else many).format(**{"count": count, **params})
