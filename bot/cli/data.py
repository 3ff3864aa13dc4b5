"""The commands that bring incidents in and out: import, export. Exit code 1 says that something was not kept."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from bot.config import Settings
from bot.domain.imported import Reading
from bot.domain.vocabulary import Severity, incident_number
from bot.interchange.formats import FIELDS, SEVERITIES, Format, Source

if TYPE_CHECKING:
    from bot.interchange.importing import Summary, Wanted

EXIT_WRONG = 1  # what was asked for was done, and found something
SHOWN_MOST = 12  # reasons and flags of each kind; the quarantine has them all


class Zone(click.ParamType[ZoneInfo]):
    """An IANA time zone."""

    name = "zone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ZoneInfo:
        try:
            return value if isinstance(value, ZoneInfo) else ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fail(f"{value!r} is no time zone; name one such as Europe/Berlin or UTC.", param, ctx)


class Pair(click.ParamType[tuple[str, str]]):
    """Two words with = between them."""

    name = "a=b"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        left, equals, right = value.partition("=")
        if not (left and equals and right):
            self.fail(f"{value!r} has to be two words with = between them.", param, ctx)
        return left.strip(), right.strip()


@click.command("import", short_help="Take over incidents from other tools and exports.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice([each.value for each in Format]),
    help="What FILE holds; else its beginning tells.",
)
@click.option("--source", help="Whose incidents these are, such as pagerduty. A CSV needs it.")
@click.option("--zone", type=Zone(), help="The time zone of dates that name none, such as Europe/Berlin.")
@click.option("--date-format", metavar="FORMAT", help="How dates are written, such as '%d.%m.%Y %H:%M'.")
@click.option(
    "--map", "columns", type=Pair(), multiple=True, metavar="OURS=THEIRS", help="A column of a CSV."
)
@click.option("--severity", "words", type=Pair(), multiple=True, metavar="WORD=P2", help="What a word means.")
@click.option("--delimiter", help="Between the fields of a CSV; else its first line tells.")
@click.option(
    "--quarantine", type=click.Path(dir_okay=False, path_type=Path), help="Where what is refused goes."
)
@click.option("--update", is_flag=True, help="Take over what the source says otherwise than before.")
@click.option("--dry-run", is_flag=True, help="Read and check everything, store nothing.")
def import_(
    file: Path,
    form: str | None,
    source: str | None,
    zone: ZoneInfo | None,
    date_format: str | None,
    columns: tuple[tuple[str, str], ...],
    words: tuple[tuple[str, str], ...],
    delimiter: str | None,
    quarantine: Path | None,
    update: bool,
    dry_run: bool,
) -> None:
    """Take over incidents from FILE: our own export, a CSV, Statuspage, Google Cloud or GitHub's history.

    They are history: nothing is posted, and nobody leads them here. The same file again changes nothing.
    """
    from bot.interchange.importing import Wanted, told_apart

    if delimiter is not None and len(delimiter) != 1:
        raise click.BadParameter("is one character.", param_hint="--delimiter")
    known = told_apart(file) if form is None else Format(form)
    wanted = Wanted(
        path=file,
        format=known,
        source=Source(source, _columns(columns, known, source)),
        reading=_reading(known, zone, date_format, words),
        quarantine=quarantine or file.with_name(file.name + ".quarantine.jsonl"),
        delimiter=delimiter,
        dry_run=dry_run,
        update=update,
    )
    summary = asyncio.run(_imported(wanted))
    click.echo("\n".join(_summary_lines(summary, wanted)))
    sys.exit(EXIT_WRONG if summary.refused or summary.stopped else 0)


def _reading(
    known: Format, zone: ZoneInfo | None, date_format: str | None, words: tuple[tuple[str, str], ...]
) -> Reading:
    return Reading(
        now=datetime.now(UTC),
        zone=zone,
        date_format=date_format,
        severities={**SEVERITIES.get(known, {}), **_severities(words)},
        long_spans=known is Format.FIREBREAK,
    )


async def _imported(wanted: Wanted) -> Summary:
    from bot import offline
    from bot.interchange.importing import import_file

    async with offline.existing(Settings.load(os.environ, slack=False)) as database:
        length = max(1, wanted.path.stat().st_size)
        with click.progressbar(
            length=length, label=wanted.path.name, file=sys.stderr, hidden=not sys.stderr.isatty()
        ) as bar:
            return await import_file(database.engine, database.team_id, wanted, bar.update)


def _columns(pairs: tuple[tuple[str, str], ...], form: Format, source: str | None) -> dict[str, str]:
    for ours, _ in pairs:
        if ours not in FIELDS:
            raise click.BadParameter(
                f"{ours!r} is none of our fields: {', '.join(FIELDS)}.", param_hint="--map"
            )
    if pairs and form is not Format.CSV:
        raise click.BadParameter("only the columns of a CSV are mapped.", param_hint="--map")
    return dict(pairs)


def _severities(pairs: tuple[tuple[str, str], ...]) -> dict[str, Severity]:
    for _, ours in pairs:
        if ours.upper() not in Severity.__members__:
            raise click.BadParameter(f"{ours!r} is none of {', '.join(Severity)}.", param_hint="--severity")
    return {word.casefold(): Severity(ours.upper()) for word, ours in pairs}


def _summary_lines(summary: Summary, wanted: Wanted) -> list[str]:
    kept = "would be kept" if wanted.dry_run else "kept"
    restated = f"{summary.restated:,} restated, " if wanted.update else ""
    lines = [
        f"{summary.read:,} read, {summary.kept:,} {kept} with {summary.updates:,} updates, "
        f"{summary.there_already:,} there already, {restated}{summary.refused:,} refused."
    ]
    lines += [f"Flagged: {count:,} {flag}" for flag, count in summary.flags.most_common(SHOWN_MOST)]
    lines += [
        f"Refused: {count:,} because {reason}" for reason, count in summary.reasons.most_common(SHOWN_MOST)
    ]
    if summary.stopped:
        lines.append(f"The file could not be read on at {summary.stopped}. What stands before it was taken.")
    if summary.refused or summary.stopped:
        lines.append(f"What was refused, with its line: {wanted.quarantine}")
    return lines


@click.command(short_help="Write all incidents, or one with its timeline.")
@click.argument("incident", required=False)
@click.option("--format", "form", type=click.Choice(["md", "json", "jsonl", "csv"]), help="Else md or jsonl.")
def export(incident: str | None, form: str | None) -> None:
    """Write all incidents to stdout, for `firebreak import` and others; or one with its whole timeline: INC-1."""
    from bot import offline
    from bot.domain.one_incident import ExportForm

    if incident is None:
        if form == "md":
            raise click.UsageError(
                "Markdown is for one incident: firebreak export INC-1. All of them: jsonl."
            )
        asyncio.run(_exported(form or "jsonl"))
        return
    number = incident_number(incident)
    if number is None:
        raise click.UsageError(f"{incident!r} is not the name of an incident; they look like INC-42.")
    if form == "jsonl":
        raise click.UsageError("One incident is written as md, json or csv; jsonl is for all of them.")

    async def work() -> str:
        async with offline.existing(Settings.load(os.environ, slack=False), to_read=True) as database:
            return await offline.exported(database, number, ExportForm(form or "md"))

    sys.stdout.buffer.write(
        asyncio.run(work()).encode()
    )  # UTF-8 and its own line ends, wherever it is written


async def _exported(form: str) -> None:
    from bot import offline
    from bot.interchange.exporting import written

    out = sys.stdout.buffer  # a record is UTF-8 wherever it is written
    async with offline.existing(Settings.load(os.environ, slack=False), to_read=True) as database:
        names = await database.incidents.names()
        await written(
            database.engine,
            database.team_id,
            form,
            who=lambda person: names.get(person, person),
            now=datetime.now(UTC),
            write=lambda text: out.write(text.encode()),
        )
    out.flush()


def register(group: Callable[[click.Command], None]) -> None:
    """Add the commands with `group.add_command`."""
    group(import_)
    group(export)
