"""Several flags held with one confirmation: what is typed for it, and how it counts as one action. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from bot.domain.vocabulary import Refused

TOGETHER_MOST = 20  # flags: more is read by nobody before they press
SEEN_LENGTH = 12  # characters that tell two states of one flag apart; twenty have to fit a button

_PART = "#bulk-"  # between the request and the number of the flag in it


def is_several(word: str) -> bool:
    """Whether `a,b` was typed where a flag stands."""
    return "," in word


def several(word: str) -> tuple[str, ...]:
    """`a,b,c` is these three keys. Raises Refused."""
    keys = tuple(word.split(","))
    if not all(keys):
        raise Refused(
            "Write the flags with one comma between two of them and no spaces, such as `search,checkout`. Nothing "
            "was switched."
        )
    only_once(keys)
    if len(keys) > TOGETHER_MOST:
        raise Refused(
            "These are {count} flags, and at most {most} are held together. Nothing was switched.",
            count=len(keys),
            most=TOGETHER_MOST,
        )
    return keys


def only_once(keys: Sequence[str]) -> None:
    """Raises Refused when a flag is named twice."""
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise Refused("`{flag}` is named twice. Nothing was switched; name each flag once.", flag=twice[:100])


def request_of(action: str, number: int) -> str:
    """The request for one flag of a bulk action: the same one when the press is delivered again."""
    return f"{action}{_PART}{number}"


def action_of(request: str) -> str:
    """The one action that a request is part of; itself where it stands alone."""
    return request.partition(_PART)[0]


def seen_as(token: str) -> str:
    """A short word for the state of a flag, for a button that has to carry twenty."""
    return hashlib.sha256(token.encode()).hexdigest()[:SEEN_LENGTH]
