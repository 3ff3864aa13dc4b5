"""Settings: what is read, what wins, and how each mistake is said."""

from __future__ import annotations

import contextlib
import re
import tomllib
from collections.abc import Iterator
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.config import ENVIRONMENT, File, Settings, SettingsError
from bot.config.spoken import MEANINGS
from bot.domain.runbook import Frozen
from bot.domain.vocabulary import Severity
from bot.services.runbooks import BUILT_IN

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "firebreak.example.toml"

BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-1-hidden", "xapp-1-hidden", "0123456789abcdef-hidden"
SOCKET = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN}
HTTP = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_SIGNING_SECRET": SIGNING_SECRET}


def loaded(folder: Path, toml: str = "", environ: dict[str, str] | None = None) -> Settings:
    config = folder / "firebreak.toml"
    config.write_text(toml, encoding="utf-8")
    return Settings.load(environ or SOCKET, config)


def refusal(folder: Path, toml: str = "", environ: dict[str, str] | None = None) -> str:
    """The one sentence that says what is wrong."""
    with pytest.raises(SettingsError) as refused:
        loaded(folder, toml, environ)
    said = str(refused.value)
    assert said.endswith((".", "?"))
    assert not said.endswith("?.")
    assert "\n" not in said
    assert "hidden" not in said
    return said


