"""Settings of the flags: environments, read tokens, and where applications find them. Read by bot/config.py."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, StrictBool

from bot.domain.flags import FIRST_ENVIRONMENT
from bot.domain.runbook import Frozen

FLAG_TOKEN_MIN = 16  # characters; nobody guesses one that was made by chance
FLAG_TOKENS_MAX = 2  # for one environment: the one in use, and the one that replaces it

EnvironmentName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]  # in file names and commands


class Flags(Frozen):
    environments: Annotated[
        tuple[EnvironmentName, ...],
        Field(
            min_length=1,
            max_length=20,
            description="a list of names in lower case, such as ['production', 'staging']",
        ),
    ] = (FIRST_ENVIRONMENT,)
    serve: Annotated[StrictBool, Field(description="true or false")] = True
    production: Annotated[
        tuple[EnvironmentName, ...] | None,
        Field(max_length=20, description="a list of names from environments, such as ['production']"),
    ] = None
    folder: Annotated[str, Field(description="a folder, such as 'flags', or '' for no files")] = ""
    grpc: Annotated[
        str,
        Field(
            pattern=r"^(?:[\w.-]+:\d{1,5}|\[[\w.:]+\]:\d{1,5})?$",
            description="an address and port of this machine, such as '127.0.0.1:8015', or '' for none",
        ),
    ] = ""


class FlagSettings(Frozen):
    """Where applications read the flags of the bot's own table. The first environment is the default one."""

    environments: tuple[str, ...] = (FIRST_ENVIRONMENT,)
    production: frozenset[str] = frozenset({FIRST_ENVIRONMENT})  # where holding asks, and undoing takes two
    tokens: dict[str, tuple[SecretStr, ...]] = Field(default_factory=dict)
    serve: bool = True  # False: `firebreak flag serve` does it, and the bot does not
    folder: Path | None = None  # None: no files are written
    grpc: str = ""  # address:port, or empty

    @property
    def default(self) -> str:
        return self.environments[0]

    @property
    def is_served(self) -> bool:
        """Whether anything reads them: by web, by gRPC, or as files."""
        return bool(self.tokens) or self.folder is not None


def flag_settings(given: Flags, beside: Path, tokens: dict[str, tuple[SecretStr, ...]]) -> FlagSettings:
    """What the file and the environment say together; a relative folder lies beside the settings file."""
    return FlagSettings(
        environments=tuple(dict.fromkeys(given.environments)),
        production=_production(given),
        tokens=tokens,
        serve=given.serve,
        folder=None if not given.folder else beside.parent / given.folder,
        grpc=given.grpc,
    )


def _production(given: Flags) -> frozenset[str]:
    """As it is set; else what is called so, else every environment: rather asked once too often."""
    if given.production is not None:
        return frozenset(given.production)
    named = frozenset(each for each in given.environments if each.startswith(("prod", "live")))
    return named or frozenset(given.environments)


def flag_tokens(
    given: str, environments: Sequence[str]
) -> tuple[dict[str, tuple[SecretStr, ...]], list[str]]:
    """The read tokens by environment, and what is wrong with them; a token is never repeated."""
    found: dict[str, tuple[SecretStr, ...]] = {}
    wrong: list[str] = []
    name = "FIREBREAK_FLAG_TOKENS"
    for position, pair in enumerate(given.split(), start=1):
        environment, colon, token = pair.partition(":")
        if not colon or not re.fullmatch(r"[A-Za-z0-9._~+/=-]+", token):
            wrong.append(
                f"{name} has something in place {position} that is not written ENVIRONMENT:TOKEN, the token of "
                "letters, digits and ._~+/=-"
            )
        elif environment not in environments:
            wrong.append(
                f"{name} names the environment in place {position}, which [flags] environments lacks"
            )
        elif len(token) < FLAG_TOKEN_MIN:
            wrong.append(
                f"{name} has a token of fewer than {FLAG_TOKEN_MIN} characters for {environment!r}; make one with "
                "`openssl rand -hex 24`"
            )
        else:
            found[environment] = (*found.get(environment, ()), SecretStr(token))
    wrong += [
        f"{name} has {len(tokens)} tokens for {environment!r}; two at most, while one replaces the other"
        for environment, tokens in found.items()
        if len(tokens) > FLAG_TOKENS_MAX
    ]
    values = [token.get_secret_value() for tokens in found.values() for token in tokens]
    if len(values) != len(set(values)):
        wrong.append(f"{name} has one token twice; a token says which environment is read")
    return found, wrong
