"""The bytes of files: the upload that files.getUploadURLExternal promised, and downloads."""

from __future__ import annotations

from aiohttp import BodyPartReader, web

from bot.sandbox.doorway import Asked, Reply
from bot.sandbox.workspace import File, Workspace

CHUNK = 64 * 1024
SIGN_IN = "<!doctype html><title>Sign in | Slack</title><p>You need to sign in to see this page.</p>"
# an uploaded page must not be able to act as the sandbox's own: no scripts, no guessing of types
HARMLESS = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}


async def receive(request: web.Request, asked: Asked, workspace: Workspace) -> Reply:
    """Take the bytes of an announced file: as the body itself, or as a part of a form."""
    ticket = request.match_info["ticket"]
    file = next((f for f in workspace.files.values() if f.ticket == ticket and not f.completed), None)
    if file is None:
        return Reply("Not found", 404)
    content = await _bytes(request, limit=file.length)
    asked.detail = {"file": file.id, "length": file.length, "received": len(content)}
    if len(content) != file.length:
        return Reply("The upload does not have the length that was announced", 400)
    file.content = content
    return Reply(f"OK - {len(content)}")


async def _bytes(request: web.Request, *, limit: int) -> bytes:
    """At most one byte more than `limit`, so that a longer upload shows without being read."""
    received = bytearray()
    if not request.content_type.startswith("multipart/"):
        while len(received) <= limit and (chunk := await request.content.read(CHUNK)):
            received += chunk
        return bytes(received)
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.filename is None:
            continue
        while len(received) <= limit and (chunk := await part.read_chunk(CHUNK)):
            received += chunk
        break
    return bytes(received)


async def send(request: web.Request, workspace: Workspace) -> web.StreamResponse:
    """A file's bytes, to the app with its token; others see a sign-in page (the page has its own address).

    Slack answers 200 with HTML when the token is missing, which is how apps end up with a web page
    where they expected a picture.
    """
    file = workspace.files.get(request.match_info["file"])
    if file is None or file.content is None:
        return web.Response(status=404, text="file_not_found")
    if not _may_read(request, workspace):
        return web.Response(text=SIGN_IN, content_type="text/html")
    return web.Response(body=file.content, headers=_headers(request, file))


def _headers(request: web.Request, file: File) -> dict[str, str]:
    shown = file.mimetype.startswith("image/") and "download" not in request.path.split("/")
    name = file.name.replace("\\", "_").replace('"', "_").replace("\r", "_").replace("\n", "_")
    name = name.encode("ascii", "replace").decode()
    disposition = f'{"inline" if shown else "attachment"}; filename="{name}"'
    return {"Content-Type": file.mimetype, "Content-Disposition": disposition, **HARMLESS}


def _may_read(request: web.Request, workspace: Workspace) -> bool:
    scopes = workspace.app.scopes
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return token == workspace.app.bot_token and (scopes is None or "files:read" in scopes)
