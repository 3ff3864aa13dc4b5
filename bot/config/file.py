"""What may stand in firebreak.toml, as types: a name for each table, a default for each key."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StrictInt

from bot.config.flags import Flags
from bot.config.spoken import Language, Workspaces
from bot.domain.affected import PATHS_MAX, SERVICES_MAX, CriticalPath, Landscape, Service
from bot.domain.captured import CAPTURE_EMOJI
from bot.domain.customs import UPDATE_EVERY
from bot.domain.questions import ROOT_CAUSES
from bot.domain.runbook import Frozen
from bot.domain.spelling import nearest
from bot.domain.vocabulary import Severity

BUILT_IN_FOLDER = "built-in"  # stands for the runbooks we ship; a folder of that name is "./built-in"


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones
        near = nearest(name, zoneinfo.available_timezones())
        raise ValueError(f"did you mean {near!r}?" if near else "write a name like 'Europe/Berlin'") from None
    return name


def _channel(name: str) -> str:
    """The name without its `#`. Slack's are lower case and without blanks; an id is in capitals."""
    name = name.removeprefix("#")
    if not re.fullmatch(r"[^\s#@&<>,.!A-Z]{1,80}|[CG][A-Z0-9]{6,}", name):
        raise ValueError("write a channel's name as Slack shows it, such as 'incidents', or its id")
    return name


def _time_of_day(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value, re.ASCII):
        return dt.time.fromisoformat(value)
    if isinstance(value, dt.time):
        return value
    raise ValueError("write a time of day, such as '09:00'")


Channel = Annotated[
    str, AfterValidator(_channel), Field(description="the name of a channel, such as 'incidents'")
]


class Announcements(Frozen):
    channel: Channel = "incidents"


Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = get_args(Day)
Days = Annotated[
    tuple[Day, ...],
    Field(min_length=1, description="a list of the days mon, tue, wed, thu, fri, sat and sun"),
]


class AnotherSummary(Frozen):
    """In a channel of its own, by its own clock; one day a week makes it a weekly one."""

    channel: Channel
    time: Annotated[dt.time, BeforeValidator(_time_of_day)] = dt.time(9, 0)
    timezone: Annotated[str, AfterValidator(_time_zone)] | None = None
    days: Days = DAYS


class Summary(Frozen):
    enabled: Annotated[StrictBool, Field(description="true or false")] = True
    time: Annotated[dt.time, BeforeValidator(_time_of_day)] = dt.time(9, 0)
    channel: Channel | None = None
    days: Days = DAYS
    more: tuple[AnotherSummary, ...] = ()


class Meaning(Frozen):
    meaning: Annotated[
        str | None, Field(min_length=1, max_length=200, description="a text of 1 to 200 characters")
    ] = None


class Runbooks(Frozen):
    folders: Annotated[
        tuple[Annotated[str, Field(min_length=1)], ...],
        Field(min_length=1, description="a list of folders, such as ['built-in', 'our-runbooks']"),
    ] = (BUILT_IN_FOLDER,)


Name = Annotated[str, Field(min_length=1, max_length=75)]  # Slack shows 75 characters of an option


class Gates(Frozen):
    causes: Annotated[
        tuple[Name, ...],
        Field(
            min_length=1, max_length=100, description="a list of 1 to 100 names, such as ['race condition']"
        ),
    ] = ROOT_CAUSES


class Updates(Frozen):
    remind: Annotated[
        dict[Severity, Annotated[StrictInt, Field(ge=0, le=1440, description="minutes, from 0 to 1440")]],
        Field(description="minutes by severity, such as { P0 = 30, P1 = 60 }"),
    ] = UPDATE_EVERY


class Web(Frozen):
    host: Annotated[
        str,
        Field(pattern=r"^[\w.:-]+$", description="an address of this machine, such as '127.0.0.1'"),
    ] = "127.0.0.1"
    port: Annotated[StrictInt | None, Field(ge=0, le=65535, description="a whole number from 0 to 65535")] = (
        None
    )


def _emoji(name: str) -> str:
    """The name as Slack's events have it: without the colons that people type around it."""
    name = name.strip(":")
    if not re.fullmatch(r"[\w+'-]{1,100}", name) or name != name.lower():
        raise ValueError("write the name of an emoji as Slack shows it, such as 'pushpin'")
    return name


class Timeline(Frozen):
    emoji: Annotated[
        str, AfterValidator(_emoji), Field(description="the name of an emoji, such as 'pushpin'")
    ] = CAPTURE_EMOJI


class Private(Frozen):
    responders: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[UW][A-Z0-9]{2,20}$")], ...],
        Field(max_length=30, description="a list of at most 30 member ids, such as ['U0123ABCD']"),
    ] = ()


class File(Frozen):
    """What may stand in firebreak.toml. A `description` finishes the sentence "… must be"."""

    language: Language = "en"
    workspaces: Workspaces = Field(default_factory=dict)
    timezone: Annotated[
        str, AfterValidator(_time_zone), Field(description="a time zone, such as 'Europe/Berlin'")
    ] = "UTC"
    services: Annotated[
        tuple[Service, ...], Field(max_length=SERVICES_MAX, description="a list of at most 100 services")
    ] = ()
    critical_paths: Annotated[
        tuple[CriticalPath, ...],
        Field(min_length=1, max_length=PATHS_MAX, description="a list of 1 to 10 critical paths"),
    ] = Landscape().paths
    announcements: Announcements = Announcements()
    summary: Summary = Summary()
    severity: dict[Severity, Meaning] = Field(default_factory=dict)
    runbooks: Runbooks = Runbooks()
    gates: Gates = Gates()
    updates: Updates = Updates()
    web: Web = Web()
    flags: Flags = Flags()
    timeline: Timeline = Timeline()
    private: Private = Private()
