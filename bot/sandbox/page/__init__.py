"""The page: a local Slack in the browser, drawn on the server; its script swaps what changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from bot.sandbox.page.place import Place, place_of
from bot.sandbox.page.render import PARTS, Renderer
from bot.sandbox.workspace import Change, Workspace

if TYPE_CHECKING:
    from bot.sandbox.server import Sandbox

STATIC = Path(__file__).parent / "static"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
# Nothing inline and nothing from elsewhere. Pictures also from this machine, where a bot may serve its own.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' http://127.0.0.1:* http://localhost:*",
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def routes(sandbox: Sandbox) -> list[web.RouteDef]:
    """The page's routes: the document, its parts, its files, and the way from a permalink to its message."""
    renderer = Renderer(
        sandbox.workspace,
        values=sandbox.interactions.values,
        connected=lambda: bool(sandbox.connections.open) or sandbox.workspace.app.request_url is not None,
    )
    return Page(sandbox.workspace, renderer).routes()


class Page:
    """Answers the browser. All state but the read marks is the workspace's."""

    def __init__(self, workspace: Workspace, renderer: Renderer) -> None:
        self.workspace = workspace
        self.renderer = renderer

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self._page),
            web.get("/page/parts", self._parts),
            web.get("/page/spotlight", self._spotlight),
            web.get("/page/log/{number}", self._entry),
            web.post("/page/log/clear", self._clear_log),
            web.get("/page/static/{name}", self._static),
            web.get("/archives/{channel}/{message}", self._permalink),
        ]

    async def _page(self, request: web.Request) -> web.Response:
        place = place_of(self.workspace, request.query)
        since = self.renderer.since(place)
        self._read(place)
        html = self.renderer.page(place, since)
        return web.Response(text=html, content_type="text/html", headers=HEADERS)

    async def _parts(self, request: web.Request) -> web.Response:
        """Some parts as JSON: `names`, `since` (where the line "New" stays), `visible` (somebody is looking)."""
        place = place_of(self.workspace, request.query)
        names = [name for name in request.query.get("names", "").split(",") if name in PARTS]
        since = request.query.get("since", self.renderer.since(place))
        if request.query.get("visible") == "1":
            self._read(place)
        parts = self.renderer.parts(place, names, since)
        answer = {"title": self.renderer.title(place), "parts": parts}
        return web.json_response(answer, headers=HEADERS)

    async def _spotlight(self, _request: web.Request) -> web.Response:
        """Where a window that watches should be, and the words below."""
        light = self.workspace.spotlight
        light.audience.set()
        where = {"channel": light.place} if light.place or not light.person else {"app": "home"}
        href = f"{place_of(self.workspace, {'as': light.person, **where}).url()}&watch=1"
        answer = {"href": href, "caption": light.caption, "block": light.block, "action": light.action}
        return web.json_response(answer, headers=HEADERS)

    def _read(self, place: Place) -> None:
        if self.renderer.read(place):
            self.workspace.changed(Change("read", user=place.reader.person.id))

    async def _entry(self, request: web.Request) -> web.Response:
        number = request.match_info["number"]
        html = self.renderer.entry(int(number)) if number.isascii() and number.isdigit() else None
        if html is None:
            raise web.HTTPNotFound(text="That entry is not in the log any more.")
        return web.Response(text=html, content_type="text/html", headers=HEADERS)

    async def _clear_log(self, _request: web.Request) -> web.Response:
        self.workspace.log.clear()
        self.workspace.changed(Change("log"))
        return web.json_response({"ok": True}, headers=HEADERS)

    async def _static(self, request: web.Request) -> web.Response:
        path = STATIC / request.match_info["name"]
        if path.parent != STATIC or path.suffix not in TYPES or not path.is_file():
            raise web.HTTPNotFound
        headers = {**HEADERS, "Cache-Control": "no-cache"}
        return web.Response(body=path.read_bytes(), content_type=TYPES[path.suffix], headers=headers)

    async def _permalink(self, request: web.Request) -> web.Response:
        """Where `chat.getPermalink` points: the message in its channel, or in its thread."""
        digits = request.match_info["message"].removeprefix("p")
        query = {"channel": request.match_info["channel"], "at": f"{digits[:-6]}.{digits[-6:]}"}
        if request.query.get("thread_ts"):
            query["thread"] = request.query["thread_ts"]
        place = place_of(self.workspace, query)
        raise web.HTTPFound(place.url(at=query["at"]))
