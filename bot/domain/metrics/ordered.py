"""Whole numbers in ascending order: a tuple of few, and of very many an array, which numpy sorts and sums."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

# Up to as many Python needs a millisecond. Incidents that are counted one by one are no more (`gathering.py`), so
# that whoever has no long history never waits for numpy to be imported.
MANY = 5000


def ascending(values: Iterable[int]) -> Sequence[int]:
    """The values in order. An array that comes in is left as it is."""
    whole = array("q", values)
    if len(whole) <= MANY:
        return tuple(sorted(whole))
    import numpy as np

    np.frombuffer(whole, dtype=np.int64).sort()  # in place: both look at the same memory
    return whole


def total(ordered: Sequence[int]) -> int:
    """The sum of what `ascending` has answered."""
    if not isinstance(ordered, array):
        return sum(ordered)
    import numpy as np

    return int(np.frombuffer(ordered, dtype=np.int64).sum())
