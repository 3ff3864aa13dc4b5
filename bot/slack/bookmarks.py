"""The links in the bar above an incident's channel: to its card and to its checklist, each once."""

from __future__ import annotations

from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.incident import Place
from bot.domain.language import Translate
from bot.domain.vocabulary import Surface
from bot.slack.budgets import Budgets
from bot.slack.errors import code_of
from bot.storage.outbox import Promise


class Bookmarks:
    """Slack's bookmarks of a channel. It lets any link stand there twice, so what is there is looked at first."""

    def __init__(self, client: AsyncWebClient, budgets: Budgets, t: Translate, *, bot_user: str) -> None:
        self._client = client
        self._budgets = budgets
        self._t = t
        self._bot_user = bot_user

    async def keep(self, promise: Promise, surface: Surface, place: Place) -> None:
        """Have one link to where the surface stands now; ours to where it stood before is changed."""
        link = await self._permalink(promise, place)
        if link is None:  # deleted meanwhile: it will be posted anew, and then comes again
            return
        title = self._title(surface)
        standing = await self._standing(promise, place.channel)
        if any(bookmark.get("link") == link for bookmark in standing):
            return
        ours = next((each for each in standing if self._is_ours(each) and each.get("title") == title), None)
        if ours is not None:
            self._budgets.take("bookmarks.edit", promise.id)
            await self._client.bookmarks_edit(channel_id=place.channel, bookmark_id=ours["id"], link=link)
            return
        self._budgets.take("bookmarks.add", promise.id)
        await self._client.bookmarks_add(channel_id=place.channel, title=title, type="link", link=link)

    def _title(self, surface: Surface) -> str:
        t = self._t
        return t("Runbook and checklist") if surface is Surface.CHECKLIST else t("Card: state and figures")

    def _is_ours(self, bookmark: dict[str, Any]) -> bool:
        return bookmark.get("last_updated_by_user_id") == self._bot_user

    async def _standing(self, promise: Promise, channel: str) -> list[dict[str, Any]]:
        """A hundred at most, which Slack answers at once."""
        self._budgets.take("bookmarks.list", promise.id)
        answer = await self._client.bookmarks_list(channel_id=channel)
        return list(answer.get("bookmarks") or [])

    async def _permalink(self, promise: Promise, place: Place) -> str | None:
        try:
            self._budgets.take("chat.getPermalink", promise.id)
            answer = await self._client.chat_getPermalink(channel=place.channel, message_ts=place.ts)
        except SlackApiError as error:
            if code_of(error) != "message_not_found":
                raise
            return None
        return str(answer["permalink"])
