"""What people do with an app's messages: they find things by their words, press them, choose, confirm."""

from __future__ import annotations

import re
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from bot.sandbox.errors import NotPossibleError
from bot.sandbox.people import NotShownError
from bot.sandbox.server import Sandbox
from tests.sandbox.conftest import Running

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str, **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(text: str, action_id: str, **more: Any) -> Json:
    return {"type": "button", "text": plain(text), "action_id": action_id, **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def option(text: str) -> Json:
    return {"text": plain(text), "value": text.lower()}


@pytest.fixture
def pressed(app: AsyncApp) -> list[Json]:
    """Every `block_actions` payload that the app was sent; it acknowledges them all."""
    bodies: list[Json] = []

    @app.action(re.compile(".*"))
    async def press(ack: Any, body: Json) -> None:
        await ack()
        bodies.append(body)

    return bodies


async def posts(app: AsyncApp, slack: Sandbox, *blocks: Json, text: str = "fallback") -> Any:
    channel = slack.channel("general").id
    return await app.client.chat_postMessage(channel=channel, text=text, blocks=list(blocks))


CHECKLIST = (
    section("Roll back the last deploy", accessory=button(":white_check_mark: Done", "done", value="1")),
    {"type": "context", "elements": [{"type": "plain_text", "text": "the one of 14:02"}]},
    section("Tell support"),
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "for <@U04DEE>"}]},
    actions(button("Done", "done", value="2"), button("Skip", "skip", value="2")),
    section("Count failed payments"),
    actions(button("Done", "done", value="3"), button("Skip", "skip", value="3")),
)


# finding things ---------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "near", "value"),
    [
        ("Done", "Roll back", "1"),
        ("Done", "Tell support", "2"),
        ("Done", "Tell", "2"),
        ("Done", "for @Dee Okafor", "2"),
        ("Skip", "Count failed", "3"),
        ("skip", "Tell support", "2"),
        ("Done", None, "1"),
    ],
)
async def test_a_button_is_found_by_its_words_and_by_what_stands_above_it(
    slack: Sandbox,
    app: AsyncApp,
    running: Running,
    pressed: list[Json],
    text: str,
    near: str | None,
    value: str,
) -> None:
    async with running():
        await posts(app, slack, *CHECKLIST)
        await slack.person("ana").clicks(text, near=near)
        await slack.until(lambda: pressed)
    assert pressed[0]["actions"][0]["value"] == value


async def test_words_of_another_step_do_not_count_as_near(
    slack: Sandbox, app: AsyncApp, pressed: list[Json]
) -> None:
    await posts(app, slack, *CHECKLIST)
    with pytest.raises(NotShownError, match="nothing to click that says 'Skip' near 'Roll back'"):
        await slack.person("ana").clicks("Skip", near="Roll back", patience=0)


async def test_the_explanation_of_a_failure_shows_what_was_there(slack: Sandbox, app: AsyncApp) -> None:
    await posts(app, slack, *CHECKLIST)
    with pytest.raises(NotShownError, match="Count failed payments"):
        await slack.person("ana").clicks("Resolve", patience=0)


async def test_a_click_waits_for_what_is_still_to_come(
    slack: Sandbox, app: AsyncApp, running: Running, pressed: list[Json]
) -> None:
    @app.event("message")
    async def message(say: Any) -> None:
        await say(blocks=[actions(button("Take the lead", "lead"))], text="lead")

    async with running():
        ana = slack.person("ana")
        await ana.types("who leads?", channel="incidents")
        await ana.clicks("Take the lead")
        await slack.until(lambda: pressed)
    assert pressed[0]["channel"]["name"] == "incidents"


async def test_the_newest_message_is_meant_and_where_one_is_comes_first(
    slack: Sandbox, app: AsyncApp, running: Running, pressed: list[Json]
) -> None:
    async with running():
        for channel, value in (("incidents", "1"), ("general", "2"), ("general", "3"), ("incidents", "4")):
            id_ = slack.channel(channel).id
            block = actions(button("Go", "go", value=value))
            await app.client.chat_postMessage(channel=id_, text="go", blocks=[block])
        ana = slack.person("ana")
        await ana.clicks("Go")
        await ana.types("I look at general", channel="general")
        await ana.clicks("Go")
        await ana.clicks("Go", channel="incidents")
        await slack.until(lambda: len(pressed) == 3)
    assert [body["actions"][0]["value"] for body in pressed] == ["4", "3", "4"]


