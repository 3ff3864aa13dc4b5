"""The command line. Each command is one story; what goes wrong is one sentence on stderr and exit code 2."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

import bot.logs
from bot.cli import data, flags, postmortem, report, upkeep
from bot.config import Settings, SettingsError, is_web_address
from bot.domain.vocabulary import Refused
from bot.errors import StartError
from bot.interpreter import ready_to_answer
from bot.stopping import Stop
from bot.storage.engine import StorageError

EXIT_CANNOT = 2  # what people can do something about; 1 stays for mistakes of ours


class OneSentence(click.Group):
    """Says what people can do something about in one sentence; a traceback is for mistakes of ours."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (SettingsError, StartError, StorageError, Refused) as error:
            fail(str(error))


def fail(sentence: str) -> NoReturn:
    click.echo(f"firebreak: {sentence}", err=True)
    sys.exit(EXIT_CANNOT)


@click.group(cls=OneSentence, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="firebreak")
def main() -> None:
    """An incident bot for Slack: stabilize, repair, prevent.

    \b
    Settings come from firebreak.toml and the environment; firebreak.example.toml explains each.
    To try it without Slack: firebreak demo
    """


@main.command()
def run() -> None:
    """Connect to Slack and work until stopped."""
    gc.disable()  # what is imported stays: looking for garbage in it is a twentieth of starting
    from bot.app import firebreak  # here, because Bolt takes longer to import than the other commands run

    settings = Settings.load(os.environ)
    bot.logs.configure()

    async def work() -> None:
        stop = Stop.when_told()
        async with firebreak(settings) as running:
            stop.started()
            ready_to_answer()
            how = "Socket Mode" if settings.app_token else "signed HTTP"
            click.echo(
                f"Firebreak is connected to {running.identity.team} by {how}"
                + (f", listening on {running.url}" if running.url else "")
                + f"; database {settings.database}. Ctrl-C stops it."
            )
            await stop.wait()

    with contextlib.suppress(asyncio.CancelledError):  # told to stop while it was starting
        asyncio.run(work())


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where the page listens.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535))
@click.option("--story", help="Play a story by itself instead of waiting for you; “list” names them.")
@click.option("--watch", is_flag=True, help="Play it in the page, at human speed.")
@click.option("--speed", default=1.0, type=click.FloatRange(0.1, 100), help="So many times as fast.")
@click.option("--http", is_flag=True, help="Deliver by signed HTTP instead of Socket Mode.")
@click.option("--database", type=click.Path(path_type=Path), help="Keep the database here.")
def demo(
    host: str, port: int, story: str | None, watch: bool, speed: float, http: bool, database: Path | None
) -> None:
    """Open a local Slack with the bot connected to it."""
    from bot import demo as demonstration
    from bot.stories import listed

    if story == "list":
        click.echo(listed())
        return

    bot.logs.configure("WARNING")
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        worked = asyncio.run(
            demonstration.demo(
                host=host, port=port, story=story, http=http, database=database, watch=watch, speed=speed
            )
        )
        sys.exit(0 if worked else 1)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--manifest", type=click.Path(exists=True, path_type=Path), help="Your app's manifest, JSON or YAML."
)
@click.option("--request-url", help="Deliver by signed HTTP to this address instead of Socket Mode.")
def sandbox(host: str, port: int, manifest: Path | None, request_url: str | None) -> None:
    """Open the local Slack alone, for any Bolt app."""
    from bot.sandbox import server

    bot.logs.configure("WARNING")
    try:
        with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
            asyncio.run(server.run(host, port, manifest, request_url))
    except (ValueError, OSError) as error:  # a manifest that is none, a port that is taken: one sentence each
        fail(str(error))


@main.group()
def runbooks() -> None:
    """The checklists that incidents start with."""


@runbooks.command(short_help="Name what is wrong in a runbook file.")
def check() -> None:
    """Name every runbook, and what is wrong with the broken ones; exit code 2 when one is."""
    from bot.services.runbooks import Library

    settings = Settings.load(os.environ, slack=False)
    library = Library.load(list(settings.runbook_folders), settings.language)
    for runbook in library.runbooks:
        click.echo(f"{runbook.id}: {runbook.title} ({len(runbook.steps())} steps)")
    for problem in library.problems:
        click.echo(str(problem), err=True)
    if library.problems:
        sys.exit(EXIT_CANNOT)


@runbooks.command("schema", short_help="Print the JSON Schema of runbooks, for editors.")
def print_schema() -> None:
    """Print the JSON Schema of runbooks, for editors that check YAML while you write."""
    from bot.services.runbook_schema import schema_text

    click.echo(schema_text(), nl=False)


@main.command(short_help="Print the app manifest for Slack.")
@click.option("--http", "url", metavar="URL", help="For signed HTTP at this public address, not Socket Mode.")
def manifest(url: str | None) -> None:
    """Print the app manifest to paste into api.slack.com/apps."""
    from bot.slack.manifest import manifest as built

    if url is not None and not is_web_address(url):
        fail(f"{url!r} is no web address; write the one where Slack reaches the bot: https://bot.example.com")
    click.echo(json.dumps(built("http" if url else "socket", url), indent=2))


for story in (flags, report, postmortem, upkeep, data):
    story.register(main.add_command)


if __name__ == "__main__":
    main()
