"""`firebreak demo`: a local Slack with the bot connected to it, for a person to click in or a story to play in."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import click

from bot import offline
from bot.config import Settings
from bot.domain.flags import FIRST_ENVIRONMENT
from bot.errors import StartError, port_refused
from bot.sandbox.errors import NotPossibleError, SlackError
from bot.sandbox.people import NotShownError
from bot.sandbox.server import Sandbox
from bot.sandbox.workspace import App
from bot.services.runbooks import Library
from bot.slack.manifest import manifest
from bot.storage.flags import Flag
from bot.stories import STORIES, Stage
from bot.stories.shopping import WrongLine, shop_at
from bot.stories.stage import StoryFailed

START_SECONDS = 20.0  # for the bot to start and connect, on a slow machine
CONFIG = "firebreak.toml"
FIRST_TYPED = "/incident P0 checkout returns 500"
STOP_SECONDS = 6.0  # for the bot to finish what it accepted; it promises five

FLAGS = (
    Flag("payments-new-gateway", "Card payments through the new gateway", "on", "off", None),
    Flag("checkout-recommendations", "Recommendations on the checkout page", "on", "off", None),
    Flag("search-suggestions", "Suggestions while typing in search", "on", "off", None),
)


@dataclass(frozen=True)
class Running:
    """The bot's process, and where it listens."""

    ended: asyncio.Task[int]
    url: str


async def demo(
    *,
    host: str,
    port: int,
    story: str | None,
    http: bool,
    database: Path | None,
    watch: bool = False,
    speed: float = 1.0,
) -> bool:
    """Serve until interrupted, or play `story` and answer whether it went as it should.

    With `watch` it is played in the page, `speed` times as fast as people act, once somebody looks.
    """
    if watch and story is None:
        raise StartError(f"Which story do you want to watch? Add --story: {', '.join(STORIES)}.")
    if story is not None and story not in STORIES:
        raise StartError(f"There is no story {story!r}. There are: {', '.join(STORIES)}.")
    async with contextlib.AsyncExitStack() as stack:
        _end_on_sigterm(stack)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="firebreak-")))
        database = database or folder / "firebreak.db"
        slack = await stack.enter_async_context(_sandbox(host, 0 if story and not watch else port, http))
        token = secrets.token_hex(24)
        bot = await stack.enter_async_context(_bot(slack, database, folder, http, token))
        settings = Settings.load({"FIREBREAK_DATABASE": str(database)}, folder / CONFIG, slack=False)
        known = await stack.enter_async_context(offline.existing(settings))
        for flag in FLAGS:
            await offline.define_flag(known, flag)
        if story is not None:
            runbooks = Library.load(list(settings.runbook_folders)).runbooks
            stage = Stage(slack, known, runbooks, shop_at(bot.url, token), click.echo)
            return await (_show(stage, story, speed) if watch else _play(stage, story))
        click.echo(f"A local Slack with Firebreak in it: {slack.url}")
        click.echo(f"Open it and type: {FIRST_TYPED}")
        # in a clone it is .venv/bin/firebreak, and on nobody's PATH
        command = sys.argv[0] if sys.argv[0].endswith("firebreak") else "firebreak"
        click.echo(
            f"Or watch one being led: {command} demo --story payments --watch. Ctrl-C stops everything."
        )
        raise await stopped_by_itself(bot)


def _end_on_sigterm(stack: contextlib.AsyncExitStack) -> None:
    """Ctrl-C cancels the running task by itself; SIGTERM must do the same, or the bot would stay behind."""
    task = asyncio.current_task()
    if task is None:
        raise AssertionError("demo runs as a task")
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    stack.callback(loop.remove_signal_handler, signal.SIGTERM)


@contextlib.asynccontextmanager
async def _sandbox(host: str, port: int, http: bool) -> AsyncIterator[Sandbox]:
    async with contextlib.AsyncExitStack() as stack:
        try:
            slack = await stack.enter_async_context(
                Sandbox.serve(
                    host, port, app=App(name="Firebreak", first=FIRST_TYPED), manifest=_manifest(http)
                )
            )
        except OSError as error:
            another = "Take another one: make demo PORT=8081, or firebreak demo --port 8081."
            raise port_refused(host, port, error, another=another) from error
        yield slack


