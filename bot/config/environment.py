"""What may stand in the environment: the name of each variable, and what is wrong with the values given."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from bot.storage.address import parse_address

PAGES_TOKEN_MIN = 16  # characters; nobody guesses one that was made by chance

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


def wrong_secrets(given: dict[str, str]) -> list[str]:
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


def wrong_addresses(given: dict[str, str]) -> list[str]:
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


def missing_secrets(given: dict[str, str]) -> list[str]:
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
