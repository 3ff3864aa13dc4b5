"""The tables, as numbered steps that only add. A step that has been released is never edited."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

migrations = Migrations("firebreak")

FIRST = (
    """
    create table workspace (
        team_id text primary key,
        name text not null default '',
        incidents integer not null default 0
    )
    """,
    # The source of truth: one row an event, append-only. `hash` covers the row and the hash before it.
    """
    create table timeline (
        id integer primary key,
        team_id text not null,
        incident integer not null,
        version integer not null,
        at text not null,
        recorded_at text not null,
        type text not null,
        by text not null,
        data text not null,
        previous text not null,
        hash text not null,
        unique (team_id, incident, version)
    )
    """,
    # Drawn from the timeline; `state` is the whole incident as JSON, the columns are what we search by.
    """
    create table incident (
        team_id text not null,
        number integer not null,
        version integer not null,
        title text not null,
        severity text not null,
        peak text not null,
        phase text not null,
        channel text,
        declared_at text not null,
        acknowledged_at text,
        stabilized_at text,
        repaired_at text,
        closed_at text,
        state text not null,
        hash text not null,
        primary key (team_id, number)
    )
    """,
    "create unique index incident_channel on incident (team_id, channel) where channel is not null",
    "create index incident_open on incident (team_id, number) where phase <> 'closed'",
    "create index incident_declared on incident (team_id, declared_at)",
    # What was asked once: a delivery that comes twice finds its key here and changes nothing.
    """
    create table request (
        team_id text not null,
        key text not null,
        incident integer not null,
        at text not null,
        primary key (team_id, key)
    )
    """,
    # What must happen outside. incident 0 is the workspace itself. Times are seconds since the epoch.
    """
    create table effect (
        id integer primary key,
        team_id text not null,
        incident integer not null,
        lane text not null,
        coalesce_key text,
        body text not null,
        state text not null default 'pending' check (state in ('pending', 'sending', 'done', 'parked')),
        attempt integer not null default 0,
        failures integer not null default 0,
        in_doubt integer not null default 0,
        bumps integer not null default 0,
        not_before real not null,
        lease real,
        created real not null,
        error text
    )
    """,
    """
    create unique index effect_coalesced on effect (team_id, incident, coalesce_key)
    where state = 'pending' and coalesce_key is not null
    """,
    "create index effect_due on effect (not_before, id) where state = 'pending'",
    """
    create index effect_lane on effect (team_id, incident, lane, id)
    where state in ('pending', 'sending')
    """,
    """
    create table flag (
        team_id text not null,
        key text not null,
        description text not null,
        serves text not null,
        safe text not null,
        primary key (team_id, key)
    )
    """,
    """
    create table containment (
        team_id text not null,
        flag text not null,
        incident integer not null,
        primary key (team_id, flag),
        foreign key (team_id, flag) references flag (team_id, key)
    )
    """,
    # Names as Slack last told them, for exports and the command line.
    """
    create table person (
        team_id text not null,
        id text not null,
        name text not null,
        primary key (team_id, id)
    )
    """,
    # The last local day that a daily job was done for.
    """
    create table daily (
        team_id text not null,
        job text not null,
        day text not null,
        primary key (team_id, job)
    )
    """,
)


STEPS = (("0001_incidents", FIRST),)


def _register(name: str, statements: tuple[str, ...]) -> None:
    @migrations(name=name)
    def step(database: Database) -> None:
        for statement in statements:
            database.execute(statement)


for _name, _statements in STEPS:
    _register(_name, _statements)


def applied_but_unknown(database: Database) -> list[str]:
    """Steps that a newer version has applied to this file and this version does not know."""
    known = {name for name, _ in STEPS}
    return sorted(step.name for step in migrations.applied(database) if step.name not in known)
