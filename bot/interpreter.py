"""How Python is set up in a process that people wait for: no looking for garbage that is none, short turns."""

from __future__ import annotations

import gc
import sys

# Seconds that a thread keeps the interpreter while another waits for it. Python's own 5 ms are spent several times
# over in one click, once after each call to the system: with charts being prepared beside it the loop stood still
# for 25 to 35 ms, and for 8 to 10 with this.
TURN = 0.001


def ready_to_answer() -> None:
    """Call it when everything has started: what is there by then stays, so no later collection looks through it."""
    gc.freeze()
    gc.enable()
    sys.setswitchinterval(TURN)
