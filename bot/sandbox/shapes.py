"""How things look on the wire: channel, user, message, file and view objects as Slack's API and events show them.

Pure: nothing in here changes the workspace.
"""

from __future__ import annotations

import datetime
import zoneinfo
from typing import Any

from bot.sandbox.workspace import Channel, File, Group, Message, Person, View, Workspace

LISTED_REPLIERS = 5  # Slack names at most five repliers of a thread in `reply_users`


def channel_type(channel: Channel) -> str:
    """What the Events API calls the kind of a conversation in `channel_type`."""
    if channel.is_im:
        return "im"
    if channel.is_mpim:
        return "mpim"
    return "group" if channel.is_private else "channel"


def channel_object(workspace: Workspace, channel: Channel, *, num_members: bool = False) -> dict[str, Any]:
    """The conversation object, seen by the app's bot user."""
    bot = workspace.app.bot_user
    if channel.is_im:
        seen: dict[str, Any] = _im_object(workspace, channel, bot)
    else:
        seen = _room_object(workspace, channel, bot)
    if num_members:
        seen["num_members"] = len(channel.members)
    return seen


def _im_object(workspace: Workspace, channel: Channel, bot: str) -> dict[str, Any]:
    other = next((member for member in channel.members if member != bot), bot)
    return {
        "id": channel.id,
        "created": channel.created,
        "is_archived": channel.archived,
        "is_im": True,
        "is_org_shared": False,
        "context_team_id": workspace.team_id,
        "user": other,
        "is_user_deleted": workspace.people[other].deleted,
        "is_open": True,
        "priority": 0,
    }


def _room_object(workspace: Workspace, channel: Channel, bot: str) -> dict[str, Any]:
    seen = {
        "id": channel.id,
        "name": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_im": False,
        "is_mpim": channel.is_mpim,
        "is_private": channel.is_private,
        "created": channel.created,
        "is_archived": channel.archived,
        "is_general": channel.name == "general",
        "unlinked": 0,
        "name_normalized": channel.name,
        "is_shared": False,
        "is_frozen": False,
        "is_org_shared": False,
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "context_team_id": workspace.team_id,
        "parent_conversation": None,
        "creator": channel.creator,
        "is_ext_shared": False,
        "shared_team_ids": [workspace.team_id],
        "pending_connected_team_ids": [],
        "is_member": bot in channel.members,
        "topic": dict(channel.topic),
        "purpose": dict(channel.purpose),
        "previous_names": list(channel.previous_names),
    }
    if channel.canvas is not None:
        empty = not workspace.canvases[channel.canvas]["markdown"]
        seen["properties"] = {"canvas": {"file_id": channel.canvas, "is_empty": empty}}
    return seen


def user_object(workspace: Workspace, person: Person) -> dict[str, Any]:
    """The user object. E-mail addresses are shown only to apps that may read them."""
    profile = {
        "title": person.title,
        "phone": "",
        "skype": "",
        "real_name": person.real_name,
        "real_name_normalized": person.real_name,
        "display_name": person.handle,
        "display_name_normalized": person.handle,
        "status_text": "",
        "status_emoji": "",
        "team": workspace.team_id,
    }
    scopes = workspace.app.scopes
    if person.email and (scopes is None or "users:read.email" in scopes):
        profile["email"] = person.email
    if person.is_bot:
        profile |= {"bot_id": workspace.app.bot_id, "api_app_id": workspace.app.id}
    offset = datetime.datetime.fromtimestamp(workspace.clock.now(), zoneinfo.ZoneInfo(person.tz)).utcoffset()
    return {
        "id": person.id,
        "team_id": workspace.team_id,
        "name": person.handle,
        "deleted": person.deleted,
        "color": person.color.removeprefix("#"),
        "real_name": person.real_name,
        "tz": person.tz,
        "tz_label": person.tz,
        "tz_offset": int((offset or datetime.timedelta()).total_seconds()),
        "profile": profile,
        "is_admin": False,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_bot": person.is_bot,
        "is_app_user": False,
        "updated": 0,
    }


def group_object(workspace: Workspace, group: Group, *, users: bool, count: bool) -> dict[str, Any]:
    """The user group object."""
    seen: dict[str, Any] = {
        "id": group.id,
        "team_id": workspace.team_id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": "",
        "handle": group.handle,
        "is_external": False,
        "date_create": 0,
        "date_update": 0,
        "date_delete": 0,
        "auto_type": None,
        "created_by": "USLACKBOT",
        "updated_by": "USLACKBOT",
        "deleted_by": None,
        "prefs": {"channels": [], "groups": []},
    }
    if users:
        seen["users"] = list(group.users)
    if count:
        seen["user_count"] = len(group.users)
    return seen


def bot_profile(workspace: Workspace) -> dict[str, Any]:
    """What a bot's message says about the bot."""
    app = workspace.app
    return {
        "id": app.bot_id,
        "deleted": False,
        "name": app.name,
        "updated": 0,
        "app_id": app.id,
        "icons": {},
        "team_id": workspace.team_id,
    }


