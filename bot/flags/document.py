"""What one environment serves now: its definitions with what is held laid over them, as a flagd document.

Kept flag by flag, so that a change costs what has changed: the tag is a sum over the flags, the text is put
together from lines that are there already, and a flag is evaluated by a small evaluator of its own.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left

from bot.flags.evaluating import Evaluator
from bot.storage.flag_definitions import Change

HEAD = b'{"$schema":"https://flagd.dev/schema/v0/flags.json","flags":{\n'
FOOT = b"\n}}\n"
CLOCK = "$flagd"  # the variable under which rules find the time
BLOCK = (
    128  # flags whose lines are kept joined: of ten thousand, one kill joins these again and writes 80 pieces
)
TAG_BITS = 128  # of the tag; two documents share one by accident never


class Document:
    """The flags of one environment as they are served. `revision` is the number of the last change in it."""

    def __init__(self, environment: str) -> None:
        self.environment = environment
        self.revision = 0
        self._served: dict[str, str] = {}
        self._lines: dict[str, bytes] = {}
        self._sums: dict[str, int] = {}
        self._keys: list[str] = []
        self._evaluators: dict[str, Evaluator] = {}
        self._timed: set[str] = set()
        self._tag = 0
        self._blocks: dict[int, bytes] = {}

    def apply(self, change: Change) -> set[str]:
        """Take over what was read; answers the keys of the flags that are served differently now.

        What was read before something that is known already is left: a kill is never taken back by a slow read.
        """
        if change.revision < self.revision:
            return set()
        differing = {key for key, served in change.flags.items() if self._served.get(key) != served}
        for key in differing:
            self._replace(key, change.flags[key])
        self.revision = max(self.revision, change.revision)
        return differing

    @property
    def etag(self) -> str:
        """Another one for every other document, and the same for the same, whichever process made it."""
        return f"{self._tag:0{TAG_BITS // 4}x}"

    @property
    def asks_the_clock(self) -> bool:
        """Whether some rule asks for the time, so that the same document may answer differently later."""
        return bool(self._timed)

    @property
    def text(self) -> bytes:
        """The flagd document, one flag a line in the order of their keys."""
        return b"".join(self.pieces)

    @property
    def pieces(self) -> list[bytes]:
        """The same in parts to be written one after the other: those that did not change are there already."""
        return [HEAD, *(self._block(start) for start in range(0, len(self._keys), BLOCK)), FOOT]

    @property
    def keys(self) -> list[str]:
        """The keys in order; not to be changed."""
        return self._keys

    def served(self, key: str) -> str | None:
        """The flagd JSON of one flag, or None when there is none of this key."""
        return self._served.get(key)

    def evaluator(self, key: str) -> Evaluator | None:
        """What answers for one flag, made when it is first asked; None when there is none of this key."""
        known = self._evaluators.get(key)
        if known is None and key in self._served:
            known = self._evaluators[key] = Evaluator(key, self._served[key])
        return known

    def _block(self, start: int) -> bytes:
        known = self._blocks.get(start)
        if known is None:
            lines = b",\n".join([self._lines[key] for key in self._keys[start : start + BLOCK]])
            known = self._blocks[start] = b",\n" + lines if start else lines
        return known

    def _replace(self, key: str, served: str | None) -> None:
        self._evaluators.pop(key, None)
        self._timed.discard(key)
        self._tag -= self._sums.pop(key, 0)
        place = bisect_left(self._keys, key)
        if served is None:
            self._keys.pop(place)
            self._blocks.clear()  # all that follow have moved
            del self._served[key], self._lines[key]
        else:
            if key in self._served:
                self._blocks.pop(place - place % BLOCK, None)
            else:
                self._keys.insert(place, key)
                self._blocks.clear()
            if CLOCK in served:
                self._timed.add(key)
            line = f'"{key}":{served}'.encode()
            self._served[key], self._lines[key] = served, line
            self._sums[key] = int.from_bytes(hashlib.sha256(line).digest()[: TAG_BITS // 8])
            self._tag += self._sums[key]
        self._tag %= 1 << TAG_BITS
