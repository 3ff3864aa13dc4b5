"""Carry out effects with Slack's Web API: the one place that calls it for more than an answer to a click.

Every post carries its effect's number as message metadata. When it is in doubt whether an effect has happened,
it is looked up before it is done again; where Slack itself refuses to do a thing twice, that refusal is success.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any, Protocol, assert_never

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.domain.beginning import Adopted
from bot.domain.commands import Command, LinkChannel, LinkSurface
from bot.domain.effects import (
    Bookmark,
    Brief,
    CallGroup,
    DraftPostmortem,
    Draw,
    FetchFile,
    FetchMessage,
    FindLikeness,
    Invite,
    OpenChannel,
    Pin,
    PostSummary,
    SendExport,
    SendPicture,
    Spread,
    Tell,
    Whisper,
)
from bot.domain.events import FlagContained
from bot.domain.incident import Incident, Place
from bot.domain.vocabulary import FIREBREAK, Surface
from bot.services.delivery import Failed, Hopeless, Wait
from bot.slack import cards
from bot.slack.bookmarks import Bookmarks
from bot.slack.briefs import brief
from bot.slack.budgets import Budgets
from bot.slack.cards import summary_message
from bot.slack.checklist import checklist
from bot.slack.errors import code_of, meaning, method_of
from bot.slack.face import Drawing, Face
from bot.slack.flags import ReadBack
from bot.slack.groups import Groups
from bot.slack.moments import moment
from bot.slack.postmortems import Drafting, Postmortems
from bot.slack.reading import Reading
from bot.slack.reasons import NAMES_TAKEN, NO_CHANNEL
from bot.slack.uploads import Upload, Uploads
from bot.storage.outbox import Promise

CHANNEL_NAME_MAX = 80  # https://docs.slack.dev/reference/methods/conversations.create
NAMES_TO_TRY = 5  # a taken name gets -2 … -5; more than that is no accident
CLOCK_SKEW = 60.0  # seconds that Slack's clock may be behind ours when we look for what we did
PAGE = 200  # entries a page, as Slack recommends
PAGES = 25  # pages we look through at most: 5,000 entries, and then we say that we did not find it
INVITED_AT_ONCE = 1000  # https://docs.slack.dev/reference/methods/conversations.invite
EFFECT_METADATA = "firebreak_effect"

GONE = ("message_not_found", "cant_update_message", "edit_window_closed")


class Summary(Protocol):
    """The lines of a summary that was promised; plain text."""

    def __call__(self, effect: PostSummary) -> Awaitable[list[str]]: ...


def channel_name(incident: Incident, attempt: int = 1) -> str:
    """`inc-42-checkout-returns-500`: always with the number, so that it is ours and unique."""
    plain = unicodedata.normalize("NFKD", incident.title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    suffix = f"-{attempt}" if attempt > 1 else ""
    stem = f"inc-{incident.number}-{words}".rstrip("-")
    return stem[: CHANNEL_NAME_MAX - len(suffix)].rstrip("-") + suffix


async def _nothing_waits(number: int) -> list[str]:
    return []


async def _nothing_alike(incident: Incident) -> None:
    return None


async def _no_draft(number: int) -> str:
    raise Hopeless("Nobody drafts postmortems here.")


async def _no_picture(effect: SendPicture) -> Upload | None:
    return None


async def _no_export(incident: Incident, effect: SendExport) -> Upload:
    raise AssertionError("nobody asks for an export here")


class SlackOutside:
    """Slack, as the dispatcher sees it (`bot.services.delivery.Outside`)."""

    def __init__(
        self,
        client: AsyncWebClient,
        face: Face,
        *,
        bot_user: str,
        now: Callable[[], datetime],
        summary: Summary,
        waiting: Callable[[int], Awaitable[list[str]]] = _nothing_waits,
        picture: Callable[[SendPicture], Awaitable[Upload | None]] = _no_picture,
        export: Callable[[Incident, SendExport], Awaitable[Upload]] = _no_export,
        held: Callable[[str, str], Awaitable[bool]] | None = None,
        draft: Drafting = _no_draft,
        alike: Callable[[Incident], Awaitable[Command | None]] = _nothing_alike,
        budgets: Budgets | None = None,
    ) -> None:
        self._client = client
        self._face = face
        self._bot_user = bot_user
        self._now = now
        self._summary = summary
        self._waiting = waiting
        self._picture = picture
        self._export = export
        self._held = held
        self._budgets = budgets or Budgets()
        self._alike = alike
        self._uploads = Uploads(client, self._budgets)
        self._postmortems = Postmortems(client, self._budgets, face, self._uploads, draft)
        self._bookmarks = Bookmarks(client, self._budgets, face.t, bot_user=bot_user)
        self._groups = Groups(client, self._budgets)
        self._reading = Reading(client, self._budgets, bot_user=bot_user, now=now)
        self._channels: dict[str, str] = {}
        self._finding = asyncio.Lock()

    async def deliver(self, promise: Promise, incident: Incident | None) -> Command | None:
        """See `Outside`."""
        try:
            return await self._carry_out(promise, incident)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            told = meaning(error)
            if isinstance(told, Wait) and isinstance(error, SlackApiError):
                self._budgets.hold(method_of(error), told.seconds)
            raise told from error

    async def _carry_out(self, promise: Promise, incident: Incident | None) -> Command | None:
        effect = promise.effect
        if isinstance(effect, PostSummary):
            lines = await self._summary(effect)
            channel = await self._channel_id(promise, effect.channel)
            await self._post(promise, channel, summary_message(lines))
            return None
        if isinstance(effect, SendPicture):
            picture = await self._picture(effect)
            if picture is not None and effect.channel:
                await self._uploads.share(promise, await self._channel_id(promise, effect.channel), picture)
            elif picture is not None:
                await self._uploads.send(promise, effect.person, picture)
            return None
        if incident is None:
            raise Hopeless("The incident of this effect is not in the database.")
        match effect:
            case OpenChannel():
                return await self._open_channel(promise, incident)
            case Invite():
                await self._invite(promise, _channel(incident), [effect.person])
            case CallGroup():
                await self._call(promise, _channel(incident), effect.group)
            case Draw():
                return await self._draw(promise, incident, effect.surface)
            case Pin():
                await self._pin(promise, incident.surfaces[effect.surface])
            case Bookmark():
                await self._bookmarks.keep(promise, effect.surface, incident.surfaces[effect.surface])
            case Tell():
                drawing = moment(effect.event, incident, self._face, await self._read_back(promise, effect))
                await self._post(promise, _channel(incident), drawing)
            case Spread():
                await self._spread(promise, incident, effect)
            case Brief():
                await self._alone(promise, effect.person, brief(incident, effect.role, self._face))
            case Whisper():
                await self._alone(promise, effect.person, moment(effect.event, incident, self._face))
            case FetchMessage():
                return await self._reading.message(promise, effect.channel or _channel(incident), effect)
            case FindLikeness():
                return await self._alike(incident)
            case DraftPostmortem():
                return await self._postmortems.bring(promise, incident, _channel(incident))
            case FetchFile():
                return await self._reading.file(promise, effect)
            case SendExport():
                await self._uploads.send(promise, effect.person, await self._export(incident, effect))
            case _:
                assert_never(effect)
        return None

    # channels ------------------------------------------------------------------------------------------

    async def _open_channel(self, promise: Promise, incident: Incident) -> Command:
        if incident.adopts is not None:
            return await self._adopt(promise, incident.adopts)
        for attempt in range(1, NAMES_TO_TRY + 1):
            name = channel_name(incident, attempt)
            try:
                self._budgets.take("conversations.create", promise.id)
                answer = await self._client.conversations_create(name=name, is_private=incident.private)
            except SlackApiError as error:
                if code_of(error) != "name_taken":
                    raise
                channel = await self._made_before(promise, name)
            else:
                channel = answer["channel"]
            if channel is not None:
                return LinkChannel(by=FIREBREAK, channel=channel["id"], name=channel["name"])
        raise Hopeless(NAMES_TAKEN.format(name=channel_name(incident)))

    async def _adopt(self, promise: Promise, adopted: Adopted) -> Command:
        """Be in a channel that people have made; into a private one somebody has invited us."""
        if not adopted.private:
            self._budgets.take("conversations.join", promise.id)
            await self._client.conversations_join(channel=adopted.channel)
        return LinkChannel(by=FIREBREAK, channel=adopted.channel, name=adopted.name)

    async def _made_before(self, promise: Promise, name: str) -> dict[str, Any] | None:
        """The channel of this name if an earlier attempt of this very effect made it."""
        async for channel in self._all_channels(promise):
            ours = channel.get("creator") == self._bot_user
            if channel["name"] == name and ours and channel["created"] >= promise.created - CLOCK_SKEW:
                return channel
        return None

    async def _all_channels(self, promise: Promise) -> AsyncIterator[dict[str, Any]]:
        self._budgets.take("conversations.list", promise.id)
        pages = await self._client.conversations_list(types="public_channel,private_channel", limit=PAGE)
        async for channel in _items(pages, "channels"):
            yield channel

    async def _channel_id(self, promise: Promise, configured: str) -> str:
        """The id of the channel in the settings, with the bot in it so that it can look up what it posted."""
        async with self._finding:  # thirty declarations at once ask for it once: listing is of a low tier
            if configured not in self._channels:
                self._channels[configured] = await self._find_channel(promise, configured)
        return self._channels[configured]

    async def _find_channel(self, promise: Promise, configured: str) -> str:
        wanted = configured.removeprefix("#")
        async for channel in self._all_channels(promise):
            if wanted in (channel["id"], channel["name"]):
                if not channel.get("is_member"):
                    self._budgets.take("conversations.join", promise.id)
                    await self._client.conversations_join(channel=channel["id"])
                found: str = channel["id"]
                return found
        raise Hopeless(NO_CHANNEL.format(channel=wanted))

    async def _call(self, promise: Promise, channel: str, group: str) -> None:
        people = await self._groups.people(promise.id, group)
        for first in range(0, len(people), INVITED_AT_ONCE):
            await self._invite(promise, channel, people[first : first + INVITED_AT_ONCE])

    async def _invite(self, promise: Promise, channel: str, people: list[str]) -> None:
        """With several, whoever cannot come does not keep the others out."""
        try:
            self._budgets.take("conversations.invite", promise.id)
            await self._client.conversations_invite(channel=channel, users=people, force=len(people) > 1)
        except SlackApiError as error:
            if code_of(error) not in ("already_in_channel", "cant_invite_self"):
                raise

    # surfaces ------------------------------------------------------------------------------------------

    async def _draw(self, promise: Promise, incident: Incident, surface: Surface) -> Command | None:
        if surface is Surface.TOPIC:
            await self._set_topic(promise, incident)
            return None
        place = incident.surfaces.get(surface)
        drawing = await self._drawing(incident, surface)
        if place is not None and await self._update(promise, place, drawing):
            return None
        if surface is Surface.ANNOUNCEMENT:
            channel = await self._channel_id(promise, self._face.announcements)
        else:
            channel = _channel(incident)
        place = await self._posted_before(promise, channel)
        # What an attempt with a lost answer left there shows the state of that moment.
        if place is None or not await self._update(promise, place, drawing):
            place = await self._send(promise, channel, drawing)
        return LinkSurface(by=FIREBREAK, surface=surface, channel=place.channel, ts=place.ts)

    async def _drawing(self, incident: Incident, surface: Surface) -> Drawing:
        match surface:
            case Surface.CARD:
                waiting = await self._waiting(incident.number)
                return cards.incident_card(incident, self._face, self._now(), waiting)
            case Surface.CHECKLIST:
                return checklist(incident, self._face, self._now())
            case Surface.ANNOUNCEMENT:
                return cards.announcement(incident, self._face, self._now())
            case Surface.TOPIC:
                raise AssertionError("a topic is text, not a message")
            case _:
                assert_never(surface)

    async def _update(self, promise: Promise, place: Place, drawing: Drawing) -> bool:
        """Redraw in place; False when the message is not there any more and a new one is wanted."""
        try:
            self._budgets.take("chat.update", promise.id)
            await self._client.chat_update(
                channel=place.channel, ts=place.ts, text=drawing.text, blocks=drawing.blocks
            )
        except SlackApiError as error:
            if code_of(error) in GONE:
                return False
            raise
        return True

    async def _set_topic(self, promise: Promise, incident: Incident) -> None:
        """Only on a change, because each setting writes a line into the channel that everybody sees.

        Slack is asked for what it is now: another replica, or a person, may have set it since.
        """
        channel = _channel(incident)
        topic = cards.topic(incident, self._face)
        self._budgets.take("conversations.info", promise.id)
        answer = await self._client.conversations_info(channel=channel)
        if answer["channel"].get("topic", {}).get("value", "") != topic:
            self._budgets.take("conversations.setTopic", promise.id)
            await self._client.conversations_setTopic(channel=channel, topic=topic)

    async def _pin(self, promise: Promise, place: Place) -> None:
        try:
            self._budgets.take("pins.add", promise.id)
            await self._client.pins_add(channel=place.channel, timestamp=place.ts)
        except SlackApiError as error:
            if code_of(error) not in ("already_pinned", "message_not_found"):
                raise

    async def _read_back(self, promise: Promise, effect: Tell) -> ReadBack:
        """How a flag is found that was just held. Only the first attempt tells how long that took."""
        event = effect.event
        if not isinstance(event, FlagContained) or self._held is None:
            return ReadBack.NOT_ASKED
        if not await self._held(event.flag, event.environment):
            return ReadBack.MISSING
        seconds = (self._now() - (event.asked_at or event.at)).total_seconds()
        return ReadBack(seconds if promise.attempt == 1 else None)

    # posts ---------------------------------------------------------------------------------------------

    async def _post(
        self, promise: Promise, channel: str, drawing: Drawing, thread: str | None = None
    ) -> Place:
        before = await self._posted_before(promise, channel, thread)
        return before or await self._send(promise, channel, drawing, thread)

    async def _send(
        self, promise: Promise, channel: str, drawing: Drawing, thread: str | None = None
    ) -> Place:
        self._budgets.take("chat.postMessage", promise.id, channel)
        answer = await self._client.chat_postMessage(
            channel=channel,
            text=drawing.text,
            blocks=drawing.blocks,
            metadata={"event_type": EFFECT_METADATA, "event_payload": {"effect": promise.id}},
            unfurl_links=False,
            thread_ts=thread,
        )
        return Place(channel=answer["channel"], ts=answer["ts"])

    async def _spread(self, promise: Promise, incident: Incident, effect: Spread) -> None:
        """In the announcement's thread."""
        place = incident.surfaces.get(Surface.ANNOUNCEMENT)
        if place is None:
            raise Failed("the incident is not announced yet", in_doubt=False)
        drawing = moment(effect.event, incident, self._face)
        await self._post(promise, place.channel, drawing, thread=place.ts)

    async def _alone(self, promise: Promise, person: str, drawing: Drawing) -> None:
        """In a direct message, which waits for whoever is asleep; an ephemeral one would not."""
        self._budgets.take("conversations.open", promise.id)
        answer = await self._client.conversations_open(users=person)
        await self._post(promise, answer["channel"]["id"], drawing)

    async def _posted_before(self, promise: Promise, channel: str, thread: str | None = None) -> Place | None:
        """The message that an attempt with a lost answer left behind, by the effect's number in its metadata."""
        if not promise.in_doubt:
            return None
        oldest = f"{promise.created - CLOCK_SKEW:.6f}"
        if thread is None:
            self._budgets.take("conversations.history", promise.id)
            history = await self._client.conversations_history(
                channel=channel, oldest=oldest, include_all_metadata=True, limit=PAGE
            )
        else:
            self._budgets.take("conversations.replies", promise.id)
            history = await self._client.conversations_replies(
                channel=channel, ts=thread, oldest=oldest, include_all_metadata=True, limit=PAGE
            )
        async for message in _items(history, "messages"):
            metadata = message.get("metadata") or {}
            ours = metadata.get("event_type") == EFFECT_METADATA
            if ours and metadata.get("event_payload", {}).get("effect") == promise.id:
                return Place(channel=channel, ts=message["ts"])
        return None


async def _items(first: AsyncSlackResponse, name: str) -> AsyncIterator[dict[str, Any]]:
    """Every entry of a listing, page after page, up to `PAGES`."""
    pages = 0
    async for page in first:
        for item in page[name]:
            yield item
        pages += 1
        if pages >= PAGES:
            return


def _channel(incident: Incident) -> str:
    if incident.channel is None:
        raise AssertionError("an effect that needs a channel is promised only once there is one")
    return incident.channel
