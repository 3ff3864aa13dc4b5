"""Which incidents look like an earlier one, and how many of them do. Pure; bot/domain/likeness.py has the words.

Two incidents are alike when two of three signs agree: a service or critical path, the root cause's category, the
title; or when the titles alone are nearly the same. Titles are compared by their words, each weighing as much as it
is rare among the titles at hand (cosine of idf weights): the same in every database engine, where SQLite's bm25 and
PostgreSQL's ranks would each draw the line elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from heapq import nlargest
from math import log, sqrt

from bot.domain.likeness import Reason, Sign
from bot.domain.metrics.recovery import Recovery, not_counted

LOOK_BACK = timedelta(days=365)  # what is older happened to another system
COMPARED = 2000  # incidents at most: every word of theirs is looked at
SAME_TITLE = 0.5  # half of what the words weigh: together with another sign
SURE_TITLE = 0.75  # nearly the same words: enough alone
SHOWN = 3  # earlier incidents that are pointed out; nobody reads more at the beginning of an incident
HIT = (Sign.SERVICE, Sign.PATH)
Mark = tuple[Sign, str]  # a word of the title, a service, a path or a cause
NEVER = ("drill", "test", "maintenance", "cancelled", "duplicate")  # neither repeats nor is repeated

_WORD = re.compile(r"[^\W_]+")
# Words that say nothing of what broke, in English and in French.
EMPTY_WORDS = frozenset(
    _WORD.findall(
        "a an and are at be for from in is it not of off on or our out some the to we with again still too "
        "au aux avec dans de des du en est et la le les ne pas plus pour sur un une encore nouveau toujours"
    )
)


@dataclass(frozen=True)
class Likeness:
    """Incident `number` looks like `earlier`, so much (0 to 1 for the title, 1 for each other sign)."""

    number: int
    earlier: int
    because: tuple[Reason, ...]
    score: float


@dataclass(frozen=True)
class Repeats:
    """How many of the incidents that count look like an earlier one. `of` is without private ones."""

    of: int
    found: tuple[Likeness, ...]

    @property
    def n(self) -> int:
        return len(self.found)


@lru_cache(maxsize=2 * COMPARED)
def title_words(title: str) -> frozenset[str]:
    """The words of a title, without accents, case and those that say nothing."""
    plain = "".join(
        each for each in unicodedata.normalize("NFKD", title.casefold()) if not unicodedata.combining(each)
    )
    return frozenset(_WORD.findall(plain)) - EMPTY_WORDS


class Past:
    """Incidents to look back at, found by what they have in common with another."""

    def __init__(self, known: Iterable[Recovery]) -> None:
        self._known = [each for each in known if may_be_compared(each)]
        self._by: defaultdict[Mark, list[int]] = defaultdict(list)
        for place, each in enumerate(self._known):
            for mark in _marks(each):
                self._by[mark].append(place)
        self._lengths = [self._length(each.title) for each in self._known]

    def alike(self, one: Recovery, most: int = SHOWN) -> list[Likeness]:
        """Those that were over when `one` was declared, and look like it; the likest first, then the newest."""
        titles = self._titles(one.title)
        near = {place for place, title in titles.items() if title >= SAME_TITLE}
        if one.cause:  # the one pair of signs that needs no title
            hit = {place for mark in _marks(one) if mark[0] in HIT for place in self._by.get(mark, ())}
            near |= hit & set(self._by.get((Sign.CAUSE, one.cause), ()))
        scored = [
            (score, self._known[place].number, place)
            for place in near
            if _was_over(self._known[place], one)
            and (score := _score(one, self._known[place], titles.get(place, 0.0))) > 0
        ]
        return [
            Likeness(one.number, number, _because(one, self._known[place], titles.get(place, 0.0)), score)
            for score, number, place in nlargest(most, scored)
        ]

    def _titles(self, title: str) -> dict[int, float]:
        """How like this title is to each that shares a word with it, from 0 to 1; word by word, not by pairs."""
        shared: defaultdict[int, float] = defaultdict(float)
        for word in title_words(title):
            weight = self._weight(word) ** 2
            for place in self._by.get((Sign.TITLE, word), ()):
                shared[place] += weight
        length = self._length(title)
        return {place: both / (length * self._lengths[place]) for place, both in shared.items()}

    def _length(self, title: str) -> float:
        return sqrt(sum(self._weight(word) ** 2 for word in title_words(title)))

    def _weight(self, word: str) -> float:
        """What is in every title says little; what is in one says much."""
        seen = len(self._by.get((Sign.TITLE, word), ()))
        return log(1 + (len(self._known) + 1) / (seen + 1))


def _score(one: Recovery, other: Recovery, title: float) -> float:
    """How much the two have in common; 0 where it is not enough. `title` is how alike theirs are."""
    hit = not set(one.services).isdisjoint(other.services) or not set(one.paths).isdisjoint(other.paths)
    caused = one.cause is not None and one.cause == other.cause
    enough = hit + caused + (title >= SAME_TITLE) >= 2 or title >= SURE_TITLE
    return hit + caused + title if enough else 0.0


def _because(one: Recovery, other: Recovery, title: float) -> tuple[Reason, ...]:
    because = [
        Reason(sign=Sign.SERVICE, what=each) for each in sorted(set(one.services) & set(other.services))
    ]
    because += [Reason(sign=Sign.PATH, what=each) for each in sorted(set(one.paths) & set(other.paths))]
    if one.cause and one.cause == other.cause:
        because.append(Reason(sign=Sign.CAUSE, what=one.cause))
    if title >= SAME_TITLE:
        because.append(Reason(sign=Sign.TITLE))
    return tuple(because)


def may_be_compared(recovery: Recovery) -> bool:
    """A drill repeats nothing, and what is private is named nowhere."""
    return not recovery.private and not_counted(recovery) not in NEVER


def repeats(inside: Sequence[Recovery], before: Iterable[Recovery]) -> Repeats:
    """How many of those `inside` a window look like one of themselves or of those `before` it."""
    past = Past([*before, *inside])
    counted = [each for each in inside if may_be_compared(each) and not_counted(each) is None]
    found = (
        past.alike(each, most=1) for each in sorted(counted, key=lambda each: (each.declared, each.number))
    )
    return Repeats(len(counted), tuple(each for likest in found for each in likest))


def _was_over(earlier: Recovery, one: Recovery) -> bool:
    """What is still open when the other begins is no repeat of it, but may be the same."""
    over = earlier.repaired or earlier.closed
    if earlier.number == one.number or over is None or over > one.declared:
        return False
    return one.declared - LOOK_BACK <= earlier.declared < one.declared


def _marks(recovery: Recovery) -> list[Mark]:
    marks: list[Mark] = [(Sign.TITLE, word) for word in title_words(recovery.title)]
    marks += [(Sign.SERVICE, each) for each in recovery.services]
    marks += [(Sign.PATH, each) for each in recovery.paths]
    return [*marks, (Sign.CAUSE, recovery.cause)] if recovery.cause else marks