def _manifest(http: bool) -> dict[str, Any]:
    """Loaded into the sandbox, so that a scope or an event we forgot to ask for is missing there too."""
    return manifest("http", "https://bot.example.com") if http else manifest("socket")


@contextlib.asynccontextmanager
async def _bot(
    slack: Sandbox, database: Path, folder: Path, http: bool, token: str
) -> AsyncIterator[Running]:
    """`firebreak run` as a process of its own, connected to the sandbox; gone when the context is."""
    port = _free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # a folder named bot where the demo is started must not be taken for ours
        "-m",
        "bot",
        "run",
        env=_environment(slack, database, folder, port, http, token),
        stdout=asyncio.subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C reaches us alone, and we end the bot in order
    )
    ended, url = asyncio.create_task(process.wait()), f"http://127.0.0.1:{port}"
    try:
        await _ready(url, ended)
        if http:
            slack.workspace.app.request_url = f"{url}/slack/events"
        yield Running(ended, url)
    finally:
        await _stop(process, ended)


def _environment(
    slack: Sandbox, database: Path, folder: Path, port: int, http: bool, token: str
) -> dict[str, str]:
    """The bot's settings, as a person would export them; nothing of the caller's own Slack gets in."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SLACK_", "FIREBREAK_")) and name not in ("PORT", "HOST")
    }
    config = folder / CONFIG
    config.write_text('[announcements]\nchannel = "incidents"\n')
    door = {"SLACK_SIGNING_SECRET": slack.signing_secret} if http else {"SLACK_APP_TOKEN": slack.app_token}
    return {
        **inherited,
        **door,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_API_URL": slack.api_url,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "FIREBREAK_DATABASE": str(database),
        "FIREBREAK_CONFIG": str(config),
        "FIREBREAK_FLAG_TOKENS": f"{FIRST_ENVIRONMENT}:{token}",
    }


async def _ready(url: str, ended: asyncio.Task[int]) -> None:
    """Wait until the bot says that it is well."""
    async with aiohttp.ClientSession() as session:
        for _ in range(int(START_SECONDS / 0.1)):
            if ended.done():
                raise StartError("The bot did not start; what it said stands above.")
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{url}/health") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.1)
    raise StartError(f"The bot was not ready after {START_SECONDS:.0f} seconds.")


async def stopped_by_itself(bot: Running) -> StartError:
    """Waited for and not awaited: Ctrl-C cancels us, and must not cancel what looks after the bot's process."""
    await asyncio.wait([bot.ended])
    return StartError("The bot stopped by itself; what it said stands above.")


async def _stop(process: asyncio.subprocess.Process, ended: asyncio.Task[int]) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    done, _ = await asyncio.wait([ended], timeout=STOP_SECONDS)
    if not done:
        process.kill()
        await ended


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


async def _play(stage: Stage, story: str) -> bool:
    try:
        await STORIES[story](stage)
    except (StoryFailed, WrongLine, NotShownError, NotPossibleError, SlackError) as failure:
        click.echo(f"\n✗ {story}: {failure}", err=True)
        return False
    click.echo(f"\n✓ {story}: database and channel say what they should ({stage.checked} checks).")
    return True


async def _show(stage: Stage, story: str, speed: float) -> bool:
    """Play it for whoever opens the page; afterwards the page stays for a look around, until Ctrl-C."""
    light = stage.slack.workspace.spotlight
    light.say(f"“{story}” begins.")
    light.speed = speed
    click.echo(f"Watch it at {stage.slack.url.rstrip('/')}/?watch=1 (it begins when you are there).")
    await light.audience.wait()
    went_well = await _play(stage, story)
    light.say("The end. Look around; the terminal says what was checked." if went_well else "It went wrong.")
    click.echo("The page stays for a look around. Ctrl-C ends it.")
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.Event().wait()
    return went_well
