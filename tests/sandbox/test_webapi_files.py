"""Files go up in three steps and come down to those who may have them."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.sandbox import rooms
from bot.sandbox.workspace import Channel
from tests.sandbox.serving import BOT, Served, serving

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(1000)
BIG = bytes(3_000_000)  # more than the megabyte that aiohttp takes unasked
TOKEN = {"Authorization": "Bearer xoxb-sandbox"}


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


@pytest.fixture
def room(served: Served) -> Channel:
    return rooms.create(served.workspace, "inc-1", user=BOT)


async def test_the_official_client_uploads_and_shares_a_file(served: Served, room: Channel) -> None:
    answer = await served.client.files_upload_v2(
        channel=room.id,
        content=PICTURE,
        filename="graph.png",
        title="Error rate",
        alt_txt="A curve that climbs",
        initial_comment="Look",
    )
    file = answer["file"]
    assert (file["title"], file["mimetype"], file["size"]) == ("Error rate", "image/png", len(PICTURE))
    message = room.standing_messages()[-1]
    assert (message.subtype, message.text, message.files) == ("file_share", "Look", [file["id"]])
    info = (await served.client.files_info(file=file["id"]))["file"]
    assert info["alt_txt"] == "A curve that climbs"
    assert [share["ts"] for share in info["shares"]["public"][room.id]] == [message.ts]
    async with served.session.get(info["url_private"], headers=TOKEN) as download:
        assert await download.read() == PICTURE


async def test_several_files_go_into_one_message_of_a_thread(served: Served, room: Channel) -> None:
    root = (await served.client.chat_postMessage(channel=room.id, text="evidence"))["ts"]
    uploads = [{"content": "one", "filename": "1.log"}, {"content": "two", "filename": "2.log"}]
    answer = await served.client.files_upload_v2(channel=room.id, thread_ts=root, file_uploads=uploads)
    message = room.standing_messages()[-1]
    assert message.thread_ts == root
    assert message.files == [file["id"] for file in answer["files"]]


async def test_a_file_may_stay_unshared(served: Served) -> None:
    answer = await served.client.files_upload_v2(content="x", filename="a.txt")
    assert answer["file"]["shares"] == {}


async def announce(served: Served, length: int) -> str:
    answer = await served.call("files.getUploadURLExternal", filename="a.html", length=length)
    address: str = answer["upload_url"]
    return address


@pytest.mark.parametrize("content", [b"shor", b"longer"])
async def test_an_upload_of_another_length_is_refused(served: Served, content: bytes) -> None:
    address = await announce(served, 5)
    async with served.session.post(address, data=content) as answer:
        assert answer.status == 400
    assert [file.content for file in served.workspace.files.values()] == [None]


async def test_an_upload_may_come_as_a_form(served: Served) -> None:
    form = aiohttp.FormData()
    form.add_field("note", "not the file")
    form.add_field("file", b"hello", filename="a.html")
    async with served.session.post(await announce(served, 5), data=form) as answer:
        assert (answer.status, await answer.text()) == (200, "OK - 5")
    assert [file.content for file in served.workspace.files.values()] == [b"hello"]


async def test_a_big_file_goes_through(served: Served) -> None:
    async with served.session.post(await announce(served, len(BIG)), data=io.BytesIO(BIG)) as answer:
        assert (answer.status, await answer.text()) == (200, f"OK - {len(BIG)}")


async def test_an_upload_nobody_announced_is_refused(served: Served) -> None:
    async with served.session.post(f"{served.url}/files/upload/v1/nothing", data=b"x") as answer:
        assert answer.status == 404


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer xoxb-of-somebody"}])
async def test_without_a_token_a_download_is_a_sign_in_page(served: Served, headers: dict[str, str]) -> None:
    answer = await served.client.files_upload_v2(content="secret", filename="a.txt")
    async with served.session.get(answer["file"]["url_private"], headers=headers) as download:
        assert (download.status, download.content_type) == (200, "text/html")
        assert "secret" not in await download.text()


async def test_an_uploaded_page_cannot_act_as_the_sandboxs_own(served: Served) -> None:
    answer = await served.client.files_upload_v2(content="<script>alert(1)</script>", filename='a".html')
    async with served.session.get(answer["file"]["url_private"], headers=TOKEN) as download:
        assert download.headers["X-Content-Type-Options"] == "nosniff"
        assert download.headers["Content-Security-Policy"].startswith("sandbox")
        assert download.headers["Content-Disposition"] == 'attachment; filename="a_.html"'


async def test_a_file_that_is_not_is_not_found(served: Served) -> None:
    async with served.session.get(f"{served.url}/files/F1/a.txt", headers=TOKEN) as download:
        assert download.status == 404
