"""Who may talk to the sandbox: programs on this machine, and its own page. Other web pages may not.

Any page in a browser can send requests to loopback, and with DNS rebinding even read the answers. So a request must
name this server by address and, when a browser sent it, must come from the sandbox's own page.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web
from aiohttp.typedefs import Middleware

OWN_SITE = ("same-origin", "none")  # what a browser says of our page, and of what its user typed or clicked
ACTING = ("/api/", "/sandbox/")  # where even a GET can do something

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def guard(names: Iterable[str] = ()) -> Middleware:
    """Refuse what other web pages ask for. `names` are hosts allowed besides addresses and localhost."""
    allowed = {name.lower() for name in names} | {"localhost"}

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = _host(request.headers.get("Host", ""))
        if host not in allowed and not host.endswith(".localhost") and not _is_address(host):
            return _refusal(f"This sandbox does not answer to the name {host!r}.")
        origin = request.headers.get("Origin")
        if origin is not None and origin != f"{request.scheme}://{request.headers['Host']}":
            return _refusal("Another web page may not use this sandbox.")
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None and site not in OWN_SITE and request.path.startswith(ACTING):
            return _refusal("Another web page may not use this sandbox.")
        return await handler(request)

    return check


def _host(header: str) -> str:
    """The host without its port: `[::1]:8080` is `::1`."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.rpartition(":")[0].lower() if ":" in header else header.lower()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _refusal(sentence: str) -> web.Response:
    return web.json_response({"ok": False, "error": sentence}, status=403)
