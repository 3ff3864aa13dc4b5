"""Files: files.getUploadURLExternal, completeUploadExternal, info. The upload itself is in `fileserver.py`."""

from __future__ import annotations

import mimetypes
import secrets
from typing import Any

from bot.sandbox import acts, shapes
from bot.sandbox.arguments import refuse
from bot.sandbox.errors import SlackError
from bot.sandbox.limits import check_blocks
from bot.sandbox.methods import lookups
from bot.sandbox.methods.call import Call, Method
from bot.sandbox.workspace import Channel, File

ALT_TEXT_MAX = 1000
SNIPPET_MAX = 1_000_000  # bytes: "snippets are limited to 1MB"
CHANNELS_MAX = 100
UPLOAD_PATH = "/files/upload/v1/"  # as in https://files.slack.com/upload/v1/…


async def files_get_upload_url_external(call: Call) -> dict[str, Any]:
    """Announce a file; the answer says where to send it."""
    length = call.arguments.integer("length", default=0, low=0)
    if length == 0:
        raise SlackError("missing_argument")
    name = call.arguments.text("filename", required=True)
    alt_text = call.arguments.text("alt_txt") or ""
    if len(alt_text) > ALT_TEXT_MAX:
        raise SlackError("alt_txt_too_large")
    if call.arguments.text("snippet_type") and length > SNIPPET_MAX:
        raise SlackError("snippet_too_large")
    file = File(
        id=call.workspace.new_id("F"),
        name=name,
        title=name,
        user=call.app.bot_user,
        created=int(call.workspace.clock.now()),
        mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream",
        alt_text=alt_text,
        length=length,
        ticket=secrets.token_urlsafe(24),
    )
    call.workspace.files[file.id] = file
    return {"upload_url": f"{call.workspace.base_url}{UPLOAD_PATH}{file.ticket}", "file_id": file.id}


async def files_complete_upload_external(call: Call) -> dict[str, Any]:
    """Finish uploads, and share the files where asked."""
    files = _uploaded(call)
    channels = _channels(call)
    thread_ts = lookups.thread(call, channels[0]) if channels else None
    comment = call.arguments.text("initial_comment") or ""
    # "if the initial_comment field is provided, the blocks field is ignored"
    blocks = None if comment else call.arguments.json("blocks", kind=list, invalid="invalid_blocks")
    if blocks:
        check_blocks(blocks, "message")
    for file, title in files:
        file.title = title or file.title
        file.completed = True
    shared = [file for file, _ in files]
    for channel in channels:
        acts.share_file(
            call.workspace,
            channel,
            shared,
            user=call.app.bot_user,
            text=comment,
            blocks=blocks,
            thread_ts=thread_ts,
        )
    return {"files": [shapes.file_object(call.workspace, file) for file in shared]}


def _uploaded(call: Call) -> list[tuple[File, str | None]]:
    entries = call.arguments.json("files", kind=list)
    if not entries:
        raise refuse("missing required field: files")
    found = []
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict) or not entry.get("id"):
            raise refuse(f"missing required field: id [json-pointer:/files/{number}]")
        file = call.workspace.files.get(entry["id"])
        if file is None or file.content is None or file.completed:
            raise SlackError("file_not_found")
        found.append((file, entry.get("title")))
    return found


def _channels(call: Call) -> list[Channel]:
    ids = call.arguments.listing("channels")
    single = call.arguments.text("channel_id")
    if single:
        ids = [single, *(id_ for id_ in ids if id_ != single)]
    if len(ids) > CHANNELS_MAX:
        raise SlackError("channels_limit_exceeded")
    if len(ids) > 1 and call.arguments.text("thread_ts"):
        raise SlackError("invalid_channel")  # "provide only one channel when using thread_ts"
    found = [lookups.visible(call, call.workspace.channels.get(id_)) for id_ in ids]
    for channel in found:
        lookups.be_member(call, channel)
        if channel.archived:
            raise SlackError("posting_to_channel_denied")
    return found


async def files_info(call: Call) -> dict[str, Any]:
    """One file."""
    id_ = call.arguments.text("file", required=True, missing="file_not_found")
    file = call.workspace.files.get(id_)
    if file is None or not file.completed:
        raise SlackError("file_not_found")
    answer: dict[str, Any] = {"file": shapes.file_object(call.workspace, file), "comments": []}
    if file.mimetype.startswith("text/") and file.content is not None:
        answer["content"] = file.content.decode(errors="replace")
    return answer


WRITE = ("files:write",)
METHODS = {
    "files.getUploadURLExternal": Method(
        files_get_upload_url_external, scopes=WRITE, per_minute=100, json=False
    ),
    "files.completeUploadExternal": Method(files_complete_upload_external, scopes=WRITE, per_minute=100),
    "files.info": Method(files_info, scopes=("files:read",), per_minute=100, json=False),
}
