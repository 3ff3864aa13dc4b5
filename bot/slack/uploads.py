"""Bring files to people, once: announced, uploaded and shared in direct messages or in a channel.

files.upload is gone; https://docs.slack.dev/messaging/working-with-files has the three steps. A file carries no
metadata, so its name holds the effect's number: that is how an upload with a lost answer is found again.
"""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.services.delivery import Failed
from bot.slack.budgets import Budgets
from bot.slack.text import cut
from bot.storage.outbox import Promise

ALT_MAX = 1000  # characters of a file's description
PAGE = 100  # messages that are looked through for a picture that may have arrived; it would be among the last


@dataclass(frozen=True)
class Upload:
    """A file and the words above it; a picture has a description for those who cannot see it."""

    data: bytes
    title: str
    comment: str
    alt: str = ""
    stem: str = "firebreak"  # how its name begins; it ends with the effect's number
    ending: str = "png"


class Uploads:
    """Files for people."""

    def __init__(self, client: AsyncWebClient, budgets: Budgets) -> None:
        self._client = client
        self._budgets = budgets

    async def send(self, promise: Promise, person: str, upload: Upload) -> None:
        """Into the person's direct messages, unless an earlier attempt brought it there."""
        self._budgets.take("conversations.open", promise.id)
        opened = await self._client.conversations_open(users=person)
        await self.share(promise, opened["channel"]["id"], upload)

    async def share(self, promise: Promise, channel: str, upload: Upload) -> None:
        """Into a channel, unless an earlier attempt brought it there."""
        name = f"{upload.stem}-{promise.id}.{upload.ending}"
        if promise.in_doubt and await self._is_there(promise, channel, name):
            return
        self._budgets.take("files.getUploadURLExternal", promise.id)
        announced = await self._client.files_getUploadURLExternal(
            filename=name, length=len(upload.data), **_described(upload)
        )
        await self._upload(announced["upload_url"], upload.data)
        self._budgets.take("files.completeUploadExternal", promise.id)
        await self._client.files_completeUploadExternal(
            files=[{"id": announced["file_id"], "title": upload.title}],
            channel_id=channel,
            initial_comment=upload.comment,
        )

    async def _upload(self, url: str, data: bytes) -> None:
        """The address is signed and for this file alone: no token goes with it."""
        async with session_of(self._client).post(url, data=data) as answer:
            if answer.status != 200:
                raise Failed(f"Slack did not take the file (HTTP {answer.status})", in_doubt=False)

    async def _is_there(self, promise: Promise, channel: str, name: str) -> bool:
        self._budgets.take("conversations.history", promise.id)
        history = await self._client.conversations_history(channel=channel, limit=PAGE)
        return any(
            file.get("name") == name for each in history["messages"] for file in each.get("files") or ()
        )


def _described(upload: Upload) -> dict[str, str]:
    return {"alt_txt": cut(upload.alt, ALT_MAX)} if upload.alt else {}


def session_of(client: AsyncWebClient) -> aiohttp.ClientSession:
    """The session that the client was given, for what is no method of the Web API."""
    if client.session is None:
        raise AssertionError("our clients are given their session")
    return client.session
