"""Whoever works on the command line, and the services at hand there: what the commands of a flag share."""

from __future__ import annotations

import asyncio
import getpass
import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from bot.config import Settings
from bot.domain.language import English
from bot.domain.vocabulary import Refused, incident_name, incident_number
from bot.flags.files import FlagFile
from bot.services.containment import Containment, Places
from bot.services.drilling import Drills, Seen
from bot.services.incidents import Actor, Incidents
from bot.services.runbooks import Library
from bot.services.vendors import Vendors

if TYPE_CHECKING:
    from bot.offline import Database

# Seconds; whoever writes the file looks twice a second, and nobody waits for us but a person.
FILE_WITHIN = 5.0
# Seconds for each back-end's answer; a slow one takes two, and one that is asked again a few more.
AWAY_WITHIN = 15.0

environment_option = click.option(
    "--env", "environment", help="The environment; by default the first one of [flags] environments."
)
incident_option = click.option(
    "--incident", help="Because of which incident, such as INC-7; by default the only one that is open."
)
holder_option = click.option(
    "--incident", help="Which one holds it, such as INC-7; by default it is looked up."
)


@dataclass(frozen=True)
class Console:
    """The services, and who works on the command line."""

    incidents: Incidents
    containment: Containment
    drills: Drills
    actor: Actor
    now: Callable[[], datetime]

    def environment(self, named: str | None) -> str:
        places = self.containment.places
        return places.default if named is None else places.named(named)

    async def incident(self, named: str | None) -> int:
        """The number of the incident that was named, or of the only one that is open; raises Refused."""
        if named is not None:
            number = incident_number(named)
            if number is None:
                raise Refused(
                    "{name} is not the name of an incident; they look like INC-42.", name=repr(named)
                )
            return number
        known = [incident.number for incident in await self.incidents.still_open()]
        if len(known) == 1:
            return known[0]
        if not known:
            raise Refused(
                "No incident is open, so nothing was switched. Name one with --incident, or declare one with it: "
                "--declare P1."
            )
        raise Refused(
            "Several incidents are open, so nothing was switched. Name one with --incident: {names}.",
            names=", ".join(map(incident_name, known)),
        )

    async def holder(self, named: str | None, flag: str, where: str) -> int:
        """The incident that was named, or the one that holds the flag, or the only one that is open."""
        if named is None:
            facts = (await self.containment.look(flag, where)).facts
            if facts.held_by is not None:
                return facts.held_by
            if not await self.incidents.still_open():
                raise Refused(
                    "{flag} is not held in {environment}, and no incident is open. Nothing was switched.",
                    flag=flag,
                    environment=where,
                )
        return await self.incident(named)


def person() -> Actor:
    """Who works on the command line: the user of the operating system, and it is said that it is one."""
    try:
        name = f"{getpass.getuser()} (command line)"
    except (KeyError, OSError):  # a container whose user has no name
        name = "command line"
    return Actor(name, name)


@asynccontextmanager
async def _opened() -> AsyncIterator[Console]:
    from bot import offline
    from bot.app_backends import flag_sites  # here, because it brings aiohttp, which no other command needs

    settings = Settings.load(os.environ, slack=False)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(offline.existing(settings))
        incidents = Incidents(
            database.engine,
            team_id=database.team_id,
            runbooks=lambda: Library.load(list(settings.runbook_folders), database.language).runbooks,
            now=_now,
        )
        sites = await stack.enter_async_context(flag_sites(settings))
        vendors = Vendors(sites, database.engine, incidents, team_id=database.team_id, now=_now, t=English())
        containment = Containment(
            database.engine,
            incidents,
            team_id=database.team_id,
            now=_now,
            places=Places(settings.flags.environments, settings.flags.production),
            vendors=vendors if sites else None,
        )
        yield Console(incidents, containment, _drills(settings, database, containment), person(), _now)


def _drills(settings: Settings, database: Database, containment: Containment) -> Drills:
    """The effect is looked for in the file, where one is written: by the bot, or by `firebreak flag serve`."""
    folder = settings.flags.folder

    async def in_file(flag: str, environment: str) -> bool:
        if folder is None:
            raise AssertionError("it is asked of a file only where there is one")
        return await asyncio.to_thread(FlagFile(folder, environment).holds, flag)

    return Drills(
        database.engine,
        containment,
        team_id=database.team_id,
        now=_now,
        held=containment.is_held if folder is None else in_file,
        where=Seen.STORED if folder is None else Seen.FILE,
        seen_within=FILE_WITHIN,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def new_request() -> str:
    return f"console:{uuid.uuid4()}"


def run(work: Callable[[Console], Awaitable[list[str]]]) -> None:
    async def inside() -> list[str]:
        async with _opened() as console:
            return await work(console)

    click.echo("\n".join(asyncio.run(inside())))
