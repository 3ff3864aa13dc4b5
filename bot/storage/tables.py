"""sqlite-utils, without NumPy and pandas.

It imports both wherever they are installed, to store their types. We have none of them to store, and the start of
the bot would wait a fifth of a second for them each time.
"""

from __future__ import annotations

import sys

OPTIONAL = ("numpy", "pandas")


def _hidden() -> list[str]:
    """Those that nobody has imported yet, now marked as not installed: what `import` does with a None there."""
    hidden = [name for name in OPTIONAL if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    return hidden


_names = _hidden()
try:
    from sqlite_utils import Database, Migrations
finally:
    for _name in _names:
        del sys.modules[_name]

__all__ = ["Database", "Migrations"]
