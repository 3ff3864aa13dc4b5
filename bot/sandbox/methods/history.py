"""Channels as they are read: conversations.info, list, members, history, replies; users.conversations."""

from __future__ import annotations

from typing import Any

from bot.sandbox import shapes
from bot.sandbox.errors import SlackError
from bot.sandbox.methods import lookups
from bot.sandbox.methods.call import Call, Method
from bot.sandbox.workspace import Channel, Message

TYPES = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}
HISTORY_MAX = 999
HISTORY_DEFAULT = 100


async def conversations_info(call: Call) -> dict[str, Any]:
    """One conversation."""
    channel = lookups.conversation(call, purpose="read")
    counted = call.arguments.flag("include_num_members")
    return {"channel": shapes.channel_object(call.workspace, channel, num_members=counted)}


async def conversations_list(call: Call) -> dict[str, Any]:
    """All conversations that the app can see."""
    return _listed(call, member=None)


async def users_conversations(call: Call) -> dict[str, Any]:
    """The conversations that somebody is in, as far as the app can see them."""
    user = call.arguments.text("user")
    return _listed(call, member=lookups.known_person(call, user).id if user else call.app.bot_user)


def _listed(call: Call, *, member: str | None) -> dict[str, Any]:
    wanted = call.arguments.listing("types") or ["public_channel"]
    if any(type_ not in TYPES for type_ in wanted):
        raise SlackError("invalid_types")
    kinds = {TYPES[type_] for type_ in wanted}
    for kind in kinds:
        call.need(*lookups.SCOPES["read"][kind])
    hide_archived = call.arguments.flag("exclude_archived")
    seen = [
        channel
        for channel in call.workspace.channels.values()
        if shapes.channel_type(channel) in kinds
        and not (hide_archived and channel.archived)
        and (member is None or member in channel.members)
        and (shapes.channel_type(channel) == "channel" or call.app.bot_user in channel.members)
    ]
    found, metadata = lookups.page(call, seen)
    counted = member is None
    objects = [shapes.channel_object(call.workspace, channel, num_members=counted) for channel in found]
    return {"channels": objects, **metadata}


async def conversations_members(call: Call) -> dict[str, Any]:
    """Who is in a conversation."""
    channel = lookups.conversation(call, purpose="read")
    members, metadata = lookups.page(call, channel.members)
    return {"members": members, **metadata}


async def conversations_history(call: Call) -> dict[str, Any]:
    """The messages of a conversation, newest first, without the answers in threads."""
    channel = _readable(call)
    limit = call.arguments.integer("limit", default=HISTORY_DEFAULT, low=1, invalid="invalid_limit")
    limit = min(limit, HISTORY_MAX)
    shown = [m for m in channel.standing_messages() if not _hidden_answer(m)]
    chosen = _between(call, shown)[::-1]
    before = lookups.read_cursor(call, "next_ts")
    if before is not None:
        chosen = [message for message in chosen if message.ts <= before]
    more = len(chosen) > limit
    metadata = call.arguments.flag("include_all_metadata")
    answer: dict[str, Any] = {
        "messages": [shapes.message_object(call.workspace, m, metadata=metadata) for m in chosen[:limit]],
        "has_more": more,
        "pin_count": len(channel.pins),
        "channel_actions_ts": None,
        "channel_actions_count": 0,
    }
    if more:
        cursor = lookups.make_cursor("next_ts", chosen[limit].ts)
        answer["response_metadata"] = {"next_cursor": cursor}
    return answer


async def conversations_replies(call: Call) -> dict[str, Any]:
    """One thread, oldest first, beginning with the message that it began with."""
    channel = _readable(call)
    ts = call.arguments.text("ts", required=True, missing="thread_not_found")
    named = channel.messages.get(ts)
    if named is None or named.ephemeral_for is not None:
        raise SlackError("thread_not_found")
    root = channel.messages.get(named.thread_ts or named.ts, named)
    answers = _between(call, shapes.replies(channel, root.ts))
    found, metadata = lookups.page(call, [root, *answers], default=lookups.PAGE_MAX)
    full = call.arguments.flag("include_all_metadata")
    answer: dict[str, Any] = {
        "messages": [shapes.message_object(call.workspace, message, metadata=full) for message in found],
        "has_more": bool(metadata["response_metadata"]["next_cursor"]),
    }
    return answer | (metadata if answer["has_more"] else {})


def _readable(call: Call) -> Channel:
    channel = lookups.conversation(call, purpose="history")
    lookups.be_member(call, channel)
    return channel


def _hidden_answer(message: Message) -> bool:
    answer = message.thread_ts is not None and message.thread_ts != message.ts
    return answer and message.subtype != "thread_broadcast"


def _between(call: Call, messages: list[Message]) -> list[Message]:
    oldest, latest = _moment(call, "oldest"), _moment(call, "latest")
    inclusive = call.arguments.flag("inclusive")

    def inside(ts: str) -> bool:
        moment = float(ts)
        if inclusive and moment in (oldest, latest):
            return True
        return (oldest is None or moment > oldest) and (latest is None or moment < latest)

    return [message for message in messages if inside(message.ts)]


def _moment(call: Call, argument: str) -> float | None:
    given = call.arguments.text(argument)
    if not given or (argument == "oldest" and float_or_none(given) == 0):
        return None
    moment = float_or_none(given)
    if moment is None:
        raise SlackError(f"invalid_ts_{argument}")
    return moment


def float_or_none(value: str) -> float | None:
    """A number from a string, or None when it is not one."""
    try:
        return float(value)
    except ValueError:
        return None


READ, HISTORY = lookups.any_scope("read"), lookups.any_scope("history")
METHODS = {
    "conversations.info": Method(conversations_info, scopes=READ, per_minute=50, json=False),
    "conversations.list": Method(conversations_list, scopes=READ, per_minute=20, json=False),
    "conversations.members": Method(conversations_members, scopes=READ, per_minute=100, json=False),
    "conversations.history": Method(conversations_history, scopes=HISTORY, per_minute=50),
    "conversations.replies": Method(conversations_replies, scopes=HISTORY, per_minute=50, json=False),
    "users.conversations": Method(users_conversations, scopes=READ, per_minute=20, json=False),
}
