"""An incident led in a real Chromium: declared, a step done and one skipped, a refusal read, the form filled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from bot.sandbox.server import Sandbox
from bot.slack.manifest import manifest
from tests.browser import in_one_browser, needs_chromium
from tests.sandbox.page_window import NARROW, window
from tests.stories.test_stories import bot_in

pytestmark = [pytest.mark.browser, needs_chromium, in_one_browser]


@pytest_asyncio.fixture(loop_scope="session")
async def slack_with_bot(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with Sandbox.serve(manifest=manifest("socket")) as slack, bot_in(slack, "socket", tmp_path):
        yield slack


async def declare(page: Page, channel: str, title: str) -> None:
    box = page.get_by_label(f"Message #{channel}")
    await box.fill(f"/incident P0 {title}")
    await box.press("Enter")
    await expect(page.locator(".message", has_text="INC-1 is declared").last).to_be_visible()


async def test_a_person_leads_an_incident_in_the_page(slack_with_bot: Sandbox, browser: Browser) -> None:
    async with window(browser, slack_with_bot) as ana:
        page = await ana.open("ana", channel="general")
        await declare(page, "general", "checkout returns 500")
        await page.get_by_role("link", name="inc-1-checkout-returns-500").click()
        card = page.locator(".message", has_text="Phase: stabilize").first
        await card.get_by_role("button", name="Take the lead").click()
        await expect(card).to_contain_text("Lead: @Ana Ruiz")

        checklist = page.locator(".message", has_text="Stabilize:").first
        await checklist.get_by_role("button", name="Done: Note which payments fail").click()
        await expect(checklist).to_contain_text("✅ Note which payments fail")
        await expect(checklist).to_contain_text("1 of 8 done")

        await card.get_by_role("button", name="Next phase: repair").click()
        await expect(page.locator(".message", has_text="Phase stabilize is not over").last).to_be_visible()

        await checklist.get_by_role("button", name="Skip…: Read the provider").click()
        form = page.get_by_role("dialog")
        await form.get_by_role("textbox").fill("their page shows no outage")
        await form.get_by_role("button", name="Skip").click()
        await expect(form).to_be_hidden()
        await expect(checklist).to_contain_text("their page shows no outage")


async def test_the_declare_form_works_on_a_phone(slack_with_bot: Sandbox, browser: Browser) -> None:
    async with window(browser, slack_with_bot, viewport=NARROW) as ana:
        page = await ana.open("ana", channel="general")
        box = page.get_by_label("Message #general")
        await box.fill("/incident")
        await box.press("Enter")
        form = page.get_by_role("dialog")
        await form.get_by_role("textbox", name="What is broken?").fill("search finds nothing")
        await form.get_by_text("P1", exact=False).first.click()
        await form.get_by_role("button", name="Declare").click()
        await expect(form).to_be_hidden()
        await slack_with_bot.until(lambda: slack_with_bot.channel("inc-1-search-finds-nothing"))


async def test_a_story_can_be_watched(slack_with_bot: Sandbox, browser: Browser) -> None:
    light = slack_with_bot.workspace.spotlight
    ana, bo = slack_with_bot.person("ana"), slack_with_bot.person("bo")
    async with window(browser, slack_with_bot) as watching:
        page = watching.page
        light.speed = 5.0
        light.say("The story begins.")
        await page.goto(f"{slack_with_bot.url}/?watch=1")
        await light.audience.wait()
        caption = page.locator("#caption")
        await expect(caption).to_have_text("The story begins.")
        light.say("Ana declares.")
        await ana.types("/incident P1 search is slow", "payments")
        await expect(page.locator("body")).to_have_attribute("data-person", "ana")
        await expect(caption).to_have_text("Ana declares.")
        channel = await slack_with_bot.until(lambda: slack_with_bot.channel("inc-1-search-is-slow"))
        await bo.joins(channel)
        light.say("Bo presses Take the lead.")
        await bo.clicks("Take the lead", channel=channel)
        await expect(page.locator("body")).to_have_attribute("data-person", "bo")
        await expect(page.locator(".message", has_text="Lead: @Bo Lindqvist").first).to_be_visible()
        await expect(page).to_have_url(f"{slack_with_bot.url}/?as=bo&channel={channel.id}&watch=1")
