"""Each source's record in our words: which of its fields is which of ours. Values stay as they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.domain.cells import unquoted
from bot.domain.imported import Draft, Said
from bot.domain.vocabulary import Milestone, Severity

ACTIVE = {"investigating", "identified", "reopened"}  # the words of Statuspage, which others use too
WATCHED = {"monitoring"}
OVER = {"resolved", "completed"}
SERVICES_JOINED = "|"  # in one field of a CSV


class Format(StrEnum):
    """What a file holds."""

    FIREBREAK = "firebreak"
    CSV = "csv"
    STATUSPAGE = "statuspage"
    GOOGLE = "google"
    GITHUB = "github"


PUBLISHED = {
    "critical": Severity.P0,
    "major": Severity.P1,
    "minor": Severity.P2,
    "none": Severity.P3,
    "maintenance": Severity.P4,
}
SEVERITIES: dict[Format, dict[str, Severity]] = {
    Format.STATUSPAGE: PUBLISHED,
    Format.GITHUB: PUBLISHED,
    Format.GOOGLE: {"high": Severity.P1, "medium": Severity.P2, "low": Severity.P3},
}

# Our own fields, in the order in which they are written; a CSV may map its columns to them.
FIELDS = (
    "source",
    "id",
    "title",
    "severity",
    "peak",
    "kind",
    *(milestone.value for milestone in Milestone),
    "services",
    "cause",
    "cancelled",
    "duplicate_of",
    "reopened",
    "url",
)


@dataclass(frozen=True, slots=True)
class Source:
    """Who speaks: its name if somebody gave one, which column is which, and what stood before the incidents."""

    name: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)  # our field -> the column of the file
    beside: Mapping[str, Any] = field(default_factory=dict)


Mapper = Callable[[dict[str, Any], Source], Draft]


def firebreak(record: dict[str, Any], source: Source) -> Draft:
    """What `firebreak export` writes."""
    draft = _ours(lambda name: Said(name, record.get(name)), record, source)
    draft.updates = [
        (Said(f"updates[{place}].at", each.get("at")), each.get("status"), each.get("text"))
        for place, each in _objects(record.get("updates"))
    ]
    return draft


def table_row(record: dict[str, Any], source: Source) -> Draft:
    """A row of a CSV whose columns have our names, or are mapped to them."""

    def said(name: str) -> Said:
        column = source.columns.get(name, name)
        value = record.get(column)
        return Said(column, None if value is None else unquoted(value.strip()))

    given = {name: said(name).value or None for name in FIELDS}
    services, reopened = given["services"], str(given["reopened"] or "0")
    given["services"] = str(services).split(SERVICES_JOINED) if services else None
    given["reopened"] = int(reopened) if reopened.isdecimal() and len(reopened) < 6 else reopened
    return _ours(said, given, source)


def _ours(said: Callable[[str], Said], given: Mapping[str, Any], source: Source) -> Draft:
    return Draft(
        source=source.name or given.get("source"),
        id=said("id"),
        title=said("title"),
        severity=said("severity"),
        peak=said("peak") if given.get("peak") else None,
        kind=said("kind"),
        times={milestone: said(milestone.value) for milestone in Milestone},
        services=Said(said("services").name, given.get("services")),
        url=given.get("url"),
        cause=given.get("cause"),
        cancelled=given.get("cancelled"),
        duplicate_of=given.get("duplicate_of"),
        reopened=given.get("reopened") or 0,
    )


def github(record: dict[str, Any], source: Source) -> Draft:
    """A line of the history of GitHub's status page (mrshu/github-statuses, `parsed/incidents.jsonl`)."""
    updates = [
        (Said(f"updates[{place}].at", each.get("at")), each.get("status"), each.get("message"))
        for place, each in _objects(record.get("updates"))
    ]
    window = record.get("impact_window")
    impact = window if isinstance(window, dict) else {}
    draft = _published(record, updates, source.name or "github-status")
    draft.times |= {
        Milestone.IMPACT_STARTED: Said("impact_window.start_at", impact.get("start_at")),
        Milestone.IMPACT_ENDED: Said("impact_window.end_at", impact.get("end_at")),
    }
    draft.times[Milestone.DECLARED] = Said("started_at", record.get("started_at"))
    draft.services = Said("components", record.get("components"))
    draft.url = record.get("url")
    return draft


