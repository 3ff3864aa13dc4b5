"""The page through axe's eyes, light and dark, wide and narrow: no violation anywhere a newcomer goes."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page

from bot.sandbox.server import Sandbox
from tests.browser import in_one_browser, needs_chromium
from tests.sandbox import page_app
from tests.sandbox.page_kit import CARD, EVERY_BLOCK
from tests.sandbox.page_window import NARROW, WIDE, slack, window

__all__ = ["slack"]

pytestmark = [pytest.mark.browser, needs_chromium, in_one_browser]

# A textarea may not be a combobox by ARIA in HTML, but only a textarea takes several lines, and with the role
# screen readers say what is suggested. It has the role only while there are suggestions.
ACCEPTED = {"aria-allowed-role"}


async def check(page: Page) -> None:
    found = await Axe().run(page)
    violations = [v for v in found.response["violations"] if v["id"] not in ACCEPTED]
    assert [(v["id"], v["nodes"][0]["target"]) for v in violations] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_nothing_on_the_page_is_a_barrier(
    slack: Sandbox, browser: Browser, scheme: Literal["light", "dark"], viewport: dict[str, Any]
) -> None:
    ts = await page_app.post(slack, "incidents", "card", CARD)
    known = [block for block, _ in EVERY_BLOCK if "127.0.0.1:9" not in str(block)]  # no picture is there
    room = slack.workspace.channel("incidents")
    every = await page_app.post(slack, "incidents", "every block")
    room.messages[every].blocks = [{**block, "block_id": f"b{n}"} for n, block in enumerate(known)]
    async with window(
        browser, slack, viewport=viewport, color_scheme=scheme, reduced_motion="reduce"
    ) as watched:
        page = await watched.open("ana", channel="incidents")
        await check(page)
        await watched.open("ana", channel="incidents", thread=ts)
        await check(page)
        await watched.open("ana", app="home")
        await check(page)
        await watched.open("ana", channel="incidents")
        await page.get_by_label("Message #incidents").fill("/")
        await check(page)
        await page.get_by_label("Message #incidents").fill("/incident")
        await page.keyboard.press("Enter")
        await page.get_by_role("dialog").get_by_role("button", name="Declare", exact=True).click()
        await page.get_by_text("Please complete this required field.").wait_for()
        await check(page)
