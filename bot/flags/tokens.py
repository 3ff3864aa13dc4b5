"""Who may read which environment. A read token is never kept as text longer than it takes to compare it.

Event streams take a token in their address, because a browser's EventSource sends no headers. It is one of its own:
it tells when something has changed and nothing else, and it expires.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping

WINDOW = 6 * 3600  # seconds; a stream's token is renewed in each, and good until the end of the next
STREAMS = b"firebreak event streams"


class Tokens:
    """The read tokens of all environments."""

    def __init__(self, tokens: Mapping[str, Iterable[str]], *, now: Callable[[], float]) -> None:
        self._now = now
        self._environments = {
            _digest(token): environment for environment, given in tokens.items() for token in given
        }
        # Made of the read tokens, so that a stream goes on after a restart and on another replica.
        self._keys = {
            environment: [hmac.digest(token.encode(), STREAMS, "sha256") for token in given]
            for environment, given in tokens.items()
        }

    def environment(self, token: str) -> str | None:
        """What this token reads, or None. Looked up by its digest: how long that takes tells nothing about it."""
        return self._environments.get(_digest(token))

    def among(self, given: Iterable[str | None]) -> str | None:
        """What all of the tokens that were sent read; None without any, or when one of them is wrong."""
        found = {self._environments.get(_digest(token)) for token in given if token is not None}
        return found.pop() if len(found) == 1 else None

    def window(self) -> int:
        """Changes whenever a stream's token is renewed."""
        return int(self._now()) // WINDOW

    def stream(self, environment: str) -> str:
        """A token for the event stream of one environment."""
        expires = (self.window() + 2) * WINDOW
        return f"{environment}.{expires}.{_sign(self._keys[environment][0], environment, expires)}"

    def stream_environment(self, token: str) -> tuple[str, float] | None:
        """What a stream's token listens to and for how many seconds still, or None when it is wrong or expired."""
        environment, _, rest = token.partition(".")
        expires, _, signature = rest.partition(".")
        if not (expires.isascii() and expires.isdecimal() and len(expires) < 15 and signature.isascii()):
            return None
        left = int(expires) - self._now()
        keys = self._keys.get(environment, [])
        signed = any(hmac.compare_digest(_sign(key, environment, int(expires)), signature) for key in keys)
        return (environment, left) if signed and left > 0 else None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _sign(key: bytes, environment: str, expires: int) -> str:
    return hmac.new(key, f"{environment}.{expires}".encode(), "sha256").hexdigest()
