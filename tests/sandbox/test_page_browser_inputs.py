"""Every kind of element in real Chromium: what a person enters is what the app gets."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import Browser, FilePayload, Page, expect

from bot.sandbox.server import Sandbox
from tests.browser import in_one_browser, needs_chromium
from tests.sandbox import page_app
from tests.sandbox.page_kit import (
    CONFIRM,
    SEVERITIES,
    SEVERITY_MENU,
    actions,
    field,
    modal,
    option,
    plain,
    section,
)
from tests.sandbox.page_window import Watched, ana, slack, window

__all__ = ["ana", "slack"]

pytestmark = [pytest.mark.browser, needs_chromium, in_one_browser]

Json = dict[str, Any]
MENU = {"type": "multi_static_select", "options": SEVERITIES, "max_selected_items": 2}
FLOWS = [option("Signup", "signup"), option("Search", "search"), option("Payment", "payment")]


async def opens(slack: Sandbox, page: Page, *inputs: Json) -> None:
    """Put a form with these inputs before Ana, as `views.open` does."""
    slack.workspace.modal_stacks.pop("U01ANA", None)
    blocks = [
        field(f"Input {n}", {**one, "action_id": "v"}, f"b{n}", optional=True) for n, one in enumerate(inputs)
    ]
    trigger = slack.triggers.issue("U01ANA")
    client = page_app.build(slack).client
    await client.views_open(trigger_id=trigger, view=modal(callback_id="other", blocks=blocks))
    await expect(page.get_by_role("dialog", name="Declare an incident")).to_be_visible()


async def submitted(slack: Sandbox, page: Page) -> Json:
    """Press Submit; what the app then got of each input."""
    await page.get_by_role("button", name="Declare", exact=True).click()
    name = "view_submission other"
    entry = await slack.until(lambda: next((e for e in slack.workspace.log if e.name == name), None))
    values = entry.detail["payload"]["view"]["state"]["values"]
    return {block_id: inputs["v"] for block_id, inputs in values.items()}


async def pressed(slack: Sandbox, action_id: str) -> Json:
    """What the app got when this element was used the last time."""
    name = f"block_actions {action_id}"
    entry = await slack.until(
        lambda: next((e for e in reversed(slack.workspace.log) if e.name == name), None)
    )
    action: Json = entry.detail["payload"]["actions"][0]
    return action


async def test_texts_numbers_dates_and_choices_arrive_as_they_were_entered(ana: Watched) -> None:
    page, slack = ana.page, ana.slack
    await opens(
        slack,
        page,
        {"type": "plain_text_input"},
        {"type": "plain_text_input", "multiline": True},
        {"type": "number_input", "is_decimal_allowed": False},
        {"type": "email_text_input"},
        {"type": "url_text_input"},
        {"type": "datepicker"},
        {"type": "timepicker"},
        {"type": "checkboxes", "options": FLOWS, "initial_options": [FLOWS[0]]},
        {"type": "radio_buttons", "options": FLOWS},
        {"type": "users_select"},
        {"type": "multi_channels_select"},
        {"type": "rich_text_input"},
    )
    await page.get_by_label("Input 0").fill("checkout")
    await page.get_by_label("Input 1").first.fill("two\nlines")
    await page.get_by_label("Input 2").fill("140")
    await page.get_by_label("Input 3").fill("ana@sandbox.example")
    await page.get_by_label("Input 4").fill("https://graphs.example/checkout")
    await page.get_by_label("Input 5").fill("2026-01-31")
    await page.get_by_label("Input 6").fill("08:30")
    await page.get_by_role("group", name="Input 7").get_by_label("Payment").check()
    await page.get_by_role("radiogroup", name="Input 8").get_by_label("Search").check()
    await page.get_by_role("button", name="Input 9").click()
    await page.keyboard.type("bo l")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Input 10").click()
    await page.get_by_role("option", name="#general").last.click()
    await page.get_by_role("option", name="#payments").last.click()
    await page.keyboard.press("Escape")
    await page.get_by_label("Input 11").fill("seen by customers")
    got = await submitted(slack, page)
    assert [got[f"b{n}"]["value"] for n in range(5)] == [
        *("checkout", "two\nlines", "140", "ana@sandbox.example"),
        "https://graphs.example/checkout",
    ]
    assert got["b5"]["selected_date"] == "2026-01-31"
    assert got["b6"]["selected_time"] == "08:30"
    assert [one["value"] for one in got["b7"]["selected_options"]] == ["signup", "payment"]
    assert got["b8"]["selected_option"]["value"] == "search"
    assert got["b9"]["selected_user"] == "U02BO"
    names = [slack.workspace.channels[id_].name for id_ in got["b10"]["selected_channels"]]
    assert names == ["general", "payments"]
    assert "seen by customers" in str(got["b11"]["rich_text_value"])


async def test_a_moment_is_on_the_persons_clock_wherever_the_browser_lives(
    slack: Sandbox, browser: Browser
) -> None:
    async with window(browser, slack, timezone_id="America/New_York") as watched:
        page = await watched.open("ana", channel="incidents")
        before = int(datetime(2026, 7, 1, 12, 0, tzinfo=UTC).timestamp())
        await opens(
            slack, page, {"type": "datetimepicker", "initial_date_time": before}, {"type": "datetimepicker"}
        )
        await expect(page.get_by_label("Input 0")).to_have_value("2026-07-01T14:00")  # Berlin, in summer
        await page.get_by_label("Input 1").fill("2026-01-31T08:30")
        got = await submitted(slack, page)
    assert got["b0"]["selected_date_time"] == before
    assert got["b1"]["selected_date_time"] == int(datetime(2026, 1, 31, 7, 30, tzinfo=UTC).timestamp())


async def test_files_are_uploaded_into_a_form_and_can_be_taken_out_again(ana: Watched) -> None:
    page, slack = ana.page, ana.slack
    await opens(slack, page, {"type": "file_input", "max_files": 2})
    first: FilePayload = {"name": "trace.json", "mimeType": "application/json", "buffer": b"{}"}
    second: FilePayload = {"name": "app.log", "mimeType": "text/plain", "buffer": b"500"}
    await page.get_by_label("Input 0").set_input_files([first, second])
    await expect(page.get_by_role("button", name="Remove app.log")).to_be_visible()
    await page.get_by_role("button", name="Remove trace.json").click()
    await expect(page.get_by_role("button", name="Remove trace.json")).to_have_count(0)
    got = await submitted(slack, page)
    assert [file["name"] for file in got["b0"]["files"]] == ["app.log"]


async def test_a_menu_for_several_tells_the_app_once_when_it_is_closed(ana: Watched) -> None:
    page, slack = ana.page, ana.slack
    await page_app.post(slack, "incidents", "which?", [actions({**MENU, "action_id": "which"})])
    await page.get_by_role("button", name="Choose several").click()
    await page.get_by_role("option", name="P0").click()
    await page.get_by_role("option", name="P2").click()
    await page.get_by_role("option", name="P1").click()
    await expect(page.get_by_text("At most 2.")).to_be_visible()
    await page.keyboard.press("Escape")
    chosen = await pressed(slack, "which")
    assert [one["value"] for one in chosen["selected_options"]] == ["P0", "P2"]
    assert [e.name for e in slack.workspace.log].count("block_actions which") == 1
    await expect(page.get_by_role("button", name="P0 · total blockage, P2 · partial")).to_be_focused()


async def test_a_declined_question_puts_the_choice_back(ana: Watched) -> None:
    page, slack = ana.page, ana.slack
    menu = {**SEVERITY_MENU, "action_id": "level", "initial_option": SEVERITIES[0], "confirm": CONFIRM}
    boxes = {"type": "checkboxes", "action_id": "flows", "options": FLOWS, "confirm": CONFIRM}
    await page_app.post(slack, "incidents", "card", [actions(menu), section("Flows", accessory=boxes)])
    await page.get_by_role("button", name="P0 · total blockage").click()
    await page.get_by_role("option", name="P1 · major").click()
    await page.get_by_role("button", name="Not yet").click()
    await expect(page.get_by_role("button", name="P0 · total blockage")).to_be_visible()
    await page.get_by_label("Search").check()
    await page.get_by_role("button", name="Not yet").click()
    await expect(page.get_by_label("Search")).not_to_be_checked()
    await page.get_by_label("Search").check()
    await page.get_by_role("button", name="Close it").click()
    ticked = await pressed(slack, "flows")
    assert [one["value"] for one in ticked["selected_options"]] == ["search"]
    assert not [e for e in slack.workspace.log if e.name == "block_actions level"]


async def test_an_input_that_dispatches_tells_the_app_on_enter_and_keeps_the_form_open(ana: Watched) -> None:
    page, slack = ana.page, ana.slack
    client = page_app.build(slack).client
    blocks = [
        field(
            "Search",
            {"type": "plain_text_input", "action_id": "query"},
            "q",
            dispatch_action=True,
            optional=True,
        ),
        {"type": "actions", "elements": [{"type": "button", "text": plain("Look"), "action_id": "look"}]},
    ]
    view = modal(callback_id="other", blocks=blocks)
    await client.views_open(trigger_id=slack.triggers.issue("U01ANA"), view=view)
    await page.get_by_label("Search").fill("checkout")
    await page.keyboard.press("Enter")
    assert (await pressed(slack, "query"))["value"] == "checkout"
    await page.get_by_label("Search").fill("checkout returns 500")
    await page.get_by_role("button", name="Look").click()
    await pressed(slack, "look")
    look = next(e for e in slack.workspace.log if e.name == "block_actions look")
    assert look.detail["payload"]["view"]["state"]["values"]["q"]["query"]["value"] == "checkout returns 500"
    assert [e.name for e in slack.workspace.log].count("block_actions query") == 1
    await expect(page.get_by_role("dialog", name="Declare an incident")).to_be_visible()


async def test_somebody_joins_a_channel_writes_there_and_leaves_it(ana: Watched) -> None:
    page, slack = ana.page, ana.slack
    slack.workspace.channel("payments").members.remove("U01ANA")
    await ana.open("ana", channel="payments")
    await page.get_by_role("button", name="Join the channel").click()
    await page.get_by_label("Message #payments").fill("Here now")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message", has_text="Here now")).to_be_visible()
    await page.get_by_role("button", name="members").click()
    await page.get_by_role("button", name="Leave the channel").click()
    await expect(page.get_by_role("button", name="Join the channel")).to_be_visible()


async def test_a_direct_message_is_begun_from_the_list(ana: Watched, browser: Browser) -> None:
    page = ana.page
    await page.get_by_role("link", name="Bo Lindqvist").click()
    await page.get_by_label("Message Bo Lindqvist").fill("Can you look at payments?")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message", has_text="Can you look")).to_be_visible()
    async with window(browser, ana.slack) as other:
        bo = await other.open("bo", channel="general")
        await expect(bo.get_by_role("link", name="Ana Ruiz").get_by_label("1 for you")).to_be_visible()
