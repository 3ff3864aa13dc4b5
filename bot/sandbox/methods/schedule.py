"""Messages for later: chat.scheduleMessage, deleteScheduledMessage, scheduledMessages.list."""

from __future__ import annotations

from typing import Any

from bot.sandbox import acts, shapes
from bot.sandbox.errors import SlackError
from bot.sandbox.methods import lookups
from bot.sandbox.methods.call import Call, Method
from bot.sandbox.methods.chat import may_post, target
from bot.sandbox.methods.content import content
from bot.sandbox.workspace import ScheduledMessage, Workspace

FARTHEST = 120 * 24 * 3600  # "up to 120 days in the future"
WINDOW, WINDOW_MAX = 300, 30  # "no more than 30 messages within a 5-minute window to the same channel"
TOO_LATE = 60  # a message that is due within a minute can no longer be taken back


async def chat_schedule_message(call: Call) -> dict[str, Any]:
    """Post a message at a later time."""
    workspace = call.workspace
    post_at = call.arguments.integer("post_at", default=-1, invalid="invalid_time")
    body = content(call.arguments, too_long=40_000)
    channel = target(call)
    may_post(call, channel)
    _check_time(workspace, channel.id, post_at)
    details: dict[str, Any] = {
        "text": body.shown_text,
        "blocks": body.blocks,
        "attachments": body.attachments,
        "metadata": body.metadata or None,
        "thread_ts": lookups.thread(call, channel),
    }
    id_ = workspace.new_id("Q")
    scheduled = ScheduledMessage(id_, channel.id, post_at, int(workspace.clock.now()), details)
    workspace.scheduled[id_] = scheduled
    call.later(_post_when_due(workspace, scheduled))
    told: dict[str, Any] = {
        "text": body.shown_text,
        "user": call.app.bot_user,
        "bot_id": call.app.bot_id,
        "bot_profile": shapes.bot_profile(workspace),
        "team": workspace.team_id,
        "type": "delayed_message",
    }
    if body.blocks:
        told["blocks"] = body.blocks
    return {"channel": channel.id, "scheduled_message_id": id_, "post_at": post_at, "message": told}


def _check_time(workspace: Workspace, channel: str, post_at: int) -> None:
    now = workspace.clock.now()
    if post_at < 0:
        raise SlackError("invalid_time")
    if post_at <= now:
        raise SlackError("time_in_past")
    if post_at > now + FARTHEST:
        raise SlackError("time_too_far")
    waiting = [s for s in workspace.scheduled.values() if s.channel == channel]
    if sum(abs(s.post_at - post_at) < WINDOW for s in waiting) >= WINDOW_MAX:
        raise SlackError("restricted_too_many")


async def _post_when_due(workspace: Workspace, scheduled: ScheduledMessage) -> None:
    await workspace.clock.sleep(scheduled.post_at - workspace.clock.now())
    channel = workspace.channels.get(scheduled.channel)
    if workspace.scheduled.pop(scheduled.id, None) is None or channel is None or channel.archived:
        return
    acts.post(workspace, channel, user=workspace.app.bot_user, **scheduled.content)


async def chat_delete_scheduled_message(call: Call) -> dict[str, Any]:
    """Take back a message that is not yet posted."""
    channel = lookups.conversation(call)
    id_ = call.arguments.text("scheduled_message_id", required=True)
    scheduled = call.workspace.scheduled.get(id_)
    if scheduled is None or scheduled.channel != channel.id:
        raise SlackError("invalid_scheduled_message_id")
    if scheduled.post_at - call.workspace.clock.now() < TOO_LATE:
        raise SlackError("invalid_scheduled_message_id")
    del call.workspace.scheduled[id_]
    return {}


async def chat_scheduled_messages_list(call: Call) -> dict[str, Any]:
    """What is waiting to be posted."""
    channel = call.arguments.text("channel")
    if channel and channel not in call.workspace.channels:
        raise SlackError("invalid_channel")
    waiting = sorted(call.workspace.scheduled.values(), key=lambda s: (s.post_at, s.id))
    chosen = [s for s in waiting if channel in (None, "", s.channel)]
    found, metadata = lookups.page(call, chosen)
    listed = [
        {
            "id": s.id,
            "channel_id": s.channel,
            "post_at": s.post_at,
            "date_created": s.created,
            "text": s.content["text"],
        }
        for s in found
    ]
    return {"scheduled_messages": listed, **metadata}


WRITE = ("chat:write",)
METHODS = {
    "chat.scheduleMessage": Method(chat_schedule_message, scopes=WRITE, per_minute=50),
    "chat.deleteScheduledMessage": Method(chat_delete_scheduled_message, scopes=WRITE, per_minute=50),
    "chat.scheduledMessages.list": Method(chat_scheduled_messages_list, per_minute=50),
}
