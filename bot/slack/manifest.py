"""The app manifest: what Slack must know of us, made from the same ids that the listeners register.

https://docs.slack.dev/reference/app-manifest
"""

from __future__ import annotations

from typing import Any, Literal

from bot.slack.ids import Heard, Shortcut, Slash
from bot.web.slack_events import PATH

Mode = Literal["socket", "http"]

SCOPES = (
    "app_mentions:read",  # the event app_mention: whoever calls the bot by name is told how to use it
    "bookmarks:read",  # bookmarks.list: is the link there already?
    "bookmarks:write",  # bookmarks.add, .edit: to the card and the checklist, above the channel
    "canvases:read",  # canvases.sections.lookup: is the canvas of a lost answer ours?
    "canvases:write",  # conversations.canvases.create: the draft of the postmortem
    "channels:history",  # conversations.history: was a message of a lost answer posted after all? And messages
    "channels:join",  # conversations.join: be in the announcements channel
    "channels:manage",  # conversations.create, .invite, .setTopic
    "channels:read",  # conversations.list, .info
    "chat:write",  # chat.postMessage, .update, .postEphemeral
    "chat:write.public",  # chat.postMessage where nobody has invited the bot
    "commands",  # slash commands and shortcuts
    "files:read",  # files.info and the bytes of files that people share: their SHA-256
    "files:write",  # files.getUploadURLExternal, .completeUploadExternal: the picture of /mttr
    "groups:history",  # the four of channels, where the announcements channel or an incident's is private
    "groups:read",
    "groups:write",
    "im:history",  # conversations.history of a direct message: was it posted after all?
    "im:write",  # conversations.open: whoever takes a role is told in private what it means
    "pins:read",  # the events pin_added and pin_removed
    "pins:write",  # pins.add
    "reactions:read",  # the event reaction_added, and reactions.get: what the marked message says
    "usergroups:read",  # usergroups.list, .users.list: who is on call for an affected service
    "users:read",  # users.info: names for exports, and that no app is asked for anything
)

COMMANDS = {
    Slash.INCIDENT: (
        "Declare and lead an incident",
        # Slack shows it while people type, on one line: what is needed first. `/incident help` has all of it.
        "[P0–P4 <title> | lead | next | note <text> | timeline | list | help]",
    ),
    Slash.FLAG: (
        "Hold a risky flag at its safe value, and let go of it",
        "[show [flag] | find <words> | kill <flag> <reason> | undo <flag> | extend <flag> 2h | log]",
    ),
    Slash.MTTR: (
        "Recovery times, with what may be said of them",
        "[28d | 90d | 2026-09 | all] [P0 P1] [service]",
    ),
}

SHORTCUTS = {
    Shortcut.DECLARE: ("global", "Declare an incident", "Open the incident's channel and its checklist"),
    Shortcut.DECLARE_FROM_MESSAGE: (
        "message",
        "Declare incident",  # Slack shows 24 characters of it in the menu
        "Declare an incident from this message, which begins its timeline",
    ),
}

# Bolt knows all messages under one name; Slack wants to be told which.
MESSAGES = ("message.channels", "message.groups")


def manifest(mode: Mode = "socket", base_url: str | None = None) -> dict[str, Any]:
    """For Socket Mode, or for signed HTTP at `base_url` (`https://bot.example.com`)."""
    url = _request_url(mode, base_url)
    at = {"request_url": url} if url else {}
    return {
        "_metadata": {"major_version": 1},
        "display_information": {
            "name": "Firebreak",
            "description": "Leads an incident from declared to prevented, and writes down what happened.",
            "background_color": "#7a1f0f",
        },
        "features": {
            "bot_user": {"display_name": "firebreak", "always_online": True},
            # nobody answers what is written to the bot alone; it only speaks there
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "slash_commands": [_slash_command(command, url) for command in Slash],
            "shortcuts": [_shortcut(shortcut) for shortcut in Shortcut],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**at, "bot_events": _events()},
            "interactivity": {"is_enabled": True, **at},
            "org_deploy_enabled": False,
            "socket_mode_enabled": mode == "socket",
            "token_rotation_enabled": False,
        },
    }


def _request_url(mode: Mode, base_url: str | None) -> str | None:
    if mode == "socket":
        return None
    if not base_url:
        raise ValueError("a manifest for signed HTTP needs the address where Slack reaches the bot")
    return base_url.rstrip("/") + PATH


def _events() -> list[str]:
    return [name for event in Heard for name in (MESSAGES if event is Heard.MESSAGE else (event.value,))]


def _slash_command(command: Slash, url: str | None) -> dict[str, Any]:
    description, usage = COMMANDS[command]
    return {
        "command": command.value,
        "description": description,
        "usage_hint": usage,
        "should_escape": True,  # people and channels arrive as ids, which survive a change of name
        **({"url": url} if url else {}),
    }


def _shortcut(shortcut: Shortcut) -> dict[str, Any]:
    kind, name, description = SHORTCUTS[shortcut]
    return {"type": kind, "name": name, "callback_id": shortcut.value, "description": description}
