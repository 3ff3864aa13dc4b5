"""Finding what a call is about, with the refusals that all methods share: channels, messages, people, pages."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any, TypeVar

from bot.sandbox import shapes
from bot.sandbox.acts import AUTHORED
from bot.sandbox.arguments import refuse
from bot.sandbox.errors import SlackError
from bot.sandbox.methods.call import Call
from bot.sandbox.workspace import Channel, Message, Person

Item = TypeVar("Item")

TIMESTAMP = re.compile(r"\d{1,10}\.\d{6}")
PAGE_MAX = 1000  # "must be an integer under 1000": conversations.list, and most of the others

# Which scope reaches which kind of conversation: https://docs.slack.dev/reference/scopes
SCOPES: dict[str, dict[str, tuple[str, ...]]] = {
    "read": {
        "channel": ("channels:read",),
        "group": ("groups:read",),
        "im": ("im:read",),
        "mpim": ("mpim:read",),
    },
    "history": {
        "channel": ("channels:history",),
        "group": ("groups:history",),
        "im": ("im:history",),
        "mpim": ("mpim:history",),
    },
    "manage": {
        "channel": ("channels:manage",),
        "group": ("groups:write",),
        "im": ("im:write",),
        "mpim": ("mpim:write",),
    },
    "invite": {
        "channel": ("channels:manage", "channels:write.invites"),
        "group": ("groups:write", "groups:write.invites"),
    },
    "topic": {
        "channel": ("channels:manage", "channels:write.topic"),
        "group": ("groups:write", "groups:write.topic"),
    },
}


def any_scope(purpose: str) -> tuple[str, ...]:
    """Every scope that lets a call in at the door; which of them it needs shows with the channel."""
    return tuple(scope for scopes in SCOPES[purpose].values() for scope in scopes)


def conversation(
    call: Call, argument: str = "channel", *, purpose: str | None = None, missing: str = "invalid_arguments"
) -> Channel:
    """The conversation that an argument names by its id. What the app cannot see does not exist for it."""
    id_ = call.arguments.text(argument, required=True, missing=missing)
    return visible(call, call.workspace.channels.get(id_), purpose=purpose)


def visible(call: Call, channel: Channel | None, *, purpose: str | None = None) -> Channel:
    """The channel, if the app may know of it and has the scope for its kind."""
    if channel is None:
        raise SlackError("channel_not_found")
    if (channel.is_private or channel.is_im) and call.app.bot_user not in channel.members:
        raise SlackError("channel_not_found")
    if purpose is not None:
        call.need(*SCOPES[purpose].get(shapes.channel_type(channel), ()))
    return channel


def room(call: Call, *, purpose: str, archived: str | None = "is_archived") -> Channel:
    """A channel proper, not direct messages; `archived` is the refusal when it is closed."""
    channel = conversation(call, purpose=purpose)
    if channel.is_im or channel.is_mpim:
        raise SlackError("method_not_supported_for_channel_type")
    if archived is not None and channel.archived:
        raise SlackError(archived)
    return channel


def be_member(call: Call, channel: Channel, *, refusal: str = "not_in_channel") -> None:
    """Refuse unless the app's bot user is in the channel."""
    if call.app.bot_user not in channel.members:
        raise SlackError(refusal)


def person(call: Call, argument: str = "user", *, missing: str = "invalid_arguments") -> Person:
    """The person that an argument names by their id."""
    id_ = call.arguments.text(argument, required=True, missing=missing)
    return known_person(call, id_)


def known_person(call: Call, id_: str) -> Person:
    """The person with this id; `user_not_found` otherwise."""
    found = call.workspace.people.get(id_)
    if found is None:
        raise SlackError("user_not_found")
    return found


def message(call: Call, channel: Channel, ts: str) -> Message:
    """A message that everybody in the channel can read; ephemeral ones are not found by anybody."""
    found = channel.messages.get(ts)
    if found is None or found.ephemeral_for is not None:
        raise SlackError("message_not_found")
    return found


def item_message(call: Call, channel: Channel) -> Message:
    """The message that `timestamp` names, with the refusals of pins and reactions."""
    ts = call.arguments.text("timestamp", required=True, missing="no_item_specified")
    if not TIMESTAMP.fullmatch(ts):
        raise SlackError("bad_timestamp")
    return message(call, channel, ts)


def thread(call: Call, channel: Channel) -> str | None:
    """The `thread_ts` to post under: that of the message which began the thread."""
    ts = call.arguments.text("thread_ts")
    if not ts:
        return None
    if not TIMESTAMP.fullmatch(ts):
        raise SlackError("invalid_thread_ts")
    parent = channel.messages.get(ts)
    if parent is None or parent.ephemeral_for is not None:
        raise SlackError("thread_not_found")
    if parent.subtype not in AUTHORED:
        raise SlackError("cannot_reply_to_message")
    return parent.thread_ts or parent.ts


def page(call: Call, items: Sequence[Item], *, default: int = 100) -> tuple[list[Item], dict[str, Any]]:
    """One page of a list, and the `response_metadata` that leads to the next. `default=0` means all."""
    limit = call.arguments.integer("limit", default=default, low=0, high=PAGE_MAX, invalid="invalid_limit")
    limit = limit or default or max(len(items), 1)
    start = int(read_cursor(call, "offset") or 0)
    if start > len(items):
        raise SlackError("invalid_cursor")
    following = make_cursor("offset", str(start + limit)) if start + limit < len(items) else ""
    return list(items[start : start + limit]), {"response_metadata": {"next_cursor": following}}


def make_cursor(name: str, value: str) -> str:
    """A cursor in Slack's form: base64 of `name:value`."""
    return base64.b64encode(f"{name}:{value}".encode()).decode()


def read_cursor(call: Call, name: str) -> str | None:
    """What a cursor of ours says; `invalid_cursor` for anything else, None when there is none."""
    cursor = call.arguments.text("cursor")
    if not cursor:
        return None
    try:
        kind, _, value = base64.b64decode(cursor, validate=True).decode().partition(":")
    except ValueError as error:  # binascii.Error is one, and so is what is not ASCII
        raise SlackError("invalid_cursor") from error
    if kind != name or not value.replace(".", "").isdigit():
        raise SlackError("invalid_cursor")
    return value


def given(call: Call, argument: str) -> str:
    """A string that must be there but may be empty, such as a topic that is cleared."""
    if argument not in call.arguments:
        raise refuse(f"missing required field: {argument}")
    return call.arguments.text(argument) or ""
