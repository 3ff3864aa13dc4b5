"""What an incident may affect, as the configuration names it: services, and critical paths through them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from bot.domain.questions import CRITICAL_PATHS
from bot.domain.runbook import Frozen

SERVICES_MAX = 100  # options of one menu in Slack
PATHS_MAX = 10  # one line each at the gate; a form of more is filled with dots

Name = Annotated[
    str, Field(min_length=1, max_length=75, description="a name of 1 to 75 characters")
]  # Slack shows 75 characters of an option


class Service(Frozen):
    """Something that is run: who is called when it breaks, and which critical paths go through it.

    A `description` says what is right, in the words that finish "… must be".
    """

    name: Name
    on_call: Annotated[
        str | None,
        Field(
            pattern=r"^(?:S[A-Z0-9]{2,20}|@?[a-z0-9][a-z0-9._-]{0,79})$",
            description="a user group's id or handle, such as 'S0123ABCD' or '@payments-oncall'",
        ),
    ] = None
    responders: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[UW][A-Z0-9]{2,20}$")], ...],
        Field(max_length=30, description="a list of at most 30 member ids, such as ['U0123ABCD']"),
    ] = ()
    paths: Annotated[
        tuple[Name, ...], Field(description="a list of critical paths, such as ['payment']")
    ] = ()


class CriticalPath(Frozen):
    """A business flow that must work. `proof` is an example of how one knows that it does."""

    name: Name
    proof: Annotated[str, Field(max_length=140, description="a text of at most 140 characters")] = ""


class Affected(Frozen):
    """What one incident affects, and who is called because of it: user groups and people."""

    services: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    on_call: tuple[str, ...] = ()
    invited: tuple[str, ...] = ()
    confidants: tuple[str, ...] = ()  # people who are called instead of all these where it is private


NOTHING_NAMED = Affected()


class Landscape(Frozen):
    """Everything that can be affected, and who is called where an incident is private."""

    services: tuple[Service, ...] = ()
    paths: tuple[CriticalPath, ...] = tuple(CriticalPath(name=name) for name in CRITICAL_PATHS)
    confidants: tuple[str, ...] = ()

    def affected(self, services: Iterable[str], paths: Iterable[str]) -> Affected:
        """These services and paths, and the paths that go through the services, in the configuration's order.

        What the configuration does not know (any more) is left out.
        """
        named, flows = set(services), set(paths)
        hit = [service for service in self.services if service.name in named]
        flows |= {path for service in hit for path in service.paths}
        groups = [service.on_call for service in hit if service.on_call is not None]
        people = [person for service in hit for person in service.responders]
        return Affected(
            services=tuple(service.name for service in hit),
            paths=tuple(path.name for path in self.paths if path.name in flows),
            on_call=tuple(dict.fromkeys(groups)),
            invited=tuple(dict.fromkeys(people)),
            confidants=self.confidants,
        )


OURS = Landscape()
