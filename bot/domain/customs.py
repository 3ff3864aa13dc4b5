"""What a house is used to: its clock, and how often those who wait hear from it. Set when an incident is declared.

An incident keeps the customs that it was declared with, as it keeps the steps of its runbook: settings that are
changed later are for those that come later, and every process that reads its timeline comes to the same times.
"""

from __future__ import annotations

from bot.domain.runbook import Frozen
from bot.domain.vocabulary import Severity

# Minutes between two updates while an incident is not stable. A P2 has a workaround, and nobody waits by the phone.
UPDATE_EVERY = {Severity.P0: 30, Severity.P1: 60}


class Customs(Frozen):
    """`zone` is a name of the IANA list; `update_every` has minutes, and no severity that nobody waits for."""

    zone: str = "UTC"
    update_every: dict[Severity, int] = UPDATE_EVERY


USUAL = Customs()
