"""`firebreak report`: recovery times for people, for machines, as a picture or a page."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from bot.config import Settings
from bot.errors import StartError

FORMATS = ("text", "json", "csv", "png", "html")


@click.command(short_help="Recovery times with their n and intervals.")
@click.option("--window", default="28d", show_default=True, help="28d, 90d, a month such as 2026-09, or all.")
@click.option(
    "--group-by",
    type=click.Choice(["severity", "service", "cause", "month"]),
    multiple=True,
    default=("severity",),
    show_default=True,
    help="Figures for each group, too. May be given several times.",
)
@click.option("--as-of", metavar="TIME", help="As it stood then: 2026-09-30, or 2026-09-30T12:00.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file, not the terminal."
)
def report(
    window: str, group_by: tuple[str, ...], as_of: str | None, form: str, as_json: bool, output: Path | None
) -> None:
    """Recovery times with their n and intervals; docs/report.md explains every figure."""
    from bot import offline

    if form == "png" and not as_json and output is None and sys.stdout.isatty():
        raise StartError("A picture does not fit into a terminal. Name a file: --output report.png.")

    async def work() -> bytes:
        async with offline.existing(Settings.load(os.environ, slack=False), to_read=True) as database:
            wanted = offline.Wanted(window, tuple(dict.fromkeys(group_by)), as_of)
            return await offline.reported(database, wanted, "json" if as_json else form)

    written = asyncio.run(work())
    if output is None:
        sys.stdout.buffer.write(written)
        return
    try:
        output.write_bytes(written)
    except OSError as error:
        raise StartError(f"{output} cannot be written ({error.strerror}).") from error


def register(add: Callable[[click.Command], None]) -> None:
    """Connect the command."""
    add(report)
