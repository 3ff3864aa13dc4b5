"""The control API under `/sandbox/`: reading the workspace and acting in it; docs/sandbox.md has the list."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.sandbox import looking, shapes
from bot.sandbox.clock import VirtualClock
from bot.sandbox.control_body import BadRequestError, Body
from bot.sandbox.control_verbs import VERBS, view_seen
from bot.sandbox.errors import NotPossibleError, SlackError
from bot.sandbox.people import Actor, NotShownError
from bot.sandbox.sockets import REASONS
from bot.sandbox.workspace import Channel, Message

if TYPE_CHECKING:
    from bot.sandbox.server import Sandbox

Json = dict[str, Any]

CLOSED = "closed"  # the change that tells the feed's readers that the sandbox goes
ENTRIES = 500  # of the log in one answer; the rest comes with the next `after`
STILL_HERE = 15.0  # seconds of silence after which the feed says something, so that proxies keep it open
PICTURES = (
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
)  # shown by the browser; the rest is downloaded
SENTENCES = {
    "user_not_found": "There is nobody of that name in this workspace.",
    "channel_not_found": "There is no channel of that name that this person may look into.",
}

Handler = Callable[[web.Request], Awaitable[Json]]


class Control:
    """The HTTP side of a sandbox for its page and for other processes."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.workspace = sandbox.workspace

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/sandbox/state", _json(self._state)),
            web.get("/sandbox/channels/{channel}", _json(self._channel)),
            web.get("/sandbox/files/{id}", self._file),
            web.get("/sandbox/log", _json(self._log)),
            web.get("/sandbox/feed", self._feed),
            web.post("/sandbox/people/{person}/{verb}", _json(self._verb)),
            web.get("/sandbox/faults", _json(self._faults)),
            web.post("/sandbox/faults", _json(self._add_fault)),
            web.delete("/sandbox/faults", _json(self._clear_faults)),
            web.post("/sandbox/clock", _json(self._advance)),
            web.post("/sandbox/connections", _json(self._disconnect)),
        ]

    # acting --------------------------------------------------------

    async def _verb(self, request: web.Request) -> Json:
        verb = VERBS.get(request.match_info["verb"])
        if verb is None:
            known = ", ".join(sorted(VERBS))
            raise BadRequestError(f"People cannot do {request.match_info['verb']!r}; they can do {known}.")
        actor = self.sandbox.person(request.match_info["person"])
        return await verb(self.sandbox, actor, await Body.of(request))

    # reading -------------------------------------------------------

    def _reader(self, request: web.Request) -> Actor:
        name = request.query.get("person")
        if not name:
            raise BadRequestError("'person' must be in the query.")
        return self.sandbox.person(name)

    async def _state(self, request: web.Request) -> Json:
        actor = self._reader(request)
        workspace = self.workspace
        home = workspace.views.get(workspace.homes.get(actor.id, ""))
        modal = actor.modal
        return {
            "now": workspace.clock.now(),
            "clock": "virtual" if isinstance(workspace.clock, VirtualClock) else "real",
            "team": {"id": workspace.team_id, "name": workspace.team_name, "domain": workspace.domain},
            "app": self._app(),
            "people": [
                {
                    "id": person.id,
                    "handle": person.handle,
                    "name": person.real_name,
                    "title": person.title,
                    "color": person.color,
                    "is_bot": person.is_bot,
                }
                for person in workspace.people.values()
            ],
            "groups": [asdict(group) for group in workspace.groups.values()],
            "channels": [
                self._brief(channel, actor)
                for channel in workspace.channels.values()
                if looking.may_see(channel, actor.person)
            ],
            "modal": view_seen(self.sandbox, actor, modal.view if modal is not None else None),
            "home": view_seen(self.sandbox, actor, home),
        }

    def _app(self) -> Json:
        app = self.workspace.app
        features = (app.manifest or {}).get("features", {})
        return {
            "id": app.id,
            "name": app.name,
            "bot_user": app.bot_user,
            "transport": "socket" if app.request_url is None else "http",
            "connections": len(self.sandbox.connections.open),
            "commands": features.get("slash_commands") or [],
            "shortcuts": features.get("shortcuts") or [],
        }

    def _brief(self, channel: Channel, actor: Actor) -> Json:
        others = [member for member in channel.members if member != actor.id]
        latest = looking.shown(channel, actor.person)[-1:]
        return {
            "id": channel.id,
            "name": channel.name,
            "is_private": channel.is_private,
            "is_im": channel.is_im,
            "with": (others or channel.members)[0] if channel.is_im else None,
            "archived": channel.archived,
            "topic": channel.topic["value"],
            "purpose": channel.purpose["value"],
            "members": channel.members,
            "is_member": actor.id in channel.members,
            "latest": latest[0].ts if latest else None,
            "pins": [pin["ts"] for pin in channel.pins],
            "bookmarks": channel.bookmarks,
            "canvas": channel.canvas,
        }

    async def _channel(self, request: web.Request) -> Json:
        actor = self._reader(request)
        channel = actor.channel(request.match_info["channel"])
        messages = [self._message(message, actor) for message in looking.shown(channel, actor.person)]
        return {"channel": self._brief(channel, actor), "messages": messages}

    def _message(self, message: Message, actor: Actor) -> Json:
        seen = shapes.message_object(self.workspace, message)
        for file in seen.get("files", ()):
            file["url"] = f"/sandbox/files/{file['id']}"
        return {
            **seen,
            "ephemeral": message.ephemeral_for is not None,
            "values": self.sandbox.interactions.values(actor.person, message),
        }

    async def _file(self, request: web.Request) -> web.StreamResponse:
        file = self.workspace.files.get(request.match_info["id"])
        if file is None or file.content is None:
            raise web.HTTPNotFound(text="There is no such file.")
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
        if file.mimetype not in PICTURES:
            headers["Content-Disposition"] = "attachment"
        return web.Response(body=file.content, content_type=file.mimetype, headers=headers)

    async def _log(self, request: web.Request) -> Json:
        after = request.query.get("after", "0")
        if not after.isascii() or not after.isdigit():
            raise BadRequestError("'after' must be the number of an entry.")
        entries = [asdict(entry) for entry in self.workspace.log if entry.number > int(after)]
        return {"entries": entries[:ENTRIES]}

    async def _feed(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        async with self.workspace.watch() as changes:
            with contextlib.suppress(ConnectionError):  # the reader went away, which is how feeds end
                await response.prepare(request)
                await response.write(b": here\n\n")
                while True:
                    try:
                        change = await asyncio.wait_for(changes.get(), STILL_HERE)
                    except TimeoutError:
                        await response.write(b": still here\n\n")
                        continue
                    if change.kind == CLOSED:
                        break
                    await response.write(f"data: {json.dumps(asdict(change))}\n\n".encode())
        return response

    # the rest ------------------------------------------------------

    async def _faults(self, _request: web.Request) -> Json:
        return {"faults": [asdict(fault) for fault in self.sandbox.faults.rules]}

    async def _add_fault(self, request: web.Request) -> Json:
        fields = (await Body.of(request)).fields
        try:
            fault = self.sandbox.faults.add(**fields)
        except (TypeError, ValueError) as error:
            raise BadRequestError(f"That is no fault: {error}.") from error
        return {"fault": asdict(fault)}

    async def _clear_faults(self, _request: web.Request) -> Json:
        self.sandbox.faults.clear()
        return {}

    async def _advance(self, request: web.Request) -> Json:
        clock = self.workspace.clock
        if not isinstance(clock, VirtualClock):
            raise BadRequestError("This sandbox lives by the machine's clock, which nobody can advance.")
        await clock.advance((await Body.of(request)).number("advance"))
        return {"now": clock.now()}

    async def _disconnect(self, request: web.Request) -> Json:
        reason = (await Body.of(request)).text("reason")
        if reason not in REASONS:
            raise BadRequestError(f"'reason' must be one of {', '.join(REASONS)}.")
        await self.sandbox.connections.disconnect(reason)
        return {}


def _json(handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Answer with what `handler` returns, or with 400 and the sentence that it was refused with."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return web.json_response({"ok": True, **await handler(request)})
        except (BadRequestError, NotPossibleError, NotShownError) as error:
            sentence = str(error)
        except SlackError as error:
            sentence = SENTENCES.get(error.code, f"Slack would refuse this: {error.code}.")
        return web.json_response({"ok": False, "error": sentence}, status=400)

    return answer
