"""Channels as they change: conversations.create, invite, join, leave, kick, rename, archive, topic, open."""

from __future__ import annotations

from typing import Any

from bot.sandbox import rooms, shapes
from bot.sandbox.arguments import refuse
from bot.sandbox.errors import SlackError
from bot.sandbox.methods import lookups
from bot.sandbox.methods.call import Call, Method
from bot.sandbox.workspace import Channel

NAME_MAX = 80
HEADING_MAX = 250  # of a topic, and of a description
MPIM_MAX = 8  # people in one group conversation
INVITES_MAX = 1000  # users in one conversations.invite


def check_name(call: Call, name: str | None, *, renaming: Channel | None = None) -> str:
    """A name that a channel may have. Those of archived channels stay taken."""
    if not name:
        raise SlackError("invalid_name_required")
    if len(name) > NAME_MAX:
        raise SlackError("invalid_name_maxlength")
    if any(not (sign.isalnum() or sign in "-_") or sign != sign.lower() for sign in name):
        raise SlackError("invalid_name_specials")
    if not any(sign.isalnum() for sign in name):
        raise SlackError("invalid_name_punctuation")
    others = (channel for channel in call.workspace.channels.values() if channel is not renaming)
    if any(channel.name == name for channel in others):
        raise SlackError("name_taken")
    return name


def shown(call: Call, channel: Channel) -> dict[str, Any]:
    return {"channel": shapes.channel_object(call.workspace, channel)}


async def conversations_create(call: Call) -> dict[str, Any]:
    """Make a channel."""
    is_private = call.arguments.flag("is_private")
    call.need(*lookups.SCOPES["manage"]["group" if is_private else "channel"])
    name = check_name(call, call.arguments.text("name"))
    return shown(call, rooms.create(call.workspace, name, user=call.app.bot_user, is_private=is_private))


async def conversations_invite(call: Call) -> dict[str, Any]:
    """Ask people in. Without `force`, one who cannot come keeps all of them out."""
    channel = lookups.room(call, purpose="invite")
    users = list(dict.fromkeys(call.arguments.listing("users", required=True, missing="no_user")))
    if len(users) > INVITES_MAX:
        raise refuse(f"no more than {INVITES_MAX} items allowed [json-pointer:/users]")
    lookups.be_member(call, channel)
    refused = [
        {"user": user, "ok": False, "error": error}
        for user in users
        if (error := _cannot_invite(call, channel, user)) is not None
    ]
    turned_away = {entry["user"] for entry in refused}
    welcome = [user for user in users if user not in turned_away]
    if refused and not (call.arguments.flag("force") and welcome):
        raise SlackError(str(refused[0]["error"]), errors=refused)
    for user in welcome:
        rooms.join(call.workspace, channel, user, inviter=call.app.bot_user)
    return shown(call, channel) | ({"errors": refused} if refused else {})


def _cannot_invite(call: Call, channel: Channel, user: str) -> str | None:
    person = call.workspace.people.get(user)
    if person is None or person.deleted:
        return "user_not_found"
    if user == call.app.bot_user:
        return "cant_invite_self"
    return "already_in_channel" if user in channel.members else None


async def conversations_join(call: Call) -> dict[str, Any]:
    """Come into a public channel."""
    channel = lookups.conversation(call)
    if channel.is_private or channel.is_im:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.archived:
        raise SlackError("is_archived")
    if call.app.bot_user in channel.members:
        warning = "already_in_channel"
        return shown(call, channel) | {"warning": warning, "response_metadata": {"warnings": [warning]}}
    rooms.join(call.workspace, channel, call.app.bot_user)
    return shown(call, channel)


async def conversations_leave(call: Call) -> dict[str, Any]:
    """Go out of a channel."""
    channel = lookups.room(call, purpose="manage")
    if channel.name == "general":
        raise SlackError("cant_leave_general")
    if call.app.bot_user not in channel.members:
        return {"ok": False, "not_in_channel": True}  # as documented: no error, and not ok either
    if len(channel.members) == 1:
        raise SlackError("last_member")
    rooms.leave(call.workspace, channel, call.app.bot_user)
    return {}


async def conversations_kick(call: Call) -> dict[str, Any]:
    """Send somebody out of a channel."""
    channel = lookups.room(call, purpose="manage")
    person = lookups.person(call, missing="user_not_found")
    if person.id == call.app.bot_user:
        raise SlackError("cant_kick_self")
    if channel.name == "general":
        raise SlackError("cant_kick_from_general")
    lookups.be_member(call, channel)
    if person.id not in channel.members:
        raise SlackError("not_in_channel")
    rooms.leave(call.workspace, channel, person.id, kicked_by=call.app.bot_user)
    return {"errors": {}}


