"""What every flag back-end does, in the same words: contain and restore, never a bare on and off. No I/O.

Holding is idempotent and wins races; letting go is a compare-and-swap and loses them. What cannot be held here is
refused with the reason. Every error says which of *done*, *not done* and *being checked* it leaves.

    BackendError           a sentence for people, as Refused is
    ├── NotFound           no such flag, project or environment; nothing was done
    ├── Denied             the token may not; nothing was done
    ├── ApprovalRequired   the vendor wants somebody's yes first; nothing was done
    ├── Conflict           it is not as it was when we let it; nothing was done
    ├── RateLimited        asked too often; nothing was done
    ├── Unsupported        this cannot be held here, or cannot be brought back exactly; nothing was done
    └── Unavailable        no answer that can be trusted; `maybe_applied` says whether to read it again
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple, Protocol

from pydantic import BeforeValidator, Field

from bot.domain.language import Said
from bot.domain.runbook import Frozen
from bot.domain.vocabulary import Refused


def _sentence(value: object) -> object:
    """States that were stored before say these in English, and nothing where there is nothing."""
    return Said("{said}", {"said": value}) if isinstance(value, str) and value else value or None


Sentence = Annotated[Said, BeforeValidator(_sentence)]


class FlagRef(NamedTuple):
    """Which flag: in which back-end (its name in the settings), project and environment."""

    backend: str
    project: str
    env: str
    key: str

    @property
    def named(self) -> str:
        """`unleash:checkout-v2`: how a person says which of two flags of one key is meant."""
        return f"{self.backend}:{self.key}"


class Caps(Frozen):
    """What a back-end can do. `effect_seconds` is how long applications usually take to see a change."""

    cas: Literal["atomic", "detect", "none"]
    comment: bool = False
    history: bool = False
    approvals: Literal["none", "blocks", "advisory"] = "none"
    multivariate: bool = False
    dry_run: bool = False
    effect_seconds: float = 15.0


class FlagState(Frozen):
    """A flag as it is now.

    `serving` says in a few words what is served. `contained`: nobody can get the risky value through this back-end.
    `version` is opaque and another one after every change; `fingerprint` is a hash of everything that decides what
    is served, without ids and times. `snapshot` is enough to bring it back exactly. `cannot` says why it cannot be
    held here, and is None when it can. Warnings and `cannot` are said in the language of whoever reads them.
    """

    ref: FlagRef
    serving: str
    contained: bool
    version: str
    fingerprint: str
    safe: str = "off"
    snapshot: dict[str, Any] = Field(default_factory=dict)
    warnings: tuple[Sentence, ...] = ()
    cannot: Annotated[Said | None, BeforeValidator(_sentence)] = None
    url: str = ""
    description: str = ""
    owner: str = ""
    changed_by: str = ""
    changed_at: datetime | None = None
    needs_approval: bool = False
    dependents: tuple[str, ...] = ()


class FlagSummary(Frozen):
    """A flag in a list."""

    ref: FlagRef
    serving: str
    contained: bool
    description: str = ""


class Receipt(Frozen):
    """What an operation found and left. `raced`: somebody else changed the flag between the two."""

    before: FlagState
    after: FlagState
    changed: bool
    op_id: str
    raced: bool = False


class Change(Frozen):
    """One entry of the vendor's own history."""

    at: datetime
    by: str
    what: str
    event_id: str = ""


class ApprovalLink(Frozen):
    """A request in the vendor's own review, where somebody approves it."""

    id: str
    url: str


class Health(Frozen):
    """How it stands with a back-end. `token` says what the token may do; `admin`: far more than to hold flags."""

    reachable: bool
    said: str = ""
    token: str = ""
    admin: bool = False
    environments: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class BackendError(Refused):
    """What a back-end answered instead of doing it, as a sentence for the person who asked."""


class NotFound(BackendError):
    """No such flag, project or environment."""


class Denied(BackendError):
    """The token may not do it, or is none."""


class ApprovalRequired(BackendError):
    """The vendor wants somebody's yes first; `url` is where it is given, once it was requested."""

    def __init__(self, text: str, /, *, url: str = "", **params: object) -> None:
        super().__init__(text, **params)
        self.url = url


class Conflict(BackendError):
    """Somebody changed the flag since. `current` is how it is now, None when the vendor alone saw it."""

    def __init__(self, text: str, /, *, current: FlagState | None = None, **params: object) -> None:
        super().__init__(text, **params)
        self.current = current


class RateLimited(BackendError):
    """Asked too often; ask again in `retry_after` seconds."""

    def __init__(self, text: str, /, *, retry_after: float, **params: object) -> None:
        super().__init__(text, **params)
        self.retry_after = retry_after


class Unsupported(BackendError):
    """It cannot be held here, or cannot be brought back exactly."""


class Unavailable(BackendError):
    """No answer that can be trusted. `maybe_applied`: read the flag again before anything else."""

    def __init__(self, text: str, /, *, maybe_applied: bool = False, **params: object) -> None:
        super().__init__(text, **params)
        self.maybe_applied = maybe_applied


class Backend(Protocol):
    """One place where flags are kept. Every method raises BackendError and nothing else."""

    @property
    def name(self) -> str: ...

    @property
    def caps(self) -> Caps: ...

    async def search(self, project: str, env: str, query: str = "", limit: int = 20) -> list[FlagSummary]:
        """Flags with these words in their key."""
        ...

    async def get(self, ref: FlagRef) -> FlagState:
        """The flag of exactly this key; raises NotFound."""
        ...

    async def contain(self, ref: FlagRef, *, actor: str, reason: str, op_id: str) -> Receipt:
        """Nobody gets the risky value; read back. One that is contained already stays as it is."""
        ...

    async def restore(
        self, receipt: Receipt, *, actor: str, reason: str, op_id: str, force: bool = False
    ) -> Receipt:
        """Exactly as `receipt.before` again; Conflict when it is not `receipt.after` any more, unless `force`."""
        ...

    async def history(self, ref: FlagRef, since: datetime) -> list[Change]:
        """What changed since then and by whom, newest first; empty where the vendor does not say."""
        ...

    async def request_approval(self, ref: FlagRef, *, actor: str, reason: str) -> ApprovalLink:
        """Ask for the vendor's own review of holding this flag; raises Unsupported where there is none."""
        ...

    async def health(self) -> Health:
        """Whether it answers, and what our token may do. Never raises."""
        ...
