"""`firebreak flag …`: the flags of the bot's own table, from the command line and so without Slack."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from bot.cli import containing
from bot.cli.console import environment_option, person
from bot.config import Settings
from bot.domain.flags import Definition, checked_key, read_document
from bot.domain.spelling import unknown
from bot.domain.vocabulary import Refused
from bot.stopping import Stop

DOCUMENT_MAX = 64 * 1024 * 1024  # bytes of a document; ten thousand large flags are about ten megabytes


@click.group()
def flag() -> None:
    """The flags that incidents can contain."""


@flag.command(short_help="Add a flag of two values, or change it.")
@click.argument("key")
@click.option("--serves", default="on", show_default=True, help="The value it serves when nobody holds it.")
@click.option("--safe", default="off", show_default=True, help="The value it is held at during an incident.")
@click.option("--description", default="", help="What it switches, for the person who must decide at night.")
@environment_option
def define(key: str, serves: str, safe: str, description: str, environment: str | None) -> None:
    """Add a flag of two values, or change its definition; rules come in with `firebreak flag import`."""
    checked_key(key)
    if serves == safe:
        raise Refused(
            "{flag} would serve its safe value {safe} always, so holding it would change nothing.",
            flag=key,
            safe=repr(safe),
        )
    _define([Definition.simple(key, serves=serves, safe=safe, description=description)], environment)
    click.echo(f"{key} serves {serves}; held by an incident it serves {safe}.")


@flag.command("import", short_help="Add or change the flags of a flagd document.")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@environment_option
def import_flags(path: Path, environment: str | None) -> None:
    """Add or change the flags of a flagd document, all or none; "-" reads stdin.

    Flags that the document does not name stay. What a flag is held at stands in its metadata, as safeVariant.
    """
    found = read_document(_read(path))
    changed = _define(found, environment)
    lacking = [each.key for each in found if each.safe is None]
    click.echo(f"{len(found):,} flags read, {len(changed):,} of them new or changed.")
    if lacking:
        shown = ", ".join(lacking[:5]) + (f" and {len(lacking) - 5:,} more" if len(lacking) > 5 else "")
        click.echo(f"Cannot be held, because they declare no safeVariant: {shown}", err=True)


@flag.command("export")
@click.option("--effective", is_flag=True, help="As it is served: with what is held at its safe variant.")
@environment_option
def export_flags(effective: bool, environment: str | None) -> None:
    """Write the flags to stdout as a flagd document."""
    from bot import offline

    async def work() -> str:
        settings = Settings.load(os.environ, slack=False)
        async with offline.existing(settings, to_read=True) as database:
            return await offline.exported_flags(database, _environment(settings, environment), effective)

    click.echo(asyncio.run(work()), nl=False)


@flag.command("list")
@environment_option
def list_flags(environment: str | None) -> None:
    """What each flag serves now, and who holds it."""
    from bot import offline

    async def work() -> list[str]:
        settings = Settings.load(os.environ, slack=False)
        async with offline.existing(settings, to_read=True) as database:
            return [
                f"{each.key}\t{each.now}\t{f'held by {each.holder}' if each.holder else ''}".rstrip()
                for each in await offline.listed_flags(database, _environment(settings, environment))
            ]

    lines = asyncio.run(work())
    click.echo("\n".join(lines) if lines else "No flags yet. Add one with: firebreak flag define KEY")


@flag.command("serve", short_help="Serve the flags until stopped, without Slack.")
def serve_flags() -> None:
    """Serve the flags until stopped, without Slack and apart from the bot: file, OFREP, flagd's HTTP and gRPC."""
    import bot.logs
    from bot.flag_server import flag_server

    settings = Settings.load(os.environ, slack=False)
    bot.logs.configure()

    async def work() -> None:
        stop = Stop.when_told()
        async with flag_server(settings) as served:
            stop.started()
            click.echo(f"{served} Ctrl-C stops it.")
            await stop.wait()

    with contextlib.suppress(asyncio.CancelledError):  # told to stop while it was starting
        asyncio.run(work())


def _define(definitions: list[Definition], environment: str | None) -> list[str]:
    from bot import offline

    async def work() -> list[str]:
        settings = Settings.load(os.environ, slack=False)
        async with offline.existing(settings) as database:
            return await offline.define_flags(
                database, _environment(settings, environment), definitions, by=person().name
            )

    return asyncio.run(work())


def _environment(settings: Settings, named: str | None) -> str:
    """The environment that was named, or the default one; raises Refused when there is none of that name."""
    known = settings.flags.environments
    if named is None:
        return known[0]
    if named not in known:
        raise Refused("There is no environment {name}; {hint}", name=repr(named), hint=unknown(named, known))
    return named


def _read(path: Path) -> str:
    stream = sys.stdin.buffer if str(path) == "-" else path.open("rb")
    with stream:
        given = stream.read(DOCUMENT_MAX + 1)
    if len(given) > DOCUMENT_MAX:
        raise Refused(
            "{path} is larger than {megabytes} MB. Nothing was stored.",
            path=str(path),
            megabytes=DOCUMENT_MAX >> 20,
        )
    try:
        return given.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(
            "{path} is not UTF-8 text (at byte {position}). Nothing was stored.",
            path=str(path),
            position=error.start,
        ) from error


def register(group: Callable[[click.Command], None]) -> None:
    """Add the commands with `group.add_command`."""
    containing.register(flag.add_command)
    group(flag)
