"""What no story wants is acknowledged; what breaks is told, and Slack hears of it only if nothing was promised."""

from __future__ import annotations

from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck, AsyncBoltRequest, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import acts
from handlers import unmatched
from handlers.answers import tell
from tests.handlers.conftest import House, bolt

Json = dict[str, Any]


async def dispatched(house: House, body: Json) -> tuple[int, str]:
    answer = await house.app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=body))
    return answer.status, answer.body


def interaction(house: House, **more: Any) -> Json:
    ana = house.person("ana").person
    team = {"id": house.slack.workspace.team_id, "domain": "d"}
    return {"user": {"id": ana.id, "name": ana.handle}, "team": team, "trigger_id": "1.2", **more}


async def test_an_event_that_nobody_needs_is_acknowledged(house: House) -> None:
    for event in (
        {"type": "emoji_changed"},
        {"type": "message", "subtype": "message_changed", "channel": "C1"},
    ):
        body = {"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": event}
        assert await dispatched(house, body) == (200, "")


async def test_that_slack_holds_events_back_is_acknowledged_and_logged(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    body = {"type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 1518467820}
    assert (await dispatched(house, body))[0] == 200
    assert "Slack delivers fewer events than there are" in caplog.text


async def test_a_button_that_we_no_longer_draw_is_answered_in_one_sentence(house: House) -> None:
    ana, channel = house.person("ana"), house.slack.channel("general")
    old = {"type": "button", "action_id": "v0.escalate", "text": {"type": "plain_text", "text": "Escalate"}}
    acts.post(
        house.slack.workspace,
        channel,
        user=house.slack.workspace.app.bot_user,
        blocks=[{"type": "actions", "elements": [old]}],
    )
    pressed = await ana.clicks("Escalate", channel=channel)
    assert pressed.error is None
    await ana.sees("That is from an older Firebreak, so nothing was changed.", channel)


async def test_a_form_that_we_no_longer_draw_says_so_in_its_place(house: House) -> None:
    view = {"type": "modal", "id": "V1", "callback_id": "v0.form", "state": {"values": {}}, "blocks": []}
    status, body = await dispatched(house, interaction(house, type="view_submission", view=view))
    assert status == 200
    assert '"response_action": "update"' in body
    assert "older Firebreak" in body


async def test_exit_questions_from_an_older_version_say_so_in_their_place(house: House) -> None:
    view = {"id": "V1", "type": "modal", "callback_id": "gates.form", "private_metadata": "x", "state": None}
    status, body = await dispatched(house, interaction(house, type="view_submission", view=view))
    assert status == 200
    assert '"response_action": "update"' in body
    assert "older Firebreak" in body


async def test_a_form_without_its_state_is_an_empty_one(house: House) -> None:
    await house.declared()
    aim = '{"incident":1,"step":"notify"}'
    view = {
        "id": "V1",
        "type": "modal",
        "callback_id": "checklist.skip_form",
        "private_metadata": aim,
        "state": None,
    }
    status, body = await dispatched(house, interaction(house, type="view_submission", view=view))
    assert status == 200
    assert '"response_action": "errors"' in body


@pytest.mark.parametrize(
    "body",
    [
        {"type": "view_closed", "view": {"type": "modal", "id": "V1", "callback_id": "x"}},
        {"type": "shortcut", "callback_id": "v0.shortcut"},
        {"type": "block_suggestion", "action_id": "v0.menu", "block_id": "b", "value": "a"},
    ],
)
async def test_everything_else_is_acknowledged_too(house: House, body: Json) -> None:
    status, _ = await dispatched(house, interaction(house, **body))
    assert status == 200


async def test_a_command_of_an_older_manifest_says_what_to_type(house: House) -> None:
    body = {
        "command": "/outage",
        "text": "",
        "user_id": "U01ANA",
        "channel_id": "C1",
        "team_id": "T1",
        "trigger_id": "1.2",
    }
    status, text = await dispatched(house, body)
    assert (status, "/incident help" in text) == (200, True)


async def test_a_mistake_of_ours_is_told_and_slack_gets_a_500(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.storage.mistake = ZeroDivisionError("of ours")
    answer = await house.person("ana").types("/incident list", "general")
    house.storage.mistake = None
    assert answer.error is not None
    told = await house.person("ana").sees("Firebreak made a mistake there", "general")
    assert told.ephemeral_for == house.person("ana").id
    assert "a listener broke: ZeroDivisionError" in caplog.text


async def test_what_was_acknowledged_stays_so_whatever_breaks_afterwards(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    app = bolt(AsyncWebClient(), house.slack)

    @app.action("story")
    async def breaks_late(ack: AsyncAck) -> None:
        await ack()
        raise ZeroDivisionError

    unmatched.register(app, house.desk)
    action = {"type": "button", "action_id": "story", "block_id": "b", "value": "{}"}
    body = interaction(house, type="block_actions", actions=[action], container={"type": "message"})
    answer = await app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=body))
    assert answer.status == 200
    assert "a listener broke: ZeroDivisionError" in caplog.text


async def test_an_answer_that_slack_does_not_take_is_logged_and_nothing_more(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    expired = AsyncRespond(response_url=f"{house.slack.url}/nowhere")
    await tell(expired, "too late")
    unreachable = AsyncRespond(response_url="http://127.0.0.1:1/")
    await tell(unreachable, "nobody there")
    await tell(AsyncRespond(response_url=None), "no address")
    assert [record.getMessage() for record in caplog.records if record.name == "handlers.answers"] == [
        "answer not delivered: HTTP 404",
        "answer not delivered: ClientConnectorError",
    ]
