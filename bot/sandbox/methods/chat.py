"""Messages: chat.postMessage, update, delete, postEphemeral, getPermalink."""

from __future__ import annotations

from typing import Any

from bot.sandbox import acts, rooms, shapes
from bot.sandbox.errors import SlackError
from bot.sandbox.methods import lookups
from bot.sandbox.methods.call import Call, Method
from bot.sandbox.methods.content import content
from bot.sandbox.workspace import Channel, Message

UPDATE_TEXT_MAX = 4000  # chat.update refuses longer texts; chat.postMessage takes ten times as much


def target(call: Call) -> Channel:
    """Where a message goes: a channel by id or name, or a person by id, whose direct messages are opened."""
    named = call.arguments.text("channel", required=True)
    person = call.workspace.people.get(named)
    if person is not None:
        if person.is_bot or person.deleted:
            raise SlackError("channel_not_found")
        return rooms.open_im(call.workspace, person.id)[0]
    found = call.workspace.channels.get(named)
    if found is None:
        name = named.removeprefix("#")
        found = next((c for c in call.workspace.channels.values() if name and c.name == name), None)
    channel = lookups.visible(call, found)
    if channel.archived:
        raise SlackError("is_archived")
    return channel


def may_post(call: Call, channel: Channel) -> None:
    """The app may post where it is a member, and in every public channel with chat:write.public."""
    granted = call.app.scopes
    if granted is not None and "chat:write.public" not in granted:
        lookups.be_member(call, channel)


async def chat_post_message(call: Call) -> dict[str, Any]:
    """Post a message."""
    body = content(call.arguments)
    channel = target(call)
    may_post(call, channel)
    thread_ts = lookups.thread(call, channel)
    username, icon = call.arguments.text("username"), call.arguments.text("icon_emoji")
    disguised = bool(username or icon or call.arguments.text("icon_url"))
    if disguised:
        call.need("chat:write.customize")
    broadcast = thread_ts is not None and call.arguments.flag("reply_broadcast")
    subtype = "thread_broadcast" if broadcast else "bot_message" if disguised else None
    message = acts.post(
        call.workspace,
        channel,
        user=call.app.bot_user,
        text=body.shown_text,
        blocks=body.blocks,
        attachments=body.attachments,
        subtype=subtype,
        thread_ts=thread_ts,
        metadata=body.metadata or None,
        username=username or (call.app.name if disguised else None),
        icon_emoji=icon,
    )
    seen = shapes.message_object(call.workspace, message, metadata=True)
    return {"channel": channel.id, "ts": message.ts, "message": seen, **body.warning}


async def chat_update(call: Call) -> dict[str, Any]:
    """Change one of the app's own messages. Text without blocks takes the blocks away."""
    body = content(call.arguments, too_long=UPDATE_TEXT_MAX)
    channel, message = _own(call, "cant_update_message")
    if channel.archived:
        raise SlackError("is_inactive")
    changes: dict[str, Any] = {"text": body.shown_text, "blocks": body.blocks}
    if body.text is None and body.blocks is None:  # attachments alone: the rest stays
        changes = {}
    if body.attachments is not None:
        changes["attachments"] = body.attachments
    if body.metadata is not None:
        changes["metadata"] = body.metadata or None
    file_ids = call.arguments.listing("file_ids")
    if file_ids:
        if any(id_ not in call.workspace.files for id_ in file_ids):
            raise SlackError("file_not_found")
        changes["files"] = file_ids
    acts.edit(call.workspace, channel, message, by=call.app.bot_user, **changes)
    seen = shapes.message_object(call.workspace, message, metadata=True)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": seen}


async def chat_delete(call: Call) -> dict[str, Any]:
    """Delete one of the app's own messages."""
    channel, message = _own(call, "cant_delete_message")
    acts.delete(call.workspace, channel, message)
    return {"channel": channel.id, "ts": message.ts}


def _own(call: Call, refusal: str) -> tuple[Channel, Message]:
    channel = lookups.conversation(call)
    message = lookups.message(call, channel, call.arguments.text("ts", required=True))
    if message.user != call.app.bot_user or message.subtype not in acts.AUTHORED:
        raise SlackError(refusal)
    return channel, message


async def chat_post_ephemeral(call: Call) -> dict[str, Any]:
    """Show a message to one person in a channel."""
    viewer = call.arguments.text("user", required=True)
    body = content(call.arguments, too_long=40_000)
    channel = target(call)
    may_post(call, channel)
    if viewer not in channel.members:
        raise SlackError("user_not_in_channel")
    message = acts.post_ephemeral(
        call.workspace,
        channel,
        user=call.app.bot_user,
        viewer=viewer,
        text=body.shown_text,
        blocks=body.blocks,
        attachments=body.attachments,
        thread_ts=lookups.thread(call, channel),
    )
    return {"message_ts": message.ts}


async def chat_get_permalink(call: Call) -> dict[str, Any]:
    """Where a message is found."""
    channel = lookups.conversation(call)
    message = lookups.message(call, channel, call.arguments.text("message_ts", required=True))
    return {"channel": channel.id, "permalink": shapes.permalink(call.workspace, message)}


WRITE = ("chat:write",)
METHODS = {
    "chat.postMessage": Method(chat_post_message, scopes=WRITE, per_minute=300),  # and one a second a channel
    "chat.update": Method(chat_update, scopes=WRITE, per_minute=50),
    "chat.delete": Method(chat_delete, scopes=WRITE, per_minute=50),
    "chat.postEphemeral": Method(chat_post_ephemeral, scopes=WRITE, per_minute=100),
    "chat.getPermalink": Method(chat_get_permalink, per_minute=300, json=False),
}
