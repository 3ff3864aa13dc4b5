"""`firebreak postmortem INC-42`: the draft as Markdown."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import click

from bot.config import Settings
from bot.domain.vocabulary import incident_number
from bot.errors import StartError
from bot.services.languages import LANGUAGES, translation


@click.command(short_help="Draft the postmortem of one incident.")
@click.argument("incident")
@click.option("--language", type=click.Choice(LANGUAGES), help="Else the one of the settings.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file, not the terminal."
)
def postmortem(incident: str, language: str | None, output: Path | None) -> None:
    """Draft the postmortem of INCIDENT (INC-42) from its timeline, as Markdown; ✎ marks what people write."""
    from bot import offline

    number = incident_number(incident)
    if number is None:
        raise click.UsageError(f"{incident!r} is not the name of an incident; they look like INC-42.")

    async def work() -> str:
        async with offline.existing(Settings.load(os.environ, slack=False), to_read=True) as database:
            t = database.t if language is None else translation(language)
            return await database.incidents.postmortem(number, t)

    text = asyncio.run(work())
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StartError(f"{output} cannot be written ({error.strerror}).") from error


def register(add: Callable[[click.Command], None]) -> None:
    """Connect the command."""
    add(postmortem)
