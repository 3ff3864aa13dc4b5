"""What keeps the program from starting, said in one sentence to the person who started it."""

from __future__ import annotations

import errno
import os
import socket


class StartError(Exception):
    """Firebreak cannot start. The message says what is so and what to do."""


def port_refused(host: str, port: int, error: OSError, *, another: str) -> StartError:
    """Why nobody can listen there; `another` says how to name another port."""
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return StartError(
            f"{host} is no address of this machine; 127.0.0.1 always is, and 0.0.0.0 stands for all of them. "
            "Correct HOST."
        )
    why = os.strerror(error.errno) if error.errno else str(error)  # without asyncio's own words around it
    return StartError(f"Port {port} on {host} cannot be opened ({why}). {another}")