def test_everything_has_a_default_but_the_tokens(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    assert found.database == Path("firebreak.db")
    assert (found.language, found.zone) == ("en", ZoneInfo("UTC"))
    assert (found.announcements_channel, found.summary_channel) == ("incidents", "incidents")
    assert (found.summary_enabled, found.summary_time) == (True, time(9, 0))
    assert found.severity_meanings == MEANINGS
    assert found.runbook_folders == (BUILT_IN,)
    assert (found.host, found.slack_api_url) == ("127.0.0.1", "https://slack.com/api/")


def test_the_file_sets_everything(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        """
        language = "en"
        timezone = "Europe/Berlin"
        announcements.channel = "#störungen"
        summary = { enabled = false, time = "17:30", channel = "C0123456789" }
        severity.P0.meaning = "nobody can buy"
        runbooks.folders = ["ours", "built-in", "/srv/runbooks"]
        web = { host = "0.0.0.0", port = 8000 }
        """,
    )
    assert found.zone == ZoneInfo("Europe/Berlin")
    assert found.announcements_channel == "störungen"
    assert (found.summary_enabled, found.summary_time) == (False, time(17, 30))
    assert found.summary_channel == "C0123456789"
    assert found.severity_meanings == MEANINGS | {Severity.P0: "nobody can buy"}
    assert found.runbook_folders == (tmp_path / "ours", BUILT_IN, Path("/srv/runbooks"))
    assert (found.host, found.port) == ("0.0.0.0", 8000)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    environ = SOCKET | {"HOST": "::1", "PORT": "0", "SLACK_API_URL": "http://127.0.0.1:9/api"}
    found = loaded(tmp_path, '[web]\nhost = "0.0.0.0"\nport = 8000', environ)
    assert (found.host, found.port) == ("::1", 0)
    assert found.slack_api_url == "http://127.0.0.1:9/api/"


def test_the_summary_goes_where_announcements_go_unless_told_otherwise(tmp_path: Path) -> None:
    assert loaded(tmp_path, 'announcements.channel = "outages"').summary_channel == "outages"


def test_a_variable_that_is_empty_is_as_if_it_were_not_set(tmp_path: Path) -> None:
    found = loaded(tmp_path, environ=SOCKET | {"PORT": " ", "FIREBREAK_DATABASE": "", "HOST": ""})
    assert (found.port, found.database, found.host) == (None, Path("firebreak.db"), "127.0.0.1")


def test_a_token_may_have_been_pasted_with_a_line_end(tmp_path: Path) -> None:
    assert loaded(tmp_path, environ=SOCKET | {"SLACK_BOT_TOKEN": f"{BOT_TOKEN}\r\n"}).bot_token == BOT_TOKEN


# Socket Mode or signed HTTP


def test_an_app_level_token_means_socket_mode_and_no_web_server(tmp_path: Path) -> None:
    found = loaded(tmp_path, environ=SOCKET)
    assert (found.bot_token, found.app_token, found.port) == (BOT_TOKEN, APP_TOKEN, None)
    assert found.signing_secret == ""


def test_a_signing_secret_alone_means_signed_http_on_port_3000(tmp_path: Path) -> None:
    found = loaded(tmp_path, environ=HTTP)
    assert (found.app_token, found.signing_secret, found.port) == (None, SIGNING_SECRET, 3000)


def test_with_both_the_app_level_token_decides(tmp_path: Path) -> None:
    found = loaded(tmp_path, environ=HTTP | SOCKET)
    assert (found.app_token, found.port) == (APP_TOKEN, None)


@pytest.mark.parametrize(
    "variables", [{}, {"SLACK_BOT_TOKEN"}, {"SLACK_APP_TOKEN"}, {"SLACK_SIGNING_SECRET"}]
)
def test_what_is_missing_to_connect_is_named(tmp_path: Path, variables: set[str]) -> None:
    said = refusal(tmp_path, environ={"PATH": "/bin"} | {name: (HTTP | SOCKET)[name] for name in variables})
    assert said.startswith("Set ")
    assert ("SLACK_BOT_TOKEN" in said) == ("SLACK_BOT_TOKEN" not in variables)
    needs_a_door = not variables & {"SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"} if variables else True
    assert (
        "SLACK_APP_TOKEN (for Socket Mode) or SLACK_SIGNING_SECRET (for signed HTTP)" in said
    ) == needs_a_door


def test_what_needs_the_database_alone_needs_no_token(tmp_path: Path) -> None:
    config = tmp_path / "firebreak.toml"
    config.write_text("")
    found = Settings.load({}, config, slack=False)
    assert found.database == Path("firebreak.db")
    with pytest.raises(AssertionError):
        _ = found.signing_secret  # an empty key would let anybody sign


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (
            "SLACK_BOT_TOKEN",
            "xoxp-hidden",
            "SLACK_BOT_TOKEN holds a user token (xoxp-…), but must be the Bot User",
        ),
        ("SLACK_BOT_TOKEN", "xapp-hidden", "SLACK_BOT_TOKEN holds an app-level token (xapp-…), but must be"),
        (
            "SLACK_APP_TOKEN",
            "xoxb-hidden",
            "SLACK_APP_TOKEN holds a bot token (xoxb-…), but must be an app-level",
        ),
        (
            "SLACK_SIGNING_SECRET",
            "xoxb-hidden",
            "SLACK_SIGNING_SECRET holds a bot token (xoxb-…), but must be",
        ),
        ("SLACK_BOT_TOKEN", "https://hooks.slack.com/hidden", "holds a web address"),
        (
            "SLACK_BOT_TOKEN",
            "hidden",
            "SLACK_BOT_TOKEN does not look like a token of Slack's; it must be the Bot",
        ),
        (
            "SLACK_BOT_TOKEN",
            '"xoxb-hidden"',
            "SLACK_BOT_TOKEN has a blank, a quote or a character outside ASCII",
        ),
        (
            "SLACK_APP_TOKEN",
            "xapp-hidden…",
            "SLACK_APP_TOKEN has a blank, a quote or a character outside ASCII",
        ),
        ("SLACK_SIGNING_SECRET", "hidden hidden", "SLACK_SIGNING_SECRET has a blank"),
    ],
)
def test_a_secret_in_the_wrong_place_is_named_and_never_shown(
    tmp_path: Path, name: str, value: str, said: str
) -> None:
    assert said in refusal(tmp_path, environ=HTTP | SOCKET | {name: value})


def test_a_bot_token_that_rotates_is_a_bot_token(tmp_path: Path) -> None:
    rotating = "xoxe.xoxb-1-hidden"
    assert loaded(tmp_path, environ=SOCKET | {"SLACK_BOT_TOKEN": rotating}).bot_token == rotating


def test_secrets_show_in_no_picture_of_the_settings(tmp_path: Path) -> None:
    database = {"FIREBREAK_DATABASE": "postgresql://ana:hidden@db.example.com/x?sslpassword=hidden"}
    found = loaded(tmp_path, environ=HTTP | SOCKET | database)
    pictures = [repr(found), str(found), found.model_dump_json(), repr(found.model_dump()), f"{vars(found)}"]
    assert [picture for picture in pictures if "hidden" in picture] == []


