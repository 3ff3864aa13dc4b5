"""What can happen in a workspace: the state, the event and the feed change in one step.

The Web API does these for the app, and people do them for themselves. Whether somebody may do them is
asked elsewhere; nothing in here refuses.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.sandbox import shapes
from bot.sandbox.blocks import settled
from bot.sandbox.workspace import Change, Channel, File, Message, Workspace

AUTHORED = (None, "bot_message", "thread_broadcast", "file_share", "me_message")  # not told by Slack itself
KEEP: Any = object()  # an argument that was not given: the field stays as it is


# messages -------------------------------------------------------------


def post(
    workspace: Workspace,
    channel: Channel,
    *,
    user: str,
    text: str = "",
    blocks: list[dict[str, Any]] | None = None,
    attachments: list[dict[str, Any]] | None = None,
    subtype: str | None = None,
    thread_ts: str | None = None,
    metadata: dict[str, Any] | None = None,
    files: Iterable[str] = (),
    username: str | None = None,
    icon_emoji: str | None = None,
    client_msg_id: str | None = None,
    extra: dict[str, Any] | None = None,
) -> Message:
    """Put a message into a channel. `extra` is what its subtype adds to it (`topic`, `inviter`)."""
    by_app = user == workspace.app.bot_user and subtype in AUTHORED
    message = Message(
        ts=workspace.new_ts(),
        channel=channel.id,
        user=user,
        text=text,
        blocks=settled(blocks, workspace.new_id),
        attachments=_numbered(workspace, attachments),
        subtype=subtype,
        bot_id=workspace.app.bot_id if by_app else None,
        app_id=workspace.app.id if by_app else None,
        username=username,
        icon_emoji=icon_emoji,
        thread_ts=thread_ts,
        metadata=metadata,
        files=list(files),
        client_msg_id=client_msg_id,
        extra=extra or {},
    )
    channel.messages[message.ts] = message
    workspace.changed(Change("message", channel=channel.id, ts=message.ts))
    if thread_ts:
        workspace.changed(Change("message", channel=channel.id, ts=thread_ts))  # its count of replies
    _tell(workspace, channel, shapes.message_object(workspace, message), ts=message.ts)
    return message


def post_ephemeral(
    workspace: Workspace,
    channel: Channel,
    *,
    user: str,
    viewer: str,
    text: str = "",
    blocks: list[dict[str, Any]] | None = None,
    attachments: list[dict[str, Any]] | None = None,
    thread_ts: str | None = None,
) -> Message:
    """Show something to one person only. The Events API is not told."""
    message = Message(
        ts=workspace.new_ts(),
        channel=channel.id,
        user=user,
        text=text,
        blocks=settled(blocks, workspace.new_id),
        attachments=_numbered(workspace, attachments),
        bot_id=workspace.app.bot_id if user == workspace.app.bot_user else None,
        app_id=workspace.app.id if user == workspace.app.bot_user else None,
        thread_ts=thread_ts,
        ephemeral_for=viewer,
    )
    channel.messages[message.ts] = message
    workspace.changed(Change("message", channel=channel.id, user=viewer, ts=message.ts))
    return message


def edit(
    workspace: Workspace,
    channel: Channel,
    message: Message,
    *,
    by: str,
    text: str = KEEP,
    blocks: list[dict[str, Any]] | None = KEEP,
    attachments: list[dict[str, Any]] | None = KEEP,
    metadata: dict[str, Any] | None = KEEP,
    files: list[str] = KEEP,
) -> None:
    """Change a message in place. What is not given stays."""
    before = shapes.message_object(workspace, message)
    if text is not KEEP:
        message.text = text
    if blocks is not KEEP:
        message.blocks = settled(blocks, workspace.new_id)
    if attachments is not KEEP:
        message.attachments = _numbered(workspace, attachments)
    if metadata is not KEEP:
        message.metadata = metadata
    if files is not KEEP:
        message.files = list(files)
    moment = workspace.new_ts()
    # Slack shows no "(edited)" on messages made of blocks
    message.edited = None if message.blocks else {"user": by, "ts": moment}
    workspace.changed(Change("message", channel=channel.id, user=message.ephemeral_for, ts=message.ts))
    if message.ephemeral_for is None:
        _tell_changed(workspace, channel, message, before, moment)


def delete(workspace: Workspace, channel: Channel, message: Message) -> None:
    """Remove a message. One that began a thread leaves a tombstone, so that its answers keep a home."""
    before = shapes.message_object(workspace, message)
    moment = workspace.new_ts()
    channel.pins = [pin for pin in channel.pins if pin["ts"] != message.ts]
    workspace.changed(Change("message", channel=channel.id, user=message.ephemeral_for, ts=message.ts))
    if message.ephemeral_for is not None:
        del channel.messages[message.ts]
        return
    if shapes.replies(channel, message.ts):
        channel.messages[message.ts] = tombstone = Message(
            ts=message.ts,
            channel=channel.id,
            user="USLACKBOT",
            text="This message was deleted.",
            subtype="tombstone",
            thread_ts=message.thread_ts,
        )
        _tell_changed(workspace, channel, tombstone, before, moment)
        return
    del channel.messages[message.ts]
    if message.thread_ts:
        workspace.changed(Change("message", channel=channel.id, ts=message.thread_ts))
    told = {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        "deleted_ts": message.ts,
        "previous_message": before,
        "ts": moment,
    }
    _tell(workspace, channel, told, ts=moment)


def share_file(
    workspace: Workspace,
    channel: Channel,
    files: list[File],
    *,
    user: str,
    text: str = "",
    blocks: list[dict[str, Any]] | None = None,
    thread_ts: str | None = None,
) -> Message:
    """Post files into a channel, with a comment."""
    for file in files:
        if channel.id not in file.channels:
            file.channels.append(channel.id)
    message = post(
        workspace,
        channel,
        user=user,
        text=text,
        blocks=blocks,
        subtype="file_share",
        thread_ts=thread_ts,
        files=[file.id for file in files],
    )
    for file in files:
        file.shares.setdefault(channel.id, []).append(message.ts)
        workspace.emit(
            {
                "type": "file_shared",
                "channel_id": channel.id,
                "file_id": file.id,
                "file": {"id": file.id},
                "user_id": user,
                "event_ts": message.ts,
            }
        )
    return message


def _numbered(workspace: Workspace, attachments: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
    if not attachments:
        return None
    stored = []
    for number, attachment in enumerate(attachments, start=1):
        fallback = attachment.get("fallback") or attachment.get("text") or "[no preview available]"
        copied = {"id": number, "fallback": fallback, **attachment}
        if attachment.get("blocks"):
            copied["blocks"] = settled(attachment["blocks"], workspace.new_id)
        stored.append(copied)
    return stored


def _tell(workspace: Workspace, channel: Channel, event: dict[str, Any], *, ts: str) -> None:
    kind = shapes.channel_type(channel)
    workspace.emit({**event, "channel": channel.id, "channel_type": kind, "event_ts": ts})


def _tell_changed(
    workspace: Workspace, channel: Channel, message: Message, before: dict[str, Any], moment: str
) -> None:
    told = {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "message": shapes.message_object(workspace, message),
        "previous_message": before,
        "ts": moment,
    }
    _tell(workspace, channel, told, ts=moment)


# reactions and pins ---------------------------------------------------


def react(workspace: Workspace, channel: Channel, message: Message, *, user: str, name: str) -> None:
    """Add somebody's emoji to a message."""
    message.reactions.setdefault(name, []).append(user)
    _tell_reaction(workspace, channel, message, "reaction_added", user, name)


