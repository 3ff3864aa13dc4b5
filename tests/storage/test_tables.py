"""What the bot does not need it does not wait for at its start."""

from __future__ import annotations

import subprocess
import sys

import pytest

ASK = "import sys, bot.app; print(*[name for name in ('numpy', 'pandas') if name in sys.modules])"


def test_the_bot_starts_without_numpy_and_leaves_it_to_others() -> None:
    pytest.importorskip("numpy")
    imported = subprocess.run([sys.executable, "-c", ASK], check=True, capture_output=True, text=True)
    assert imported.stdout.strip() == ""
    after = "import bot.storage.tables, numpy; print(numpy.array([1]).sum())"
    used = subprocess.run([sys.executable, "-c", after], check=True, capture_output=True, text=True)
    assert used.stdout.strip() == "1"
