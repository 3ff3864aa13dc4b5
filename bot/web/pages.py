"""Read-only pages on the bot's own port: the report, the incidents, one incident with its timeline.

They are off unless there is a token, or the port is bound to this machine. Then they answer this machine alone:
what came through a tunnel or a proxy carries another host's name or a mark of its way, and is refused.
Private incidents are never shown.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from bot.charts.studio import NotDrawn
from bot.domain.language import Translate
from bot.domain.measure_words import caution
from bot.domain.naming import milestone_word, phase_word, refusal_words
from bot.domain.story import line
from bot.domain.told import told
from bot.domain.vocabulary import Refused, incident_name, incident_number
from bot.services.incidents import Incidents
from bot.services.reports import Reports
from bot.storage.engine import StorageError
from bot.web.report_page import Site, incidents_page, measured_figures, moment, rendered, report_page

REPORT, INCIDENTS, INCIDENT = "/report", "/incidents", "/incidents/{name}"
COOKIE = "firebreak_pages"
WINDOWS = ("28d", "90d", "365d", "all")
USUAL = "28d"
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Cf-Connecting-Ip")
HEADERS = {
    # Nothing runs, nothing is fetched; the style stands in the page and in the drawings.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}

Page = Callable[[web.Request], Awaitable[str]]


def is_loopback(host: str) -> bool:
    """Whether an address of this name can only be reached from this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def are_open(host: str, token: str | None) -> bool:
    """Whether there are pages at all."""
    return token is not None or is_loopback(host)


class Pages:
    """The pages, for one workspace. `token` None: for this machine alone."""

    def __init__(
        self, reports: Reports, incidents: Incidents, t: Translate, *, language: str, token: str | None
    ) -> None:
        self._reports = reports
        self._incidents = incidents
        self._t = t
        self._language = language
        self._token = token
        self._drawing = asyncio.Semaphore(1)  # a second of one core each: one after the other

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(REPORT, self._guarded(self._report)),
            web.get(INCIDENTS, self._guarded(self._list)),
            web.get(INCIDENT, self._guarded(self._incident)),
        ]

    def _guarded(self, page: Page) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            if not self._may_read(request):
                return web.Response(status=401 if self._token else 403, text=self._refusal(), headers=HEADERS)
            if "token" in request.query:  # it must not stay in the address, which is kept and sent on
                return self._signed_in(request)
            try:
                text, status = await page(request), 200
            except Refused as refused:
                text, status = self._refused(refusal_words(refused, self._t)), 404
            except (StorageError, NotDrawn) as error:
                text, status = self._refused(str(error)), 503
            return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)

        return answer

    def _may_read(self, request: web.Request) -> bool:
        if self._token is None:
            forwarded = any(name in request.headers for name in FORWARDED)
            return is_loopback(_host(request)) and is_loopback(request.remote or "") and not forwarded
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        given = (bearer, request.query.get("token", ""))
        return any(_same(each, self._token) for each in given) or _same(
            request.cookies.get(COOKIE, ""), _ticket(self._token)
        )

    def _signed_in(self, request: web.Request) -> web.Response:
        rest = urlencode([(key, value) for key, value in request.query.items() if key != "token"])
        answer = web.Response(
            status=303, headers={**HEADERS, "Location": request.path + (f"?{rest}" if rest else "")}
        )
        if self._token is not None:
            answer.set_cookie(
                COOKIE, _ticket(self._token), httponly=True, samesite="Strict", secure=request.secure
            )
        return answer

    def _refusal(self) -> str:
        t = self._t
        if self._token is None:
            return t(
                "These pages answer this machine alone. Set FIREBREAK_PAGES_TOKEN to read them elsewhere."
            )
        return t("These pages need the token: open them once with ?token=… at the end of the address.")

    def _site(self, here: str = "") -> Site:
        t = self._t
        return Site(
            links=((REPORT, t("Report")), (INCIDENTS, t("Incidents"))),
            windows=tuple((f"{REPORT}?window={window}", window) for window in WINDOWS),
            here=here,
            of_incident=lambda number: f"{INCIDENTS}/{incident_name(number)}",
        )

    def _refused(self, sentence: str) -> str:
        t = self._t
        return self._rendered("message.html", title=t("Not shown"), message=sentence)

    def _rendered(self, template: str, **values: Any) -> str:
        return rendered(template, self._t, language=self._language, site=self._site(), footer="", **values)

    async def _report(self, request: web.Request) -> str:
        study = await self._reports.study(
            request.query.get("window", USUAL),
            group_by=("severity", "service", "cause", "month"),
            thorough=True,
        )
        async with self._drawing:
            return await report_page(study, self._t, language=self._language, site=self._site(REPORT))

    async def _list(self, request: web.Request) -> str:
        study = await self._reports.study(request.query.get("window", "90d"), group_by=())
        return incidents_page(study, self._t, language=self._language, site=self._site(INCIDENTS))

    async def _incident(self, request: web.Request) -> str:
        t, name = self._t, request.match_info["name"]
        number = incident_number(name)
        incident = None if number is None else await self._incidents.find(number)
        if incident is None or incident.private:
            raise Refused("There is no {incident} to show.", incident=name[:20])
        names = await self._incidents.names()
        entries = await self._incidents.timeline(incident.number)
        zone = self._reports.zone

        def who(person: str) -> str:
            return names.get(person, person)

        facts = [
            (t("severity"), incident.severity.value),
            (t("phase"), phase_word(incident.phase, t)),
            *(
                (milestone_word(each, t), moment(at, zone, t))
                for each, at in sorted(incident.milestones.items(), key=lambda pair: pair[1])
            ),
        ]
        return self._rendered(
            "incident.html",
            title=f"{incident.name}: {incident.title}",
            facts=facts,
            entries=[
                (entry.at.isoformat(), moment(entry.at, zone, t), line(entry.event, t, who))
                for entry in told(entries)
            ],
            measured_title=t("Before and after"),
            measured=measured_figures(incident.measures, t),
            caution=caution(t),
            note=t("Times are those of {zone}.", zone=zone),
            timeline=t("Timeline"),
            fact_heads=(t("fact"), t("value")),
            facts_title=t("Facts"),
        )


def _host(request: web.Request) -> str:
    """The name that was asked for, without its port; empty when it is none."""
    try:
        return urlsplit(f"//{request.host}").hostname or ""
    except ValueError:  # a bracket that nothing closes
        return ""


def _same(given: str, wanted: str) -> bool:
    # Bytes that are no UTF-8 reach us as lone surrogates.
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), wanted.encode())


def _ticket(token: str) -> str:
    """What the browser keeps instead of the token."""
    return hashlib.sha256(f"pages:{token}".encode()).hexdigest()
