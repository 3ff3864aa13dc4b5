"""Settings: read once from firebreak.toml and the environment, both handed in. Nothing here looks at os.environ.

The environment wins over the file. Everything that is wrong is said in one sentence, with what would be right.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
import zoneinfo
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StrictBool, StrictInt, ValidationError

from bot.config_flags import Flags, FlagSettings, flag_settings, flag_tokens, wrong_backends
from bot.config_private import Private
from bot.config_spoken import Language, Spoken, Workspaces, spoken
from bot.config_timeline import Timeline
from bot.domain.affected import PATHS_MAX, SERVICES_MAX, CriticalPath, Landscape, Service
from bot.domain.customs import UPDATE_EVERY, Customs
from bot.domain.questions import ROOT_CAUSES
from bot.domain.runbook import Frozen
from bot.domain.spelling import complaints, nearest, unknown
from bot.domain.vocabulary import Severity
from bot.services.runbooks import BUILT_IN
from bot.services.summaries import Schedule
from bot.storage.address import PostgresAddress, parse_address

DEFAULT_CONFIG = "firebreak.toml"
HTTP_PORT = 3000  # where Bolt's own apps listen, so that tunnels and examples made for them fit
PAGES_TOKEN_MIN = 16  # characters; nobody guesses one that was made by chance
BUILT_IN_FOLDER = "built-in"  # stands for the runbooks we ship; a folder of that name is "./built-in"

# What each variable is for; firebreak.example.toml and the README name every one of them.
ENVIRONMENT = {
    "SLACK_BOT_TOKEN": "the Bot User OAuth Token, xoxb-… (the app's page, OAuth & Permissions)",
    "SLACK_APP_TOKEN": "an app-level token, xapp-… (Basic Information, App-Level Tokens): turns Socket Mode on",
    "SLACK_SIGNING_SECRET": "the Signing Secret (Basic Information, App Credentials): for signed HTTP",
    "SLACK_API_URL": "another address of the Web API, such as the local Slack's",
    "HOST": "where the web server listens; wins over [web] host",
    "PORT": "the web server's port; wins over [web] port",
    "FIREBREAK_DATABASE": "the database: a file, or the address of a PostgreSQL",
    "FIREBREAK_PAGES_TOKEN": "what people read the web pages with",
    "FIREBREAK_FLAG_TOKENS": "what applications read flags with: 'production:TOKEN staging:TOKEN'",
    "FIREBREAK_CONFIG": "the settings file",
}

# How Slack's tokens begin: https://docs.slack.dev/authentication/tokens
TOKENS = {
    "xoxb-": "a bot token",
    "xoxe.xoxb-": "a bot token",  # one that rotates
    "xapp-": "an app-level token",
    "xoxp-": "a user token",
    "xoxe.xoxp-": "a user token",
    "xoxe-": "a refresh token",
    "xoxc-": "a browser's token",
    "xoxs-": "a browser's token",
    "xoxa-": "an outdated token",
    "xoxr-": "a refresh token",
    "https://": "a web address",
}
WANTED = {"SLACK_BOT_TOKEN": "a bot token", "SLACK_APP_TOKEN": "an app-level token"}


class SettingsError(Exception):
    """The settings cannot be used. The message is one sentence for the person who starts Firebreak."""


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


class Settings(Frozen):
    """Everything that can be set. The secrets show themselves only through `bot_token` and its siblings."""

    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_api_url: str = "https://slack.com/api/"
    database: Path | PostgresAddress = Path("firebreak.db")
    language: str = "en"
    zone: ZoneInfo
    announcements_channel: str
    summary_enabled: bool
    summary_time: dt.time
    summary_channel: str
    summaries: tuple[Schedule, ...]  # the first is that of `[summary]` itself
    severity_meanings: dict[Severity, str]
    runbook_folders: tuple[Path, ...]
    landscape: Landscape = Landscape()
    root_causes: tuple[str, ...] = ROOT_CAUSES
    pages_token: SecretStr | None = None
    customs: Customs = Customs()
    host: str
    port: int | None  # None: no web server, which Socket Mode does not need
    flags: FlagSettings = FlagSettings()
    timeline: Timeline = Timeline()
    workspaces: dict[str, Spoken] = Field(default_factory=dict)

    def of_workspace(self, team_id: str) -> Settings:
        """These settings in the language of this workspace."""
        own = self.workspaces.get(team_id)
        return self if own is None else self.model_copy(update=dict(own))

    @classmethod
    def load(cls, environ: Mapping[str, str], config: Path | None = None, *, slack: bool = True) -> Settings:
        """Read `config`, or else FIREBREAK_CONFIG, or else firebreak.toml if there is one. Raises SettingsError.

        `slack=False` is for what works with the database alone: tokens are checked, but none is demanded.
        """
        given = {name: environ[name].strip() for name in ENVIRONMENT if environ.get(name, "").strip()}
        named = config or (Path(given["FIREBREAK_CONFIG"]) if "FIREBREAK_CONFIG" in given else None)
        file, wrong = _file(named)
        wrong += _wrong_services(file)
        wrong += [*_wrong_secrets(given), *_wrong_addresses(given)]
        tokens, wrong_tokens = flag_tokens(given.get("FIREBREAK_FLAG_TOKENS", ""), file.flags.environments)
        wrong += [*wrong_tokens, *wrong_backends(file.flags, environ)]
        if file.flags.grpc and file.flags.serve and not tokens and not wrong_tokens:
            wrong.append("flags.grpc is set, but FIREBREAK_FLAG_TOKENS is not; nobody could read there")
        if slack and not wrong:
            wrong += _missing_secrets(given)
        if wrong:
            sentence = "; ".join(wrong)
            raise SettingsError(sentence if sentence.endswith("?") else f"{sentence}.")
        ours = _spoken(file, file.language)
        return cls(
            slack_bot_token=_secret(given, "SLACK_BOT_TOKEN"),
            slack_app_token=_secret(given, "SLACK_APP_TOKEN"),
            slack_signing_secret=_secret(given, "SLACK_SIGNING_SECRET"),
            slack_api_url=given.get("SLACK_API_URL", "https://slack.com/api").rstrip("/") + "/",
            database=parse_address(given.get("FIREBREAK_DATABASE", "firebreak.db")),
            language=file.language,
            zone=ZoneInfo(file.timezone),
            announcements_channel=file.announcements.channel,
            summary_enabled=file.summary.enabled,
            summary_time=file.summary.time,
            summary_channel=file.summary.channel or file.announcements.channel,
            summaries=_schedules(file),
            severity_meanings=ours.severity_meanings,
            runbook_folders=_folders(file, named or Path(DEFAULT_CONFIG)),
            landscape=ours.landscape,
            root_causes=ours.root_causes,
            pages_token=_secret(given, "FIREBREAK_PAGES_TOKEN"),
            customs=Customs(zone=file.timezone, update_every=file.updates.remind),
            host=given.get("HOST", file.web.host),
            port=_port(given, file),
            flags=flag_settings(file.flags, named or Path(DEFAULT_CONFIG), tokens, environ),
            timeline=file.timeline,
            workspaces={team: _spoken(file, each.language) for team, each in file.workspaces.items()},
        )

    @property
    def bot_token(self) -> str:
        if self.slack_bot_token is None:
            raise AssertionError("loaded with slack=False, so there may be no token")
        return self.slack_bot_token.get_secret_value()

    @property
    def app_token(self) -> str | None:
        """What turns Socket Mode on; None: Slack comes to us by signed HTTP."""
        return None if self.slack_app_token is None else self.slack_app_token.get_secret_value()

    @property
    def signing_secret(self) -> str:
        """What Slack signs its requests with; empty in Socket Mode without one, where nothing is signed."""
        if self.slack_signing_secret is not None:
            return self.slack_signing_secret.get_secret_value()
        if self.slack_app_token is None:  # an empty key would let anybody sign
            raise AssertionError("loaded with slack=False, so there may be no signing secret")
        return ""


def _file(named: Path | None) -> tuple[File, list[str]]:
    """The settings file and what is wrong in it; defaults when it is not named and not there."""
    path = named or Path(DEFAULT_CONFIG)
    if named is None and not path.exists():
        return File(), []
    try:
        document = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        what = f"the settings file {path} cannot be read ({error.strerror})"
        return File(), [f"{what}; correct its name in FIREBREAK_CONFIG, or its permissions"]
    except UnicodeDecodeError as error:
        return File(), [f"{path} is not UTF-8 text (at byte {error.start}); save it as UTF-8"]
    except tomllib.TOMLDecodeError as error:
        return File(), [f"{path} is not TOML: {error}; firebreak.example.toml shows how it is written"]
    except RecursionError:
        return File(), [f"{path} is nested too deeply; firebreak.example.toml shows how it is written"]
    try:
        return File.model_validate(document), []
    except ValidationError as error:
        return File(), [f"{path}: {each.what}" for each in complaints(error, File)]


def _spoken(file: File, language: str) -> Spoken:
    meanings = {level: named.meaning for level, named in file.severity.items() if named.meaning}
    landscape = Landscape(
        services=file.services, paths=file.critical_paths, confidants=file.private.responders
    )
    return spoken(language, meanings, landscape, file.gates.causes)


def _wrong_services(file: File) -> list[str]:
    """What names one thing twice, or a critical path that there is not."""
    known = [path.name for path in file.critical_paths]
    wrong = [
        f"services[{number}].paths names {path!r}, which is no critical path; {unknown(path, known)}"
        for number, service in enumerate(file.services, 1)
        for path in service.paths
        if path not in known
    ]
    for key, names in (("services", [each.name for each in file.services]), ("critical_paths", known)):
        twice = sorted({name for name in names if names.count(name) > 1})
        wrong += [f"{key} has {name!r} twice; remove one of them" for name in twice]
    return wrong


def _folders(file: File, beside: Path) -> tuple[Path, ...]:
    """The runbooks' folders; a relative one lies beside the settings file."""
    return tuple(
        BUILT_IN if folder == BUILT_IN_FOLDER else beside.parent / folder for folder in file.runbooks.folders
    )


