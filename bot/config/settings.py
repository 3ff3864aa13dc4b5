"""Settings: read once from firebreak.toml and the environment, both handed in. Nothing here looks at os.environ.

The environment wins over the file. Everything that is wrong is said in one sentence, with what would be right.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError

from bot.config.environment import ENVIRONMENT, missing_secrets, wrong_addresses, wrong_secrets
from bot.config.file import BUILT_IN_FOLDER, DAYS, Day, File, Timeline
from bot.config.flags import FlagSettings, flag_settings, flag_tokens, wrong_backends
from bot.config.spoken import Spoken, spoken
from bot.domain.affected import Landscape
from bot.domain.customs import Customs
from bot.domain.questions import ROOT_CAUSES
from bot.domain.runbook import Frozen
from bot.domain.spelling import complaints, unknown
from bot.domain.vocabulary import Severity
from bot.services.runbooks import BUILT_IN
from bot.services.summaries import Schedule
from bot.storage.address import PostgresAddress, parse_address

DEFAULT_CONFIG = "firebreak.toml"
HTTP_PORT = 3000  # where Bolt's own apps listen, so that tunnels and examples made for them fit


class SettingsError(Exception):
    """The settings cannot be used. The message is one sentence for the person who starts Firebreak."""


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
        wrong += [*wrong_secrets(given), *wrong_addresses(given)]
        tokens, wrong_tokens = flag_tokens(given.get("FIREBREAK_FLAG_TOKENS", ""), file.flags.environments)
        wrong += [*wrong_tokens, *wrong_backends(file.flags, environ)]
        if file.flags.grpc and file.flags.serve and not tokens and not wrong_tokens:
            wrong.append("flags.grpc is set, but FIREBREAK_FLAG_TOKENS is not; nobody could read there")
        if slack and not wrong:
            wrong += missing_secrets(given)
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
