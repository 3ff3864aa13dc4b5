"""The commands that keep the data: verify, backup, doctor. Exit code 1 says that something is wrong with it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from bot.config import Settings

if TYPE_CHECKING:
    from bot.storage.verifying import Counts, Finding

EXIT_WRONG = 1  # what was asked for was done, and found something


@click.command(short_help="Check every timeline and what is drawn from it.")
@click.option("--json", "as_json", is_flag=True, help="One document for machines: ok, counts, findings.")
def verify(as_json: bool) -> None:
    """Check every timeline and what is drawn from it; exit code 1 when something is wrong.

    It reads one snapshot, changes nothing, and may run while the bot does.
    """
    from bot import upkeep

    settings = Settings.load(os.environ, slack=False)
    findings: list[Finding] = []
    wrong = 0

    def found(finding: Finding) -> None:
        nonlocal wrong
        wrong += 1
        if as_json:
            findings.append(finding)
        else:
            click.echo(str(finding))

    counts = asyncio.run(upkeep.verified(settings, found))
    if as_json:
        document = {
            "ok": not wrong,
            "database": str(settings.database),
            "counts": None if counts is None else asdict(counts),
            "findings": [asdict(finding) for finding in findings],
        }
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        click.echo(_summary(wrong, counts))
    sys.exit(EXIT_WRONG if wrong else 0)


def _summary(wrong: int, counts: Counts | None) -> str:
    looked = (
        "" if counts is None else ", ".join(_counted(value, name) for name, value in asdict(counts).items())
    )
    result = "Nothing is wrong" if not wrong else "1 finding" if wrong == 1 else f"{wrong:,} findings"
    return f"{result}. Looked at: {looked}." if looked else f"{result}."


def _counted(number: int, things: str) -> str:
    return f"{number:,} {things.removesuffix('s') if number == 1 else things}"


@click.command(short_help="Copy the database, checked, while the bot works.")
@click.argument("path", type=click.Path(path_type=Path))
def backup(path: Path) -> None:
    """Copy the database to the new file PATH, checked, while the bot works."""
    from bot import upkeep
    from bot.storage.backup import in_bytes

    signal.signal(signal.SIGTERM, _stop)  # or the unfinished copy would stay
    made = upkeep.backed_up(Settings.load(os.environ, slack=False), path)
    click.echo(
        f"{made.path}: {in_bytes(made.size)}, {_counted(made.incidents, 'incidents')}, "
        f"{_counted(made.events, 'events')}; checked. Unfinished effects: {made.in_doubt:,}."
    )


def _stop(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


@click.command(short_help="Say how everything is, a line each.")
def doctor() -> None:
    """Say how everything is: settings, database, Slack, what waits; exit code 1 when something is bad."""
    from bot.doctor import Level, diagnose

    async def work() -> int:
        seen = dict.fromkeys(Level, 0)
        async for line in diagnose(os.environ):
            click.echo(str(line))
            seen[line.level] += 1
        click.echo(_verdict(seen[Level.BAD], seen[Level.WARN]))
        return seen[Level.BAD]

    sys.exit(EXIT_WRONG if asyncio.run(work()) else 0)


def _verdict(bad: int, warnings: int) -> str:
    if not bad and not warnings:
        return "Everything is well."
    return f"{bad} bad, {warnings} to keep an eye on."


@click.command("migrate-database", short_help="Copy a SQLite file into an empty PostgreSQL.")
@click.argument("sqlite_file", type=click.Path(path_type=Path))
@click.argument("postgres_url", envvar="FIREBREAK_DATABASE")
def migrate_database(sqlite_file: Path, postgres_url: str) -> None:
    """Copy a SQLite file into an empty PostgreSQL, all or nothing, and verify the copy.

    The address may stand in FIREBREAK_DATABASE instead, where nobody sees its password among the processes.
    """
    from bot import upkeep

    def copied(table: str, rows: int) -> None:
        click.echo(f"{table}: {_counted(rows, 'rows')}")

    made = upkeep.migrated(sqlite_file, postgres_url, copied)
    for finding in made.findings:
        click.echo(f"As in the file: {finding}", err=True)
    counts = made.counts
    click.echo(
        f"Copied {_counted(counts.incidents, 'incidents')} with {_counted(counts.events, 'events')}; every chain "
        "holds as it did in the file. Set FIREBREAK_DATABASE to the new address, and keep bots off "
        f"{sqlite_file} from now on."
    )


def register(group: Callable[[click.Command], None]) -> None:
    """Add the commands with `group.add_command`."""
    for command in (verify, backup, doctor, migrate_database):
        group(command)
