"""The control API over real HTTP: reading, acting, bad input, and other web pages kept out."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from slack_bolt.async_app import AsyncApp

from bot.sandbox.clock import VirtualClock
from bot.sandbox.fixture import connected
from bot.sandbox.server import Sandbox

Json = dict[str, Any]


class Remote:
    """A process that knows the sandbox by its address only."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Json]:
        data = json.dumps(body) if body is not None else None
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.request(method, self.url + path, data=data, headers=names) as response:
            answer: Json = await response.json()
            return response.status, answer

    async def get(self, path: str, **headers: str) -> Json:
        status, answer = await self.ask("GET", path, **headers)
        assert (status, answer["ok"]) == (200, True), answer
        return answer

    async def does(self, person: str, verb: str, **body: Any) -> Json:
        status, answer = await self.ask("POST", f"/sandbox/people/{person}/{verb}", body)
        assert (status, answer["ok"]) == (200, True), answer
        return answer

    async def refused(self, method: str, path: str, body: Any = None) -> str:
        status, answer = await self.ask(method, path, body)
        assert (status, answer["ok"]) == (400, False), answer
        return str(answer["error"])


@pytest_asyncio.fixture
async def remote(slack: Sandbox) -> AsyncIterator[Remote]:
    async with aiohttp.ClientSession() as session:
        yield Remote(session, slack.url)


