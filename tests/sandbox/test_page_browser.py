"""The page in real Chromium, against a real Bolt app: what a newcomer does in their first incident."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, FilePayload, expect

from bot.sandbox.server import Sandbox
from tests.browser import in_one_browser, needs_chromium
from tests.sandbox import page_app
from tests.sandbox.page_kit import CARD
from tests.sandbox.page_window import NARROW, Watched, ana, slack, window

__all__ = ["ana", "slack"]

pytestmark = [pytest.mark.browser, needs_chromium, in_one_browser]


async def test_a_command_is_completed_and_its_card_answers_the_button(ana: Watched) -> None:
    page = ana.page
    box = page.get_by_label("Message #incidents")
    await box.press_sequentially("/inc")
    await expect(page.get_by_role("combobox", name="Message #incidents")).to_have_attribute(
        "aria-expanded", "true"
    )
    await expect(page.get_by_role("option", name="/incident")).to_be_visible()
    await box.press("Tab")
    await expect(page.locator("[data-usage]")).to_have_text("/incident [P0-P4] [what is broken]")
    await box.press_sequentially("P0 checkout returns 500")
    await box.press("Enter")
    card = page.locator(".message", has_text="INC-1 · P0 checkout returns 500")
    await card.get_by_role("button", name="Take the lead").click()
    await expect(card).to_contain_text("Led by @Ana Ruiz")
    await expect(box).to_have_value("")


async def test_two_windows_are_two_people_who_see_each_other_write(ana: Watched, browser: Browser) -> None:
    async with window(browser, ana.slack) as other:
        bo = await other.open("bo", channel="incidents")
        await ana.page.get_by_label("Message #incidents").fill("Is *checkout* down? @bo :fire:")
        await ana.page.keyboard.press("Enter")
        message = bo.locator(".message", has_text="Is checkout down?")
        await expect(message.locator("strong", has_text="checkout")).to_be_visible()
        await expect(message.locator(".mention.is-me")).to_have_text("@Bo Lindqvist")
        await message.hover()
        await message.get_by_role("button", name="Add a reaction").click()
        await bo.get_by_role("menuitem", name="eyes", exact=True).click()
        await expect(ana.page.get_by_role("button", name="eyes 1")).to_have_attribute("title", "Bo Lindqvist")


async def test_the_form_says_what_is_wrong_and_is_taken_when_it_is_right(ana: Watched) -> None:
    page = ana.page
    await page.get_by_label("Message #incidents").fill("/incident")
    await page.keyboard.press("Enter")
    form = page.get_by_role("dialog", name="Declare an incident")
    await expect(form.get_by_label("What is broken?")).to_be_focused()
    await form.get_by_role("button", name="Declare", exact=True).click()
    await expect(form.get_by_text("Please complete this required field.")).to_be_visible()
    await form.get_by_label("What is broken?").fill("checkout")
    await form.get_by_role("button", name="Declare", exact=True).click()
    await expect(form.get_by_text("Say a little more.")).to_be_visible()
    await expect(form.get_by_label("What is broken?")).to_be_focused()
    await form.get_by_label("What is broken?").fill("checkout returns 500")
    await form.get_by_role("button", name="How bad is it?").click()
    await form.get_by_role("option", name="P1 · major").first.click()
    await form.get_by_role("button", name="Declare", exact=True).click()
    await expect(form).to_be_hidden()
    await expect(page.locator(".message", has_text="Declared P1: checkout returns 500")).to_be_visible()
    await expect(page.get_by_label("Message #incidents")).to_be_focused()


async def test_the_whole_incident_works_with_the_keyboard_alone(ana: Watched) -> None:
    page = ana.page
    keys = page.keyboard
    await expect(page.get_by_label("Message #incidents")).to_be_focused()
    await keys.type("/")
    await keys.press("ArrowDown")
    await keys.press("ArrowUp")
    await keys.press("Enter")
    await keys.type("P0 search is slow")
    await keys.press("Enter")
    await expect(page.locator(".b-header")).to_have_text("INC-1 · P0 search is slow")
    await page.get_by_role("button", name="Take the lead").focus()
    await keys.press("Tab")
    await expect(page.get_by_role("button", name="Severity")).to_be_focused()
    await keys.press("Enter")
    await keys.type("P2")
    await keys.press("Enter")
    await expect(page.locator(".message", has_text="Severity is now P2.")).to_be_visible()
    await page.get_by_role("button", name="Close incident").focus()
    await keys.press("Enter")
    question = page.get_by_role("dialog", name="Close INC-1?")
    await expect(question.get_by_role("button", name="Close it")).to_be_focused()
    await keys.press("Escape")
    await expect(question).to_be_hidden()
    await expect(page.get_by_role("button", name="Close incident")).to_be_focused()
    await keys.press("Enter")
    await expect(question.get_by_role("button", name="Close it")).to_be_focused()
    await keys.press("Enter")
    await expect(page.locator(".message", has_text="INC-1 is closed.")).to_be_visible()
    await page.get_by_role("button", name="More options").focus()
    await keys.press("Enter")
    await expect(page.get_by_role("menuitem", name="Timeline")).to_be_focused()
    await keys.press("ArrowDown")
    await expect(page.get_by_role("menuitem", name="Export")).to_be_focused()
    await keys.press("Escape")
    await expect(page.get_by_role("button", name="More options")).to_be_focused()


async def test_who_gives_a_question_up_and_presses_again_at_once_is_asked_once_more(ana: Watched) -> None:
    page = ana.page
    await ana.slack.person("ana").types("/incident P0 search is slow", "incidents")
    close = page.get_by_role("button", name="Close incident")
    await close.click()
    question = page.get_by_role("dialog", name="Close INC-1?")
    await expect(question).to_be_visible()
    # Quicker than the browser, which tells of a dialog's closing in a task of its own.
    await page.evaluate(
        """() => {
            document.querySelector("dialog[open]").close("deny");
            const all = [...document.querySelectorAll("button")];
            all.find((each) => each.textContent.includes("Close incident")).click();
        }"""
    )
    await question.get_by_role("button", name="Close it").click()
    await expect(question).to_be_hidden()
    await expect(page.locator(".message", has_text="INC-1 is closed.")).to_have_count(1)


async def test_the_messages_and_the_list_are_walked_with_the_arrows(ana: Watched) -> None:
    for text in ("first", "second"):
        await page_app.post(ana.slack, "incidents", text)
    page = ana.page
    await expect(page.locator(".message", has_text="second")).to_be_visible()
    await page.locator("#messages").focus()
    await page.keyboard.press("ArrowUp")
    await expect(page.locator(".message", has_text="second")).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(page.locator(".message", has_text="first")).to_be_focused()
    await page.get_by_role("link", name="general").focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("link", name="incidents")).to_be_focused()


async def test_escape_gives_a_form_up_and_the_app_hears_of_it(ana: Watched) -> None:
    page = ana.page
    await page.get_by_role("button", name="Shortcuts").click()
    await page.get_by_role("menuitem", name="Declare an incident").click()
    await expect(page.get_by_role("dialog", name="Declare an incident")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog", name="Declare an incident")).to_be_hidden()
    await page.get_by_label("Message #incidents").fill("/incident")
    await page.keyboard.press("Enter")
    await page.get_by_role("dialog", name="Declare an incident").get_by_role("button", name="Cancel").click()
    await expect(page.locator(".message", has_text="The form was given up.")).to_be_visible()


async def test_going_back_from_a_pushed_form_finds_what_was_typed(ana: Watched) -> None:
    page = ana.page
    await page.get_by_label("Message #incidents").fill("/incident")
    await page.keyboard.press("Enter")
    form = page.get_by_role("dialog", name="Declare an incident")
    await form.get_by_label("What is broken?").fill("again and again")
    await form.get_by_role("button", name="Declare", exact=True).click()
    await expect(form.get_by_label("Sure?")).to_be_focused()
    await form.get_by_role("button", name="Back").click()
    await expect(form.get_by_label("What is broken?")).to_have_value("again and again")


async def test_what_somebody_types_and_where_they_look_survive_every_redraw(ana: Watched) -> None:
    page = ana.page
    for number in range(40):
        await page_app.post(ana.slack, "incidents", f"line {number}")
    await expect(page.locator(".message", has_text="line 39")).to_be_in_viewport()
    box = page.get_by_label("Message #incidents")
    await box.fill("half a thought")
    await box.press("ArrowLeft")
    await page.locator("#messages").evaluate("box => { box.scrollTop = 120 }")
    before = await page.locator("#messages").evaluate("box => box.scrollTop")
    await page_app.post(ana.slack, "incidents", "line 40")
    await expect(page.get_by_role("button", name="New messages")).to_be_visible()
    assert await page.locator("#messages").evaluate("box => box.scrollTop") == before
    await expect(box).to_be_focused()
    await expect(box).to_have_value("half a thought")
    assert await box.evaluate("box => box.selectionStart") == len("half a thought") - 1
    await page.get_by_role("button", name="New messages").click()
    await expect(page.locator(".message", has_text="line 40")).to_be_in_viewport()


async def test_an_open_menu_and_half_typed_input_survive_a_redraw(ana: Watched) -> None:
    page = ana.page
    await page_app.post(ana.slack, "incidents", "card", CARD)
    await page.get_by_role("button", name="Severity").click()
    await expect(page.get_by_role("option", name="P1 · major")).to_be_visible()
    await page_app.post(ana.slack, "incidents", "and then something else happened")
    await expect(page.locator(".message", has_text="something else")).to_be_visible()
    await expect(page.get_by_role("option", name="P1 · major")).to_be_visible()
    await expect(page.get_by_role("combobox", name="Severity")).to_be_focused()


async def test_drafts_stay_with_their_channel(ana: Watched) -> None:
    page = ana.page
    await page.get_by_label("Message #incidents").fill("for incidents")
    await page.get_by_role("link", name="general").click()
    await expect(page.get_by_label("Message #general")).to_have_value("")
    await page.go_back()
    await expect(page.get_by_label("Message #incidents")).to_have_value("for incidents")


async def test_a_thread_opens_beside_the_channel_and_takes_an_answer(ana: Watched) -> None:
    page = ana.page
    await page.get_by_label("Message #incidents").fill("Deploy v412 went out")
    await page.keyboard.press("Enter")
    message = page.locator("#messages .message", has_text="Deploy v412")
    await message.hover()
    await message.get_by_role("link", name="Reply in thread").click()
    await expect(page.get_by_label("Reply", exact=True)).to_be_focused()
    await page.keyboard.type("rolled back")
    await page.keyboard.press("Enter")
    thread = page.get_by_role("complementary", name="Thread")
    await expect(thread.locator(".message", has_text="rolled back")).to_be_visible()
    await expect(page.get_by_role("link", name="1 reply")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(thread).to_be_hidden()
    await expect(message).to_be_focused()


async def test_own_messages_are_edited_pinned_and_deleted_from_their_menu(ana: Watched) -> None:
    page = ana.page
    box = page.get_by_label("Message #incidents")
    await box.fill("Payments work again since 14:18, says @bo")
    await box.press("Enter")
    message = page.locator("#messages .message", has_text="Payments work again")
    await expect(message).to_be_visible()
    await box.press("ArrowUp")
    await expect(box).to_have_value("Payments work again since 14:18, says @bo")
    await box.fill("Payments work again since 14:17")
    await box.press("Enter")
    await expect(message).to_contain_text("14:17 (edited)")
    await message.hover()
    await message.get_by_role("button", name="More for this message").click()
    await page.get_by_role("menuitem", name="Pin to the channel").click()
    await expect(message).to_contain_text("Pinned by Ana Ruiz")
    await page.get_by_role("button", name="1 pinned").click()
    await expect(page.get_by_role("dialog", name="Pinned messages")).to_contain_text("14:17")
    await page.keyboard.press("Escape")
    await message.hover()
    await message.get_by_role("button", name="More for this message").click()
    await page.get_by_role("menuitem", name="Delete").click()
    await page.get_by_role("button", name="Delete", exact=True).click()
    await expect(message).to_have_count(0)


async def test_a_message_shortcut_answers_only_the_one_who_used_it(ana: Watched, browser: Browser) -> None:
    ts = await page_app.post(ana.slack, "incidents", "error rate is 61 %")
    page = ana.page
    message = page.locator(f"#m-{ts.replace('.', chr(92) + '.')}")
    await message.hover()
    await message.get_by_role("button", name="More for this message").click()
    await page.get_by_role("menuitem", name="Add to the timeline").click()
    noted = page.locator(".message", has_text="Noted: error rate is 61 %")
    await expect(noted).to_contain_text("Only visible to you")
    async with window(browser, ana.slack) as other:
        bo = await other.open("bo", channel="incidents")
        await expect(bo.locator(".message", has_text="error rate")).to_have_count(1)
    await noted.get_by_role("button", name="Dismiss").click()
    await expect(noted).to_have_count(0)


async def test_a_late_app_is_told_to_the_one_who_pressed(ana: Watched) -> None:
    await page_app.post(ana.slack, "incidents", "slow", page_app.LATE_BUTTON)
    slow = ana.page.get_by_role("button", name="Slow")
    await slow.click()
    await expect(slow).to_have_attribute("aria-busy", "true")
    await expect(ana.page.get_by_role("alert")).to_contain_text("operation_timeout")
    await expect(slow).not_to_have_attribute("aria-busy", "true")


async def test_an_external_menu_is_searched_and_chosen_from(ana: Watched) -> None:
    page = ana.page
    await page_app.post(ana.slack, "incidents", "flags", page_app.FLAG_MENU)
    await page.get_by_role("button", name="Search a flag").click()
    await expect(page.get_by_text("Type to search.")).to_be_visible()
    await page.keyboard.type("psp")
    await expect(page.get_by_role("option", name="psp-search")).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="psp-search")).to_be_visible()


async def test_the_home_tab_is_drawn_when_somebody_opens_it(ana: Watched) -> None:
    page = ana.page
    await page.get_by_role("link", name="Sandbox app").click()
    await expect(page.get_by_role("heading", name="Open incidents")).to_be_visible()
    await page.get_by_role("link", name="Messages", exact=True).click()
    await expect(page.get_by_label("Message Sandbox app")).to_be_visible()


async def test_the_inspector_shows_the_delivery_and_the_calls_that_followed(ana: Watched) -> None:
    page = ana.page
    await page.get_by_role("button", name="Inspector", exact=True).click()
    await page.get_by_label("Message #incidents").fill("/incident P0 checkout")
    await page.keyboard.press("Enter")
    group = page.locator(".log-group", has_text="/incident")
    await expect(group).to_contain_text("chat.postMessage")
    await group.locator("summary", has_text="/incident").click()
    await expect(group.locator("pre").first).to_contain_text('"text": "P0 checkout"')
    await page.get_by_label("Filter the inspector").fill("postMessage")
    await expect(group.locator("summary", has_text="/incident")).to_be_hidden()
    await expect(group.locator("summary", has_text="chat.postMessage")).to_be_visible()
    await page.get_by_label("Filter the inspector").fill("")
    await page.get_by_role("button", name="Clear").click()
    await expect(page.get_by_text("Quiet so far")).to_be_visible()


async def test_files_are_sent_with_a_message_and_shown_below_it(ana: Watched) -> None:
    page = ana.page
    picture: FilePayload = {
        "name": "errors.svg",
        "mimeType": "image/svg+xml",
        "buffer": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    }
    log: FilePayload = {"name": "app.log", "mimeType": "text/plain", "buffer": b"500 500 500"}
    await page.locator("#composer [data-attach]").set_input_files(files=[log])
    await page.get_by_label("Message #incidents").fill("The log:")
    await page.keyboard.press("Enter")
    message = page.locator(".message", has_text="The log:")
    await expect(message.get_by_role("link", name="app.log")).to_have_attribute("download", "app.log")
    await page.locator("#composer [data-attach]").set_input_files(files=[picture])
    await expect(page.get_by_role("button", name="Remove errors.svg")).to_be_visible()


async def test_on_a_phone_the_list_slides_in_and_the_thread_fills_the_screen(
    slack: Sandbox, browser: Browser
) -> None:
    ts = await page_app.post(slack, "incidents", "card", CARD)
    async with window(browser, slack, viewport=NARROW, has_touch=True, is_mobile=True) as phone:
        page = await phone.open("ana", channel="general")
        assert await page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
        await expect(page.get_by_role("link", name="incidents")).to_be_hidden()
        await page.get_by_role("button", name="Conversations").click()
        await page.get_by_role("link", name="incidents").click()
        await expect(page.get_by_role("link", name="general")).to_be_hidden()
        lead = page.get_by_role("button", name="Take the lead")
        await expect(lead).to_be_in_viewport(ratio=1)
        box = await lead.bounding_box()
        assert box and box["height"] >= 40
        await page.get_by_role("button", name="More for this message").last.click()
        await page.get_by_role("menuitem", name="Reply in thread").click()
        thread = page.get_by_role("complementary", name="Thread")
        await expect(thread).to_be_visible()
        size = await thread.bounding_box()
        assert size and size["width"] == NARROW["width"] and size["height"] == NARROW["height"]
        await page.get_by_role("link", name="Back to #incidents").click()
        await expect(thread).to_be_hidden()
        await page.get_by_role("button", name="Inspector", exact=True).click()
        await expect(page.get_by_role("complementary", name="Inspector")).to_be_visible()
    assert ts


async def test_a_permalink_in_a_message_leads_to_that_message(ana: Watched) -> None:
    page, slack = ana.page, ana.slack
    first = await page_app.post(slack, "incidents", "the first of many")
    for number in range(30):
        await page_app.post(slack, "incidents", f"line {number}")
    link = f"{slack.url}/archives/{slack.workspace.channel('incidents').id}/p{first.replace('.', '')}"
    await page_app.post(slack, "incidents", f"see <{link}|where it began>")
    await page.get_by_role("link", name="where it began").click()
    began = page.locator(".message", has_text="the first of many")
    await expect(began).to_be_in_viewport()
    await expect(began).to_be_focused()
    assert "at=" not in page.url


async def test_a_channel_opens_at_what_is_new_to_whoever_comes(ana: Watched) -> None:
    page, slack = ana.page, ana.slack
    for number in range(40):
        await page_app.post(slack, "general", f"line {number}")
    await page.get_by_role("link", name="general").click()
    await expect(page.locator(".message", has_text="line 0")).to_be_in_viewport()
    await page.get_by_role("link", name="incidents").click()
    await page.get_by_role("link", name="general").click()
    await expect(page.locator(".message", has_text="line 39")).to_be_in_viewport()


async def test_an_answer_further_down_is_pointed_out_to_who_pressed_further_up(ana: Watched) -> None:
    page, slack = ana.page, ana.slack
    for number in range(40):
        await page_app.post(slack, "incidents", f"line {number}")
    await expect(page.locator(".message", has_text="line 39")).to_be_in_viewport()
    await page.locator("#messages").evaluate("box => { box.scrollTop = 0 }")
    message = page.locator(".message", has_text="line 1").first
    await message.hover()
    await message.get_by_role("button", name="More for this message").click()
    await page.get_by_role("menuitem", name="Add to the timeline").click()
    await page.get_by_role("button", name="An answer for you").click()
    await expect(page.locator(".message", has_text="Noted: line 1")).to_be_in_viewport()