def message_object(workspace: Workspace, message: Message, *, metadata: bool = False) -> dict[str, Any]:
    """The message object. Metadata is shown only where it was asked for (`include_all_metadata`)."""
    seen: dict[str, Any] = {"type": "message"}
    if message.subtype:
        seen["subtype"] = message.subtype
    if message.subtype != "bot_message":
        seen["user"] = message.user
    seen |= {"text": message.text, "ts": message.ts, "team": workspace.team_id}
    if message.client_msg_id:
        seen["client_msg_id"] = message.client_msg_id
    if message.bot_id:
        seen |= {"bot_id": message.bot_id, "app_id": message.app_id, "bot_profile": bot_profile(workspace)}
    if message.username:
        seen["username"] = message.username
    if message.icon_emoji:
        seen["icons"] = {"emoji": message.icon_emoji}
    if message.blocks:
        seen["blocks"] = message.blocks
    if message.attachments:
        seen["attachments"] = message.attachments
    if message.files:
        seen["files"] = [file_object(workspace, workspace.files[id_]) for id_ in message.files]
        seen["upload"] = False
    if message.edited:
        seen["edited"] = dict(message.edited)
    if message.reactions:
        seen["reactions"] = reactions_list(message)
    if metadata and message.metadata:
        seen["metadata"] = message.metadata
    return seen | _thread_fields(workspace, message) | _pin_fields(workspace, message) | message.extra


def _thread_fields(workspace: Workspace, message: Message) -> dict[str, Any]:
    channel = workspace.channels[message.channel]
    if message.thread_ts and message.thread_ts != message.ts:
        parent = channel.messages.get(message.thread_ts)
        return {"thread_ts": message.thread_ts, "parent_user_id": parent.user if parent else ""}
    answers = replies(channel, message.ts)
    if not answers:
        return {}
    repliers = list(dict.fromkeys(answer.user for answer in answers))
    return {
        "thread_ts": message.ts,
        "reply_count": len(answers),
        "reply_users_count": len(repliers),
        "latest_reply": answers[-1].ts,
        "reply_users": repliers[:LISTED_REPLIERS],
        "is_locked": False,
        "subscribed": False,
    }


def _pin_fields(workspace: Workspace, message: Message) -> dict[str, Any]:
    channel = workspace.channels[message.channel]
    pinned = any(pin["ts"] == message.ts for pin in channel.pins)
    return {"pinned_to": [channel.id]} if pinned else {}


def replies(channel: Channel, thread_ts: str) -> list[Message]:
    """The answers in a thread, oldest first, without the message that started it."""
    return [m for m in channel.standing_messages() if m.thread_ts == thread_ts and m.ts != thread_ts]


def reactions_list(message: Message) -> list[dict[str, Any]]:
    """Reactions as the API lists them, in the order in which each emoji first came."""
    return [
        {"name": name, "users": list(users), "count": len(users)} for name, users in message.reactions.items()
    ]


def file_object(workspace: Workspace, file: File) -> dict[str, Any]:
    """The file object."""
    kind = file.name.rpartition(".")[2].lower() if "." in file.name else "binary"
    address = f"{workspace.base_url}/files/{file.id}"
    rooms = [workspace.channels[id_] for id_ in file.channels]
    shares: dict[str, dict[str, list[dict[str, str]]]] = {}
    for id_, stamps in file.shares.items():
        side = "private" if workspace.channels[id_].is_private else "public"
        name = workspace.channels[id_].name
        shares.setdefault(side, {})[id_] = [{"ts": ts, "channel_name": name} for ts in stamps]
    return {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title,
        "mimetype": file.mimetype,
        "filetype": kind,
        "pretty_type": kind.upper(),
        "user": file.user,
        "user_team": workspace.team_id,
        "editable": False,
        "size": len(file.content or b""),
        "mode": "hosted",
        "is_external": False,
        "external_type": "",
        "is_public": any(not room.is_private and not room.is_im for room in rooms),
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "alt_txt": file.alt_text,
        "url_private": f"{address}/{file.name}",
        "url_private_download": f"{address}/download/{file.name}",
        "permalink": f"{address}/{file.name}",
        "channels": [room.id for room in rooms if not room.is_private and not room.is_im],
        "groups": [room.id for room in rooms if room.is_private and not room.is_im],
        "ims": [room.id for room in rooms if room.is_im],
        "shares": shares,
        "comments_count": 0,
        "is_starred": False,
        "has_rich_preview": False,
        "file_access": "visible",
    }


def view_object(workspace: Workspace, view: View) -> dict[str, Any]:
    """The view object, with everything Slack adds to what the app sent."""
    raw = view.raw
    seen: dict[str, Any] = {
        "id": view.id,
        "team_id": workspace.team_id,
        "type": view.kind,
        "title": raw.get("title"),
        "submit": raw.get("submit"),
        "close": raw.get("close"),
        "blocks": raw.get("blocks", []),
        "private_metadata": raw.get("private_metadata") or "",
        "callback_id": raw.get("callback_id") or "",
        "external_id": raw.get("external_id") or "",
        "state": {"values": view.state},
        "hash": view.hash,
        "clear_on_close": bool(raw.get("clear_on_close")),
        "notify_on_close": bool(raw.get("notify_on_close")),
        "root_view_id": view.root_id,
        "previous_view_id": view.previous_id,
        "app_id": workspace.app.id,
        "app_installed_team_id": workspace.team_id,
        "bot_id": workspace.app.bot_id,
    }
    if view.kind == "modal":
        seen["submit_disabled"] = bool(raw.get("submit_disabled"))
    return seen


def permalink(workspace: Workspace, message: Message) -> str:
    """Where a person finds this message."""
    link = f"{workspace.base_url}/archives/{message.channel}/p{message.ts.replace('.', '')}"
    if message.thread_ts and message.thread_ts != message.ts:
        link += f"?thread_ts={message.thread_ts}&cid={message.channel}"
    return link