@pytest.fixture
def bot(app: AsyncApp) -> AsyncApp:
    """An app with one command that opens a modal, and one button that says who pressed it."""
    title = {"type": "plain_text", "text": "Declare"}
    field = {"type": "plain_text_input", "action_id": "v"}
    service = {"type": "external_select", "action_id": "service", "min_query_length": 0}
    blocks = [
        {
            "type": "input",
            "block_id": "title",
            "label": {"type": "plain_text", "text": "Title"},
            "element": field,
        },
        {
            "type": "input",
            "block_id": "where",
            "optional": True,
            "label": {"type": "plain_text", "text": "Service"},
            "element": service,
        },
    ]
    view = {"type": "modal", "callback_id": "declare", "title": title, "submit": title, "blocks": blocks}

    @app.command("/open")
    async def open_it(ack: Any, body: Json, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.view("declare")
    async def declare(ack: Any, body: Json, client: Any) -> None:
        text = body["view"]["state"]["values"]["title"]["v"]["value"]
        if text == "bad":
            await ack(response_action="errors", errors={"title": "Say more."})
            return
        await ack()
        button = {"type": "button", "text": {"type": "plain_text", "text": "Done"}, "action_id": "done"}
        row = {"type": "actions", "block_id": "row", "elements": [button]}
        await client.chat_postMessage(channel="C00000002", text=text, blocks=[row])

    @app.options("service")
    async def options(ack: Any, body: Json) -> None:
        text = {"type": "plain_text", "text": f"{body['value']} one"}
        await ack(options=[{"text": text, "value": "1"}])

    @app.action("done")
    async def done(ack: Any, body: Json, client: Any) -> None:
        await ack()
        ts = body["message"]["ts"]
        await client.chat_update(
            channel="C00000002", ts=ts, text=f"done by {body['user']['name']}", blocks=[]
        )

    @app.event("message")
    async def message() -> None:
        return None

    return app


# acting -------------------------------------------------------------------


async def test_a_page_can_play_a_whole_story(slack: Sandbox, bot: AsyncApp, remote: Remote) -> None:
    async with connected(slack, bot):
        await remote.does("ana", "types", channel="incidents", text="/open")
        await slack.person("ana").sees_modal("Declare")
        state = await remote.get("/sandbox/state?person=ana")
        modal = state["modal"]
        assert modal["depth"] == 1
        assert modal["values"]["title"]["v"] == {"type": "plain_text_input", "value": None}

        place = {"surface": {"view_id": modal["id"]}, "block_id": "where", "action_id": "service"}
        offered = await remote.does("ana", "options", **place, query="pay")
        assert offered["options"][0]["text"]["text"] == "pay one"

        refused = await remote.does("ana", "submits", view_id=modal["id"], values={"title": {"v": ""}})
        assert refused["errors"] == {"title": "Please complete this required field."}
        refused = await remote.does("ana", "submits", values={"title": {"v": "bad"}})
        assert refused["errors"] == {"title": "Say more."}
        assert refused["modal"]["errors"] == {"title": "Say more."}
        await remote.does("ana", "enters", **place, value="1")
        done = await remote.does("ana", "submits", values={"title": {"v": "checkout"}})
        assert (done["errors"], done["modal"]) == ({}, None)

        seen = await remote.does("bo", "sees", text="Done", channel="incidents")
        surface = {"channel": seen["channel"], "ts": seen["ts"]}
        await remote.does("bo", "acts", surface=surface, block_id="row", action_id="done")
        await remote.does("chi", "sees", text="done by bo")


async def test_the_verbs_of_tests_work_from_another_process(
    slack: Sandbox, bot: AsyncApp, remote: Remote
) -> None:
    async with connected(slack, bot):
        await remote.does("ana", "types", text="/open", channel="incidents")
        await remote.does("ana", "fills", values={"Title": "search is slow"})
        await remote.does("ana", "submits")
        await remote.does("ana", "clicks", text="Done", channel="incidents")
        answer = await remote.does("ana", "sees", text="done by ana")
    assert answer["text"] == "done by ana"


async def test_people_do_to_messages_what_they_do_in_slack(slack: Sandbox, remote: Remote) -> None:
    said = await remote.does("ana", "types", channel="general", text="hello *you*")
    place = {"channel": said["channel"], "ts": said["ts"]}
    await remote.does("bo", "reacts", message=place, name="eyes")
    await remote.does("bo", "types", channel="general", text="an answer", thread_ts=said["ts"])
    await remote.does("ana", "pins", message=place)
    await remote.does("ana", "edits", message=place, text="hello all")
    content = base64.b64encode(b"\x89PNG...").decode()
    shared = await remote.does("ana", "uploads", name="graph.png", content=content, channel="general")
    messages = (await remote.get("/sandbox/channels/general?person=bo"))["messages"]
    first = messages[0]
    assert first["text"] == "hello all"
    assert first["reactions"] == [{"name": "eyes", "users": ["U02BO"], "count": 1}]
    assert first["pinned_to"]
    assert first["reply_count"] == 1
    url = next(m["files"][0]["url"] for m in messages if m["ts"] == shared["ts"])
    async with remote.session.get(remote.url + url) as response:
        assert (response.content_type, await response.read()) == ("image/png", b"\x89PNG...")
    await remote.does("bo", "unreacts", message=place, name="eyes")
    await remote.does("ana", "unpins", message=place)
    await remote.does("ana", "deletes", message=place)
    messages = (await remote.get("/sandbox/channels/general?person=bo"))["messages"]
    assert messages[0]["text"] == "This message was deleted."  # its thread stays


async def test_people_come_and_go(slack: Sandbox, remote: Remote) -> None:
    made = await remote.does("ana", "creates", name="war-room")
    await remote.does("bo", "joins", channel="war-room")
    await remote.does("ana", "invites", channel="war-room", whom="firebreak")
    await remote.does("bo", "leaves", channel="war-room")
    chat = await remote.does("bo", "opens_chat", **{"with": "ana"})
    state = await remote.get("/sandbox/state?person=bo")
    rooms = {room["id"]: room for room in state["channels"]}
    assert rooms[made["channel"]]["members"] == ["U01ANA", slack.workspace.app.bot_user]
    assert rooms[made["channel"]]["is_member"] is False
    assert rooms[chat["channel"]]["with"] == "U01ANA"
    others = await remote.get("/sandbox/state?person=chi")
    assert chat["channel"] not in {room["id"] for room in others["channels"]}


# bad input ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("ana/dances", {}, "People cannot do 'dances'"),
        ("zed/types", {"text": "x"}, "There is nobody of that name in this workspace."),
        ("ana/types", {"channel": "nowhere", "text": "x"}, "There is no channel of that name"),
        ("ana/types", {"channel": "general"}, "'text' must be given, as text."),
        ("ana/types", {"channel": 5, "text": "x"}, "'channel' must be given, as text."),
        ("ana/types", {"channel": "general", "text": "  "}, "An empty message cannot be sent."),
        ("ana/types", {"channel": "general", "text": "x" * 12_001}, "is longer than 12000"),
        (
            "ana/types",
            {"channel": "general", "text": "x", "thread_ts": "1.2"},
            "no message '1.2' in #general",
        ),
        ("ana/types", ["no", "object"], "The body must be a JSON object."),
        ("ana/acts", {"surface": {"channel": "general", "ts": "1.2"}}, "There is no message '1.2'"),
        ("ana/acts", {"surface": {"view_id": "V1"}, "block_id": "a", "action_id": "b"}, "has no modal open"),
        ("ana/acts", {}, "'surface' must be given, as a JSON object."),
        ("ana/submits", {}, "has no modal open"),
        ("ana/closes", {}, "has no modal open"),
        ("ana/confirms", {}, "Nothing was asked."),
        ("ana/clicks", {"text": "Done", "timeout": 0}, "nothing to click that says 'Done'"),
        ("ana/clicks", {"text": "Done", "timeout": -1}, "'timeout' must be a number of at least 0."),
        ("ana/uploads", {"name": "x", "content": "not base64!"}, "'content' must be base64."),
        ("ana/joins", {"channel": "general"}, "Ana Ruiz is in #general already."),
        ("ana/creates", {"name": "general"}, "There is a channel #general already."),
    ],
)
async def test_bad_input_gets_one_sentence_and_changes_nothing(
    slack: Sandbox, remote: Remote, path: str, body: Any, sentence: str
) -> None:
    before = await remote.get("/sandbox/state?person=ana")
    assert sentence in await remote.refused("POST", f"/sandbox/people/{path}", body)
    after = await remote.get("/sandbox/state?person=ana")
    assert {**after, "now": 0} == {**before, "now": 0}


