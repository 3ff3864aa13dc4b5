"""A picture arrives once, with its description, however often its answer was lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.effects import SendPicture
from bot.sandbox.fixture import slack, slack_clock
from bot.sandbox.server import Sandbox
from bot.slack.budgets import Budgets
from bot.slack.manifest import manifest
from bot.slack.uploads import Upload, Uploads
from tests.slack.test_client import outside_of, promised

__all__ = ["slack", "slack_clock"]

EFFECT = SendPicture(person="U01ANA", window="28d")
PICTURE = Upload(b"\x89PNG\r\n", title="Every incident", alt="Dots " * 400, comment="Here it is")


@pytest.fixture
def slack_manifest() -> dict[str, Any]:
    """Our own: nothing is allowed that it does not ask for."""
    return manifest()


@pytest_asyncio.fixture
async def uploads(slack: Sandbox) -> AsyncIterator[Uploads]:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(
            token=slack.bot_token, base_url=slack.api_url, session=session, retry_handlers=[]
        )
        yield Uploads(client, Budgets())


async def test_it_lies_in_the_persons_direct_messages(slack: Sandbox, uploads: Uploads) -> None:
    ana = slack.person("ana").person.id
    await uploads.send(promised(EFFECT), ana, PICTURE)
    (file,) = slack.workspace.files.values()
    assert (file.content, file.title, file.completed) == (PICTURE.data, "Every incident", True)
    assert len(file.alt_text) <= 1000


async def test_one_that_arrived_without_an_answer_is_not_sent_again(slack: Sandbox, uploads: Uploads) -> None:
    ana = slack.person("ana").person.id
    await uploads.send(promised(EFFECT), ana, PICTURE)
    await uploads.send(promised(EFFECT, in_doubt=True), ana, PICTURE)
    assert len(slack.workspace.files) == 1


async def test_the_chart_of_a_weekly_summary_is_shared_in_its_channel_once(slack: Sandbox) -> None:
    incidents = slack.channel("incidents")
    weekly = SendPicture(channel="incidents", window="7d")
    async with outside_of(slack, picture=drawn) as outside:
        await outside.deliver(promised(weekly), None)
        await outside.deliver(promised(weekly, in_doubt=True), None)
    (file,) = slack.workspace.files.values()
    assert file.alt_text.startswith("Dots")
    assert [message for message in incidents.messages.values() if message.files]


async def drawn(effect: SendPicture) -> Upload | None:
    return PICTURE
