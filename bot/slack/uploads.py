"""Send a picture to a person: announced, uploaded and shared in their direct messages, once.

files.upload is gone; https://docs.slack.dev/messaging/working-with-files has the three steps. A file carries no
metadata, so its name holds the effect's number: that is how an upload with a lost answer is found again.
"""

from __future__ import annotations

from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot.services.delivery import Failed
from bot.slack.budgets import Budgets
from bot.slack.text import cut
from bot.storage.outbox import Promise

ALT_MAX = 1000  # characters of a file's description
PAGE = 100  # messages that are looked through for a picture that may have arrived; it would be among the last


@dataclass(frozen=True)
class Picture:
    """A PNG, its description for those who cannot see it, and the words above it."""

    data: bytes
    title: str
    alt: str
    comment: str


class Uploads:
    """Pictures for people."""

    def __init__(self, client: AsyncWebClient, budgets: Budgets) -> None:
        if client.session is None:
            raise AssertionError("our clients are given their session")
        self._client = client
        self._session = client.session
        self._budgets = budgets

    async def send(self, promise: Promise, person: str, picture: Picture) -> None:
        """Into the person's direct messages, unless an earlier attempt brought it there."""
        name = f"firebreak-{promise.id}.png"
        self._budgets.take("conversations.open", promise.id)
        opened = await self._client.conversations_open(users=person)
        channel = opened["channel"]["id"]
        if promise.in_doubt and await self._is_there(promise, channel, name):
            return
        self._budgets.take("files.getUploadURLExternal", promise.id)
        announced = await self._client.files_getUploadURLExternal(
            filename=name, length=len(picture.data), alt_txt=cut(picture.alt, ALT_MAX)
        )
        await self._upload(announced["upload_url"], picture.data)
        self._budgets.take("files.completeUploadExternal", promise.id)
        await self._client.files_completeUploadExternal(
            files=[{"id": announced["file_id"], "title": picture.title}],
            channel_id=channel,
            initial_comment=picture.comment,
        )

    async def _upload(self, url: str, data: bytes) -> None:
        """The address is signed and for this file alone: no token goes with it."""
        async with self._session.post(url, data=data) as answer:
            if answer.status != 200:
                raise Failed(f"Slack did not take the picture (HTTP {answer.status})", in_doubt=False)

    async def _is_there(self, promise: Promise, channel: str, name: str) -> bool:
        self._budgets.take("conversations.history", promise.id)
        history = await self._client.conversations_history(channel=channel, limit=PAGE)
        return any(
            file.get("name") == name for each in history["messages"] for file in each.get("files") or ()
        )
