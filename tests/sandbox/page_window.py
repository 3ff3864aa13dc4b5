"""A real Chromium for the tests of the page, which fails them over any console error or failed request."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from bot.sandbox.fixture import connected
from bot.sandbox.server import Sandbox
from tests.sandbox import page_app

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
PATIENCE = 15_000  # ms: far more than the page needs on a busy machine, and below the test's own limit


@dataclass
class Watched:
    """A page, and everything that went wrong in it."""

    page: Page
    slack: Sandbox
    wrong: list[str] = field(default_factory=list)

    async def open(self, person: str, **place: str) -> Page:
        query = "&".join([f"as={person}", *(f"{key}={value}" for key, value in place.items())])
        await self.page.goto(f"{self.slack.url}/?{query}")
        return self.page


def _watch(page: Page, wrong: list[str]) -> None:
    def console(message: Any) -> None:
        if message.type in ("error", "warning"):
            wrong.append(f"console {message.type}: {message.text}")

    def failed(request: Any) -> None:
        # leaving a page cuts its feed off, and an act may be under way when the test ends
        if request.failure != "net::ERR_ABORTED":
            wrong.append(f"failed: {request.url} ({request.failure})")

    def answered(response: Any) -> None:
        if response.status >= 400:
            wrong.append(f"{response.status}: {response.url}")

    page.on("console", console)
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on("requestfailed", failed)
    page.on("response", answered)


@contextlib.asynccontextmanager
async def window(browser: Browser, slack: Sandbox, **how: Any) -> AsyncIterator[Watched]:
    """A window of its own, with its own storage; whatever went wrong in it fails the test at the end."""
    context: BrowserContext = await browser.new_context(**{"viewport": WIDE, **how})
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    page = await context.new_page()
    watched = Watched(page, slack)
    _watch(page, watched.wrong)
    try:
        yield watched
    finally:
        await context.close()
    assert not watched.wrong, "\n".join(watched.wrong)


@pytest_asyncio.fixture(loop_scope="session")
async def slack() -> AsyncIterator[Sandbox]:
    """A sandbox with its page, and the small app connected to it."""
    async with contextlib.AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(Sandbox.serve(manifest=page_app.MANIFEST))
        await stack.enter_async_context(connected(sandbox, page_app.build(sandbox)))
        yield sandbox


@pytest_asyncio.fixture(loop_scope="session")
async def ana(slack: Sandbox, browser: Browser) -> AsyncIterator[Watched]:
    """Ana, in #incidents."""
    async with window(browser, slack) as watched:
        await watched.open("ana", channel="incidents")
        yield watched
