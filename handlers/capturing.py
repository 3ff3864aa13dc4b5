"""What the channel itself tells becomes part of the timeline: pins, marks, files, edits, who came, the topic.

Nothing is answered and nothing is posted: people see it in `/incident timeline`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from slack_bolt.async_app import AsyncApp, AsyncBoltContext

from bot.domain.captured import (
    FileShared,
    Kept,
    MessageDeleted,
    MessageEdited,
    PersonJoined,
    PersonLeft,
    PinRemoved,
    TopicSet,
)
from bot.domain.effects import FetchMessage
from bot.domain.incident import Incident
from bot.domain.rules.capturing import has_message
from bot.domain.vocabulary import FIREBREAK, Refused
from bot.slack.ids import Heard
from bot.slack.reading import author_of, moment_of, words_of
from bot.slack.text import typed
from handlers import waiting
from handlers.desk import Desk
from handlers.payloads import Body

Listener = Callable[[Desk, Body, Body, Incident], Awaitable[None]]


def register(app: AsyncApp, desk: Desk) -> None:
    """Connect the story. Bolt keeps back what the bot itself pins, writes and sets; not where it goes."""

    @app.event(Heard.MESSAGE)
    async def said(event: Body, body: Body, context: AsyncBoltContext) -> None:
        listener = SUBTYPES.get(event.get("subtype") or "")
        if listener is None or _is_by(event.get("message") or {}, context.bot_user_id):
            return
        here = await _here(desk, event.get("channel"))
        if here is not None:
            await listener(desk, event, body, here)

    @app.event(Heard.MEMBER_JOINED)
    async def joined(event: Body, body: Body, context: AsyncBoltContext) -> None:
        """Whom we have invited is in the timeline for the reason why we did."""
        us, person, inviter = context.bot_user_id, event.get("user"), event.get("inviter")
        if person == us:
            back = PersonJoined(at=_when(desk, event), by=us or FIREBREAK, inviter=inviter, is_bot=True)
            await _capture(desk, event, body, back)
            await waiting.back(desk, event.get("channel"))
        elif inviter != us and isinstance(person, str):
            seen = PersonJoined(at=_when(desk, event), by=person, inviter=inviter)
            await _capture(desk, event, body, seen)

    @app.event(Heard.MEMBER_LEFT)
    async def left(event: Body, body: Body, context: AsyncBoltContext) -> None:
        person = event.get("user")
        if isinstance(person, str):
            is_bot = person == context.bot_user_id
            await _capture(desk, event, body, PersonLeft(at=_when(desk, event), by=person, is_bot=is_bot))

    @app.event(Heard.PIN_ADDED)
    @app.event(Heard.REACTION_ADDED)
    async def kept(event: Body, body: Body) -> None:
        await _keep(desk, event, body)

    @app.event(Heard.PIN_REMOVED)
    async def unpinned(event: Body, body: Body) -> None:
        await _unpin(desk, event, body)


async def _keep(desk: Desk, event: Body, body: Body) -> None:
    """Somebody pins a message, or marks it with our emoji, in any colour of skin."""
    item, person = event.get("item") or {}, event.get("user")
    message = item.get("message") or {}
    ts = item.get("ts") or message.get("ts")
    is_pin = event["type"] == Heard.PIN_ADDED
    emoji = (event.get("reaction") or "").partition("::")[0]
    if not isinstance(person, str) or ts is None or not (is_pin or emoji == desk.emoji):
        return
    here = await _here(desk, event.get("channel_id") or item.get("channel"))
    kept = Kept.PIN if is_pin else Kept.EMOJI
    if here is None or has_message(here, ts, kept):
        return
    wanted = FetchMessage(ts=ts, person=person, kept=kept, author=author_of(message), text=words_of(message))
    await desk.incidents.promise(here.number, wanted, key=_key(body))


async def _unpin(desk: Desk, event: Body, body: Body) -> None:
    item, person = event.get("item") or {}, event.get("user")
    message = item.get("message") or {}
    here, ts = await _here(desk, event.get("channel_id")), item.get("ts") or message.get("ts")
    if here is None or ts is None or not isinstance(person, str):
        return
    seen = PinRemoved(
        at=_when(desk, event), by=person, ts=ts, author=author_of(message), text=words_of(message)
    )
    await desk.incidents.capture(here.number, seen, key=_key(body))


async def _shared(desk: Desk, event: Body, body: Body, here: Incident) -> None:
    """Files, each an entry of its own; what was said with them stands with the first."""
    person, ts, files = event.get("user"), event.get("ts"), event.get("files") or []
    if not isinstance(person, str) or ts is None:
        return
    for place, file in enumerate(files):
        seen = FileShared(
            at=_when(desk, event),
            by=person,
            ts=ts,
            file=file["id"],
            name=file.get("name") or file["id"],
            mimetype=file.get("mimetype") or "",
            size=file.get("size") or 0,
            permalink=file.get("permalink") or "",
            text="" if place else words_of(event),
        )
        await desk.incidents.capture(here.number, seen, key=f"{_key(body)}:{file['id']}")


async def _changed(desk: Desk, event: Body, body: Body, here: Incident) -> None:
    """An edit; or the end of a message that began a thread, of which a tombstone stays."""
    message, before = event.get("message") or {}, event.get("previous_message") or {}
    if message.get("subtype") == "tombstone":
        await _deleted(desk, event, body, here)
        return
    ts, author = message.get("ts"), author_of(message)
    if ts is None or ts not in here.captured:
        return
    editor = (message.get("edited") or {}).get("user")
    seen = MessageEdited(
        at=_when(desk, event),
        by=editor if isinstance(editor, str) else author or FIREBREAK,
        ts=ts,
        author=author,
        before=words_of(before),
        text=words_of(message),
    )
    await desk.incidents.capture(here.number, seen, key=_key(body))


async def _deleted(desk: Desk, event: Body, body: Body, here: Incident) -> None:
    """Slack does not tell who did it."""
    before = event.get("previous_message") or {}
    ts = event.get("deleted_ts") or before.get("ts")
    if not isinstance(ts, str) or ts not in here.captured:
        return
    at, author, text = _when(desk, event), author_of(before), words_of(before)
    seen = MessageDeleted(at=at, by=FIREBREAK, ts=ts, author=author, text=text)
    await desk.incidents.capture(here.number, seen, key=_key(body))


async def _topic(desk: Desk, event: Body, body: Body, here: Incident) -> None:
    person = event.get("user")
    if isinstance(person, str):
        seen = TopicSet(at=_when(desk, event), by=person, topic=typed(event.get("topic") or ""))
        await desk.incidents.capture(here.number, seen, key=_key(body))


SUBTYPES: dict[str, Listener] = {
    "file_share": _shared,
    "message_changed": _changed,
    "message_deleted": _deleted,
    "channel_topic": _topic,
    "group_topic": _topic,
}


async def _capture(desk: Desk, event: Body, body: Body, seen: PersonJoined | PersonLeft) -> None:
    here = await _here(desk, event.get("channel"))
    if here is not None:
        await desk.incidents.capture(here.number, seen, key=_key(body))


async def _here(desk: Desk, channel: object) -> Incident | None:
    """The incident whose channel this is; None for all the others that the bot is in."""
    if not isinstance(channel, str):
        return None
    try:
        return await desk.incidents.of_channel(channel)
    except Refused:
        return None


def _is_by(message: dict[str, Any], person: str | None) -> bool:
    return message.get("user") == person


def _key(body: Body) -> str:
    """Slack delivers an event again when our answer was lost, with the same id."""
    return f"event:{body['event_id']}"


def _when(desk: Desk, event: Body) -> datetime:
    """When it happened, by Slack's clock, which may be ahead of ours."""
    told, now = event.get("event_ts") or event.get("ts"), desk.now()
    return now if told is None else min(moment_of(told), now)