# What is wrong in the environment


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "80a", "PORT is '80a', but must be a whole number from 0 to 65535"),
        ("PORT", "65536", "PORT is '65536', but must be"),
        ("PORT", "-1", "PORT is '-1', but must be"),
        ("PORT", "٣٠٠٠", "PORT is '٣٠٠٠', but must be"),
        ("HOST", "http://here", "HOST is 'http://here', but must be an address of this machine"),
        (
            "SLACK_API_URL",
            "slack.com/api",
            "SLACK_API_URL is 'slack.com/api', but must be an address such as",
        ),
        ("SLACK_API_URL", "ftp://me:hidden@slack.com", "SLACK_API_URL is 'ftp://…@slack.com', but must be"),
        ("SLACK_API_URL", "http://[", "SLACK_API_URL is 'http://[', but must be an address"),
        (
            "FIREBREAK_DATABASE",
            "mysql://u:hidden@h/d",
            "FIREBREAK_DATABASE is 'mysql://…@h/d', but must be the path of a file, or an address like",
        ),
        (
            "FIREBREAK_DATABASE",
            ":memory:",
            "FIREBREAK_DATABASE is ':memory:', but must be the path of a file",
        ),
        (
            "FIREBREAK_DATABASE",
            "postgresql://u:hid@den/hidden@h/d",
            "FIREBREAK_DATABASE is no address that PostgreSQL could read; write one like",
        ),
    ],
)
def test_a_wrong_variable_is_named_with_its_value_and_what_is_right(
    tmp_path: Path, name: str, value: str, said: str
) -> None:
    assert said in refusal(tmp_path, environ=SOCKET | {name: value})


