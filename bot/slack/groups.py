"""User groups of Slack's: who is on call, found by a group's id or its handle."""

from __future__ import annotations

import re

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.services.delivery import Hopeless
from bot.slack.budgets import Budgets
from bot.slack.errors import code_of
from bot.slack.reasons import NO_GROUP

_ID = re.compile(r"S[A-Z0-9]{2,20}")


class Groups:
    """Asks each time who is in a group, because the rota changes; a handle's id is remembered."""

    def __init__(self, client: AsyncWebClient, budgets: Budgets) -> None:
        self._client = client
        self._budgets = budgets
        self._ids: dict[str, str] = {}

    async def people(self, effect: int, named: str) -> list[str]:
        """The ids of whoever is in the group of this id or handle; raises Hopeless where there is none."""
        try:
            group = await self._id(effect, named)
            self._budgets.take("usergroups.users.list", effect)
            answer = await self._client.usergroups_users_list(usergroup=group)
        except SlackApiError as error:
            if code_of(error) != "no_such_subteam":
                raise
            raise _none(named) from error
        return [str(person) for person in answer["users"]]

    async def _id(self, effect: int, named: str) -> str:
        if _ID.fullmatch(named):
            return named
        handle = named.removeprefix("@")
        if handle not in self._ids:
            self._budgets.take("usergroups.list", effect)
            answer = await self._client.usergroups_list()
            self._ids = {str(each["handle"]): str(each["id"]) for each in answer["usergroups"]}
        if handle not in self._ids:
            raise _none(named)
        return self._ids[handle]


def _none(named: str) -> Hopeless:
    return Hopeless(NO_GROUP.format(group=named))
