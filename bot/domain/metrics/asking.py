"""What somebody wants to know, from the words after `/mttr`: `90d`, `P0 P1`, `2026-09 checkout`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.domain.metrics.recovery import Recovery
from bot.domain.metrics.windows import looks_like_a_window
from bot.domain.vocabulary import Severity

USUAL_WINDOW = "28d"  # always four of each weekday, so that windows compare


@dataclass(frozen=True, slots=True)
class Asked:
    """A window as it was typed, and which incidents: of any of these severities and of this service."""

    window: str = USUAL_WINDOW
    severities: tuple[str, ...] = ()
    service: str = ""

    def wants(self, recovery: Recovery) -> bool:
        """Whether it is one of those that are asked for. Names of services differ in capitals only by accident."""
        return (not self.severities or recovery.severity in self.severities) and (
            not self.service or self.service.casefold() in map(str.casefold, recovery.services)
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.severities or self.service)


def asked(text: str) -> Asked:
    """In any order; what is neither a window nor a severity is the name of a service, of one word or several."""
    window, severities, service = USUAL_WINDOW, [], []
    for word in re.split(r"[\s,]+", text.strip()):
        if word.upper() in list(Severity):
            severities.append(word.upper())
        elif looks_like_a_window(word):
            window = word
        elif word:
            service.append(word)
    if service and service[0].casefold() == "service":
        service = service[1:]
    return Asked(window, tuple(sorted(set(severities))), " ".join(service))
