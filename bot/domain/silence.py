"""For how long an open incident may be silent: every surface that says "stale" asks here."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.vocabulary import Severity

GRAVE = frozenset({Severity.P0, Severity.P1})
QUIET_GRAVE, QUIET = timedelta(days=1), timedelta(days=7)  # without a word from anybody


def is_too_long(silence: timedelta, severity: str) -> bool:
    """Whether nothing was heard for so long that an incident of this severity is stale."""
    return silence >= (QUIET_GRAVE if severity in GRAVE else QUIET)
