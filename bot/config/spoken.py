"""What is said in a workspace's language unless the settings file words it itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from bot.domain.affected import CriticalPath, Landscape
from bot.domain.language import Translate, marked
from bot.domain.questions import ROOT_CAUSES
from bot.domain.runbook import Frozen
from bot.domain.vocabulary import Severity
from bot.services.languages import translation

Language = Annotated[Literal["en", "fr"], Field(description="'en' or 'fr'")]
TEAM_ID = re.compile(r"T[A-Z0-9]{1,20}")  # https://docs.slack.dev/reference/objects/team-object
MEANINGS = {
    Severity.P0: marked("total blockage of the product or of a key business flow"),
    Severity.P1: marked("major degradation that costs many users or money"),
    Severity.P2: marked("partial, with a workaround"),
    Severity.P3: marked("minor"),
    Severity.P4: marked("cosmetic"),
}


class Workspace(Frozen):
    """What one workspace has otherwise than the rest: `[workspaces.T0123ABCD]`."""

    language: Language


def _by_id(named: dict[str, Workspace]) -> dict[str, Workspace]:
    for name in named:
        if not TEAM_ID.fullmatch(name):
            raise ValueError("name each by the workspace's id, such as [workspaces.T0123ABCD]")
    return named


Workspaces = Annotated[
    dict[str, Workspace],
    AfterValidator(_by_id),
    Field(description="tables named by a workspace's id, such as [workspaces.T0123ABCD]"),
]


class Spoken(Frozen):
    """The language, and the settings that are words in it."""

    language: str
    severity_meanings: dict[Severity, str]
    landscape: Landscape
    root_causes: tuple[str, ...]


def spoken(
    language: str, meanings: Mapping[Severity, str], landscape: Landscape, causes: tuple[str, ...]
) -> Spoken:
    """What the file says, as it stands there; our defaults in this language."""
    t = translation(language)
    return Spoken(
        language=language,
        severity_meanings={level: meanings.get(level) or t(MEANINGS[level]) for level in Severity},
        landscape=_landscape(landscape, t),
        root_causes=tuple(t(each) for each in ROOT_CAUSES) if causes == ROOT_CAUSES else causes,
    )


def _landscape(named: Landscape, t: Translate) -> Landscape:
    """Our own critical paths are named in the language, in a service that carries one too."""
    if named.paths != Landscape().paths:
        return named
    services = tuple(
        service.model_copy(update={"paths": tuple(t(path) for path in service.paths)})
        for service in named.services
    )
    paths = tuple(CriticalPath(name=t(path.name)) for path in named.paths)
    return named.model_copy(update={"services": services, "paths": paths})