async def test_a_body_that_is_no_json_is_refused(remote: Remote) -> None:
    url = f"{remote.url}/sandbox/people/ana/types"
    async with remote.session.post(
        url, data=b"\xff{", headers={"Content-Type": "application/json"}
    ) as response:
        assert response.status == 400
        assert "not JSON" in (await response.json())["error"]


@pytest.mark.parametrize(
    ("method", "path", "body", "sentence"),
    [
        ("GET", "/sandbox/state", None, "'person' must be in the query."),
        ("GET", "/sandbox/channels/nowhere?person=ana", None, "There is no channel"),
        ("GET", "/sandbox/log?after=now", None, "'after' must be the number of an entry."),
        ("POST", "/sandbox/faults", {"kind": "earthquake"}, "unknown fault 'earthquake'"),
        ("POST", "/sandbox/faults", {"kind": "latency", "colour": "red"}, "That is no fault"),
        ("POST", "/sandbox/clock", {"advance": 5}, "which nobody can advance"),
        ("POST", "/sandbox/connections", {"reason": "boredom"}, "'reason' must be one of"),
    ],
)
async def test_the_other_requests_say_what_is_wrong_too(
    remote: Remote, method: str, path: str, body: Any, sentence: str
) -> None:
    assert sentence in await remote.refused(method, path, body)


# the rest -----------------------------------------------------------------


async def test_faults_are_added_listed_and_cleared(slack: Sandbox, remote: Remote) -> None:
    await remote.ask(
        "POST", "/sandbox/faults", {"kind": "rate_limited", "target": "chat.update", "retry_after": 3}
    )
    [fault] = (await remote.get("/sandbox/faults"))["faults"]
    assert (fault["kind"], fault["target"], fault["retry_after"]) == ("rate_limited", "chat.update", 3)
    await remote.ask("DELETE", "/sandbox/faults")
    assert (await remote.get("/sandbox/faults"))["faults"] == []


