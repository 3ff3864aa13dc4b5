"""The part of the composition root that knows every kind of flag back-end: settings in, adapters out."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable

import aiohttp

from bot.config import Settings
from bot.config.flags import BackendSettings
from bot.flags.flagd_file import FlagdFile
from bot.flags.flagsmith import Flagsmith
from bot.flags.launchdarkly import LaunchDarkly
from bot.flags.protocol import Backend
from bot.flags.unleash import Unleash
from bot.services.sites import Site

Builder = Callable[[BackendSettings, aiohttp.ClientSession], Backend]


def _flagd_file(given: BackendSettings, _: aiohttp.ClientSession) -> Backend:
    files = {name: given.beside / path for name, path in given.environments.items()}
    return FlagdFile(given.name, {str(path): path for path in files.values()})


def _unleash(given: BackendSettings, session: aiohttp.ClientSession) -> Backend:
    return Unleash(
        given.name,
        session,
        given.url,
        _token(given),
        inverted=given.inverted,
        allow_admin=given.allow_admin_token,
    )


def _launchdarkly(given: BackendSettings, session: aiohttp.ClientSession) -> Backend:
    return LaunchDarkly(given.name, session, given.url, _token(given))


def _flagsmith(given: BackendSettings, session: aiohttp.ClientSession) -> Backend:
    keys = {key: key for key in given.environments.values()}  # an environment is known there by its key
    return Flagsmith(given.name, session, given.url, _token(given), environments=keys)


BUILDERS: dict[str, Builder] = {
    "flagd-file": _flagd_file,
    "unleash": _unleash,
    "launchdarkly": _launchdarkly,
    "flagsmith": _flagsmith,
}


@contextlib.asynccontextmanager
async def flag_sites(settings: Settings) -> AsyncIterator[dict[str, Site]]:
    """Every back-end of the settings by its name, for as long as the context is open; nobody is asked yet."""
    given = settings.flags.backends
    if not given:
        yield {}
        return
    async with aiohttp.ClientSession() as session:
        yield {each.name: _site(each, BUILDERS[each.kind](each, session)) for each in given}


def _site(given: BackendSettings, backend: Backend) -> Site:
    environments = dict(given.environments)
    if given.kind == "flagd-file":  # what an environment is called there is its file
        environments = {name: str(given.beside / path) for name, path in environments.items()}
    project = "" if given.kind == "flagd-file" else given.project
    return Site(backend, project, environments)


def _token(given: BackendSettings) -> str:
    if given.token is None:
        raise AssertionError("the settings were refused without one")
    return given.token.get_secret_value()
