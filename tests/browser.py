"""A real Chromium for whoever tests a page: one for all tests of a process, each opens a window of its own."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

NAMES = ("chromium", "google-chrome", "chromium-browser")
ARGUMENTS = [
    "--no-sandbox",  # containers and CI have no user namespaces
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """Where Chromium is on this machine."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or next((path for path in ("/usr/bin/chromium",) if Path(path).exists()), None)


# Tests in a browser share one, and so the loop that talks to it: starting one takes longer than most of them.
in_one_browser = pytest.mark.asyncio(loop_scope="session")
needs_chromium = pytest.mark.skipif(
    chromium() is None,
    reason="No Chromium here. To test the page in a browser: apt-get install chromium (Debian, Ubuntu).",
)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests of a process; each opens a window of its own."""
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        try:
            yield opened
        finally:
            await opened.close()
