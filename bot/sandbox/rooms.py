"""What can happen to a channel: made, joined, left, renamed, archived, given a topic. Never refuses."""

from __future__ import annotations

from typing import Any, Literal

from bot.sandbox import shapes
from bot.sandbox.acts import post
from bot.sandbox.workspace import Change, Channel, Workspace


def create(workspace: Workspace, name: str, *, user: str, is_private: bool = False) -> Channel:
    """Make a channel; whoever makes it is in it."""
    channel = workspace.add_channel(name, creator=user, is_private=is_private)
    if not is_private:  # nobody is told of a private channel that they are not in
        _tell(workspace, channel, "created", {"channel": {**_brief(channel), "creator": user}})
    join(workspace, channel, user)
    return channel


def open_im(workspace: Workspace, user: str) -> tuple[Channel, bool]:
    """The app's direct messages with somebody, and whether they were there already."""
    pair = {user, workspace.app.bot_user}
    for channel in workspace.channels.values():
        if channel.is_im and set(channel.members) == pair:
            return channel, True
    return workspace.add_channel("", creator=user, members=sorted(pair), is_im=True), False


def open_mpim(workspace: Workspace, users: list[str]) -> tuple[Channel, bool]:
    """The app's direct messages with several people at once, and whether they were there already."""
    everybody = [*dict.fromkeys([*users, workspace.app.bot_user])]
    for channel in workspace.channels.values():
        if channel.is_mpim and set(channel.members) == set(everybody):
            return channel, True
    handles = "--".join(workspace.people[user].handle for user in everybody)
    creator = workspace.app.bot_user
    channel = workspace.add_channel(f"mpdm-{handles}-1", creator=creator, members=everybody, is_private=True)
    channel.is_mpim = True
    return channel, False


def join(workspace: Workspace, channel: Channel, user: str, *, inviter: str | None = None) -> None:
    """Somebody comes in, by themselves or because they were asked to."""
    channel.members.append(user)
    invited = {"inviter": inviter} if inviter else {}
    text = f"<@{user}> has joined the channel"
    post(workspace, channel, user=user, text=text, subtype="channel_join", extra=dict(invited))
    workspace.changed(Change("channel", channel=channel.id, user=user))
    _tell_member(workspace, channel, "member_joined_channel", user, invited)


def leave(workspace: Workspace, channel: Channel, user: str, *, kicked_by: str | None = None) -> None:
    """Somebody goes, by themselves or because they were removed."""
    channel.members.remove(user)
    text = f"<@{user}> has left the channel"
    if kicked_by:
        text = f"<@{user}> was removed from the channel by <@{kicked_by}>"
    post(workspace, channel, user=user, text=text, subtype="channel_leave")
    workspace.changed(Change("channel", channel=channel.id, user=user))
    _tell_member(workspace, channel, "member_left_channel", user, {})


def _tell_member(
    workspace: Workspace, channel: Channel, type_: str, user: str, invited: dict[str, str]
) -> None:
    workspace.emit(
        {
            "type": type_,
            "user": user,
            "channel": channel.id,
            "channel_type": "G" if channel.is_private else "C",
            "team": workspace.team_id,
            "event_ts": workspace.new_ts(),
            **invited,
        }
    )


def rename(workspace: Workspace, channel: Channel, name: str, *, user: str) -> None:
    """Give a channel another name; the old one is remembered."""
    old = channel.name
    channel.name = name
    channel.previous_names = [old, *(previous for previous in channel.previous_names if previous != name)]
    text = f'has renamed the channel from "{old}" to "{name}"'
    post(
        workspace,
        channel,
        user=user,
        text=text,
        subtype="channel_name",
        extra={"old_name": old, "name": name},
    )
    workspace.changed(Change("channel", channel=channel.id))
    _tell(workspace, channel, "rename", {"channel": _brief(channel)})


def set_heading(
    workspace: Workspace, channel: Channel, which: Literal["topic", "purpose"], value: str, *, user: str
) -> None:
    """Set the topic or the description. Slack says so in the channel every time, changed or not."""
    heading = {"value": value, "creator": user, "last_set": int(workspace.clock.now())}
    setattr(channel, which, heading)
    called = "topic" if which == "topic" else "description"
    text = f"set the channel {called}: {value}" if value else f"cleared the channel {called}"
    post(workspace, channel, user=user, text=text, subtype=f"channel_{which}", extra={which: value})
    workspace.changed(Change("channel", channel=channel.id))


def archive(workspace: Workspace, channel: Channel, *, user: str) -> None:
    """Close a channel. Its name stays taken."""
    post(workspace, channel, user=user, text="archived the channel", subtype="channel_archive")
    channel.archived = True
    workspace.changed(Change("channel", channel=channel.id))
    _tell(workspace, channel, "archive", {"channel": channel.id, "user": user})


def unarchive(workspace: Workspace, channel: Channel, *, user: str) -> None:
    """Open a channel again; whoever does it is in it."""
    channel.archived = False
    post(workspace, channel, user=user, text="un-archived the channel", subtype="channel_unarchive")
    workspace.changed(Change("channel", channel=channel.id))
    _tell(workspace, channel, "unarchive", {"channel": channel.id, "user": user})
    if user not in channel.members:
        join(workspace, channel, user)


def delete(workspace: Workspace, channel: Channel) -> None:
    """An admin removes a channel for good, with everything in it."""
    del workspace.channels[channel.id]
    workspace.changed(Change("channel", channel=channel.id))
    _tell(workspace, channel, "deleted", {"channel": channel.id})


def _brief(channel: Channel) -> dict[str, Any]:
    kind = shapes.channel_type(channel)
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "created": channel.created,
        f"is_{kind}": True,
    }


def _tell(workspace: Workspace, channel: Channel, what: str, event: dict[str, Any]) -> None:
    family = "group" if channel.is_private else "channel"
    workspace.emit({"type": f"{family}_{what}", **event, "event_ts": workspace.new_ts()})
