"""The sandbox as a whole: started, waited on, looked up in, run on its own from the command line."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.errors import SlackError
from bot.sandbox.people import NotShownError
from bot.sandbox.server import Sandbox, run
from bot.sandbox.workspace import App, Change


async def test_the_page_is_served_unless_it_is_not_wanted() -> None:
    async with aiohttp.ClientSession() as session:
        for page, status in ((True, 200), (False, 404)):
            async with Sandbox.serve(page=page) as slack, session.get(slack.url) as response:
                assert response.status == status


async def test_until_sees_changes_at_once_and_other_things_soon(slack: Sandbox) -> None:
    box: list[str] = []

    async def elsewhere() -> None:
        await asyncio.sleep(0.01)
        box.append("nothing in the workspace changed")

    waiting = asyncio.create_task(elsewhere())
    assert await slack.until(lambda: box) == ["nothing in the workspace changed"]
    await waiting
    with pytest.raises(NotShownError, match=r"Nothing came of it in 0\.01 s"):
        await slack.until(lambda: False, timeout=0.01)


async def test_until_takes_a_refusal_for_not_yet_and_lets_a_mistake_through(slack: Sandbox) -> None:
    waiting = asyncio.create_task(slack.until(lambda: slack.channel("war-room")))
    await asyncio.sleep(0)
    made = await slack.person("ana").creates("war-room")
    assert await waiting is made
    with pytest.raises(ZeroDivisionError):
        await slack.until(lambda: 1 // 0)


async def test_a_channel_is_found_by_the_unique_beginning_of_its_name(slack: Sandbox) -> None:
    await slack.person("ana").creates("inc-1-checkout-is-down")
    assert slack.channel("inc-1-…").name == "inc-1-checkout-is-down"
    await slack.person("ana").creates("inc-1-again")
    for name in ("inc-1-…", "inc-2-…", "nowhere"):
        with pytest.raises(SlackError, match="channel_not_found"):
            slack.channel(name)


async def test_what_the_manifest_asks_for_is_what_the_app_may_do() -> None:
    manifest = {"oauth_config": {"scopes": {"bot": ["commands"]}}}
    async with Sandbox.serve(manifest=manifest, page=False) as slack:
        client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
        with pytest.raises(Exception, match="missing_scope"):
            await client.chat_postMessage(channel=slack.channel("general").id, text="x")


async def test_an_installed_manifest_names_the_app(slack: Sandbox) -> None:
    slack.install(
        {"display_information": {"name": "Mine"}, "features": {"bot_user": {"display_name": "mine"}}}
    )
    said = await slack.person("ana").says("@mine hello", "general")
    assert slack.text_of(said) == "@Mine hello"


async def test_an_ipv6_address_is_served_too() -> None:
    async with Sandbox.serve("::1", page=False) as slack, aiohttp.ClientSession() as session:
        assert slack.url.startswith("http://[::1]:")
        async with session.get(f"{slack.url}/sandbox/state?person=ana") as response:
            assert response.status == 200


async def test_a_taken_port_leaves_nothing_behind(slack: Sandbox) -> None:
    port = int(slack.url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        async with Sandbox.serve(port=port):
            pass


async def test_every_watcher_sees_every_change(slack: Sandbox) -> None:
    async with slack.workspace.watch() as first, slack.workspace.watch() as second:
        slack.workspace.changed(Change("test"))
        assert await first.get() == await second.get() == Change("test")


# on its own ---------------------------------------------------------------


async def started(capsys: pytest.CaptureFixture[str], *arguments: Any) -> tuple[asyncio.Task[None], str]:
    running = asyncio.create_task(run("127.0.0.1", 0, *arguments))
    printed = ""
    while "Ctrl-C" not in printed:
        await asyncio.sleep(0.01)
        assert not running.done(), running.exception()
        printed += capsys.readouterr().out
    return running, printed


async def stop(running: asyncio.Task[None]) -> None:
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_run_says_what_to_set_for_socket_mode(capsys: pytest.CaptureFixture[str]) -> None:
    running, printed = await started(capsys, None, None)
    settings = dict(re.findall(r"export (\w+)=(\S+)", printed))
    assert set(settings) == {"SLACK_API_URL", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"}
    client = AsyncWebClient(token=settings["SLACK_BOT_TOKEN"], base_url=settings["SLACK_API_URL"])
    assert (await client.auth_test())["ok"]
    assert (await client.apps_connections_open(app_token=settings["SLACK_APP_TOKEN"]))["ok"]
    await stop(running)


async def test_run_says_what_to_set_for_signed_http(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"display_information": {"name": "Mine"}}), encoding="utf-8")
    running, printed = await started(capsys, path, "http://127.0.0.1:1/slack/events")
    assert set(re.findall(r"export (\w+)=", printed)) == {
        "SLACK_API_URL",
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
    }
    assert App().signing_secret in printed
    await stop(running)