def unreact(workspace: Workspace, channel: Channel, message: Message, *, user: str, name: str) -> None:
    """Take somebody's emoji off a message."""
    message.reactions[name].remove(user)
    if not message.reactions[name]:
        del message.reactions[name]
    _tell_reaction(workspace, channel, message, "reaction_removed", user, name)


def _tell_reaction(
    workspace: Workspace, channel: Channel, message: Message, type_: str, user: str, name: str
) -> None:
    workspace.changed(Change("message", channel=channel.id, ts=message.ts))
    item = {"type": "message", "channel": channel.id, "ts": message.ts}
    event = {"type": type_, "user": user, "reaction": name, "item_user": message.user, "item": item}
    workspace.emit({**event, "event_ts": workspace.new_ts()})


def pin(workspace: Workspace, channel: Channel, message: Message, *, user: str) -> None:
    """Pin a message, and say so in the channel."""
    channel.pins.insert(0, {"ts": message.ts, "user": user, "created": int(workspace.clock.now())})
    _tell_pin(workspace, channel, message, "pin_added", user)
    text = f"<@{user}> pinned a message to this channel."
    item = shapes.message_object(workspace, message)
    post(
        workspace,
        channel,
        user=user,
        text=text,
        subtype="pinned_item",
        extra={"item_type": "C", "item": item},
    )


def unpin(workspace: Workspace, channel: Channel, message: Message, *, user: str) -> None:
    """Take a pin off again."""
    channel.pins = [entry for entry in channel.pins if entry["ts"] != message.ts]
    _tell_pin(workspace, channel, message, "pin_removed", user)


def _tell_pin(workspace: Workspace, channel: Channel, message: Message, type_: str, user: str) -> None:
    workspace.changed(Change("message", channel=channel.id, ts=message.ts))
    workspace.changed(Change("channel", channel=channel.id))
    item = {
        "type": "message",
        "channel": channel.id,
        "created": int(workspace.clock.now()),
        "created_by": user,
        "message": shapes.message_object(workspace, message),
    }
    workspace.emit(
        {
            "type": type_,
            "user": user,
            "channel_id": channel.id,
            "item": item,
            "item_user": message.user,
            "pin_count": len(channel.pins),
            "has_pins": bool(channel.pins),
            "event_ts": workspace.new_ts(),
        }
    )
