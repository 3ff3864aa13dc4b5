"""Read whole incidents a page at a time, for whoever writes them all down."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter

from bot.domain.incident import Incident
from bot.storage.engine import Transaction
from bot.storage.timeline import Entry, loaded, moment


def page(transaction: Transaction, team_id: str, after: int, most: int) -> list[tuple[Incident, list[Entry]]]:
    """At most `most` incidents with a number above `after`, by number, each with its timeline by time."""
    states = transaction.all(
        "select number, state from incident where team_id = :team_id and number > :after"
        " order by number limit :most",
        team_id=team_id,
        after=after,
        most=most,
    )
    if not states:
        return []
    rows = transaction.all(
        "select * from timeline where team_id = :team_id and incident > :after and incident <= :last"
        " order by incident, at, version",
        team_id=team_id,
        after=after,
        last=states[-1]["number"],
    )
    told = {
        number: [
            Entry(row["version"], moment(row["recorded_at"]), loaded(row), row["hash"]) for row in timeline
        ]
        for number, timeline in groupby(rows, key=itemgetter("incident"))
    }
    return [(Incident.model_validate_json(row["state"]), told.get(row["number"], [])) for row in states]
