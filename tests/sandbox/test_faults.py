"""What goes wrong on purpose goes wrong in the order it was ordered, as often as it was, and is counted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from bot.sandbox.faults import Faults
from tests.sandbox.serving import Served, serving

HELLO: dict[str, Any] = {"channel": "C00000001", "text": "hello"}


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


def posted(served: Served) -> int:
    """How many times the message really got there."""
    return sum(m.text == "hello" for m in served.workspace.channels["C00000001"].messages.values())


async def turn() -> None:
    """Let the server take up what was sent."""
    await asyncio.sleep(0.02)


# the rules ------------------------------------------------------------


def test_the_first_rule_that_matches_happens_and_is_used_up() -> None:
    faults = Faults()
    first = faults.add("server_error", "chat.update", status=503)
    second = faults.add("server_error", status=500)
    assert faults.take("server_error", "users.list") is second
    assert faults.take("server_error", "chat.update") is first
    assert faults.take("server_error", "chat.update") is None


def test_a_rule_can_let_some_calls_pass_and_then_hold_for_several() -> None:
    faults = Faults()
    faults.add("rate_limited", times=2, after=1)
    assert [faults.take("rate_limited") is not None for _ in range(4)] == [False, True, True, False]


def test_a_rule_without_an_end_holds_until_it_is_cleared() -> None:
    faults = Faults()
    faults.add("latency", times=None, seconds=1)
    assert all(faults.take("latency", name) for name in "abc")
    faults.clear()
    assert faults.take("latency") is None
    assert faults.happened("latency") == 3
    assert faults.happened("latency", "a") == 1


def test_a_fault_for_delivery_does_not_trouble_the_web_api() -> None:
    faults = Faults()
    faults.add("drop_socket")
    assert faults.take_first(("server_error", "half_json"), "chat.update") is None
    assert faults.take("drop_socket") is not None


def test_a_fault_that_is_not_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="unknown fault 'gremlin'; known: latency"):
        Faults().add("gremlin")  # type: ignore[arg-type]


# what the app sees ----------------------------------------------------


async def test_429_says_when_to_come_back_and_nothing_was_done(served: Served) -> None:
    served.faults.add("rate_limited", "chat.postMessage", retry_after=7)
    with pytest.raises(SlackApiError) as refused:
        await served.client.chat_postMessage(**HELLO)
    response = refused.value.response
    assert (response.status_code, response["error"]) == (429, "ratelimited")
    assert response.headers["Retry-After"] == "7"
    assert posted(served) == 0
    await served.client.chat_postMessage(**HELLO)
    assert posted(served) == 1


async def test_429_may_come_without_a_word_on_when(served: Served) -> None:
    served.faults.add("rate_limited")
    with pytest.raises(SlackApiError) as refused:
        await served.client.chat_postMessage(**HELLO)
    assert "Retry-After" not in refused.value.response.headers


@pytest.mark.parametrize("status", [500, 503])
async def test_a_server_error_does_nothing(served: Served, status: int) -> None:
    served.faults.add("server_error", status=status)
    with pytest.raises(SlackApiError) as refused:
        await served.client.chat_postMessage(**HELLO)
    assert refused.value.response.status_code == status
    assert posted(served) == 0


async def test_latency_passes_on_the_sandboxs_clock(served: Served) -> None:
    served.faults.add("latency", "chat.postMessage", seconds=30)
    call = asyncio.create_task(served.call("chat.postMessage", **HELLO))
    await turn()
    await served.clock.advance(29)
    await turn()
    assert (call.done(), posted(served)) == (False, 0)
    await served.clock.advance(1)
    assert (await call)["ok"]
    assert served.workspace.log[-1].ms == pytest.approx(30_000)


async def test_latency_and_an_error_can_come_together(served: Served) -> None:
    served.faults.add("latency", seconds=5)
    served.faults.add("rate_limited", retry_after=1)
    call = asyncio.create_task(served.call("chat.postMessage", **HELLO))
    await turn()
    await served.clock.advance(5)
    assert (await call)["error"] == "ratelimited"


async def test_a_late_answer_comes_after_the_work(served: Served) -> None:
    served.faults.add("timeout_after", seconds=60)
    call = asyncio.create_task(served.call("chat.postMessage", **HELLO))
    await turn()
    assert (call.done(), posted(served)) == (False, 1)
    await served.clock.advance(60)
    assert (await call)["ok"]


async def test_an_answer_may_never_come_although_the_work_is_done(served: Served) -> None:
    served.faults.add("timeout_after")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await served.call("chat.postMessage", **HELLO)
    assert posted(served) == 1


async def test_whoever_waits_for_ever_is_let_go_when_the_sandbox_closes() -> None:
    async with aiohttp.ClientSession() as session:
        async with serving() as served:
            served.faults.add("timeout_after")
            address = f"{served.url}/api/api.test"
            call = asyncio.create_task(session.post(address))
            await turn()
        with pytest.raises(aiohttp.ClientError):
            await call


async def test_a_connection_may_drop_before_the_work(served: Served) -> None:
    served.faults.add("reset_before")
    with pytest.raises(aiohttp.ClientError):
        await served.call("chat.postMessage", **HELLO)
    assert posted(served) == 0


async def test_a_connection_may_drop_after_the_work(served: Served) -> None:
    served.faults.add("reset_after")
    with pytest.raises(aiohttp.ClientError):
        await served.call("chat.postMessage", **HELLO)
    assert posted(served) == 1


async def test_an_answer_may_stop_in_the_middle(served: Served) -> None:
    served.faults.add("half_json")
    with pytest.raises(json.JSONDecodeError):
        await served.call("chat.postMessage", **HELLO)
    assert posted(served) == 1


async def test_response_urls_and_uploads_fail_as_well(served: Served) -> None:
    served.faults.add("server_error", "files.upload", status=503)
    served.faults.add("server_error", "response_url")
    answer = await served.call("files.getUploadURLExternal", filename="a.txt", length=1)
    async with served.session.post(answer["upload_url"], data=b"x") as upload:
        assert upload.status == 503
    url = served.triggers.issue_response_url(served.url, channel="C00000001", user="U01ANA")
    async with served.session.post(url, json={"text": "hello"}) as response:
        assert response.status == 500
    assert posted(served) == 0


async def test_what_went_wrong_is_counted_and_logged(served: Served) -> None:
    served.faults.add("rate_limited", "chat.postMessage", times=2)
    for _ in range(3):
        await served.call("chat.postMessage", **HELLO)
    assert served.faults.happened("rate_limited", "chat.postMessage") == 2
    outcomes = [entry.outcome for entry in served.workspace.log if entry.name == "chat.postMessage"]
    assert outcomes == ["ratelimited (rate_limited)", "ratelimited (rate_limited)", "ok"]
