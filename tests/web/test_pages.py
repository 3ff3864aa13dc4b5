"""The pages: for this machine or with the token, never with a script in them, never with a private incident."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from yarl import URL

from bot.domain.language import English
from bot.domain.vocabulary import Severity
from bot.services.incidents import Actor, Incidents
from bot.services.reports import Reports
from bot.services.summaries import Schedule
from bot.storage.engine import Engine
from bot.storage.sqlite import SqliteEngine
from bot.web.pages import Pages, are_open, is_loopback
from tests.domain.metrics import BERLIN
from tests.services.conftest import GENERAL

TOKEN = "a-token-that-is-long-enough"
ANA = Actor("U01ANA", "ana")
NASTY = "<script>alert(1)</script>"


@dataclass
class Site:
    """The pages with one incident, and somebody who asks for them."""

    url: URL
    session: aiohttp.ClientSession
    desk: Incidents

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        async with self.session.get(self.url / path.lstrip("/"), headers=headers) as answer:
            assert "script-src" not in answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            return answer.status, await answer.text()


async def site_with(token: str | None, engine: Engine) -> AsyncIterator[Site]:
    def now() -> datetime:
        return datetime.now(UTC)

    desk = Incidents(engine, team_id="T1", runbooks=lambda: [GENERAL], now=now)
    await desk.declare(ANA, title=f"checkout {NASTY}", severity=Severity.P0, key="1")
    schedule = Schedule(zone=BERLIN, post_time=time(9), channel="incidents")
    reports = Reports(engine, team_id="T1", schedule=schedule, t=English(), now=now)
    application = web.Application()
    application.add_routes(Pages(reports, desk, English(), language="en", token=token).routes())
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    jar = aiohttp.CookieJar(unsafe=True)  # browsers keep cookies of 127.0.0.1, aiohttp only when told
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        yield Site(URL(f"http://127.0.0.1:{runner.addresses[0][1]}"), session, desk)
    await runner.cleanup()


async def first_line(site: Site, *headers: bytes) -> bytes:
    """What a request is answered that no well-behaved client would send."""
    reader, writer = await asyncio.open_connection(site.url.host, site.url.port)
    writer.write(b"\r\n".join([b"GET /report HTTP/1.1", *headers, b"Connection: close", b"", b""]))
    answer = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return answer.strip()


@pytest_asyncio.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    async with SqliteEngine.open(tmp_path / "firebreak.db") as opened:
        yield opened


@pytest_asyncio.fixture
async def here(engine: Engine) -> AsyncIterator[Site]:
    async for site in site_with(None, engine):
        yield site


@pytest_asyncio.fixture
async def guarded(engine: Engine) -> AsyncIterator[Site]:
    async for site in site_with(TOKEN, engine):
        yield site


async def test_the_report_the_list_and_an_incident_are_there_for_this_machine(here: Site) -> None:
    status, report = await here.get("/report")
    assert status == 200
    assert "1 incident declared, 1 still open" in report
    assert 'href="/incidents/INC-1"' in report
    status, listed = await here.get("/incidents")
    assert (status, "INC-1" in listed) == (200, True)
    status, one = await here.get("/incidents/INC-1")
    assert status == 200
    assert "ana declared P0" in one
    for page in (report, listed, one):
        assert "<script" not in page
        assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    "headers",
    [{"Host": "bot.example.com"}, {"X-Forwarded-For": "203.0.113.7"}, {"Host": "localhost.example.com:3000"}],
)
async def test_what_came_through_a_tunnel_is_refused(here: Site, headers: dict[str, str]) -> None:
    status, said = await here.get("/report", **headers)
    assert status == 403
    assert "checkout" not in said


async def test_without_the_token_nothing_is_told(guarded: Site) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": f"firebreak_pages={TOKEN}"}):
        status, said = await guarded.get("/incidents/INC-1", **headers)
        assert status == 401
        assert "checkout" not in said
    assert (await guarded.get("/incidents", Authorization=f"Bearer {TOKEN}"))[0] == 200


@pytest.mark.parametrize("header", [b"Authorization: Bearer \xff", b"Cookie: firebreak_pages=\xff"])
async def test_a_token_that_is_no_text_is_a_wrong_one(guarded: Site, header: bytes) -> None:
    assert await first_line(guarded, b"Host: 127.0.0.1", header) == b"HTTP/1.1 401 Unauthorized"


@pytest.mark.parametrize("host", [b"[::1", b"[", b"\xff"])
async def test_a_host_that_is_none_is_not_this_machine(here: Site, host: bytes) -> None:
    assert await first_line(here, b"Host: " + host) == b"HTTP/1.1 403 Forbidden"


async def test_a_browser_shows_the_token_once_and_keeps_something_else(guarded: Site) -> None:
    async with guarded.session.get(
        guarded.url / "incidents", params={"token": TOKEN, "window": "7d"}
    ) as answer:
        assert answer.status == 200
        assert answer.url.query_string == "window=7d"
    kept = {cookie.key: cookie.value for cookie in guarded.session.cookie_jar}
    assert TOKEN not in kept["firebreak_pages"]
    assert (await guarded.get("/incidents"))[0] == 200


@pytest.mark.parametrize(
    "path", ["incidents/INC-9", "incidents/INC-99999999999", "incidents/%00", "incidents/<b>"]
)
async def test_what_is_not_there_is_said_in_a_page(here: Site, path: str) -> None:
    status, said = await here.get(path)
    assert status == 404
    assert "<b>" not in said


async def test_a_window_that_is_none_is_said_in_a_page(here: Site) -> None:
    async with here.session.get(here.url / "incidents", params={"window": "0d"}) as answer:
        assert answer.status == 404
        assert "A window of 0 days holds nothing" in await answer.text()


async def test_a_private_incident_is_counted_and_never_named(here: Site) -> None:
    await here.desk.declare(ANA, title="data breach", severity=Severity.P0, key="2", private=True)
    status, report = await here.get("/report")
    assert (status, "2 incidents declared, 2 still open" in report) == (200, True)
    for page in (report, (await here.get("/incidents"))[1], (await here.get("/incidents/INC-2"))[1]):
        assert "data breach" not in page
        assert "/incidents/INC-2" not in page
    assert (await here.get("/incidents/INC-2"))[0] == 404


@pytest.mark.parametrize(
    ("host", "inside"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("bot.example.com", False)],
)
def test_pages_are_off_where_strangers_could_ask_and_no_token_keeps_them_out(host: str, inside: bool) -> None:
    assert is_loopback(host) is inside
    assert are_open(host, None) is inside
    assert are_open(host, TOKEN)
