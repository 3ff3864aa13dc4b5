"""What keeps the program from starting, said in one sentence to the person who started it."""

from __future__ import annotations


class StartError(Exception):
    """Firebreak cannot start. The message says what is so and what to do."""
