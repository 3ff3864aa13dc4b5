"""What Slack tells an app when people do something. Nothing is sent here."""

from __future__ import annotations

from typing import Any

from bot.sandbox import elements, shapes
from bot.sandbox.elements import Spot
from bot.sandbox.workspace import Channel, Message, Person, View, Workspace

Json = dict[str, Any]

VERIFICATION_TOKEN = "sandbox"  # Slack still sends this deprecated field; nobody should check it


def command(
    workspace: Workspace,
    person: Person,
    channel: Channel,
    name: str,
    text: str,
    *,
    trigger_id: str,
    response_url: str,
) -> Json:
    """A slash command. Every field is text, because over HTTP it is a form."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": workspace.team_id,
        "team_domain": workspace.domain,
        "channel_id": channel.id,
        "channel_name": _channel_name(channel),
        "user_id": person.id,
        "user_name": person.handle,
        "command": name,
        "text": text,
        "api_app_id": workspace.app.id,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def message_action(workspace: Workspace, person: Person, message: Message, action: Json, state: Json) -> Json:
    """`block_actions` from a message. Of an ephemeral one Slack keeps nothing, so it shows nothing."""
    payload = {
        **_common(workspace, "block_actions", person),
        **_in_message(workspace, message),
        "state": {"values": state},
        "actions": [action],
    }
    if message.ephemeral_for is None:
        payload["message"] = shapes.message_object(workspace, message)
    return payload


def view_action(workspace: Workspace, person: Person, view: View, action: Json) -> Json:
    """`block_actions` from a modal or the Home tab."""
    return {
        **_common(workspace, "block_actions", person),
        "container": {"type": "view", "view_id": view.id},
        "view": view_with_state(workspace, view),
        "actions": [action],
    }


def suggestion(workspace: Workspace, person: Person, surface: Message | View, spot: Spot, query: str) -> Json:
    """`block_suggestion`: the options of an external menu are wanted."""
    payload = {
        **_common(workspace, "block_suggestion", person),
        "action_id": spot.action_id,
        "block_id": spot.block_id,
        "value": query,
    }
    if isinstance(surface, View):
        view = view_with_state(workspace, surface)
        return {**payload, "container": {"type": "view", "view_id": surface.id}, "view": view}
    payload.update(_in_message(workspace, surface))
    if surface.ephemeral_for is None:
        payload["message"] = shapes.message_object(workspace, surface)
    return payload


def shortcut(workspace: Workspace, person: Person, callback_id: str) -> Json:
    """A global shortcut: no channel, no response_url."""
    payload = _common(workspace, "shortcut", person)
    return {**payload, "callback_id": callback_id, "action_ts": workspace.new_ts()}


def message_shortcut(workspace: Workspace, person: Person, callback_id: str, message: Message) -> Json:
    """A shortcut from a message's menu."""
    channel = workspace.channels[message.channel]
    return {
        **_common(workspace, "message_action", person),
        "callback_id": callback_id,
        "action_ts": workspace.new_ts(),
        "message_ts": message.ts,
        "channel": {"id": channel.id, "name": _channel_name(channel)},
        "message": shapes.message_object(workspace, message),
    }


def submission(workspace: Workspace, person: Person, view: View, response_urls: list[Json]) -> Json:
    """`view_submission`: the state goes in `view.state.values`."""
    return {
        **_common(workspace, "view_submission", person),
        "view": view_with_state(workspace, view),
        "response_urls": response_urls,
    }


def closing(workspace: Workspace, person: Person, view: View, *, is_cleared: bool) -> Json:
    """`view_closed`, for views that asked for it with `notify_on_close`."""
    return {
        **_common(workspace, "view_closed", person),
        "view": view_with_state(workspace, view),
        "is_cleared": is_cleared,
    }


def action(workspace: Workspace, spot: Spot, entry: Json | None, value: Any) -> Json:
    """One entry of `actions`: what was pressed, or what an element now holds."""
    element = spot.element
    told: Json = {"type": spot.type, "action_id": spot.action_id, "block_id": spot.block_id}
    told.update(
        {key: element[key] for key in ("text", "value", "style", "url", "placeholder") if key in element}
    )
    if entry is not None:
        told.update(entry)
    elif spot.type == "overflow":
        told["selected_option"] = elements.option(spot, value)
    elif spot.type == "feedback_buttons":
        told["value"] = value
    told["action_ts"] = workspace.new_ts()
    return told


def view_with_state(workspace: Workspace, view: View) -> Json:
    """The view as the app gets it: with what every element holds, initial values included."""
    seen = shapes.view_object(workspace, view)
    return {**seen, "state": {"values": elements.values(view.raw.get("blocks") or [], view.state)}}


def _common(workspace: Workspace, type_: str, person: Person) -> Json:
    return {
        "type": type_,
        "token": VERIFICATION_TOKEN,
        "team": {"id": workspace.team_id, "domain": workspace.domain},
        "user": {
            "id": person.id,
            "username": person.handle,
            "name": person.handle,
            "team_id": workspace.team_id,
        },
        "api_app_id": workspace.app.id,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _in_message(workspace: Workspace, message: Message) -> Json:
    channel = workspace.channels[message.channel]
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.ephemeral_for is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    return {"container": container, "channel": {"id": channel.id, "name": _channel_name(channel)}}


def _channel_name(channel: Channel) -> str:
    """Slack tells an app no names of private conversations here: use the id."""
    if channel.is_im:
        return "directmessage"
    return "privategroup" if channel.is_private else channel.name
