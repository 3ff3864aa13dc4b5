"""May this channel become an incident's? Asked of Slack before anything is stored; refused in a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.beginning import Adopted
from bot.domain.vocabulary import Refused
from bot.slack.errors import code_of

SECONDS = 2.0  # for all that is asked; Slack wants its own answer within three
PAGE = 200  # members at once, as Slack recommends
SHARED = ("is_ext_shared", "is_org_shared", "is_pending_ext_shared", "is_shared")

NOT_IN_IT = Refused(
    "I am not in this channel, so nothing was declared. Invite me with `/invite @firebreak`, then type it again."
)
CHAT = Refused(
    "A direct message does not become an incident's channel, so nothing was declared. Type "
    "`/incident P1 <title>`: it opens one."
)
ARCHIVED = Refused(
    "This channel is archived, so nothing was declared. Type `/incident P1 <title>` elsewhere."
)
SHARED_OUT = Refused(
    "This channel is shared with others outside, so nothing was declared. Type `/incident P1 <title>`: it opens "
    "one that is yours alone."
)
EVERYBODY = Refused(
    "Everybody reads this channel, so nothing was declared. Type `/incident adopt P1 <title>` where you work on "
    "it, or `/incident P1 <title>` for a new channel."
)
UNKNOWN = Refused("Slack did not say what channel this is, so nothing was declared. Try again in a moment.")


async def adoptable(client: AsyncWebClient, channel: str, announcements: str) -> Adopted:
    """The channel as it is to be adopted; raises Refused. `announcements` is where all incidents are announced."""
    if channel.startswith("D"):
        raise CHAT
    try:
        async with asyncio.timeout(SECONDS):
            answer = await client.conversations_info(channel=channel)
            found = fitting(answer["channel"], announcements)
            if not found.private:
                return found
            members = await _members(client, channel)
    except SlackApiError as error:
        raise (NOT_IN_IT if code_of(error) in ("channel_not_found", "not_in_channel") else UNKNOWN) from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise UNKNOWN from error
    return found.model_copy(update={"members": members})


def fitting(channel: Mapping[str, Any], announcements: str) -> Adopted:
    """What Slack says of a channel, if it may be adopted."""
    if channel.get("is_im") or channel.get("is_mpim"):
        raise CHAT
    if channel.get("is_archived"):
        raise ARCHIVED
    if any(channel.get(sign) for sign in SHARED):
        raise SHARED_OUT
    if channel.get("is_general") or announcements.removeprefix("#") in (channel["id"], channel["name"]):
        raise EVERYBODY
    private = bool(channel.get("is_private"))
    if private and not channel.get("is_member"):
        raise NOT_IN_IT
    return Adopted(channel=channel["id"], name=channel["name"], private=private)


async def _members(client: AsyncWebClient, channel: str) -> tuple[str, ...]:
    members: list[str] = []
    async for page in await client.conversations_members(channel=channel, limit=PAGE):
        members += page["members"]
    return tuple(members)
