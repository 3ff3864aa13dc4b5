"""Who may hold a flag and let go of it, and until when: the rules of two persons and of review times. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from bot.domain.vocabulary import Refused

REVIEW_AFTER = timedelta(hours=4)  # half a shift: whoever held it is still awake when it is looked at again
REVIEW_LEAST = timedelta(minutes=5)
REVIEW_MOST = timedelta(days=7)  # what is held longer is no containment any more, but a decision
CONFIRM_WITHIN = timedelta(minutes=2)  # a confirmation shows the flag as it was; later it is shown anew
REQUEST_LASTS = timedelta(
    hours=1
)  # a request for the second person; what was true an hour ago is asked again
REMIND_AGAIN = timedelta(days=1)  # of a review that nobody answers
AT_MOST_A_MINUTE = 10  # containments by one person: more is no decision but a slip of a script

MORNING = time(9)  # when a flag that was kept until a day is looked at: somebody is at work

POLICY, KILL_SWITCH, OWNER = "containPolicy", "killSwitch", "owner"  # keys in a flag's metadata

_FOR = re.compile(r"for\s+([+-]?\d\S*)(?:\s+|$)", re.IGNORECASE)
_TIME = re.compile(r"(\d{1,6})(m|min|h|d)", re.IGNORECASE | re.ASCII)
_UNITS = {"m": timedelta(minutes=1), "min": timedelta(minutes=1), "h": timedelta(hours=1)}


class Policy(StrEnum):
    """Who may hold a flag in production. A stored name never changes."""

    RESPONDERS = "responders"
    SECOND_PERSON = "second-person"
    OWNER = "owner"


def review_time(text: str) -> timedelta:
    """`2h`, `30m`, `3d`: how long until somebody looks at it again. Raises Refused."""
    match = _TIME.fullmatch(text.strip())
    length = None
    if match is not None:
        length = int(match[1]) * _UNITS.get(match[2].casefold(), timedelta(days=1))
    if length is None or not REVIEW_LEAST <= length <= REVIEW_MOST:
        raise Refused(
            "`{said}` is no time to hold a flag for, so nothing was changed. Write from `5m` to `7d`, such as "
            "`2h`; then somebody is asked to look at it again.",
            said=text.strip()[:20],
        )
    return length


def review_until(day: date, now: datetime, zone: tzinfo) -> timedelta:
    """From now until the morning of a day: when its owner is asked again. Raises Refused."""
    length = datetime.combine(day, MORNING, zone) - now
    if not REVIEW_LEAST <= length <= REVIEW_MOST:
        raise Refused(
            "Choose a day after today, and at most a week from now: what is held longer is no containment but a "
            "decision, so leave it so for good."
        )
    return length


def for_how_long(text: str) -> tuple[timedelta | None, str]:
    """`for 2h errors began` is two hours and `errors began`; None where nobody says. Raises Refused.

    "for the rollout" is no time: what follows has to begin with a number.
    """
    match = _FOR.match(text)
    if match is None:
        return None, text
    return review_time(match[1]), text[match.end() :]


def policy_in(metadata: Mapping[str, object]) -> Policy:
    """Who may hold a flag in production, by what its owner wrote into its metadata.

    To declare a safe variant is to say that holding it is safe: one responder is enough, unless its owner says
    `"killSwitch": false` or names a `containPolicy`. An unknown one asks for two.
    """
    named = metadata.get(POLICY)
    if named is None:
        return Policy.SECOND_PERSON if metadata.get(KILL_SWITCH) is False else Policy.RESPONDERS
    return Policy(str(named)) if named in list(Policy) else Policy.SECOND_PERSON