async def test_a_button_for_others_cannot_be_pressed(slack: Sandbox, app: AsyncApp) -> None:
    await posts(app, slack, actions(button("Approve", "approve", visible_to_user_ids=["U02BO"])))
    with pytest.raises(NotShownError):
        await slack.person("ana").clicks("Approve", patience=0)


async def test_nobody_presses_a_button_in_a_message_they_cannot_see(slack: Sandbox, app: AsyncApp) -> None:
    id_ = slack.channel("general").id
    blocks = [actions(button("Approve", "approve"))]
    await app.client.chat_postEphemeral(channel=id_, user="U02BO", text="for bo", blocks=blocks)
    with pytest.raises(NotShownError):
        await slack.person("ana").clicks("Approve", patience=0)


# choosing ---------------------------------------------------------------

MENUS = (
    section(
        "Severity",
        accessory={"type": "static_select", "action_id": "sev", "options": [option("P0"), option("P1")]},
    ),
    actions(
        {"type": "users_select", "action_id": "who", "placeholder": plain("Who leads")},
        {"type": "datepicker", "action_id": "day", "initial_date": "2026-01-01"},
        {"type": "overflow", "action_id": "more", "options": [option("Rename"), option("Close")]},
        {
            "type": "checkboxes",
            "action_id": "ticks",
            "options": [option("One"), option("Two"), option("Three")],
        },
        {"type": "radio_buttons", "action_id": "radio", "options": [option("Left"), option("Right")]},
    ),
)


async def test_choices_are_sent_as_slack_sends_them_with_the_state_of_all_the_rest(
    slack: Sandbox, app: AsyncApp, running: Running, pressed: list[Json]
) -> None:
    async with running():
        await posts(app, slack, *MENUS)
        ana = slack.person("ana")
        await ana.chooses("Severity", "P1")
        await ana.chooses("Who leads", "bo")
        await ana.chooses("day", "2026-02-03")
        await ana.clicks("Close")
        await ana.clicks("One")
        await ana.clicks("Three")
        await ana.clicks("One")
        await ana.clicks("Right")
        await slack.until(lambda: len(pressed) == 8)
    acted = [body["actions"][0] for body in pressed]
    assert acted[0]["selected_option"] == {"text": {**plain("P1"), "emoji": True}, "value": "p1"}
    assert acted[1]["selected_user"] == "U02BO"
    assert acted[2]["selected_date"] == "2026-02-03"
    assert acted[3]["selected_option"]["value"] == "close"
    ticked = [[one["value"] for one in action["selected_options"]] for action in acted[4:7]]
    assert ticked == [["one"], ["one", "three"], ["three"]]
    assert acted[7]["selected_option"]["value"] == "right"
    held = {
        id_: entry for entries in pressed[-1]["state"]["values"].values() for id_, entry in entries.items()
    }
    assert set(held) == {"sev", "who", "day", "ticks", "radio"}
    assert held["day"] == {"type": "datepicker", "selected_date": "2026-02-03"}
    assert held["sev"]["selected_option"]["value"] == "p1"
    first = {
        id_: entry for entries in pressed[0]["state"]["values"].values() for id_, entry in entries.items()
    }
    assert first["who"] == {"type": "users_select", "selected_user": None}
    assert first["day"] == {"type": "datepicker", "selected_date": "2026-01-01"}
    assert first["ticks"] == {"type": "checkboxes", "selected_options": []}


async def test_what_one_person_chose_is_not_what_another_has(
    slack: Sandbox, app: AsyncApp, running: Running, pressed: list[Json]
) -> None:
    async with running():
        await posts(app, slack, *MENUS)
        await slack.person("ana").clicks("One")
        await slack.person("bo").clicks("Two")
        await slack.until(lambda: len(pressed) == 2)
    assert [one["value"] for one in pressed[1]["actions"][0]["selected_options"]] == ["two"]