def statuspage(record: dict[str, Any], source: Source) -> Draft:
    """An element of `incidents[]` as Statuspage and those who imitate it serve it."""
    updates = [
        (
            Said(f"incident_updates[{place}].display_at", each.get("display_at") or each.get("created_at")),
            each.get("status"),
            each.get("body"),
        )
        for place, each in _objects(record.get("incident_updates"))
    ]
    page = source.beside.get("page")
    page_id = page.get("id") if isinstance(page, dict) else None
    draft = _published(record, updates, source.name or (page_id and f"statuspage/{page_id}"))
    created = record.get("created_at")
    draft.times[Milestone.DECLARED] = Said("created_at", created)
    started = record.get("started_at")
    if started is not None and started != created:
        draft.times[Milestone.IMPACT_STARTED] = Said("started_at", started)
    components = record.get("components")
    if isinstance(components, list):
        names = [each.get("name") if isinstance(each, dict) else each for each in components]
        draft.services = Said("components", names)
    draft.url = record.get("shortlink")
    return draft


def google(record: dict[str, Any], source: Source) -> Draft:
    """An element of Google Cloud's `incidents.json`."""
    updates = [
        (
            Said(f"updates[{place}].when", each.get("when") or each.get("created")),
            each.get("status"),
            each.get("text"),
        )
        for place, each in _objects(record.get("updates"))
    ]
    number, service = record.get("number"), record.get("service_key")
    products = record.get("affected_products")
    end = record.get("end")
    return Draft(
        source=source.name or "google-cloud-status",
        id=Said("id", record.get("id") or (service and number and f"{service}/{number}")),
        title=Said("external_desc", record.get("external_desc")),
        severity=Said("severity", record.get("severity")),
        times={
            Milestone.DECLARED: Said("created", record.get("created")),
            Milestone.IMPACT_STARTED: Said("begin", record.get("begin")),
            Milestone.REPAIRED: Said("end", end),
            Milestone.IMPACT_ENDED: Said("end", end),
        },
        services=Said(
            "affected_products",
            [each.get("title") for _, each in _objects(products)] or [record.get("service_name")],
        ),
        url=record.get("uri"),
        updates=updates,
    )


MAPPERS: dict[Format, Mapper] = {
    Format.FIREBREAK: firebreak,
    Format.CSV: table_row,
    Format.STATUSPAGE: statuspage,
    Format.GOOGLE: google,
    Format.GITHUB: github,
}


def _published(record: dict[str, Any], updates: Sequence[tuple[Said, Any, Any]], source: object) -> Draft:
    """What a status page tells: an impact, and updates that each name the state."""
    impact = record.get("impact")
    stabilized, reopened = _stages(updates)
    return Draft(
        source=source,
        id=Said("id", record.get("id")),
        title=Said("title" if "title" in record else "name", record.get("title", record.get("name"))),
        severity=Said("impact", impact),
        kind=Said("impact", "maintenance" if impact == "maintenance" else None),
        times={
            Milestone.STABILIZED: stabilized,
            Milestone.REPAIRED: Said("resolved_at", record.get("resolved_at")),
        },
        reopened=reopened,
        updates=updates,
    )


def _stages(updates: Sequence[tuple[Said, Any, Any]]) -> tuple[Said, int]:
    """When it went into being watched for good, and how often it was over and was not.

    Going back to work on it takes both back. Any other word, such as `Update`, leaves the state as it is.
    """
    in_order = list(updates)
    if len(in_order) > 1 and str(in_order[0][0].value) > str(in_order[-1][0].value):
        in_order.reverse()  # the newest stands first
    stabilized, reopened, watched, over = Said("updates", None), 0, False, False
    for when, status, _ in in_order:
        state = status.casefold() if isinstance(status, str) else ""
        if state in ACTIVE:
            reopened += over
            stabilized, watched, over = Said("updates", None), False, False
        elif state in WATCHED:
            if not watched:
                stabilized = when
            watched, over = True, False
        elif state in OVER:
            over = True
    return stabilized, reopened


def _objects(values: object) -> Iterator[tuple[int, dict[str, Any]]]:
    """The elements of a list that are objects; what else stands in it says nothing."""
    if isinstance(values, list):
        yield from ((place, each) for place, each in enumerate(values) if isinstance(each, dict))
