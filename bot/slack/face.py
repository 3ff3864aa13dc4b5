"""How Firebreak looks in one workspace: its language, its severities, its clock; and what a drawing is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.affected import OURS, Landscape
from bot.domain.language import Translate
from bot.domain.naming import refusal_words
from bot.domain.questions import ROOT_CAUSES
from bot.domain.vocabulary import Refused, Severity
from bot.slack.text import cut, escape, mention, quoted, unmarked

REFUSAL_MAX = 2900  # a section holds 3,000 characters, and a sentence longer than that is read by nobody
MEANING_MAX = 200  # a meaning is one line beside the severity


@dataclass(frozen=True)
class Drawing:
    """A message: its blocks, and the text for notifications and for screens that show no blocks."""

    blocks: list[dict[str, Any]]
    text: str


@dataclass(frozen=True)
class Face:
    """What every drawing needs to know besides the incident. `announcements` is a channel's name or id."""

    t: Translate
    meanings: Mapping[Severity, str]
    zone: ZoneInfo
    announcements: str
    landscape: Landscape = OURS
    root_causes: tuple[str, ...] = ROOT_CAUSES

    @property
    def critical_paths(self) -> tuple[str, ...]:
        """The names of the business flows that must work."""
        return tuple(path.name for path in self.landscape.paths)

    def proof(self, path: str) -> str:
        """An example of how one knows that this path works; empty when the settings give none."""
        return next((each.proof for each in self.landscape.paths if each.name == path), "")

    def person(self, person: str) -> str:
        """A person, as a mention."""
        return mention(person)

    def meaning(self, severity: Severity, most: int = MEANING_MAX) -> str:
        """What this severity means here, escaped; empty when the settings say nothing."""
        return quoted(self.meanings.get(severity, ""), most)

    def refusal(self, refused: Refused) -> str:
        """A refusal as mrkdwn. Its own `<text>` and what people typed come out as plain characters."""
        return escape(cut(refusal_words(refused, self.t), REFUSAL_MAX))

    def plain_refusal(self, refused: Refused) -> str:
        """A refusal for a form, which shows no mrkdwn."""
        return cut(unmarked(refusal_words(refused, self.t)), REFUSAL_MAX)
