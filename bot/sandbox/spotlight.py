"""Where a spectator should look: who acts next, where, and what they are about to do.

People who play a story leave time before each act when there is an audience; a page with `watch=1` in its
address follows the light from person to person and shows the words below, as subtitles are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

ACT_SECONDS = 0.9  # between two acts of one sentence: typing, opening a form, sending it
SENTENCE_SECONDS = 1.4  # before the first act of a new sentence
LETTER_SECONDS = 0.035  # for each letter of it: people read about 25 a second, and look at the page besides
LONGEST_SECONDS = 6.0  # however long the sentence is


@dataclass
class Spotlight:
    """Follows whoever acts. `speed` 0 is no audience: nobody waits, and nothing is announced.

    `audience` is set as soon as a page watches.
    """

    changed: Callable[[], None]
    speed: float = 0.0
    person: str = ""
    place: str = ""  # a channel's id; empty is the app's Home tab
    caption: str = ""
    block: str = ""  # ids of the element that is pressed next, if it is one
    action: str = ""
    audience: asyncio.Event = field(default_factory=asyncio.Event)
    _unread: bool = field(default=False, init=False)

    @property
    def is_on(self) -> bool:
        return self.speed > 0

    def say(self, caption: str) -> None:
        """The words below, from now on; the next act waits until they can be read."""
        self.caption, self._unread = caption, True
        if self.is_on:
            self.changed()

    async def falls_on(self, person: str, place: str, block: str = "", action: str = "") -> None:
        """`person` acts in `place` (a channel's id, "" for the Home tab) once the audience has followed."""
        if not self.is_on:
            return
        self.person, self.place, self.block, self.action = person, place, block, action
        self.changed()
        await asyncio.sleep(self._seconds() / self.speed)

    def _seconds(self) -> float:
        if not self._unread:
            return ACT_SECONDS
        self._unread = False
        return min(SENTENCE_SECONDS + LETTER_SECONDS * len(self.caption), LONGEST_SECONDS)