async def conversations_rename(call: Call) -> dict[str, Any]:
    """Give a channel another name. A bot may only rename what it made itself."""
    channel = lookups.room(call, purpose="manage")
    name = check_name(call, call.arguments.text("name"), renaming=channel)
    lookups.be_member(call, channel)
    if channel.creator != call.app.bot_user:
        raise SlackError("not_authorized")
    rooms.rename(call.workspace, channel, name, user=call.app.bot_user)
    return shown(call, channel)


async def conversations_archive(call: Call) -> dict[str, Any]:
    """Close a channel."""
    channel = lookups.room(call, purpose="manage", archived="already_archived")
    if channel.name == "general":
        raise SlackError("cant_archive_general")
    lookups.be_member(call, channel)
    rooms.archive(call.workspace, channel, user=call.app.bot_user)
    return {}


async def conversations_unarchive(call: Call) -> dict[str, Any]:
    """Open a channel again: which no bot token can.

    "Bot tokens (xoxb-...) cannot currently be used to unarchive conversations", says
    https://docs.slack.dev/reference/methods/conversations.unarchive; the app is told that it is not in there.
    """
    channel = lookups.room(call, purpose="manage", archived=None)
    raise SlackError("not_in_channel" if channel.archived else "not_archived")


async def conversations_set_topic(call: Call) -> dict[str, Any]:
    """Set or clear the topic."""
    return _set_heading(call, "topic")


async def conversations_set_purpose(call: Call) -> dict[str, Any]:
    """Set or clear the description."""
    return _set_heading(call, "purpose")


def _set_heading(call: Call, which: Any) -> dict[str, Any]:
    value = lookups.given(call, which)
    channel = lookups.room(call, purpose="topic")
    if len(value) > HEADING_MAX:
        raise SlackError("too_long")
    lookups.be_member(call, channel)
    rooms.set_heading(call.workspace, channel, which, value, user=call.app.bot_user)
    return shown(call, channel)


async def conversations_open(call: Call) -> dict[str, Any]:
    """Open or find direct messages with one person or with several."""
    workspace = call.workspace
    id_ = call.arguments.text("channel")
    if id_:
        channel, existed = lookups.visible(call, workspace.channels.get(id_)), True
        if not (channel.is_im or channel.is_mpim):
            raise SlackError("method_not_supported_for_channel_type")
    else:
        users = _wanted_users(call)
        call.need(*lookups.SCOPES["manage"]["im" if len(users) == 1 else "mpim"])
        opened = rooms.open_im(workspace, users[0]) if len(users) == 1 else rooms.open_mpim(workspace, users)
        channel, existed = opened
    again = {"no_op": True, "already_open": True} if existed else {}
    if call.arguments.flag("return_im"):
        return shown(call, channel) | again
    return {"channel": {"id": channel.id}} | again


def _wanted_users(call: Call) -> list[str]:
    users = list(
        dict.fromkeys(call.arguments.listing("users", required=True, missing="users_list_not_supplied"))
    )
    people = [lookups.known_person(call, user) for user in users]
    if any(person.deleted for person in people):
        raise SlackError("user_disabled")
    others = [person.id for person in people if person.id != call.app.bot_user]
    if not others:
        raise SlackError("not_enough_users")
    if len(others) > MPIM_MAX:
        raise SlackError("too_many_users")
    return others


MANAGE, INVITE, TOPIC = (lookups.any_scope(purpose) for purpose in ("manage", "invite", "topic"))
METHODS = {
    "conversations.create": Method(conversations_create, scopes=MANAGE, per_minute=20),
    "conversations.invite": Method(conversations_invite, scopes=INVITE, per_minute=50),
    "conversations.join": Method(conversations_join, scopes=("channels:join",), per_minute=50),
    "conversations.leave": Method(conversations_leave, scopes=MANAGE, per_minute=50),
    "conversations.kick": Method(conversations_kick, scopes=MANAGE, per_minute=50),
    "conversations.rename": Method(conversations_rename, scopes=MANAGE, per_minute=20),
    "conversations.archive": Method(conversations_archive, scopes=MANAGE, per_minute=20),
    "conversations.unarchive": Method(conversations_unarchive, scopes=MANAGE, per_minute=20),
    "conversations.setTopic": Method(conversations_set_topic, scopes=TOPIC, per_minute=20),
    "conversations.setPurpose": Method(conversations_set_purpose, scopes=TOPIC, per_minute=20),
    "conversations.open": Method(conversations_open, scopes=MANAGE, per_minute=50),
}