def _port(given: dict[str, str], file: File) -> int | None:
    if "PORT" in given:
        return int(given["PORT"])
    if file.web.port is None and (
        "SLACK_APP_TOKEN" not in given or (file.flags.serve and "FIREBREAK_FLAG_TOKENS" in given)
    ):
        return HTTP_PORT
    return file.web.port


def _secret(given: dict[str, str], name: str) -> SecretStr | None:
    return SecretStr(given[name]) if name in given else None


def _wrong_secrets(given: dict[str, str]) -> list[str]:
    """Secrets that cannot be what they should be. A value is never repeated, only how it begins."""
    wrong = []
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"):
        value = given.get(name)
        if value is None:
            continue
        right = f"must be {ENVIRONMENT[name].split(':')[0]}"
        start = next((start for start in TOKENS if value.startswith(start)), None)
        if not re.fullmatch(r"[!#-&(-~]+", value):
            wrong.append(f"{name} has a blank, a quote or a character outside ASCII in it; copy it again")
        elif start is not None and TOKENS[start] != WANTED.get(name):
            wrong.append(f"{name} holds {TOKENS[start]} ({start}…), but {right}")
        elif start is None and name in WANTED:
            wrong.append(f"{name} does not look like a token of Slack's; it {right}")
    return wrong


