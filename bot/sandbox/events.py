"""The Events API: which happenings the app is told of, and the outer payload that carries them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.sandbox.delivery import Delivery
from bot.sandbox.shapes import channel_type
from bot.sandbox.workspace import Channel, Workspace

# told for every public channel, whether the app is in it or not: docs.slack.dev/reference/events
ABOUT_ALL_CHANNELS = {
    "channel_created",
    "channel_deleted",
    "channel_archive",
    "channel_unarchive",
    "channel_rename",
}
ABOUT_NO_CHANNEL = {"app_home_opened", "user_change", "team_join"}  # `app_home_opened` names one all the same
MENTIONABLE = (None, "file_share", "thread_broadcast", "me_message")  # subtypes that a mention can be in


class Events:
    """Listens to a workspace and hands the app what it subscribed to, in the channels that it is in.

    As in Slack, an app is told of its own messages as well; it is Bolt that drops them
    (`IgnoringSelfEvents`). Leaving them out here would hide what a production bot has to cope with.
    """

    def __init__(self, workspace: Workspace, delivery: Delivery) -> None:
        self._workspace = workspace
        self._delivery = delivery
        workspace.on_event(self._happened)

    def _happened(self, type_: str, event: dict[str, Any]) -> None:
        for inner in self._readings(type_, event):
            if self._wanted(inner):
                self._delivery.send_event(self._outer(inner))

    def _readings(self, type_: str, event: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The event itself, and `app_mention` when it is a message that names the app outside of its chat."""
        app = self._workspace.app
        event = {"event_ts": event.get("ts") or self._workspace.new_ts(), **event}
        channel = self._channel(event)
        if type_ == "message" and channel is not None:
            event.setdefault("channel_type", channel_type(channel))
        yield event
        named = f"<@{app.bot_user}>" in (event.get("text") or "")
        if type_ != "message" or not named or channel is None or channel.is_im:
            return
        if event.get("subtype") in MENTIONABLE and event.get("user") != app.bot_user:
            mention = {k: v for k, v in event.items() if k not in ("subtype", "channel_type")}
            yield {**mention, "type": "app_mention"}

    def _wanted(self, event: dict[str, Any]) -> bool:
        type_ = event["type"]
        app = self._workspace.app
        channel = self._channel(event)
        if app.manifest is not None and _subscription(type_, channel) not in _subscriptions(app.manifest):
            return False
        if type_ in ABOUT_NO_CHANNEL or channel is None:
            return True
        if type_ in ABOUT_ALL_CHANNELS and not channel.is_private:
            return True
        if event.get("user") == app.bot_user and type_ == "member_left_channel":
            return True  # it is no longer a member, and this is how it learns so
        return app.bot_user in channel.members

    def _channel(self, event: dict[str, Any]) -> Channel | None:
        named = event.get("channel") or event.get("channel_id") or event.get("item", {}).get("channel")
        if isinstance(named, dict):
            named = named.get("id")
        return self._workspace.channels.get(named or "")

    def _outer(self, event: dict[str, Any]) -> dict[str, Any]:
        workspace, app = self._workspace, self._workspace.app
        return {
            "token": "sandbox",
            "team_id": workspace.team_id,
            "context_team_id": workspace.team_id,
            "context_enterprise_id": None,
            "api_app_id": app.id,
            "event": event,
            "type": "event_callback",
            "event_id": workspace.new_id("Ev"),
            "event_time": int(workspace.clock.now()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": workspace.team_id,
                    "user_id": app.bot_user,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            "event_context": workspace.new_id("4-"),
        }


def _subscription(type_: str, channel: Channel | None) -> str:
    """The name in the manifest's `bot_events` that covers this event."""
    if type_ != "message" or channel is None:
        return type_
    return {"im": "message.im", "group": "message.groups", "channel": "message.channels"}[
        channel_type(channel)
    ]


def _subscriptions(manifest: dict[str, Any]) -> list[str]:
    subscribed = manifest.get("settings", {}).get("event_subscriptions", {})
    return list(subscribed.get("bot_events") or ())
