"""What is put on messages and channels: pins, reactions, bookmarks."""

from __future__ import annotations

import re
from typing import Any

from bot.sandbox import acts, shapes
from bot.sandbox.arguments import refuse
from bot.sandbox.errors import SlackError
from bot.sandbox.methods import lookups
from bot.sandbox.methods.call import Call, Method
from bot.sandbox.workspace import Change, Channel, Message

PINS_MAX = 100  # Slack documents `too_many_pins` but no number; this is the one that people report
BOOKMARKS_MAX = 100
EMOJI = re.compile(r"[a-z0-9_+'-]{1,100}(::skin-tone-[2-6])?")
EMOJI_TAG = re.compile(r":[a-z0-9_+'-]{1,100}(::skin-tone-[2-6])?:")
EMOJI_PER_MESSAGE = 50  # https://slack.com/help/articles/202931348
EMOJI_PER_PERSON = 23  # the same page
BOOKMARK_TITLE_MAX, BOOKMARK_LINK_MAX = 256, 2048


# pins -----------------------------------------------------------------


async def pins_add(call: Call) -> dict[str, Any]:
    """Pin a message to its channel."""
    channel = lookups.conversation(call, missing="channel_not_found")
    message = lookups.item_message(call, channel)
    lookups.be_member(call, channel)
    if channel.archived:
        raise SlackError("is_archived")
    if message.subtype not in acts.AUTHORED:
        raise SlackError("not_pinnable")
    if _pinned(channel, message):
        raise SlackError("already_pinned")
    if len(channel.pins) >= PINS_MAX:
        raise SlackError("too_many_pins")
    acts.pin(call.workspace, channel, message, user=call.app.bot_user)
    return {}


async def pins_remove(call: Call) -> dict[str, Any]:
    """Take a pin off."""
    channel = lookups.conversation(call, missing="channel_not_found")
    message = lookups.item_message(call, channel)
    if not _pinned(channel, message):
        raise SlackError("no_pin")
    acts.unpin(call.workspace, channel, message, user=call.app.bot_user)
    return {}


async def pins_list(call: Call) -> dict[str, Any]:
    """What is pinned in a channel, the latest first."""
    channel = lookups.conversation(call, missing="channel_not_found")
    return {"items": [_pin_item(call, channel, pin) for pin in channel.pins]}


def _pinned(channel: Channel, message: Message) -> bool:
    return any(pin["ts"] == message.ts for pin in channel.pins)


def _pin_item(call: Call, channel: Channel, pin: dict[str, Any]) -> dict[str, Any]:
    message = channel.messages[pin["ts"]]
    seen = shapes.message_object(call.workspace, message)
    seen["permalink"] = shapes.permalink(call.workspace, message)
    return {
        "type": "message",
        "created": pin["created"],
        "created_by": pin["user"],
        "channel": channel.id,
        "message": seen,
    }


# reactions ------------------------------------------------------------


async def reactions_add(call: Call) -> dict[str, Any]:
    """React to a message with an emoji."""
    name, channel, message = _reaction(call)
    lookups.be_member(call, channel)
    user = call.app.bot_user
    if user in message.reactions.get(name, ()):
        raise SlackError("already_reacted")
    if name not in message.reactions and len(message.reactions) >= EMOJI_PER_MESSAGE:
        raise SlackError("too_many_emoji")
    if sum(user in users for users in message.reactions.values()) >= EMOJI_PER_PERSON:
        raise SlackError("too_many_reactions")
    acts.react(call.workspace, channel, message, user=user, name=name)
    return {}


async def reactions_remove(call: Call) -> dict[str, Any]:
    """Take a reaction of the app's own back."""
    name, channel, message = _reaction(call)
    if call.app.bot_user not in message.reactions.get(name, ()):
        raise SlackError("no_reaction")
    acts.unreact(call.workspace, channel, message, user=call.app.bot_user, name=name)
    return {}


def _reaction(call: Call) -> tuple[str, Channel, Message]:
    name = call.arguments.text("name", required=True, missing="invalid_name")
    if not EMOJI.fullmatch(name):
        raise SlackError("invalid_name")
    channel = lookups.conversation(call, missing="no_item_specified")
    message = lookups.item_message(call, channel)
    if channel.archived:
        raise SlackError("is_archived")
    return name, channel, message


async def reactions_get(call: Call) -> dict[str, Any]:
    """The reactions to one message."""
    channel = lookups.conversation(call, missing="no_item_specified")
    message = lookups.item_message(call, channel)
    seen = shapes.message_object(call.workspace, message)
    seen["permalink"] = shapes.permalink(call.workspace, message)
    return {"type": "message", "channel": channel.id, "message": seen}


async def reactions_list(call: Call) -> dict[str, Any]:
    """What somebody reacted to."""
    user = call.arguments.text("user") or call.app.bot_user
    lookups.known_person(call, user)
    items = [
        {
            "type": "message",
            "channel": channel.id,
            "message": shapes.message_object(call.workspace, message),
        }
        for channel in call.workspace.channels.values()
        if call.app.bot_user in channel.members or not (channel.is_private or channel.is_im)
        for message in channel.standing_messages()
        if any(user in users for users in message.reactions.values())
    ]
    found, metadata = lookups.page(call, items)
    return {"items": found, **metadata}