async def test_a_virtual_clock_can_be_advanced_from_outside() -> None:
    async with (
        Sandbox.serve(clock=VirtualClock(100.0), page=False) as slack,
        aiohttp.ClientSession() as session,
    ):
        remote = Remote(session, slack.url)
        assert (await remote.ask("POST", "/sandbox/clock", {"advance": 60}))[1]["now"] == 160.0
        state = await remote.get("/sandbox/state?person=ana")
        assert (state["clock"], state["now"]) == ("virtual", 160.0)


async def test_the_log_is_read_from_where_the_last_reading_ended(slack: Sandbox, remote: Remote) -> None:
    await slack.person("ana").types("/first")
    entries = (await remote.get("/sandbox/log"))["entries"]
    assert entries[-1]["name"] == "/first"
    await slack.person("ana").types("/second")
    later = (await remote.get(f"/sandbox/log?after={entries[-1]['number']}"))["entries"]
    assert [entry["name"] for entry in later] == ["/second"]


async def test_the_feed_tells_of_changes_until_the_sandbox_closes() -> None:
    async with aiohttp.ClientSession() as session:
        async with Sandbox.serve(page=False) as slack:
            response = await session.get(f"{slack.url}/sandbox/feed")
            assert response.content_type == "text/event-stream"
            assert await response.content.readline() == b": here\n"
            await slack.person("ana").says("hello", "general")
            line = b""
            while not line.startswith(b"data:"):
                line = await response.content.readline()
            change = json.loads(line.removeprefix(b"data:"))
            assert (change["kind"], change["channel"]) == ("message", slack.channel("general").id)
        await asyncio.wait_for(response.content.read(), 2)
        response.close()


async def test_a_file_that_a_browser_could_run_is_only_downloaded(slack: Sandbox, remote: Remote) -> None:
    script = b"<script>alert(1)</script>"
    file = slack.person("ana").picks_file("x.html", script)
    async with remote.session.get(f"{remote.url}/sandbox/files/{file.id}") as response:
        assert response.headers["Content-Disposition"] == "attachment"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"] == "sandbox"
    async with remote.session.get(f"{remote.url}/sandbox/files/F404") as response:
        assert response.status == 404


# other web pages ----------------------------------------------------------


@pytest.mark.parametrize("path", ["/sandbox/people/ana/types", "/api/chat.postMessage", "/response/x"])
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
async def test_a_page_from_elsewhere_cannot_act(remote: Remote, path: str, origin: str) -> None:
    status, answer = await remote.ask("POST", path, {"text": "x"}, Origin=origin)
    assert (status, answer["error"]) == (403, "Another web page may not use this sandbox.")


async def test_a_picture_in_a_foreign_page_cannot_call_the_web_api(remote: Remote) -> None:
    path = "/api/chat.postMessage?token=xoxb-sandbox&channel=general&text=x"
    assert (await remote.ask("GET", path, Sec_Fetch_Site="cross-site"))[0] == 403
    assert (await remote.ask("GET", path, Sec_Fetch_Site="same-origin"))[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost.evil.example", ""])
async def test_a_name_that_was_bound_to_loopback_is_not_answered_to(remote: Remote, host: str) -> None:
    assert (await remote.ask("GET", "/sandbox/state?person=ana", Host=host))[0] == 403


@pytest.mark.parametrize(
    "host", ["127.0.0.1:9", "localhost", "sandbox.localhost:80", "[::1]:80", "192.0.2.7"]
)
async def test_addresses_and_localhost_are_answered_to(remote: Remote, host: str) -> None:
    assert (await remote.ask("GET", "/sandbox/state?person=ana", Host=host))[0] == 200


async def test_its_own_page_may_act(remote: Remote) -> None:
    answer = await remote.ask("POST", "/sandbox/people/ana/types", {"text": "hi"}, Origin=remote.url)
    assert answer[0] == 200
