"""States of incidents that were read or written a moment ago, each under the hash of its last event.

The hash stands for every event up to that one, and the state follows from the events: so a state that is found here
under the hash in the database is the one in the database, whichever process wrote it.
"""

from __future__ import annotations

import threading

from bot.domain.incident import Incident
from bot.storage.written import Written


class Recent:
    """The last `most` states, with the JSON of each. Safe to use from several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._states: dict[str, Written] = {}
        self._lock = threading.Lock()

    def get(self, head: str) -> Written | None:
        """The state under `head`, if it is known."""
        return self._states.get(head)

    def read(self, head: str, state: str) -> Incident:
        """The state that is stored as `state` under `head`; parsed only when it is not known."""
        known = self._states.get(head)
        if known is None:
            known = Written(Incident.model_validate_json(state))
            self.keep(head, known)
        return known.incident

    def keep(self, head: str, state: Written) -> None:
        """Know it from now on. If its transaction fails, its hash is never asked for."""
        with self._lock:
            self._states.pop(head, None)
            self._states[head] = state
            if len(self._states) > self._most:
                del self._states[next(iter(self._states))]
