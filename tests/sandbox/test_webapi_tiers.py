"""With `enforce_tiers`, Slack's documented rates hold, and time heals."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from slack_sdk.errors import SlackApiError

from tests.sandbox.serving import Served, serving


@pytest.fixture
async def strict() -> AsyncIterator[Served]:
    async with serving(enforce_tiers=True) as running:
        yield running


async def calls(served: Served, method: str, number: int, **arguments: str) -> list[str]:
    answers = [await served.call(method, **arguments) for _ in range(number)]
    return [answer.get("error", "ok") for answer in answers]


async def test_a_tier_two_method_is_refused_after_twenty_calls(strict: Served) -> None:
    assert await calls(strict, "users.list", 22) == ["ok"] * 20 + ["ratelimited"] * 2


async def test_the_refusal_says_when_to_come_back(strict: Served) -> None:
    await calls(strict, "users.list", 20)
    with pytest.raises(SlackApiError) as refused:
        await strict.client.users_list()
    response = refused.value.response
    assert (response.status_code, response.headers["Retry-After"]) == (429, "3")
    await strict.clock.advance(3)
    assert (await strict.client.users_list())["ok"]


async def test_each_method_has_a_bucket_of_its_own(strict: Served) -> None:
    await calls(strict, "users.list", 20)
    assert await calls(strict, "usergroups.list", 1) == ["ok"]


async def test_a_channel_takes_one_message_a_second_after_a_short_burst(strict: Served) -> None:
    here, there = {"channel": "C00000001", "text": "a"}, {"channel": "C00000002", "text": "a"}
    assert await calls(strict, "chat.postMessage", 6, **here) == ["ok"] * 5 + ["ratelimited"]
    assert await calls(strict, "chat.postMessage", 1, **there) == ["ok"]
    await strict.clock.advance(1)
    assert await calls(strict, "chat.postMessage", 2, **here) == ["ok", "ratelimited"]


async def test_a_refused_call_does_nothing(strict: Served) -> None:
    await calls(strict, "conversations.create", 20)
    answer = await strict.call("conversations.create", name="one-too-many")
    assert answer == {"ok": False, "error": "ratelimited"}
    assert not any(channel.name == "one-too-many" for channel in strict.workspace.channels.values())


async def test_no_token_takes_nothing_from_the_bucket(strict: Served) -> None:
    for _ in range(30):
        await strict.call("users.list", None)
    assert await calls(strict, "users.list", 1) == ["ok"]


async def test_unless_asked_the_sandbox_does_not_count() -> None:
    async with serving() as served:
        assert await calls(served, "users.list", 40) == ["ok"] * 40