# What is wrong in the file


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('timezome = "UTC"', "unknown key 'timezome'; did you mean 'timezone'?"),
        ('[anouncements]\nchannel = "x"', "unknown key 'anouncements'; did you mean 'announcements'?"),
        ('[summary]\nchanel = "x"', "unknown key 'summary.chanel'; did you mean 'channel'?"),
        ("[web]\nworkers = 3", "unknown key 'web.workers'; known here: host, port"),
        ('[severity.p0]\nmeaning = "x"', "unknown key 'severity.p0'; did you mean 'P0'?"),
        ('[severity.P0]\nmeening = "x"', "unknown key 'severity.P0.meening'; did you mean 'meaning'?"),
        ('[severity]\nP0 = "x"', "severity.P0 is 'x', but must be a table with meaning"),
        (
            '[severity.P0]\nmeaning = ""',
            "severity.P0.meaning is '', but must be a text of 1 to 200 characters",
        ),
        ('timezone = "Europe/Berln"', "timezone is 'Europe/Berln'; did you mean 'Europe/Berlin'?"),
        ('timezone = "Europe"', "timezone is 'Europe'; "),
        ('timezone = "../etc/passwd"', "timezone is '../etc/passwd'; write a name like 'Europe/Berlin'"),
        ("timezone = 1", "timezone is 1, but must be a time zone, such as 'Europe/Berlin'"),
        ('language = "de"', "language is 'de', but must be 'en' or 'fr'"),
        ('announcements = "x"', "announcements is 'x', but must be a table with channel"),
        ('announcements.channel = "On Call"', "is 'On Call'; write a channel's name as Slack shows it"),
        ('announcements.channel = ""', "announcements.channel is ''; write a channel's name"),
        ('summary.time = "9:00"', "summary.time is '9:00'; write a time of day, such as '09:00'"),
        ('summary.time = "24:00"', "summary.time is '24:00'; write a time of day, such as '09:00'"),
        ("summary.time = 9", "summary.time is 9; write a time of day, such as '09:00'"),
        ('summary.enabled = "yes"', "summary.enabled is 'yes', but must be true or false"),
        ('runbooks.folders = "ours"', "runbooks.folders is 'ours', but must be a list of folders"),
        (
            "runbooks.folders = []",
            "runbooks.folders is an empty list, but must be a list of folders, such as ['built-in'",
        ),
        ("runbooks.folders = [1]", "runbooks.folders[1] is 1; runbooks.folders must be a list of"),
        (
            'summary.days = ["monday"]',
            "toml: summary.days[1] is 'monday'; summary.days must be a list of the days mon",
        ),
        ("updates.remind = { P0 = -1 }", "updates.remind.P0 is -1, but must be minutes, from 0 to 1440"),
        ('web.port = "80"', "web.port is '80', but must be a whole number from 0 to 65535"),
        ("web.port = 70000", "web.port is 70000, but must be a whole number from 0 to 65535"),
        ("web.port = true", "web.port is true, but must be a whole number"),
        ('web.host = "http://x"', "web.host is 'http://x', but must be an address of this machine"),
        ("timezone", "is not TOML: Expected '=' after a key in a key/value pair"),
        ("a = " + "[" * 5000, "is nested too deeply"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value_and_what_is_right(
    tmp_path: Path, toml: str, said: str
) -> None:
    sentence = refusal(tmp_path, toml)
    assert said in sentence
    assert sentence.startswith(str(tmp_path / "firebreak.toml"))


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    said = refusal(
        tmp_path, 'timezome = "UTC"\nweb.port = -1', {"SLACK_BOT_TOKEN": "xoxp-hidden", "PORT": "x"}
    )
    assert all(part in said for part in ("timezome", "web.port", "SLACK_BOT_TOKEN", "PORT"))


def test_a_settings_file_of_another_encoding_is_named(tmp_path: Path) -> None:
    config = tmp_path / "firebreak.toml"
    config.write_bytes('timezone = "Größe"'.encode("latin-1"))
    with pytest.raises(SettingsError, match="is not UTF-8 text"):
        Settings.load(SOCKET, config)


def test_a_byte_order_mark_from_an_editor_does_not_matter(tmp_path: Path) -> None:
    assert loaded(tmp_path, '\ufefftimezone = "Asia/Tokyo"').zone == ZoneInfo("Asia/Tokyo")


def test_a_named_settings_file_must_be_there(tmp_path: Path) -> None:
    for environ, config in (
        (SOCKET | {"FIREBREAK_CONFIG": str(tmp_path / "none.toml")}, None),
        (SOCKET, tmp_path / "none.toml"),
        (SOCKET, tmp_path),
    ):
        with pytest.raises(SettingsError, match=r"cannot be read .*FIREBREAK_CONFIG"):
            Settings.load(environ, config)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """Start in another folder, as a service does."""
    with contextlib.chdir(tmp_path):
        yield tmp_path


def test_the_default_settings_file_is_read_where_the_bot_starts(elsewhere: Path) -> None:
    assert Settings.load(SOCKET).zone == ZoneInfo("UTC")
    (elsewhere / "firebreak.toml").write_text('timezone = "Asia/Tokyo"')
    assert Settings.load(SOCKET).zone == ZoneInfo("Asia/Tokyo")
    (elsewhere / "other.toml").write_text('timezone = "Africa/Cairo"')
    assert Settings.load(SOCKET | {"FIREBREAK_CONFIG": "other.toml"}).zone == ZoneInfo("Africa/Cairo")


LINES = [line.lstrip("#") for line in EXAMPLE.read_text().splitlines()] + [
    'timezone = "x"',
    "port = -1",
    "[web]",
]


@settings(max_examples=80, deadline=None)
@given(toml=st.one_of(st.text(max_size=80), st.lists(st.sampled_from(LINES), max_size=12).map("\n".join)))
@example(toml='"a\\nb" = 1')
def test_no_file_whatever_ends_in_anything_but_settings_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, toml: str
) -> None:
    config = tmp_path_factory.getbasetemp() / "whatever.toml"
    config.write_bytes(toml.encode("utf-8", "surrogatepass"))
    try:
        Settings.load(SOCKET, config)
    except SettingsError as error:
        assert len(str(error).splitlines()) == 1


# The example file


def flat(table: dict[str, Any], above: str = "") -> dict[str, Any]:
    keys: dict[str, Any] = {}
    for name, value in table.items():
        keys |= flat(value, f"{above}{name}.") if isinstance(value, dict) else {f"{above}{name}": value}
    return keys


def keys_of_the_model() -> set[str]:
    keys = {f"severity.{level.value}.meaning" for level in Severity}
    for name, value in File():
        if isinstance(value, Frozen):
            for inner, inside in value:
                keys |= (
                    flat(inside, f"{name}.{inner}.").keys()
                    if isinstance(inside, dict)
                    else {f"{name}.{inner}"}
                )
        elif name not in ("severity", "workspaces"):  # tables that people name
            keys.add(name)
    return keys


