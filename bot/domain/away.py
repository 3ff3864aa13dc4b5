"""Flags that are kept elsewhere: what was asked of a back-end, and that it was not done. Named `back-end:flag`.

A write to somebody else's server takes time and may be lost, so that it is asked first, and happened later.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from bot.domain.flags import FIRST_ENVIRONMENT
from bot.domain.happened import Happened

BETWEEN = ":"  # no key of our own has one
GONE = "?"  # what a flag serves that its back-end does not know any more: each application's own default


class Switch(StrEnum):
    """What is asked of a back-end. A stored name never changes."""

    CONTAIN = "contain"
    RESTORE = "restore"


class FlagSwitching(Happened):
    """It was asked for, and is being done: nothing is known yet. The rest says what will have happened then."""

    type: Literal["flag_switching"] = "flag_switching"
    flag: str
    environment: str = FIRST_ENVIRONMENT
    operation: str
    act: Switch
    reason: str = ""
    safe: str = ""
    before: str = ""
    serves: str = ""
    review_at: datetime | None = None
    asked_by: str = ""
    alone: str = ""
    over: str = ""


class FlagNotSwitched(Happened):
    """It was asked for and is not done. `url`: where the back-end's own approval was requested."""

    type: Literal["flag_not_switched"] = "flag_not_switched"
    flag: str
    environment: str = FIRST_ENVIRONMENT
    operation: str
    act: Switch
    why: str
    url: str = ""


def is_away(flag: str) -> bool:
    """Whether this name is of a flag in another back-end."""
    return BETWEEN in flag


def parts(flag: str) -> tuple[str, str]:
    """`unleash:checkout-v2` is the back-end and the key there."""
    backend, _, key = flag.partition(BETWEEN)
    return backend, key
