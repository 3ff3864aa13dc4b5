"""What is kept of a message, and what is not read of a file: with the reason; the token stays with Slack."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest
import pytest_asyncio
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.captured import Captured, FileHashed, FileLeftOut, Kept, MessageCaptured, Unread
from bot.domain.effects import FetchFile, FetchMessage
from bot.sandbox.fixture import slack, slack_clock, slack_manifest
from bot.sandbox.server import Sandbox
from bot.slack.budgets import Budgets
from bot.slack.reading import Reading, author_of, is_sign_in, moment_of, words_of
from tests.slack.test_client import promised

__all__ = ["slack", "slack_clock", "slack_manifest"]

MOST = 1000  # bytes of a file that these readers take


@pytest_asyncio.fixture
async def reading(slack: Sandbox) -> AsyncIterator[Reading]:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(
            token=slack.bot_token, base_url=slack.api_url, session=session, retry_handlers=[]
        )
        bot = slack.workspace.app.bot_user
        yield Reading(client, Budgets(), bot_user=bot, now=lambda: datetime.now(UTC), most=MOST)


async def shared(slack: Sandbox, content: bytes) -> FetchFile:
    message = await slack.person("ana").uploads("dump.bin", content, "payments")
    return FetchFile(file=message.files[0], name="dump.bin")


async def read(reading: Reading, wanted: FetchFile) -> Captured:
    return (await reading.file(promised(wanted), wanted)).seen


async def test_every_byte_up_to_the_limit_is_in_the_hash(slack: Sandbox, reading: Reading) -> None:
    content = bytes(range(250)) * 4
    seen = await read(reading, await shared(slack, content))
    assert isinstance(seen, FileHashed)
    assert (seen.size, seen.sha256) == (MOST, hashlib.sha256(content).hexdigest())


async def test_a_larger_file_is_left_out_without_being_fetched(slack: Sandbox, reading: Reading) -> None:
    seen = await read(reading, await shared(slack, bytes(MOST + 1)))
    assert isinstance(seen, FileLeftOut)
    assert seen.reason is Unread.TOO_LARGE


async def test_a_file_that_is_gone_is_left_out(slack: Sandbox, reading: Reading) -> None:
    wanted = await shared(slack, b"x")
    del slack.workspace.files[wanted.file]
    seen = await read(reading, wanted)
    assert isinstance(seen, FileLeftOut)
    assert seen.reason is Unread.GONE


async def test_the_token_goes_to_slack_alone(slack: Sandbox, reading: Reading) -> None:
    wanted = await shared(slack, b"x")
    slack.workspace.base_url = "http://files.example.com"  # where the file's address leads now
    seen = await read(reading, wanted)
    assert isinstance(seen, FileLeftOut)
    assert seen.reason is Unread.ELSEWHERE


@pytest.mark.parametrize(
    ("answer", "sign_in"),
    [
        ((200, "application/zip", "application/zip"), False),
        ((200, "text/html", "text/html"), False),
        ((200, "text/html", "application/zip"), True),  # what Slack sends to a token that may not read files
        ((302, "text/html", "text/html"), True),
        ((404, "text/plain", "application/zip"), False),
    ],
)
def test_a_sign_in_page_is_not_taken_for_the_file(answer: tuple[int, str, str], sign_in: bool) -> None:
    assert is_sign_in(*answer) is sign_in


async def test_a_message_that_is_gone_is_kept_as_the_pin_told_it(slack: Sandbox, reading: Reading) -> None:
    channel = slack.channel("payments")
    wanted = FetchMessage(
        ts="1763726520.000100", person="U02BO", kept=Kept.PIN, author="U01ANA", text="it fails"
    )
    came = await reading.message(promised(wanted), channel.id, wanted)
    assert came is not None
    assert isinstance(came.seen, MessageCaptured)
    assert (came.seen.text, came.seen.author, came.by) == ("it fails", "U01ANA", "U02BO")
    unknown = FetchMessage(ts="1763726520.000100", person="U02BO", kept=Kept.EMOJI)
    assert await reading.message(promised(unknown), channel.id, unknown) is None


def test_what_an_app_says_in_its_attachments_counts_where_it_says_nothing_else() -> None:
    alert = {
        "text": "",
        "username": "Grafana",
        "attachments": [{"fallback": "[FIRING] p95 &gt; 4 s"}, {"text": "x"}],
    }
    assert words_of(alert) == "[FIRING] p95 > 4 s\nx"
    assert author_of(alert) == "Grafana"
    assert words_of({**alert, "text": "look"}) == "look"


def test_a_message_is_cut_where_slack_cuts_it() -> None:
    assert len(words_of({"text": "x" * 50_000})) == 40_000


def test_the_time_of_a_message_is_in_its_name() -> None:
    assert moment_of("1763726520.123456") == datetime(2025, 11, 21, 12, 2, 0, 123000, tzinfo=UTC)
