"""The tables, as numbered steps that only add. A step that has been released is never edited.

Written once, in SQLite's words; `for_postgres` says the same in PostgreSQL's. While a new version is rolled out,
replicas of the old one work on the new tables: so a column that is added may be null or has a default.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.storage.engine import DatabaseUnusable
from bot.storage.tables import Database, Migrations

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


# At most one effect of a lane is being sent. Two replicas that claim at once cannot see each other's claims, so
# here the database decides; the claim that comes second is undone and looks again.
LANES = ("create unique index effect_one_sent on effect (team_id, incident, lane) where state = 'sending'",)

# Where the last effect of a kind is looked up: a redraw keeps its distance to the one before.
KINDS = (
    "create index effect_kind on effect (team_id, incident, coalesce_key, id) where coalesce_key is not null",
)

# What an incident will be reminded of; `due` in seconds since the epoch.
TIMERS = (
    """
    create table timer (
        team_id text not null,
        incident integer not null,
        name text not null,
        due real not null,
        primary key (team_id, incident, name)
    )
    """,
    "create index timer_due on timer (due)",
)

# Flags in flagd's own JSON, one row a flag and environment, and over them what is held at its safe variant. A
# definition is never edited to hold it, so that letting go brings back its rules exactly. `flag_event` is only
# added to; its numbers tell readers what has changed since they looked.
FLAGS = (
    """
    create table flag_definition (
        team_id text not null,
        env text not null,
        key text not null,
        definition text not null,
        version integer not null,
        primary key (team_id, env, key)
    )
    """,
    """
    create table flag_override (
        team_id text not null,
        env text not null,
        key text not null,
        variant text not null,
        incident integer,
        actor text not null,
        reason text not null default '',
        created text not null,
        review_at text,
        policy text not null default '',
        primary key (team_id, env, key),
        foreign key (team_id, env, key) references flag_definition (team_id, env, key)
    )
    """,
    "create index flag_override_incident on flag_override (team_id, incident)",
    """
    create table flag_event (
        seq integer primary key,
        team_id text not null,
        env text not null,
        key text not null,
        kind text not null,
        at text not null,
        actor text not null default '',
        incident integer,
        reason text not null default '',
        before text not null default '',
        after text not null default ''
    )
    """,
    "create index flag_event_env on flag_event (team_id, env, seq)",
    "create index flag_event_key on flag_event (team_id, env, key, seq)",
    # What was on and off becomes a switch, everything else two texts.
    """
    insert into flag_definition (team_id, env, key, definition, version)
    select team_id, 'production', key,
        '{"state": "ENABLED", "variants": {'
        || json_quote(serves) || ': '
        || case when serves in ('on', 'off') and safe in ('on', 'off')
            then case serves when 'on' then 'true' else 'false' end else '' || json_quote(serves) end
        || case when safe = serves then '' else ', ' || json_quote(safe) || ': '
            || case when serves in ('on', 'off') and safe in ('on', 'off')
                then case safe when 'on' then 'true' else 'false' end else '' || json_quote(safe) end end
        || '}, "defaultVariant": ' || json_quote(serves)
        || ', "metadata": {"description": ' || json_quote(description)
        || ', "safeVariant": ' || json_quote(safe) || '}}', 1
    from flag
    """,
    """
    insert into flag_override (team_id, env, key, variant, incident, actor, created)
    select flag.team_id, 'production', flag.key, flag.safe, containment.incident, '', coalesce(
        (select max(timeline.at) from timeline where timeline.team_id = containment.team_id
            and timeline.incident = containment.incident and timeline.type = 'flag_contained'), '')
    from containment join flag on flag.team_id = containment.team_id and flag.key = containment.flag
    """,
    """
    insert into flag_event (team_id, env, key, kind, at)
    select team_id, env, key, 'defined', '' from flag_definition
    """,
    # Emptied and left: a replica of the version before finds no flag there, and says so instead of holding one
    # that nobody reads.
    "delete from containment",
    "delete from flag",
)

AUDIT = (
    # Every switching, twice: that it was asked for, before anything is done, and what came of it.
    """
    create table flag_audit (
        id integer primary key,
        team_id text not null,
        operation text not null,
        step text not null,
        act text not null,
        backend text not null default '',
        env text not null,
        key text not null,
        incident integer,
        actor text not null,
        approver text not null default '',
        reason text not null default '',
        mark text not null default '',
        detail text not null default '',
        seconds real,
        at text not null
    )
    """,
    "create index flag_audit_key on flag_audit (team_id, env, key, id)",
    "create index flag_audit_incident on flag_audit (team_id, incident, id)",
    "create index flag_audit_actor on flag_audit (team_id, actor, at)",
    "create index flag_audit_operation on flag_audit (team_id, operation)",
)

EMPTIED = ("containment", "flag")  # by 0005_flags; kept for old replicas, and nobody reads them any more

# What reports read, beside the state: times in milliseconds since 1970, so that durations are subtractions. The
# index holds all that most figures need; services are left out, because PostgreSQL's keys end at 2,700 bytes.
# Rows from before are filled in at the next start, by bot/storage/figures.py.
FIGURES = (
    *(
        f"alter table incident add column {name}_ms bigint"
        for name in (
            *("declared", "acknowledged", "stabilized", "repaired", "closed"),
            *("impact_started", "impact_ended", "detected"),
        )
    ),
    "alter table incident add column excluded text",
    "alter table incident add column cause text",
    "alter table incident add column services text",
    """
    create index incident_figures on incident (
        team_id, declared_ms, number, peak, acknowledged_ms, stabilized_ms, repaired_ms, closed_ms,
        impact_started_ms, impact_ended_ms, detected_ms, excluded, cause
    )
    """,
    "create index incident_unfigured on incident (team_id, number) where declared_ms is null",
    # The daily summary asks for what moved since the last one.
    "create index incident_stabilized on incident (team_id, stabilized_at)",
    "create index incident_repaired on incident (team_id, repaired_at)",
    "create index incident_closed on incident (team_id, closed_at)",
)

# Which incidents were imported, and from what: the same record twice is one incident.
ORIGINS = (
    """
    create table origin (
        team_id text not null,
        source text not null,
        id text not null,
        incident integer not null,
        digest text not null,
        primary key (team_id, source, id)
    )
    """,
    "create index origin_incident on origin (team_id, incident)",
)

# What Slack has not been told yet: few rows of very many. SQLite uses it where a query says these very words.
UNFINISHED = ("create index effect_unfinished on effect (team_id, incident, id) where state <> 'done'",)
# An incident that pages and summaries count and never name.
PRIVATE = ("alter table incident add column private integer",)

# When Slack told that somebody's account was switched off; null: it is in use.
PEOPLE = ("alter table person add column left_at text",)

# What summaries ask for: until when each has told, corrections by when they were made, action items by their day.
SUMMARIES = (
    "alter table daily add column covered_to text",
    "alter table incident add column items_due text",
    "create index incident_items_due on incident (team_id, items_due) where items_due is not null",
    """
    create index timeline_corrected on timeline (team_id, recorded_at)
    where type in ('milestone_corrected', 'incident_reopened', 'phase_returned')
    """,
)

# Which incidents have figures before and after: few of many.
MEASURES = (
    "alter table incident add column measured integer",
    "create index incident_measured on incident (team_id, declared_ms) where measured is not null",
)

# Flags that incidents hold in other back-ends, with what is needed to bring each back.
AWAY = (
    """
    create table flag_vendor (
        team_id text not null,
        backend text not null,
        env text not null,
        key text not null,
        incident integer not null,
        operation text not null,
        act text not null,
        state text not null,
        actor text not null default '',
        reason text not null default '',
        force integer not null default 0,
        before text not null default '',
        after text not null default '',
        asked_at text not null default '',
        settled_at text not null default '',
        due text not null default '',
        tries integer not null default 0,
        taken_until text,
        primary key (team_id, backend, env, key)
    )
    """,
)
# The critical paths of an incident, for what looks like it. Those that have some are drawn anew at the next start.
PATHS = (
    "alter table incident add column paths text",
    """update incident set declared_ms = null where state like '%"paths":["%'""",
)

STEPS = (
    ("0001_incidents", FIRST),
    ("0002_lanes", LANES),
    ("0003_kinds", KINDS),
    ("0004_timers", TIMERS),
    ("0005_flags", FLAGS),
    ("0006_figures", FIGURES),
    ("0007_origins", ORIGINS),
    ("0008_unfinished", UNFINISHED),
    ("0009_flag_audit", AUDIT),
    ("0010_private", PRIVATE),
    ("0011_summaries", SUMMARIES),
    ("0012_measures", MEASURES),
    ("0013_people", PEOPLE),
    ("0014_away", AWAY),
    ("0015_paths", PATHS),
)

# What PostgreSQL calls differently. Its `real` has seven digits, too few for a time; and texts are sorted by their
# characters as in SQLite, whatever the language of the server is.
POSTGRES_WORDS = {
    "integer primary key": "bigint generated by default as identity primary key",
    "real": "double precision",
    "text": 'text collate "C"',
    "json_quote": "to_json",
}


def _register(name: str, statements: tuple[str, ...]) -> None:
    @migrations(name=name)
    def step(database: Database) -> None:
        for statement in statements:
            database.execute(statement)


for _name, _statements in STEPS:
    _register(_name, _statements)


def tables() -> list[str]:
    """Every table, those that others refer to first."""
    statements = [statement for _, step in STEPS for statement in step]
    return [found[1] for found in (re.search(r"create table (\w+)", each) for each in statements) if found]


def for_postgres(statement: str) -> str:
    """A statement of a step, in PostgreSQL's words."""
    return re.sub(
        r"\b(?:" + "|".join(POSTGRES_WORDS) + r")\b", lambda found: POSTGRES_WORDS[found[0]], statement
    )


def applied_but_unknown(database: Database) -> list[str]:
    """Steps that a newer version has applied to this file and this version does not know."""
    return unknown(step.name for step in migrations.applied(database))


def unknown(applied: Iterable[str]) -> list[str]:
    """Those of the applied steps that only a newer version knows, by name."""
    return sorted(set(applied) - {name for name, _ in STEPS})


def newer(where: str, step: str) -> DatabaseUnusable:
    """The refusal of a database that has a step which only a newer version knows."""
    return DatabaseUnusable(
        f"{where} was written by a newer Firebreak (it has {step!r}). "
        "Start that version, or restore a backup made before it."
    )
