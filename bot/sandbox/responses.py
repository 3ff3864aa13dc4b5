"""What an app posts to a response_url: a new message, a replacement, or a deletion."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from bot.sandbox import acts
from bot.sandbox.arguments import Arguments
from bot.sandbox.doorway import Asked, Reply
from bot.sandbox.errors import SlackError
from bot.sandbox.methods.call import ResponseTarget, Triggers
from bot.sandbox.methods.content import content
from bot.sandbox.workspace import Workspace


async def answer_response_url(
    request: web.Request, asked: Asked, workspace: Workspace, triggers: Triggers
) -> Reply:
    """One use of a response_url. Success is the bare word that Slack answers."""
    try:
        target = triggers.use_response_url(request.match_info["token"])
        try:
            body = json.loads(await request.read())
        except ValueError as error:
            raise SlackError("invalid_payload", status=400) from error
        if not isinstance(body, dict):
            raise SlackError("invalid_payload", status=400)
        asked.detail = body
        carry_out(workspace, target, Arguments(body))
    except SlackError as error:
        if error.status == 200:
            error.status = 400
        return Reply.refused(error)
    return Reply("ok")


def carry_out(workspace: Workspace, target: ResponseTarget, arguments: Arguments) -> None:
    """Do what was asked, in the place that the response_url stands for."""
    channel = workspace.channels.get(target.channel)
    if channel is None:
        raise SlackError("channel_not_found", status=404)
    source = channel.messages.get(target.message_ts or "")
    if arguments.flag("delete_original"):
        if source is not None:
            acts.delete(workspace, channel, source)
        return
    if channel.archived:
        raise SlackError("channel_is_archived", status=410)
    body = content(arguments)
    replace = arguments.flag("replace_original")
    if replace and source is not None and source.user == workspace.app.bot_user:
        acts.edit(
            workspace,
            channel,
            source,
            by=workspace.app.bot_user,
            text=body.shown_text,
            blocks=body.blocks,
            attachments=body.attachments,
        )
        return
    shown: dict[str, Any] = {
        "user": workspace.app.bot_user,
        "text": body.shown_text,
        "blocks": body.blocks,
        "attachments": body.attachments,
        "thread_ts": arguments.text("thread_ts") or (source.thread_ts if source else None),
    }
    if arguments.text("response_type") == "in_channel":
        acts.post(workspace, channel, **shown)
    else:
        acts.post_ephemeral(workspace, channel, viewer=target.user, **shown)