def uncommented() -> str:
    return re.sub(r"^#(?=[a-z_]+ = )", "", EXAMPLE.read_text(), flags=re.MULTILINE)


def test_the_example_names_every_setting_and_no_other() -> None:
    assert set(flat(tomllib.loads(uncommented()))) == keys_of_the_model()


def test_the_example_states_the_defaults(tmp_path: Path) -> None:
    assert loaded(tmp_path, uncommented(), HTTP) == loaded(tmp_path, "", HTTP)


def test_the_example_copied_as_it_stands_changes_nothing(tmp_path: Path) -> None:
    assert loaded(tmp_path, EXAMPLE.read_text()) == loaded(tmp_path, "")


@pytest.mark.parametrize("variable", ENVIRONMENT)
def test_the_example_names_every_variable(variable: str) -> None:
    assert re.search(rf"^# (?:HOST, )?{variable}\b", EXAMPLE.read_text(), re.MULTILINE)


# Flags


def with_tokens(tokens: str) -> dict[str, str]:
    return SOCKET | {"FIREBREAK_FLAG_TOKENS": tokens}


def test_flags_have_one_environment_and_are_served_nowhere_unless_told_otherwise(tmp_path: Path) -> None:
    flags = loaded(tmp_path).flags
    assert (flags.environments, flags.default, flags.is_served) == (("production",), "production", False)


def test_tokens_say_which_environment_they_read_and_do_not_show_themselves(tmp_path: Path) -> None:
    one, next_one, other = ("x" * 20, "y" * 20, "z" * 20)
    found = loaded(
        tmp_path,
        'flags = { environments = ["production", "staging"], folder = "flags", grpc = "127.0.0.1:0" }',
        with_tokens(f"production:{one} staging:{other}\n production:{next_one}"),
    )
    tokens = {
        name: [each.get_secret_value() for each in tokens] for name, tokens in found.flags.tokens.items()
    }
    assert tokens == {"production": [one, next_one], "staging": [other]}
    assert found.flags.folder == tmp_path / "flags"
    assert found.flags.is_served
    assert one not in repr(found)


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        ("hidden", "written ENVIRONMENT:TOKEN"),
        ("production:", "written ENVIRONMENT:TOKEN"),
        ("production:hidden,hidden-hidden", "written ENVIRONMENT:TOKEN"),
        ("production:hidden", "fewer than 16 characters for 'production'"),
        ("staging:" + "hidden" * 4, "environment in place 1, which [flags] environments lacks"),
        (
            " ".join(f"production:{'hidden' * 3}{number}" for number in range(3)),
            "has 3 tokens for 'production'",
        ),
        (" ".join(["production:" + "hidden" * 3] * 2), "has one token twice"),
    ],
)
def test_tokens_that_cannot_be_used_are_named_by_their_place_alone(
    tmp_path: Path, tokens: str, said: str
) -> None:
    assert said in refusal(tmp_path, environ=with_tokens(tokens))


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("flags.environments = []", "flags.environments"),
        ('flags.environments = ["Prod"]', "flags.environments[1]"),
        ('flags.environments = ["../etc"]', "flags.environments[1]"),
        ('flags.grpc = "8015"', "such as '127.0.0.1:8015'"),
        ('flags.folders = "x"', "did you mean 'folder'"),
    ],
)
def test_a_wrong_setting_of_flags_is_said(tmp_path: Path, toml: str, said: str) -> None:
    assert said in refusal(tmp_path, toml)


def test_with_tokens_there_is_a_web_server_in_socket_mode_too_unless_others_serve(tmp_path: Path) -> None:
    tokens = with_tokens("production:" + "x" * 20)
    assert loaded(tmp_path, "", tokens).port == 3000
    assert loaded(tmp_path, "flags.serve = false", tokens).port is None


def test_grpc_without_tokens_is_refused_where_the_bot_serves(tmp_path: Path) -> None:
    assert "FIREBREAK_FLAG_TOKENS is not" in refusal(tmp_path, 'flags.grpc = "127.0.0.1:8015"')
    assert (
        loaded(tmp_path, 'flags = { grpc = "127.0.0.1:8015", serve = false }').flags.grpc == "127.0.0.1:8015"
    )
