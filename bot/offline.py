"""What the command line does with the database alone, while the bot runs or not: figures, exports, flags."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.charts.studio import NotDrawn, Order, drawn
from bot.config import Settings
from bot.domain.flags import Definition
from bot.domain.language import Translate
from bot.domain.measure_words import measured_lines
from bot.domain.metrics import report_json, report_lines
from bot.domain.metrics.charts import strip
from bot.domain.metrics.report_csv import report_csv
from bot.domain.metrics.wording_repeats import repeat_lines
from bot.domain.one_incident import ExportForm
from bot.domain.vocabulary import Refused, incident_name
from bot.errors import StartError
from bot.services.incidents import Incidents
from bot.services.languages import translation
from bot.services.reports import Reports, Study
from bot.storage import figures, flag_definitions, flags, workspaces
from bot.storage.engine import Engine
from bot.storage.flags import Flag
from bot.storage.opening import open_engine
from bot.web.report_page import report_page


@dataclass(frozen=True)
class Database:
    """The services over an existing database, for the one workspace in it."""

    engine: Engine
    team_id: str
    incidents: Incidents
    reports: Reports
    t: Translate
    language: str


@contextlib.asynccontextmanager
async def existing(settings: Settings, *, to_read: bool = False) -> AsyncIterator[Database]:
    """Open the configured database; raises StartError where there is none or no bot has used it yet.

    `to_read` is for what changes nothing: see `open_engine`.
    """
    address = settings.database
    if isinstance(address, Path) and not address.exists():
        raise StartError(
            f"There is no database at {address}. Start the bot once with `firebreak run`, or name the right file "
            "in FIREBREAK_DATABASE."
        )
    async with open_engine(address, to_read=to_read) as engine:
        if to_read and await engine.read(figures.has_unfilled):
            raise StartError(
                f"{address} has incidents of an older version that would be left out. "
                "Start a bot of this version on it once: that counts them."
            )
        known = await engine.read(workspaces.everything)
        if not known:
            raise StartError(f"{address} knows no workspace yet. Start the bot once with `firebreak run`.")
        team_id = known[0]["team_id"]
        language = settings.of_workspace(team_id).language
        t = translation(language)
        yield Database(
            engine,
            team_id,
            Incidents(engine, team_id=team_id, runbooks=list, now=_now, environment=settings.flags.default),
            Reports(
                engine,
                team_id=team_id,
                schedule=settings.summaries[0],
                t=t,
                now=_now,
            ),
            t,
            language,
        )


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Wanted:
    """Which figures: the window and `as_of` as they were typed."""

    window: str
    group_by: tuple[str, ...]
    as_of: str | None


async def reported(database: Database, wanted: Wanted, form: str) -> bytes:
    """The report in one of its forms; raises Refused for what is no window or no time."""
    study = await database.reports.study(
        wanted.window, group_by=wanted.group_by, as_of=wanted.as_of, thorough=True
    )
    match form:
        case "png" | "html":
            return await _illustrated(database, study, form)
        case "json":
            return (json.dumps(report_json(study.report), indent=2) + "\n").encode()
        case "csv":
            return report_csv(study.report).encode()
        case _:
            lines = report_lines(study.report, database.t, wanted.group_by, study.before)
            lines += repeat_lines(study.report.repeats, database.t)
            lines += measured_lines(study.report.measured, database.t)
            return ("\n".join(lines) + "\n").encode()


async def _illustrated(database: Database, study: Study, form: str) -> bytes:
    t = database.t
    try:
        if form == "html":
            return (await report_page(study, t, language=database.language)).encode()
        chart = strip(study.recoveries, study.report.as_of, t, window=study.report.window)
        if chart.is_empty:
            raise Refused(
                "There is nothing to draw: no incident of this time has a duration that could be shown."
            )
        (picture,) = await drawn([Order(chart, "png")])
        return picture
    except NotDrawn as error:
        raise StartError(str(error)) from error


async def exported(database: Database, number: int, form: ExportForm) -> str:
    """The whole incident as text; raises Refused when there is none with this number."""
    incident = await database.incidents.find(number)
    if incident is None:
        raise Refused("There is no {incident} in this database.", incident=incident_name(number))
    return await database.incidents.exported(incident, form, database.t)


async def define_flags(
    database: Database, environment: str, definitions: Sequence[Definition], *, by: str
) -> list[str]:
    """Add flags or change those that nobody holds, all or none; answers the keys that changed; raises Refused."""
    now = _now()
    return await database.engine.write(
        lambda transaction: flag_definitions.define(
            transaction, database.team_id, environment, definitions, by=by, now=now
        )
    )


async def listed_flags(database: Database, environment: str) -> list[Flag]:
    """All flags of the environment, those that are held first."""
    return await database.engine.read(
        lambda transaction: flags.everything(transaction, database.team_id, environment)
    )


async def exported_flags(database: Database, environment: str, effective: bool) -> str:
    """The environment as a flagd document: as it was defined or, `effective`, as it is served."""
    return await database.engine.read(
        lambda transaction: flag_definitions.exported(
            transaction, database.team_id, environment, effective=effective
        )
    )


async def define_flag(database: Database, flag: Flag) -> None:
    """Add a flag, or change one that nobody holds; raises Refused."""
    now = _now()
    await database.engine.write(
        lambda transaction: flags.define(transaction, database.team_id, flag, now=now)
    )
