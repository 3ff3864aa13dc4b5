"""Many incidents at once, in columns: of a million what `recovery.py` says of one. The tests hold the two equal.

Only a long history is counted this way. numpy is imported with the first of them, so that whoever has none never
waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from bot.domain.metrics.recovery import RETROACTIVE, Clock
from bot.domain.vocabulary import Milestone

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]
    Marks = NDArray[np.bool_]

# Milliseconds after a declaration, thirty thousand years: what was not reached is later than any cut-off.
NEVER = 10**15
SECOND = 1000  # milliseconds


class Alike(NamedTuple):
    """What incidents are grouped by, or left out for."""

    severity: str
    excluded: str | None
    cause: str | None
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """Incidents of one stretch of time.

    Each of `times` is one text with a number for every incident and commas between: when it was declared in
    milliseconds since 1970, every other milestone in milliseconds after that, and NEVER where it is not known.
    """

    kinds: Sequence[Alike]
    kind: Sequence[int]  # of each incident, its place among the kinds
    times: Mapping[Milestone, str]


@dataclass(frozen=True, slots=True)
class Lasted:
    """Whole seconds of incidents that are alike, as the bytes of 64-bit numbers."""

    finished: bytes
    at_least: bytes


@dataclass(frozen=True, slots=True)
class Lot:
    """Incidents that are alike, and how long each took. Those that do not count at all are only counted."""

    alike: Alike
    declared: int
    retroactive: int = 0
    open: int = 0
    lasted: Mapping[Clock, Lasted] | None = None


def lots(columns: Columns, as_of: int) -> Iterator[Lot]:
    """What was known at `as_of` (milliseconds since 1970), one kind after the other."""
    import numpy as np

    times = {
        milestone: np.fromstring(text, dtype=np.int64, sep=",") for milestone, text in columns.times.items()
    }
    kind = np.asarray(columns.kind, dtype=np.int64)
    begun = np.flatnonzero(times[Milestone.DECLARED] <= as_of)
    order = begun[np.argsort(kind[begun], kind="stable")]
    kind, times = kind[order], {milestone: column[order] for milestone, column in times.items()}
    written_down = np.array([each.excluded == RETROACTIVE for each in columns.kinds], dtype=bool)
    known = _Known(times, written_down[kind], as_of)
    bounds = np.searchsorted(kind, np.arange(len(columns.kinds) + 1))
    for alike, start, end in zip(columns.kinds, bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        if start == end:
            continue
        if alike.excluded in (None, RETROACTIVE):
            yield known.lot(alike, slice(start, end))
        else:
            yield Lot(alike, end - start)


class _Known:
    """The rules of `recovery.py`, each for all incidents at once. What is NEVER is not by any cut-off."""

    def __init__(self, times: Mapping[Milestone, Numbers], written_down: Marks, as_of: int) -> None:
        import numpy as np

        now = as_of - times[Milestone.DECLARED]
        stabilized, repaired = times[Milestone.STABILIZED], times[Milestone.REPAIRED]
        heard, closed = times[Milestone.ACKNOWLEDGED], times[Milestone.CLOSED]
        hurt, healed = times[Milestone.IMPACT_STARTED], times[Milestone.IMPACT_ENDED]
        found = times[Milestone.DETECTED]
        self._retroactive = written_down | (np.where(repaired == NEVER, closed, repaired) <= 0)
        counted = ~self._retroactive
        self._open = counted & (repaired > now) & (closed > now)
        quiet = np.where(stabilized <= now, stabilized, repaired)  # what is repaired is stabilized, too
        never = np.zeros_like(counted)
        self._so_far = now // SECOND
        self._lasted = {
            Clock.TIME_TO_DETECT: (found - hurt, counted & (hurt <= found) & (found <= now), never),
            Clock.TIME_TO_ACKNOWLEDGE: (heard, counted & (heard >= 0) & (heard <= now), heard > now),
            Clock.TIME_TO_STABILIZE: (quiet, counted & (quiet > 0) & (quiet <= now), quiet > now),
            Clock.TIME_TO_REPAIR: (repaired, counted & (repaired > 0) & (repaired <= now), repaired > now),
            Clock.IMPACT: (healed - hurt, (hurt < healed) & (healed <= now), never),
        }

    def lot(self, alike: Alike, part: slice) -> Lot:
        """Those from one place to another."""
        is_open, so_far = self._open[part], self._so_far[part]
        return Lot(
            alike,
            declared=part.stop - part.start,
            retroactive=int(self._retroactive[part].sum()),
            open=int(is_open.sum()),
            lasted={
                clock: Lasted(
                    finished=(took[part][ended[part]] // SECOND).tobytes(),
                    at_least=so_far[is_open & goes_on[part]].tobytes(),
                )
                for clock, (took, ended, goes_on) in self._lasted.items()
            },
        )
