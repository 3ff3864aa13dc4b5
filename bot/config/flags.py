"""Settings of the flags: environments, read tokens, and where applications find them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, StrictBool

from bot.domain.flags import FIRST_ENVIRONMENT
from bot.domain.runbook import Frozen

FLAG_TOKEN_MIN = 16  # characters; nobody guesses one that was made by chance
FLAG_TOKENS_MAX = 2  # for one environment: the one in use, and the one that replaces it

EnvironmentName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]  # in file names and commands


BackendName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,29}$")]  # in commands, before a colon
Kind = Literal["flagd-file", "unleash", "launchdarkly", "flagsmith"]
EMBEDDED = "embedded"  # the name of our own, which needs no settings


class FlagBackend(Frozen):
    """Another place where flags are kept. Its token stands in the environment, under the name `token_from`."""

    kind: Annotated[Kind, Field(description="one of 'flagd-file', 'unleash', 'launchdarkly' and 'flagsmith'")]
    url: Annotated[
        str,
        Field(
            pattern=r"^(?:https?://\S+)?$", description="an address, such as 'https://unleash.example.com'"
        ),
    ] = ""
    project: Annotated[str, Field(max_length=100, description="the name of a project there")] = "default"
    environments: Annotated[
        dict[EnvironmentName, Annotated[str, Field(min_length=1)]],
        Field(description="ours and what each is called there, such as { production = 'prod' }"),
    ] = Field(default_factory=dict)
    token_from: Annotated[
        str,
        Field(
            pattern=r"^(?:[A-Z][A-Z0-9_]*)?$",
            description="the name of an environment variable, such as 'UNLEASH_TOKEN'",
        ),
    ] = ""
    inverted: Annotated[
        tuple[str, ...],
        Field(description="a list of flags whose safe value is on, such as ['disable-cache']"),
    ] = ()
    allow_admin_token: Annotated[StrictBool, Field(description="true or false")] = False


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
    backends: Annotated[
        dict[BackendName, FlagBackend],
        Field(description="tables named in lower case, such as [flags.backends.unleash]"),
    ] = Field(default_factory=dict)


class BackendSettings(FlagBackend):
    """A back-end with its token."""

    name: str
    token: SecretStr | None = None
    beside: Path = Path()  # where a relative path of a file begins


class FlagSettings(Frozen):
    """Where applications read the flags of the bot's own table. The first environment is the default one."""

    environments: tuple[str, ...] = (FIRST_ENVIRONMENT,)
    production: frozenset[str] = frozenset({FIRST_ENVIRONMENT})  # where holding asks, and undoing takes two
    tokens: dict[str, tuple[SecretStr, ...]] = Field(default_factory=dict)
    serve: bool = True  # False: `firebreak flag serve` does it, and the bot does not
    folder: Path | None = None  # None: no files are written
    grpc: str = ""  # address:port, or empty
    backends: tuple[BackendSettings, ...] = ()

    @property
    def default(self) -> str:
        return self.environments[0]

    @property
    def is_served(self) -> bool:
        """Whether anything reads them: by web, by gRPC, or as files."""
        return bool(self.tokens) or self.folder is not None


def flag_settings(
    given: Flags,
    beside: Path,
    tokens: dict[str, tuple[SecretStr, ...]],
    environ: Mapping[str, str] | None = None,
) -> FlagSettings:
    """What the file and the environment say together; a relative folder lies beside the settings file."""
    return FlagSettings(
        environments=tuple(dict.fromkeys(given.environments)),
        production=_production(given),
        tokens=tokens,
        serve=given.serve,
        folder=None if not given.folder else beside.parent / given.folder,
        grpc=given.grpc,
        backends=tuple(
            BackendSettings(
                **each.model_dump(),
                name=name,
                token=SecretStr((environ or {}).get(each.token_from, "").strip())
                if each.token_from
                else None,
                beside=beside.parent,
            )
            for name, each in given.backends.items()
        ),
    )


def wrong_backends(given: Flags, environ: Mapping[str, str]) -> list[str]:
    """What is missing in the settings of other back-ends, or does not fit together."""
    wrong = []
    for name, each in given.backends.items():
        place = f"flags.backends.{name}"
        if name == EMBEDDED:
            wrong.append(f"{place} is the name of the bot's own flags; choose another one")
        unknown = [env for env in each.environments if env not in given.environments]
        if unknown:
            wrong.append(f"{place}.environments names {unknown[0]!r}, which [flags] environments lacks")
        if not each.environments:
            wrong.append(
                f"{place}.environments is missing; write what ours are called there, such as "
                f"{{ {given.environments[0]} = 'production' }}"
            )
        if each.kind == "flagd-file":
            continue
        if not each.url:
            wrong.append(f"{place}.url is missing; write the address of the {each.kind} server")
        if not each.token_from:
            wrong.append(f"{place}.token_from is missing; write the name of the variable that has its token")
        elif not environ.get(each.token_from, "").strip():
            wrong.append(f"{each.token_from} is not set; {place} takes its token from there")
    return wrong


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
