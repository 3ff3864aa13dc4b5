"""An incident as JSON, written anew only where it differs from the state before.

A click changes one step of twenty, and the texts of a runbook are most of a state: writing all of it took longer
than deciding on the click. What has not changed is the very same object, because values are frozen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import compress
from operator import is_not

from bot.domain.incident import Incident

ITEMS = "items"  # the field that is long and changes piece by piece


@dataclass(frozen=True, slots=True)
class Written:
    """A state, and each field of it as JSON with its name. Of one that was only read, nothing is written yet.

    With it what it wants to be reminded of, so that the next change need not find that out again.
    """

    incident: Incident
    fields: dict[str, str] = field(default_factory=dict)
    items: list[str] = field(default_factory=list)
    reminders: Mapping[str, datetime] | None = None

    @property
    def json(self) -> str:
        """What `incident.model_dump_json()` says."""
        return "{" + ",".join(self.fields.values()) + "}"


def written(
    incident: Incident, before: Written | None = None, reminders: Mapping[str, datetime] | None = None
) -> Written:
    """`incident` as JSON, with what `before` has of it already."""
    if before is None or not before.fields:
        items = [item.model_dump_json() for item in incident.items]
        changed, fields = list(incident.__dict__), {}
    else:
        was = before.incident.__dict__
        items = _items(incident, before)
        now = incident.__dict__
        changed = list(compress(now, map(is_not, now.values(), map(was.__getitem__, now))))
        fields = before.fields.copy()
    for name in changed:
        if name == ITEMS:
            fields[name] = f'"{ITEMS}":[{",".join(items)}]'
        elif name == "version":  # each time, and nothing else of a click but its item
            fields[name] = f'"version":{incident.version}'
        else:
            fields[name] = incident.model_dump_json(include={name})[1:-1]
    return Written(incident, fields, items, reminders)


def _items(incident: Incident, before: Written) -> list[str]:
    new, old = incident.items, before.incident.items
    if new is old:
        return before.items
    if len(new) != len(old):  # another runbook, or a step more
        known = {id(item): text for item, text in zip(old, before.items, strict=True)}
        return [known.get(id(item)) or item.model_dump_json() for item in new]
    return [
        text if item is was else item.model_dump_json()
        for item, was, text in zip(new, old, before.items, strict=True)
    ]