async def test_an_option_that_is_not_offered_cannot_be_chosen(slack: Sandbox, app: AsyncApp) -> None:
    await posts(app, slack, *MENUS)
    with pytest.raises(NotPossibleError, match="has no option 'P9'; it offers P0, P1"):
        await slack.person("ana").chooses("Severity", "P9")


async def test_a_confirmation_is_asked_before_the_app_hears_anything(
    slack: Sandbox, app: AsyncApp, running: Running, pressed: list[Json]
) -> None:
    confirm = {
        "title": plain("Sure?"),
        "text": plain("It cannot be undone."),
        "confirm": plain("Yes"),
        "deny": plain("No"),
    }
    async with running():
        await posts(app, slack, actions(button("Close it", "close", confirm=confirm)))
        ana = slack.person("ana")
        assert (await ana.clicks("Close it")).asks == "Sure?\nIt cannot be undone."
        await ana.declines()
        assert pressed == []
        await ana.clicks("Close it")
        await ana.confirms()
        await slack.until(lambda: pressed)
    with pytest.raises(NotPossibleError, match="Nothing was asked"):
        await ana.confirms()
    assert len(pressed) == 1


async def test_an_external_menu_asks_the_app_for_its_options(
    slack: Sandbox, app: AsyncApp, running: Running, pressed: list[Json]
) -> None:
    asked: list[Json] = []

    @app.options("service")
    async def services(ack: Any, body: Json) -> None:
        asked.append(body)
        names = [
            name
            for name in ("Payments", "Payroll", "Search")
            if name.lower().startswith(body["value"].lower())
        ]
        await ack(options=[option(name) for name in names])

    menu = {
        "type": "external_select",
        "action_id": "service",
        "placeholder": plain("Service"),
        "min_query_length": 2,
    }
    async with running():
        await posts(app, slack, actions(menu))
        ana = slack.person("ana")
        await ana.chooses("Service", "Payments")
        await slack.until(lambda: pressed)
        with pytest.raises(NotPossibleError, match="offers nothing"):
            await ana.chooses("Service", "P")
        with pytest.raises(NotPossibleError, match="offers nothing"):
            await ana.chooses("Service", "Mail")
    assert [body["value"] for body in asked] == ["Payments", "Mail"]
    assert asked[0]["type"] == "block_suggestion"
    assert asked[0]["message"]["text"] == "fallback"
    assert pressed[0]["actions"][0]["selected_option"]["value"] == "payments"


# what is shown ----------------------------------------------------------


async def test_a_click_that_the_app_does_not_take_shows_an_error(
    slack: Sandbox, app: AsyncApp, running: Running
) -> None:
    @app.error
    async def quiet(error: Exception) -> None:
        return None

    async with running():
        slack.workspace.app.request_url = slack.workspace.app.request_url and "http://127.0.0.1:1/"
        if slack.workspace.app.request_url is None:
            slack.faults.add("drop_socket", "block_actions")
        await posts(app, slack, actions(button("Go", "go")))
        reply = await slack.person("ana").clicks("Go")
    assert reply.error == 'Sandbox app did not take this: "dispatch_failed"'


async def test_people_see_only_what_is_for_them(slack: Sandbox, app: AsyncApp) -> None:
    id_ = slack.channel("general").id
    await app.client.chat_postEphemeral(channel=id_, user="U01ANA", text="only ana")
    await slack.person("ana").creates("hideout", is_private=True)
    await slack.person("ana").says("in here", "hideout")
    await slack.person("ana").sees("only ana")
    await slack.person("ana").sees("in here")
    for words in ("only ana", "in here"):
        with pytest.raises(NotShownError):
            await slack.person("bo").sees(words, patience=0)


async def test_a_message_is_read_without_its_markup(slack: Sandbox, app: AsyncApp) -> None:
    await posts(app, slack, section("*Lead:* <@U02BO> in <#C00000001>"), text="fallback")
    message = await slack.person("ana").sees("Lead: @Bo Lindqvist in #general")
    assert slack.text_of(message) == "Lead: @Bo Lindqvist in #general"