def _wrong_addresses(given: dict[str, str]) -> list[str]:
    wrong = []
    port, url = given.get("PORT"), given.get("SLACK_API_URL")
    if port is not None and not (re.fullmatch(r"\d{1,5}", port, re.ASCII) and int(port) <= 65535):
        wrong.append(f"PORT is {port!r}, but must be a whole number from 0 to 65535")
    if url is not None and not is_web_address(url):
        wrong.append(
            f"SLACK_API_URL is {_without_password(url)!r}, but must be an address such as 'http://127.0.0.1:8080/api/'"
        )
    if not re.fullmatch(r"[!-~]{16,}", given.get("FIREBREAK_PAGES_TOKEN", "x" * PAGES_TOKEN_MIN)):
        wrong.append(
            f"FIREBREAK_PAGES_TOKEN must have {PAGES_TOKEN_MIN} characters or more, without blanks; make one with: "
            "openssl rand -hex 24"
        )
    if not re.fullmatch(r"[\w.:-]+", given.get("HOST", "localhost")):
        wrong.append(
            f"HOST is {given['HOST']!r}, but must be an address of this machine, such as '127.0.0.1'"
        )
    try:
        parse_address(given.get("FIREBREAK_DATABASE", ""))
    except ValueError as error:
        wrong.append(f"FIREBREAK_DATABASE {error}")
    return wrong


def is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.fragment)
        )
    except ValueError:  # "http://[" and the like
        return False


def _without_password(url: str) -> str:
    return re.sub(r"//[^@/]*@", "//…@", url)


def _missing_secrets(given: dict[str, str]) -> list[str]:
    """What connecting to Slack takes and is not there."""
    door = "SLACK_APP_TOKEN" in given or "SLACK_SIGNING_SECRET" in given
    doors = "SLACK_APP_TOKEN (for Socket Mode) or SLACK_SIGNING_SECRET (for signed HTTP)"
    hint = "firebreak.example.toml says where to find them, and firebreak demo needs none"
    match ("SLACK_BOT_TOKEN" in given, door):
        case (True, True):
            return []
        case (True, False):
            return [f"Set {doors} too; {hint}"]
        case (False, True):
            return [f"Set SLACK_BOT_TOKEN too; {hint}"]
        case _:
            return [f"Set SLACK_BOT_TOKEN, and {doors}; {hint}"]


def _schedules(file: File) -> tuple[Schedule, ...]:
    def weekdays(days: tuple[Day, ...]) -> frozenset[int]:
        return frozenset(DAYS.index(day) + 1 for day in days)

    zone, summary = ZoneInfo(file.timezone), file.summary
    first = Schedule(
        zone=zone,
        post_time=summary.time,
        channel=summary.channel or file.announcements.channel,
        enabled=summary.enabled,
        days=weekdays(summary.days),
    )
    more = [
        Schedule(
            zone=ZoneInfo(each.timezone) if each.timezone else zone,
            post_time=each.time,
            channel=each.channel,
            days=weekdays(each.days),
            name=f"{each.channel} {'+'.join(each.days)}",
        )
        for each in summary.more
    ]
    return (first, *more)