# bookmarks ------------------------------------------------------------


async def bookmarks_add(call: Call) -> dict[str, Any]:
    """Add a link to the bar above a channel."""
    channel = _bookmark_channel(call)
    title = call.arguments.text("title", required=True)
    if call.arguments.text("type", required=True) != "link":
        raise SlackError("invalid_bookmark_type")
    _check_bookmark(title, call.arguments.text("link") or "", call.arguments.text("emoji"))
    if len(channel.bookmarks) >= BOOKMARKS_MAX:
        raise SlackError("too_many_bookmarks")
    bookmark = {
        "id": call.workspace.new_id("Bk"),
        "channel_id": channel.id,
        "title": title,
        "link": call.arguments.text("link"),
        "emoji": call.arguments.text("emoji") or "",
        "icon_url": "",
        "type": "link",
        "entity_id": None,
        "date_created": int(call.workspace.clock.now()),
        "date_updated": 0,
        "rank": f"{len(channel.bookmarks):04d}",
        "last_updated_by_user_id": call.app.bot_user,
        "last_updated_by_team_id": call.workspace.team_id,
        "shortcut_id": None,
        "app_id": call.app.id,
    }
    channel.bookmarks.append(bookmark)
    call.workspace.changed(Change("channel", channel=channel.id))
    return {"bookmark": bookmark}


async def bookmarks_edit(call: Call) -> dict[str, Any]:
    """Change a bookmark; what is not given stays."""
    channel = _bookmark_channel(call)
    bookmark = _bookmark(call, channel)
    changed = {
        name: call.arguments.text(name) for name in ("title", "link", "emoji") if name in call.arguments
    }
    wanted = bookmark | changed
    _check_bookmark(wanted["title"], wanted["link"], wanted["emoji"])
    bookmark.update(changed, date_updated=int(call.workspace.clock.now()))
    call.workspace.changed(Change("channel", channel=channel.id))
    return {"bookmark": bookmark}


async def bookmarks_remove(call: Call) -> dict[str, Any]:
    """Take a bookmark away."""
    channel = _bookmark_channel(call)
    channel.bookmarks.remove(_bookmark(call, channel))
    call.workspace.changed(Change("channel", channel=channel.id))
    return {}


async def bookmarks_list(call: Call) -> dict[str, Any]:
    """The bookmarks of a channel."""
    channel = lookups.conversation(call, "channel_id")
    return {"bookmarks": list(channel.bookmarks)}


def _bookmark_channel(call: Call) -> Channel:
    channel = lookups.conversation(call, "channel_id")
    lookups.be_member(call, channel, refusal="permission_denied")
    if channel.archived:
        raise SlackError("permission_denied")
    return channel


def _bookmark(call: Call, channel: Channel) -> dict[str, Any]:
    id_ = call.arguments.text("bookmark_id", required=True)
    for bookmark in channel.bookmarks:
        if bookmark["id"] == id_:
            return bookmark
    raise SlackError("not_found")


def _check_bookmark(title: str | None, link: str, emoji: str | None) -> None:
    if len(title or "") > BOOKMARK_TITLE_MAX:
        raise refuse(f"must be less than {BOOKMARK_TITLE_MAX + 1} characters [json-pointer:/title]")
    if len(link) > BOOKMARK_LINK_MAX:
        raise refuse(f"must be less than {BOOKMARK_LINK_MAX + 1} characters [json-pointer:/link]")
    if not link.startswith(("http://", "https://")):
        raise SlackError("invalid_link")
    if emoji and not EMOJI_TAG.fullmatch(emoji):
        raise SlackError("invalid_emoji")


PIN, REACT, MARK = ("pins:write",), ("reactions:write",), ("bookmarks:write",)
METHODS = {
    "pins.add": Method(pins_add, scopes=PIN, per_minute=20),
    "pins.remove": Method(pins_remove, scopes=PIN, per_minute=20),
    "pins.list": Method(pins_list, scopes=("pins:read",), per_minute=20, json=False),
    "reactions.add": Method(reactions_add, scopes=REACT, per_minute=50),
    "reactions.remove": Method(reactions_remove, scopes=REACT, per_minute=20),
    "reactions.get": Method(reactions_get, scopes=("reactions:read",), per_minute=50, json=False),
    "reactions.list": Method(reactions_list, scopes=("reactions:read",), per_minute=20, json=False),
    "bookmarks.add": Method(bookmarks_add, scopes=MARK, per_minute=20),
    "bookmarks.edit": Method(bookmarks_edit, scopes=MARK, per_minute=20),
    "bookmarks.remove": Method(bookmarks_remove, scopes=MARK, per_minute=20),
    "bookmarks.list": Method(bookmarks_list, scopes=("bookmarks:read",), per_minute=50),
}
