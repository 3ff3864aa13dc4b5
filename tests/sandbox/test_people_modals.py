"""Modals as people meet them: one stack each, the client's own checks, what an app may answer, closing."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bot.sandbox.clock import VirtualClock
from bot.sandbox.errors import NotPossibleError
from bot.sandbox.fixture import connected
from bot.sandbox.modals import TROUBLE
from bot.sandbox.server import Sandbox
from tests.sandbox.conftest import Running

Json = dict[str, Any]


@pytest.fixture
def slack_clock() -> VirtualClock:
    return VirtualClock()


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def field(label: str, element: Json, **more: Any) -> Json:
    block_id = label.lower()
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label),
        "element": {"action_id": "v", **element},
        **more,
    }


def option(text: str) -> Json:
    return {"text": plain(text), "value": text[:2].lower()}


def modal(title: str, *blocks: Json, **more: Any) -> Json:
    held = list(blocks) or [field("Title", {"type": "plain_text_input"})]
    ends = {"title": plain(title), "submit": plain("Declare"), "close": plain("Cancel")}
    return {"type": "modal", "callback_id": "declare", **ends, "blocks": held, **more}


class Bot:
    """An app whose `/open` shows `view`, and which answers submissions as told."""

    def __init__(self, app: AsyncApp, view: Json) -> None:
        self.view = view
        self.opened: list[str] = []
        self.submitted: list[Json] = []
        self.closed: list[Json] = []
        self.acted: list[Json] = []
        self.refused: list[str] = []
        self.answers: list[Json] = []
        app.command("/open")(self._open)
        app.view("declare")(self._submit)
        app.view_closed("declare")(self._close)
        app.action("push")(self._push)
        app.action("v")(self._act)

    async def _open(self, ack: Any, body: Json, client: Any) -> None:
        await ack()
        answer = await client.views_open(trigger_id=body["trigger_id"], view=self.view)
        self.opened.append(answer["view"]["id"])

    async def _submit(self, ack: Any, body: Json) -> None:
        await ack(**(self.answers.pop(0) if self.answers else {}))
        self.submitted.append(body)

    async def _close(self, ack: Any, body: Json) -> None:
        await ack()
        self.closed.append(body)

    async def _push(self, ack: Any, body: Json, client: Any) -> None:
        await ack()
        try:
            await client.views_push(trigger_id=body["trigger_id"], view=self.view)
        except SlackApiError as error:
            self.refused.append(error.response["error"])

    async def _act(self, ack: Any, body: Json) -> None:
        await ack()
        self.acted.append(body)


def values(body: Json) -> Json:
    return {block_id: entry["v"] for block_id, entry in body["view"]["state"]["values"].items()}


# filling in ---------------------------------------------------------------


async def test_a_filled_modal_is_submitted_with_all_it_holds_and_closes(
    slack: Sandbox, app: AsyncApp, running: Running
) -> None:
    bot = Bot(
        app,
        modal(
            "Declare",
            field("Title", {"type": "plain_text_input"}),
            field("Severity", {"type": "static_select", "options": [option("P0 total"), option("P1 major")]}),
            field("Leads", {"type": "multi_users_select"}, optional=True),
            field("Day", {"type": "datepicker", "initial_date": "2026-01-01"}),
            private_metadata="from the channel",
        ),
    )
    async with running():
        ana = slack.person("ana")
        await ana.types("/open")
        modal_seen = await ana.sees_modal("Declare")
        assert modal_seen.labels == ("Title", "Severity", "Leads", "Day")
        await ana.fills({"Title": "checkout is down", "Severity": "P0"})
        reply = await ana.submits()
        await slack.until(lambda: bot.submitted)
    assert reply.error is None
    assert ana.modal is None
    body = bot.submitted[0]
    assert body["view"]["private_metadata"] == "from the channel"
    assert body["view"]["id"] == bot.opened[0]
    assert body["user"]["id"] == "U01ANA"
    assert body["trigger_id"]
    assert values(body) == {
        "title": {"type": "plain_text_input", "value": "checkout is down"},
        "severity": {
            "type": "static_select",
            "selected_option": {"text": {**plain("P0 total"), "emoji": True}, "value": "p0"},
        },
        "leads": {"type": "multi_users_select", "selected_users": []},
        "day": {"type": "datepicker", "selected_date": "2026-01-01"},
    }


@pytest.mark.parametrize(
    ("element", "value", "error"),
    [
        ({"type": "plain_text_input"}, None, "Please complete this required field."),
        ({"type": "plain_text_input"}, "   ", "Please complete this required field."),
        ({"type": "plain_text_input", "min_length": 5}, "four", "Please enter at least 5 characters."),
        ({"type": "plain_text_input", "max_length": 3}, "four", "Please enter at most 3 characters."),
        ({"type": "email_text_input"}, "ana at example", "Please enter a valid email address."),
        ({"type": "url_text_input"}, "example.com", "Please enter a valid URL."),
        ({"type": "number_input", "is_decimal_allowed": False}, "1.5", "Please enter a whole number."),
        ({"type": "number_input", "is_decimal_allowed": True}, "one", "Please enter a number."),
        (
            {"type": "number_input", "is_decimal_allowed": False, "max_value": "9"},
            "10",
            "Please enter a number of at most 9.",
        ),
        ({"type": "datepicker"}, "2026-02-30", "Please enter a valid date."),
        ({"type": "timepicker"}, "25:00", "Please enter a valid time."),
        ({"type": "multi_users_select", "max_selected_items": 1}, ["ana", "bo"], "Please choose at most 1."),
    ],
)
async def test_the_client_refuses_what_slack_s_client_refuses_and_the_app_hears_nothing(
    slack: Sandbox, app: AsyncApp, element: Json, value: Any, error: str
) -> None:
    bot = Bot(app, modal("Declare", field("Field", element)))
    async with connected(slack, app):
        ana = slack.person("ana")
        await ana.types("/open")
        await ana.sees_modal()
        await ana.fills({"Field": value})
        reply = await ana.submits()
    assert reply.errors == {"Field": error}
    assert ana.modal is not None
    assert ana.modal.errors == {"Field": error}
    assert bot.submitted == []


@pytest.mark.parametrize(
    ("element", "value", "held"),
    [
        ({"type": "plain_text_input", "multiline": True}, "a\nb", {"value": "a\nb"}),
        ({"type": "email_text_input"}, "ana@example.org", {"value": "ana@example.org"}),
        ({"type": "url_text_input"}, "https://example.org/x", {"value": "https://example.org/x"}),
        ({"type": "number_input", "is_decimal_allowed": True}, "-1.5", {"value": "-1.5"}),
        ({"type": "timepicker"}, "08:30", {"selected_time": "08:30"}),
        ({"type": "datetimepicker"}, 1767225600, {"selected_date_time": 1767225600}),
        ({"type": "users_select"}, "@bo", {"selected_user": "U02BO"}),
        ({"type": "channels_select"}, "general", {"selected_channel": "C00000001"}),
        ({"type": "multi_channels_select"}, ["general"], {"selected_channels": ["C00000001"]}),
        ({"type": "multi_users_select"}, ["ana", "bo"], {"selected_users": ["U01ANA", "U02BO"]}),
    ],
)
async def test_every_input_holds_what_slack_would_send(
    slack: Sandbox, app: AsyncApp, element: Json, value: Any, held: Json
) -> None:
    bot = Bot(app, modal("Declare", field("Field", element)))
    async with connected(slack, app):
        ana = slack.person("ana")
        await ana.types("/open")
        await ana.fills({"Field": value})
        await ana.submits()
        await slack.until(lambda: bot.submitted)
    assert values(bot.submitted[0])["field"] == {"type": element["type"], **held}


async def test_an_input_may_ask_for_every_change(slack: Sandbox, app: AsyncApp, running: Running) -> None:
    severity = field(
        "Severity", {"type": "static_select", "options": [option("P0"), option("P1")]}, dispatch_action=True
    )
    bot = Bot(app, modal("Declare", severity, field("Title", {"type": "plain_text_input"})))
    async with running():
        ana = slack.person("ana")
        await ana.types("/open")
        await ana.fills({"Title": "quiet", "Severity": "P1"})
        await slack.until(lambda: bot.acted)
    assert len(bot.acted) == 1
    assert bot.acted[0]["actions"][0]["selected_option"]["value"] == "p1"
    assert bot.acted[0]["view"]["state"]["values"]["title"]["v"]["value"] == "quiet"
    assert "state" not in bot.acted[0]
    assert "response_url" not in bot.acted[0]


async def test_what_was_typed_survives_an_update_that_keeps_the_ids(slack: Sandbox, app: AsyncApp) -> None:
    bot = Bot(app, modal("Declare"))
    async with connected(slack, app):
        ana = slack.person("ana")
        await ana.types("/open")
        await ana.fills({"Title": "typed"})
        await slack.until(lambda: bot.opened)
        await app.client.views_update(view_id=bot.opened[0], view=modal("Again"))
        again = await ana.sees_modal("Again")
    assert again.values == {"Title": "typed"}


# what an app may answer ---------------------------------------------------


async def test_errors_stand_at_their_inputs_and_leave_the_modal_open(
    slack: Sandbox, app: AsyncApp, running: Running
) -> None:
    bot = Bot(app, modal("Declare"))
    bot.answers.append({"response_action": "errors", "errors": {"title": "Say what is broken."}})
    async with running():
        ana = slack.person("ana")
        await ana.types("/open")
        await ana.fills({"Title": "asdf"})
        reply = await ana.submits()
        assert reply.errors == {"Title": "Say what is broken."}
        assert ana.modal is not None
        assert ana.modal.errors == {"Title": "Say what is broken."}
        await ana.fills({"Title": "checkout"})
        assert ana.modal.errors == {}
        await ana.submits()
    assert ana.modal is None


async def test_an_app_can_update_push_and_clear(slack: Sandbox, app: AsyncApp, running: Running) -> None:
    bot = Bot(app, modal("One"))
    bot.answers += [
        {"response_action": "update", "view": modal("Two")},
        {"response_action": "push", "view": modal("Three")},
        {"response_action": "clear"},
    ]
    async with running():
        ana = slack.person("ana")
        await ana.types("/open")
        await ana.fills({"Title": "x"})
        await ana.submits()
        two = await ana.sees_modal("Two")
        await ana.submits()
        three = await ana.sees_modal("Three")
        assert three.view.previous_id == two.view.id
        assert three.view.root_id == two.view.root_id
        await ana.fills({"Title": "y"})
        await ana.submits()
    assert ana.modal is None
    assert slack.workspace.modal_stacks["U01ANA"] == []


async def test_a_submitted_modal_uncovers_the_one_below(slack: Sandbox, app: AsyncApp) -> None:
    bot = Bot(app, modal("Below"))
    bot.answers.append({"response_action": "push", "view": modal("Above")})
    async with connected(slack, app):
        ana = slack.person("ana")
        await ana.types("/open")
        await ana.fills({"Title": "x"})
        await ana.submits()
        await ana.sees_modal("Above")
        await ana.fills({"Title": "y"})
        await ana.submits()
    assert ana.modal is not None
    assert ana.modal.title == "Below"


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"no_such_block": "x"}},
        {"response_action": "update", "view": {"type": "modal", "title": plain("No blocks")}},
        {"response_action": "dance"},
        {"text": "a message is no answer to a modal"},
    ],
)
async def test_an_answer_that_slack_cannot_read_shows_trouble(
    slack: Sandbox, app: AsyncApp, answer: Json
) -> None:
    @app.command("/open")
    async def open_it(ack: Any, body: Json, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal("Declare"))

    @app.view("declare")
    async def submit(ack: Any) -> Any:
        response = await ack()
        response.body, response.headers = json.dumps(answer), {"content-type": ["application/json"]}

    async with connected(slack, app):
        ana = slack.person("ana")
        await ana.types("/open")
        await ana.fills({"Title": "x"})
        reply = await ana.submits()
    assert reply.error == TROUBLE
    assert ana.modal is not None
    assert ana.modal.errors == {"": TROUBLE}


async def test_an_app_that_is_late_leaves_the_modal_open_with_trouble(
    slack: Sandbox, app: AsyncApp, running: Running
) -> None:
    started, may_go_on = asyncio.Event(), asyncio.Event()

    @app.command("/open")
    async def open_it(ack: Any, body: Json, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal("Declare"))

    @app.view("declare")
    async def submit(ack: Any) -> None:
        started.set()
        await may_go_on.wait()
        await ack()

    clock = slack.workspace.clock
    assert isinstance(clock, VirtualClock)
    async with running():
        ana = slack.person("ana")
        await ana.types("/open")
        await ana.fills({"Title": "x"})
        submitting = asyncio.create_task(ana.submits())
        await started.wait()
        await clock.advance(3.1)
        assert (await submitting).error == TROUBLE
        may_go_on.set()
        await slack.until(lambda: slack.delivery.in_flight == 0)
    assert ana.modal is not None


# stacks, triggers and closing ---------------------------------------------


async def test_a_stack_holds_three_views_and_each_person_has_their_own(
    slack: Sandbox, app: AsyncApp, running: Running
) -> None:
    more = {"type": "actions", "elements": [{"type": "button", "text": plain("More"), "action_id": "push"}]}
    bot = Bot(app, modal("Deep", more))
    async with running():
        ana, bo = slack.person("ana"), slack.person("bo")
        await ana.types("/open")
        await bo.types("/open")
        await ana.clicks("More")
        await slack.until(lambda: len(slack.workspace.modal_stacks["U01ANA"]) == 2)
        await ana.clicks("More")
        await slack.until(lambda: len(slack.workspace.modal_stacks["U01ANA"]) == 3)
        await ana.clicks("More")
        await slack.until(lambda: bot.refused)
    assert bot.refused == ["push_limit_reached"]
    assert len(slack.workspace.modal_stacks["U02BO"]) == 1
    assert len(bot.opened) == 2


async def test_a_trigger_opens_one_modal_within_three_seconds(slack: Sandbox, app: AsyncApp) -> None:
    triggers: list[str] = []

    @app.command("/open")
    async def keep(ack: Any, body: Json) -> None:
        triggers.append(body["trigger_id"])
        await ack()

    clock = slack.workspace.clock
    assert isinstance(clock, VirtualClock)
    async with connected(slack, app):
        for _ in range(2):
            await slack.person("ana").types("/open")
        await app.client.views_open(trigger_id=triggers[0], view=modal("Declare"))
        with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
            await app.client.views_open(trigger_id=triggers[0], view=modal("Declare"))
        await clock.advance(3.1)
        with pytest.raises(SlackApiError, match="expired_trigger_id"):
            await app.client.views_open(trigger_id=triggers[1], view=modal("Declare"))
        with pytest.raises(SlackApiError, match="invalid_trigger_id"):
            await app.client.views_open(trigger_id="1.2.made-up", view=modal("Declare"))


async def test_closing_is_told_only_to_apps_that_asked(
    slack: Sandbox, app: AsyncApp, running: Running
) -> None:
    bot = Bot(app, modal("Declare"))
    async with running():
        ana = slack.person("ana")
        await ana.types("/open")
        await ana.sees_modal()
        await ana.closes()
        assert ana.modal is None
        bot.view = modal("Declare", notify_on_close=True)
        await ana.types("/open")
        await ana.fills({"Title": "half typed"})
        await ana.closes()
        await slack.until(lambda: bot.closed)
    assert len(bot.closed) == 1
    assert bot.closed[0]["is_cleared"] is False
    assert values(bot.closed[0])["title"]["value"] == "half typed"
    assert "trigger_id" not in bot.closed[0]


async def test_the_cross_closes_the_whole_stack_and_says_so(slack: Sandbox, app: AsyncApp) -> None:
    bot = Bot(app, modal("Below", notify_on_close=True))
    bot.answers.append({"response_action": "push", "view": modal("Above", notify_on_close=True)})
    async with connected(slack, app):
        ana = slack.person("ana")
        await ana.types("/open")
        await ana.fills({"Title": "x"})
        await ana.submits()
        await ana.sees_modal("Above")
        await ana.closes(everything=True)
        await slack.until(lambda: len(bot.closed) == 2)
    assert ana.modal is None
    assert [body["is_cleared"] for body in bot.closed] == [True, True]


async def test_nobody_submits_what_is_not_open_or_has_no_button(slack: Sandbox, app: AsyncApp) -> None:
    text = {"type": "section", "text": plain("Nothing to fill in")}
    without = {key: value for key, value in modal("Read", text).items() if key != "submit"}
    Bot(app, without)
    ana = slack.person("ana")
    with pytest.raises(NotPossibleError, match="has no modal open"):
        await ana.submits()
    async with connected(slack, app):
        await ana.types("/open")
        await ana.sees_modal("Nothing to fill in")
        with pytest.raises(NotPossibleError, match="no Submit button"):
            await ana.submits()


async def test_a_conversation_menu_can_mint_a_response_url(slack: Sandbox, app: AsyncApp) -> None:
    where = field("Where", {"type": "conversations_select", "response_url_enabled": True})
    bot = Bot(app, modal("Declare", where))
    async with connected(slack, app):
        ana = slack.person("ana")
        await ana.types("/open")
        await ana.fills({"Where": "incidents"})
        await ana.submits()
        await slack.until(lambda: bot.submitted)
    [minted] = bot.submitted[0]["response_urls"]
    assert minted["channel_id"] == slack.channel("incidents").id
    assert (minted["block_id"], minted["action_id"]) == ("where", "v")
    assert minted["response_url"].startswith(slack.url)
