"""Canvases: conversations.canvases.create, canvases.edit, canvases.sections.lookup.

A canvas is kept as sections of Markdown, one a paragraph or heading, each with an id that edits can name.
"""

from __future__ import annotations

import re
from typing import Any

from bot.sandbox import acts
from bot.sandbox.arguments import refuse
from bot.sandbox.errors import SlackError
from bot.sandbox.methods import lookups
from bot.sandbox.methods.call import Call, Method
from bot.sandbox.workspace import Change, Workspace

HEADING = re.compile(r"(#{1,3}) ")
WITH_CONTENT = {"insert_at_start", "insert_at_end", "insert_before", "insert_after", "replace"}
WITH_SECTION = {"insert_before", "insert_after", "delete"}

Sections = list[dict[str, str]]


async def conversations_canvases_create(call: Call) -> dict[str, Any]:
    """Give a channel its canvas. It has one."""
    channel = lookups.conversation(call, "channel_id")
    lookups.be_member(call, channel, refusal="restricted_action")
    if channel.archived:
        raise SlackError("channel_canvas_creation_failed")
    if channel.canvas is not None:
        raise SlackError("channel_canvas_already_exists")
    content = call.arguments.json("document_content")
    workspace = call.workspace
    id_ = workspace.new_id("F")
    workspace.canvases[id_] = {
        "id": id_,
        "channel": channel.id,
        "title": call.arguments.text("title") or "",
        "user": call.app.bot_user,
        "created": int(workspace.clock.now()),
        "markdown": "",
        "sections": [],
    }
    _write(workspace, id_, _sections(workspace, _markdown(content)) if content else [])
    channel.canvas = id_
    text = f"<@{call.app.bot_user}> added a canvas to this channel"
    extra = {"canvas_id": id_}
    acts.post(
        workspace, channel, user=call.app.bot_user, text=text, subtype="channel_canvas_updated", extra=extra
    )
    workspace.changed(Change("channel", channel=channel.id))
    return {"canvas_id": id_}


async def canvases_edit(call: Call) -> dict[str, Any]:
    """Carry out one change."""
    canvas = _canvas(call)
    changes = call.arguments.json("changes", kind=list)
    if not changes or len(changes) != 1 or not isinstance(changes[0], dict):
        raise refuse("must provide exactly one change [json-pointer:/changes]")
    change = changes[0]
    operation = change.get("operation")
    if operation == "rename":
        title = change.get("title_content")
        canvas["title"] = _markdown(title, "/changes/0/title_content")
    elif operation in WITH_CONTENT | WITH_SECTION:
        _write(call.workspace, canvas["id"], _edited(call.workspace, canvas["sections"], change))
    else:
        raise refuse("must be a valid enum value [json-pointer:/changes/0/operation]")
    call.workspace.changed(Change("channel", channel=canvas["channel"]))
    return {}


def _edited(workspace: Workspace, sections: Sections, change: dict[str, Any]) -> Sections:
    operation = change["operation"]
    new: Sections = []
    if operation in WITH_CONTENT:
        new = _sections(workspace, _markdown(change.get("document_content"), "/changes/0/document_content"))
    section_id = change.get("section_id")
    if section_id is None:
        if operation in WITH_SECTION:
            raise refuse("missing required field: section_id [json-pointer:/changes/0]")
        return {"insert_at_start": [*new, *sections], "insert_at_end": [*sections, *new], "replace": new}[
            operation
        ]
    spots = [number for number, section in enumerate(sections) if section["id"] == section_id]
    if not spots:
        raise SlackError("canvas_editing_failed", detail="section not found")
    spot = spots[0]
    begin, end = {"insert_before": (spot, spot), "insert_after": (spot + 1, spot + 1)}.get(
        operation, (spot, spot + 1)
    )
    return [*sections[:begin], *new, *sections[end:]]


async def canvases_sections_lookup(call: Call) -> dict[str, Any]:
    """Find sections by the kind of their heading or by a text in them."""
    canvas = _canvas(call)
    criteria = call.arguments.json("criteria")
    if not criteria:
        raise refuse("missing required field: criteria")
    kinds = set(criteria.get("section_types") or ())
    text = criteria.get("contains_text") or ""
    found = [
        {"id": section["id"]}
        for section in canvas["sections"]
        if (not kinds or _kinds(section["markdown"]) & kinds) and text in section["markdown"]
    ]
    return {"sections": found}


def _canvas(call: Call) -> dict[str, Any]:
    canvas = call.workspace.canvases.get(call.arguments.text("canvas_id", required=True))
    if canvas is None or call.app.bot_user not in call.workspace.channels[canvas["channel"]].members:
        raise SlackError("canvas_not_found")
    found: dict[str, Any] = canvas
    return found


def _kinds(markdown: str) -> set[str]:
    heading = HEADING.match(markdown)
    return {f"h{len(heading[1])}", "any_header"} if heading else set()


def _markdown(content: Any, at: str = "/document_content") -> str:
    if not isinstance(content, dict) or content.get("type") != "markdown":
        raise refuse(f"must be a valid enum value [json-pointer:{at}/type]")
    if not isinstance(content.get("markdown"), str):
        raise refuse(f"missing required field: markdown [json-pointer:{at}]")
    return str(content["markdown"])


def _sections(workspace: Workspace, markdown: str) -> Sections:
    parts = [part.strip("\n") for part in re.split(r"\n\s*\n", markdown)]
    return [{"id": workspace.new_id("temp:C:"), "markdown": part} for part in parts if part.strip()]


def _write(workspace: Workspace, id_: str, sections: Sections) -> None:
    canvas = workspace.canvases[id_]
    canvas["sections"] = sections
    canvas["markdown"] = "\n\n".join(section["markdown"] for section in sections)


WRITE = ("canvases:write",)
METHODS = {
    "conversations.canvases.create": Method(conversations_canvases_create, scopes=WRITE, per_minute=20),
    "canvases.edit": Method(canvases_edit, scopes=WRITE, per_minute=50),
    "canvases.sections.lookup": Method(canvases_sections_lookup, scopes=("canvases:read",), per_minute=50),
}
