"""The flag table: definitions in flagd's JSON by environment, with the override that lies over each, if any."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.flags import Definition, document_text, fingerprint
from bot.domain.vocabulary import Refused, incident_name
from bot.storage import flag_log
from bot.storage.engine import Row, Transaction
from bot.storage.flag_log import Kind

ASKED_AT_ONCE = 500  # keys in one select; SQLite takes 32766 parameters, older ones 999
SELECT = (
    "select flag.env, flag.key, flag.definition, flag.version, held.variant, held.incident, held.actor,"
    " held.reason, held.created, held.review_at, held.policy from flag_definition as flag"
    " left join flag_override as held"
    " on held.team_id = flag.team_id and held.env = flag.env and held.key = flag.key"
    " where flag.team_id = :team_id and flag.env = :env"
)


@dataclass(frozen=True)
class Override:
    """A flag held at one variant for everyone. `incident` is why, or None when it was held outside of any."""

    env: str
    key: str
    variant: str
    incident: int | None
    actor: str
    reason: str
    created: str
    review_at: str | None
    policy: str

    @property
    def holder(self) -> str:
        """Who holds it, in words: the incident, else the person."""
        return self.actor or "somebody" if self.incident is None else incident_name(self.incident)


@dataclass(frozen=True)
class Stored:
    """One flag of an environment as it is at this moment."""

    env: str
    definition: Definition
    version: int
    override: Override | None

    @property
    def key(self) -> str:
        return self.definition.key

    @property
    def token(self) -> str:
        """Another one after every change of definition or override: what a compare-and-swap compares."""
        held = self.override
        return fingerprint(
            [self.version, self.definition.fingerprint, held and [held.variant, held.created, held.incident]]
        )

    @property
    def serving(self) -> str:
        """The flagd JSON of what everyone gets now."""
        if self.override is None:
            return self.definition.text
        return json.dumps(self.definition.held(self.override.variant), separators=(",", ":"))


@dataclass(frozen=True)
class Change:
    """What a read found new: the last change's number and, by key, what is served now (None: the flag is gone)."""

    revision: int
    flags: dict[str, str | None]


def listed(transaction: Transaction, team_id: str, env: str) -> list[Stored]:
    """Every flag of the environment: those that are held first, then by key."""
    rows = transaction.all(
        f"{SELECT} order by held.key is null, flag.key",
        team_id=team_id,
        env=env,
    )
    return [_stored(row) for row in rows]


def keys(transaction: Transaction, team_id: str, env: str) -> list[str]:
    """The keys alone, in order."""
    rows = transaction.all(
        "select key from flag_definition where team_id = :team_id and env = :env order by key",
        team_id=team_id,
        env=env,
    )
    return [row["key"] for row in rows]


def find(transaction: Transaction, team_id: str, env: str, key: str) -> Stored | None:
    """The flag with exactly this key, or None."""
    row = transaction.one(f"{SELECT} and flag.key = :key", team_id=team_id, env=env, key=key)
    return None if row is None else _stored(row)


def document(transaction: Transaction, team_id: str, env: str) -> Change:
    """Everything that is served in the environment."""
    return Change(
        flag_log.revision(transaction, team_id, env),
        {flag.key: flag.serving for flag in listed(transaction, team_id, env)},
    )


def changes(transaction: Transaction, team_id: str, env: str, *, after: int) -> Change:
    """What is served differently since change number `after`; only those flags are read."""
    found: dict[str, str | None] = dict.fromkeys(
        flag_log.changed_keys(transaction, team_id, env, after=after)
    )
    for part in _parts(list(found)):
        names = {f"key{number}": key for number, key in enumerate(part)}
        marks = ", ".join(f":{name}" for name in names)
        rows = transaction.all(f"{SELECT} and flag.key in ({marks})", team_id=team_id, env=env, **names)
        found |= {flag.key: flag.serving for flag in map(_stored, rows)}
    return Change(flag_log.revision(transaction, team_id, env), found)


def define(
    transaction: Transaction,
    team_id: str,
    env: str,
    definitions: Iterable[Definition],
    *,
    by: str,
    now: datetime,
) -> list[str]:
    """Add flags or change their definitions, all or none; answers the keys that are now different.

    A flag that is held is refused, because letting go must bring back exactly what was there.
    """
    flag_log.lock(transaction, team_id)
    return [
        definition.key
        for definition in definitions
        if _define(transaction, team_id, env, definition, by=by, now=now)
    ]


def remove(transaction: Transaction, team_id: str, env: str, key: str, *, by: str, now: datetime) -> None:
    """Forget a flag. One that is held is refused: applications would fall back to their own defaults."""
    flag_log.lock(transaction, team_id)
    known = find(transaction, team_id, env, key)
    if known is None:
        raise Refused("There is no flag `{flag}` in {environment}.", flag=key, environment=env)
    _refuse_if_held(known)
    transaction.run(
        "delete from flag_definition where team_id = :team_id and env = :env and key = :key",
        team_id=team_id,
        env=env,
        key=key,
    )
    _note(transaction, team_id, env, key, Kind.REMOVED, by=by, now=now, before=known.definition.serves)


def exported(transaction: Transaction, team_id: str, env: str, *, effective: bool) -> str:
    """The environment as a flagd document: as it was defined or, `effective`, with what is held."""
    flags = sorted(listed(transaction, team_id, env), key=lambda flag: flag.key)
    return document_text((flag.key, flag.serving if effective else flag.definition.text) for flag in flags)


def _define(
    transaction: Transaction, team_id: str, env: str, definition: Definition, *, by: str, now: datetime
) -> bool:
    known = find(transaction, team_id, env, definition.key)
    if known is not None and known.definition.text == definition.text:
        return False
    if known is not None:
        _refuse_if_held(known)
    transaction.run(
        "insert into flag_definition (team_id, env, key, definition, version)"
        " values (:team_id, :env, :key, :definition, 1)"
        " on conflict (team_id, env, key) do update set"
        " definition = excluded.definition, version = flag_definition.version + 1",
        team_id=team_id,
        env=env,
        key=definition.key,
        definition=definition.text,
    )
    before = "" if known is None else known.definition.serves
    _note(
        transaction,
        team_id,
        env,
        definition.key,
        Kind.DEFINED,
        by=by,
        now=now,
        before=before,
        after=definition.serves,
    )
    return True


def _refuse_if_held(known: Stored) -> None:
    if known.override is not None:
        raise Refused(
            "`{flag}` is held by {holder}, so its definition was not changed. Undo the containment first.",
            flag=known.key,
            holder=known.override.holder,
        )


def _note(
    transaction: Transaction,
    team_id: str,
    env: str,
    key: str,
    kind: Kind,
    *,
    by: str,
    now: datetime,
    before: str = "",
    after: str = "",
) -> None:
    flag_log.note(
        transaction, team_id, env=env, key=key, kind=kind, at=now, actor=by, before=before, after=after
    )


def _stored(row: Row) -> Stored:
    override = None
    if row["variant"] is not None:
        override = Override(**{name: row[name] for name in Override.__dataclass_fields__})
    definition = Definition.model_construct(key=row["key"], data=json.loads(row["definition"]))
    return Stored(row["env"], definition, row["version"], override)


def _parts(keys: Sequence[str]) -> list[Sequence[str]]:
    return [keys[start : start + ASKED_AT_ONCE] for start in range(0, len(keys), ASKED_AT_ONCE)]
