"""Read what people keep: a message they pinned or marked, and the bytes of a file they shared.

What comes back is what the timeline will say, as a `Capture`; None where there is nothing to say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.captured import TEXT_MAX, Captured, FileHashed, FileLeftOut, MessageCaptured, Unread
from bot.domain.commands import Capture
from bot.domain.effects import FetchFile, FetchMessage
from bot.domain.vocabulary import FIREBREAK
from bot.services.delivery import Failed, Hopeless
from bot.slack.budgets import Budgets
from bot.slack.errors import code_of
from bot.slack.reasons import HOPELESS
from bot.slack.text import cut, typed
from bot.slack.uploads import session_of
from bot.storage.outbox import Promise

# Bytes of a file that is read for its SHA-256: at 2 MB a second it takes 32 of the 50 seconds that an effect has.
FILE_MAX = 64_000_000
FILE_SECONDS = 45.0  # for the bytes of one file; the lease of an effect leaves 50
CHUNK = 65_536  # bytes read at once: nothing of a file is kept
SIGN_IN = (301, 302, 303, 307, 401, 403)  # how Slack answers a token that may not read files
NOT_OURS = ("channel_not_found", "not_in_channel")
GONE = ("file_not_found", "file_deleted")


class Reading:
    """Slack's messages and files, for the timeline."""

    def __init__(
        self,
        client: AsyncWebClient,
        budgets: Budgets,
        *,
        bot_user: str,
        now: Callable[[], datetime],
        most: int = FILE_MAX,
    ) -> None:
        self._client = client
        self._budgets = budgets
        self._bot_user = bot_user
        self._now = now
        self._most = most

    async def message(self, promise: Promise, channel: str, effect: FetchMessage) -> Capture | None:
        """The message as it is now; what Slack told with the pin where it is gone; None if it is ours."""
        author, text, permalink = effect.author, effect.text, ""
        try:
            # conversations.history does not find answers in threads; this does
            self._budgets.take("reactions.get", promise.id)
            answer = await self._client.reactions_get(channel=channel, timestamp=effect.ts)
        except SlackApiError as error:
            unseen = NOT_OURS if effect.channel else ()  # people declare from channels that the bot is not in
            if code_of(error) not in ("message_not_found", *unseen):
                raise
        else:
            message = answer.get("message") or {}
            author, text = author_of(message) or author, words_of(message) or text
            permalink = message.get("permalink") or await self._permalink(promise, channel, effect.ts)
        if author == self._bot_user or not (text or permalink):
            return None
        seen = MessageCaptured(
            at=moment_of(effect.ts),
            by=effect.person,
            ts=effect.ts,
            author=author,
            text=text,
            kept=effect.kept,
            permalink=permalink,
        )
        return Capture(by=effect.person, seen=seen)

    async def _permalink(self, promise: Promise, channel: str, ts: str) -> str:
        self._budgets.take("chat.getPermalink", promise.id)
        answer = await self._client.chat_getPermalink(channel=channel, message_ts=ts)
        return str(answer.get("permalink") or "")

    async def file(self, promise: Promise, effect: FetchFile) -> Capture:
        """The SHA-256 of every byte, or why there is none."""
        try:
            self._budgets.take("files.info", promise.id)
            answer = await self._client.files_info(file=effect.file)
        except SlackApiError as error:
            if code_of(error) not in GONE:
                raise
            return self._left_out(effect, Unread.GONE)
        file: dict[str, Any] = answer["file"]
        if file.get("mode") == "tombstone":
            return self._left_out(effect, Unread.GONE)
        url = str(file.get("url_private_download") or file.get("url_private") or "")
        if file.get("is_external") or not self._is_slacks(url):
            return self._left_out(effect, Unread.ELSEWHERE)
        if int(file.get("size") or 0) > self._most:
            return self._left_out(effect, Unread.TOO_LARGE)
        return await self._hashed(effect, url, str(file.get("mimetype") or ""))

    def _is_slacks(self, url: str) -> bool:
        """Whether the token may go there: to the address of the Web API itself, or to a host below its name."""
        api, there = urlsplit(self._client.base_url), urlsplit(url)
        name = (api.hostname or "").removeprefix("www.")
        host = there.hostname or ""
        return there.scheme == api.scheme and (host == name or host.endswith(f".{name}"))

    async def _hashed(self, effect: FetchFile, url: str, mimetype: str) -> Capture:
        headers = {"Authorization": f"Bearer {self._client.token}"}
        timeout = aiohttp.ClientTimeout(total=FILE_SECONDS)
        digest, size = hashlib.sha256(), 0
        # no redirects: the way to the sign-in page is one
        async with session_of(self._client).get(
            url, headers=headers, timeout=timeout, allow_redirects=False
        ) as answer:
            if is_sign_in(answer.status, answer.content_type, mimetype):
                raise Hopeless(HOPELESS["missing_scope"].format(needed="files:read"))
            if answer.status in (404, 410):
                return self._left_out(effect, Unread.GONE)
            if answer.status != 200:
                raise Failed(f"Slack did not give the file (HTTP {answer.status})", in_doubt=False)
            async for chunk in answer.content.iter_chunked(CHUNK):
                digest.update(chunk)
                size += len(chunk)
                if size > self._most:
                    return self._left_out(effect, Unread.TOO_LARGE)
        return _firebreaks(
            FileHashed(
                at=self._now(),
                by=FIREBREAK,
                file=effect.file,
                name=effect.name,
                size=size,
                sha256=digest.hexdigest(),
            )
        )

    def _left_out(self, effect: FetchFile, reason: Unread) -> Capture:
        return _firebreaks(
            FileLeftOut(at=self._now(), by=FIREBREAK, file=effect.file, name=effect.name, reason=reason)
        )


def _firebreaks(seen: Captured) -> Capture:
    return Capture(by=FIREBREAK, seen=seen)


def is_sign_in(status: int, content_type: str, mimetype: str) -> bool:
    """Whether Slack wants somebody to sign in: by a status, or by a page where another kind of file was meant."""
    return status in SIGN_IN or (content_type == "text/html" and not mimetype.startswith("text/html"))


def moment_of(ts: str) -> datetime:
    """When the message with this ts was written, to the millisecond, as times are stored."""
    return datetime.fromtimestamp(int(float(ts) * 1000) / 1000, UTC)


def author_of(message: Mapping[str, Any]) -> str:
    """Who wrote it: the id of a person, or the name of an app; empty when Slack does not say."""
    profile = message.get("bot_profile")
    app = profile.get("name") if isinstance(profile, dict) else None
    return str(message.get("user") or message.get("username") or app or "")


def words_of(message: Mapping[str, Any]) -> str:
    """What a message says, as it was typed; an app's may say it in its attachments alone."""
    said = [typed(str(message.get("text") or ""))]
    if not said[0]:
        beside = [each for each in message.get("attachments") or () if isinstance(each, dict)]
        said += [typed(str(each.get("fallback") or each.get("text") or "")) for each in beside]
    return cut("\n".join(filter(None, said)), TEXT_MAX)
