"""One payload to the app and its answer, over both transports: in time, late, refused, twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse

from bot.sandbox.clock import VirtualClock
from bot.sandbox.fixture import connected
from bot.sandbox.server import Sandbox
from tests.sandbox.conftest import Over, Running


@pytest.fixture
def slack_clock() -> VirtualClock:
    return VirtualClock()


async def advance(slack: Sandbox, seconds: float) -> None:
    assert isinstance(slack.workspace.clock, VirtualClock)
    await slack.workspace.clock.advance(seconds)


async def test_a_command_is_answered_to_the_one_who_typed_it(
    slack: Sandbox, app: AsyncApp, running: Running
) -> None:
    @app.command("/hello")
    async def hello(ack: Any, command: dict[str, Any]) -> None:
        await ack(f"Hello {command['user_name']}, you said {command['text']!r}")

    async with running():
        reply = await slack.person("ana").types("/hello   there ", channel="general")
    assert reply.text == "Hello ana, you said 'there'"
    assert slack.shown("general", "ana") == [reply.message]
    assert slack.shown("general", "bo") == []


async def test_an_answer_in_channel_is_for_everybody(slack: Sandbox, app: AsyncApp, running: Running) -> None:
    @app.command("/hello")
    async def hello(ack: Any) -> None:
        blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*Hello* all"}}]
        await ack(text="fallback", blocks=blocks, response_type="in_channel")

    async with running():
        await slack.person("ana").types("/hello", channel="general")
        message = await slack.person("bo").sees("Hello all", channel="general")
    assert message.user == slack.workspace.app.bot_user


async def test_a_command_that_nobody_acknowledges_times_out_after_three_seconds(
    slack: Sandbox, app: AsyncApp, running: Running
) -> None:
    started, may_go_on = asyncio.Event(), asyncio.Event()

    @app.command("/slow")
    async def slow(ack: Any) -> None:
        started.set()
        await may_go_on.wait()
        await ack()

    async with running():
        typing = asyncio.create_task(slack.person("ana").types("/slow", channel="general"))
        await started.wait()
        await advance(slack, 2.9)
        await asyncio.sleep(0.02)
        assert not typing.done()
        await advance(slack, 0.2)
        reply = await typing
        may_go_on.set()
        await slack.until(lambda: slack.delivery.in_flight == 0)
    assert reply.error == '/slow failed with the error "operation_timeout"'
    assert slack.text_of(slack.shown("general", "ana")[-1]) == reply.error
    assert slack.workspace.log[-1].outcome.startswith("operation_timeout")


async def test_an_app_that_fails_before_it_acknowledges_is_no_success(
    slack: Sandbox, app: AsyncApp, running: Running, over: Over
) -> None:
    @app.command("/broken")
    async def broken() -> None:
        raise RuntimeError("broken on purpose")

    failed = asyncio.Event()

    @app.error
    async def quiet(error: Exception) -> BoltResponse:
        failed.set()
        return BoltResponse(status=500, body=str(error))

    async with running():
        typing = asyncio.create_task(slack.person("ana").types("/broken"))
        await failed.wait()
        answered, _ = await asyncio.wait([typing], timeout=0.5)
        assert bool(answered) == (over == "http")  # a socket hears nothing of a failure, and waits
        await advance(slack, 3.1)
        reply = await typing
    code = "dispatch_failed" if over == "http" else "operation_timeout"
    assert reply.error == f'/broken failed with the error "{code}"'


async def test_without_an_app_a_command_fails_at_once(slack: Sandbox) -> None:
    reply = await slack.person("ana").types("/hello")
    assert reply.error == '/hello failed with the error "dispatch_failed"'


async def test_a_request_url_where_nobody_listens_fails_at_once(slack: Sandbox, unused_tcp_port: int) -> None:
    slack.workspace.app.request_url = f"http://127.0.0.1:{unused_tcp_port}/slack/events"
    reply = await slack.person("ana").types("/hello")
    assert reply.error == '/hello failed with the error "dispatch_failed"'
    assert slack.workspace.log[-1].outcome == "dispatch_failed (connection_failed)"


async def test_a_payload_delivered_twice_is_one_payload_to_the_app_and_one_answer_to_the_person(
    slack: Sandbox, app: AsyncApp, running: Running
) -> None:
    heard = []

    @app.command("/once")
    async def once(ack: Any, command: dict[str, Any]) -> None:
        heard.append(command["trigger_id"])
        await ack("done")

    slack.faults.add("duplicate_delivery", "/once")
    async with running():
        await slack.person("ana").types("/once", channel="general")
        await slack.until(lambda: len(heard) == 2)
        await slack.until(lambda: slack.delivery.in_flight == 0)
        await slack.person("ana").types("/once", channel="general")
    assert len(heard) == 3
    assert heard[0] == heard[1] != heard[2]
    assert [slack.text_of(m) for m in slack.shown("general", "ana")] == ["done", "done"]


async def test_every_delivery_is_in_the_log_with_its_answer(
    slack: Sandbox, app: AsyncApp, running: Running, over: Over
) -> None:
    @app.command("/hello")
    async def hello(ack: Any) -> None:
        await ack("Hello")

    async with running():
        await slack.person("ana").types("/hello you")
    entry = next(entry for entry in slack.workspace.log if entry.direction == "in")
    assert (entry.name, entry.outcome) == ("/hello", "ok")
    assert entry.detail["over"] == over
    assert entry.detail["payload"]["text"] == "you"
    assert entry.answer["body"] == {"text": "Hello"}
    assert entry.ms > 0


async def test_a_lost_connection_fails_the_command_that_was_on_it(slack: Sandbox, app: AsyncApp) -> None:
    slack.faults.add("drop_socket", "/hello")
    async with connected(slack, app):
        reply = await slack.person("ana").types("/hello")
    assert reply.error == '/hello failed with the error "dispatch_failed"'


async def test_closing_the_sandbox_leaves_no_delivery_behind(app: AsyncApp) -> None:
    async with Sandbox.serve(clock=VirtualClock(), page=False) as slack:
        await slack.person("ana").says("an event with retries, a minute and five minutes from now", "general")
        await asyncio.sleep(0)
    others = asyncio.all_tasks() - {asyncio.current_task()}
    assert not [task for task in others if "persist" in repr(task)]
