"""The page over HTTP: its policy, its files, its parts as they change, and the way in from a permalink."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from bot.sandbox import acts, page, shapes
from bot.sandbox.server import Sandbox

PAGE = Path(page.__file__).parent
OWN_FILES = sorted([*(PAGE / "templates").glob("*.html"), *(PAGE / "static").iterdir()])


@pytest_asyncio.fixture
async def slack() -> AsyncIterator[Sandbox]:
    async with Sandbox.serve() as sandbox:
        yield sandbox


@pytest_asyncio.fixture
async def http(slack: Sandbox) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(slack.url) as session:
        yield session


@pytest.mark.parametrize("path", OWN_FILES, ids=lambda path: path.name)
def test_the_pages_own_files_name_no_other_server_and_keep_to_its_policy(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|//[a-z]+\.[a-z]|@import", text)
    if path.suffix == ".css":
        assert "url(" not in text
    if path.suffix == ".html":
        assert not re.search(r"<script(?![^>]* src=\"/page/static/)|<style|\sstyle=|\son[a-z]+=", text)


async def test_every_answer_carries_a_policy_without_anything_inline(http: aiohttp.ClientSession) -> None:
    for path in ("/", "/page/parts?names=place", "/page/static/page.css", "/page/static/page.js"):
        async with http.get(path) as response:
            assert response.status == 200
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["nothing.js", "..%2F__init__.py", "%2e%2e", "page.html", ""])
async def test_only_the_pages_own_files_are_served(http: aiohttp.ClientSession, name: str) -> None:
    async with http.get(f"/page/static/{name}") as response:
        assert response.status == 404


async def test_looking_at_a_channel_marks_it_read_for_that_person_alone(
    slack: Sandbox, http: aiohttp.ClientSession
) -> None:
    room = slack.workspace.channel("incidents")
    acts.post(slack.workspace, room, user="U02BO", text="<!here> look")

    async def title(person: str, **query: str) -> str:
        place = {"as": person, "channel": "incidents", "names": "sidebar", **query}
        async with http.get("/page/parts", params=place) as response:
            return str((await response.json())["title"])

    assert await title("ana") == "(1) #incidents · Ana Ruiz"
    assert await title("ana", visible="1") == "#incidents · Ana Ruiz"
    assert await title("ana") == "#incidents · Ana Ruiz"
    assert await title("chi") == "(1) #incidents · Chi Nakamura"


async def test_the_line_new_stays_while_somebody_looks_and_is_gone_when_they_come_back(
    slack: Sandbox, http: aiohttp.ClientSession
) -> None:
    room = slack.workspace.channel("incidents")
    place = {"as": "ana", "channel": "incidents", "names": "place", "visible": "1"}

    async def seen(**query: str) -> str:
        async with http.get("/page/parts", params={**place, **query}) as response:
            return str((await response.json())["parts"]["place"])

    first = acts.post(slack.workspace, room, user="U02BO", text="old")
    await seen()
    acts.post(slack.workspace, room, user="U02BO", text="fresh")
    assert "new-line" in await seen()
    assert "new-line" in await seen(since=first.ts)
    assert "new-line" not in await seen()


async def test_parts_that_do_not_exist_are_left_out(http: aiohttp.ClientSession) -> None:
    async with http.get("/page/parts", params={"names": "sidebar,cellar", "as": "bo"}) as response:
        assert list((await response.json())["parts"]) == ["sidebar"]


async def test_a_permalink_leads_to_its_message_in_its_thread(
    slack: Sandbox, http: aiohttp.ClientSession
) -> None:
    room = slack.workspace.channel("incidents")
    root = acts.post(slack.workspace, room, user="U02BO", text="Deploy went out")
    reply = acts.post(slack.workspace, room, user="U01ANA", text="rolled back", thread_ts=root.ts)
    async with http.get(shapes.permalink(slack.workspace, root), allow_redirects=False) as response:
        assert response.status == 302
        assert response.headers["Location"] == f"/?as=ana&channel={room.id}&at={root.ts}"
    async with http.get(shapes.permalink(slack.workspace, reply), allow_redirects=False) as response:
        assert response.headers["Location"] == f"/?as=ana&channel={room.id}&thread={root.ts}&at={reply.ts}"
    async with http.get(shapes.permalink(slack.workspace, reply)) as response:
        assert "rolled back" in await response.text()


@pytest.mark.parametrize("path", ["/archives/C1/p", "/archives/x/y", "/archives/C1/p123?thread_ts=%00"])
async def test_a_permalink_to_nothing_still_opens_the_page(http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(path) as response:
        assert response.status == 200


async def test_an_entry_of_the_inspector_is_shown_until_the_log_is_cleared(
    slack: Sandbox, http: aiohttp.ClientSession
) -> None:
    entry = slack.workspace.record("out", "chat.postMessage", "ok", 1.0, {"text": "<b>hi</b>"}, {"ok": True})
    async with http.get(f"/page/log/{entry.number}") as response:
        text = await response.text()
    assert "&#34;text&#34;: &#34;&lt;b&gt;hi&lt;/b&gt;&#34;" in text
    async with http.post("/page/log/clear") as response:
        assert response.status == 200
    for number in (str(entry.number), "9" * 30, "x", "²"):
        async with http.get(f"/page/log/{number}") as response:
            assert response.status == 404


async def test_other_web_pages_cannot_clear_the_log(slack: Sandbox, http: aiohttp.ClientSession) -> None:
    slack.workspace.record("out", "auth.test", "ok", 1.0, {})
    async with http.post("/page/log/clear", headers={"Origin": "https://elsewhere.example"}) as response:
        assert response.status == 403
    assert slack.workspace.log
