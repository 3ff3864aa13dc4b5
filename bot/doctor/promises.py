"""What Slack has not been told yet, in words: what, of which incident, since when, and why not."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import ValidationError

from bot.doctor.line import Case, Found, Level
from bot.domain.effects import (
    Bookmark,
    Brief,
    Draw,
    Effect,
    Invite,
    OpenChannel,
    Pin,
    PostSummary,
    SendPicture,
    Tell,
    effect_adapter,
)
from bot.domain.vocabulary import incident_name
from bot.storage import outbox, people, workspaces
from bot.storage.engine import Row, StorageError, Transaction
from bot.storage.outbox import NOBODY

SHOWN_MAX = 10  # of each kind; whoever has more of them has one cause, which the first ten show
LATE_SECONDS = 60.0  # a call takes under a second, and Slack's own waits half a minute


async def unfinished(case: Case) -> Found:
    """What is parked, in doubt and late; what is merely on its way is counted."""
    if not case.exists:
        return []
    try:
        rows, names = await case.ask(_everything)
    except StorageError:  # the check of the database says it
        return []
    now = case.now().timestamp()
    parked = [row for row in rows if row["state"] == "parked"]
    waiting = [row for row in rows if row["state"] != "parked"]
    doubtful = [row for row in waiting if row["in_doubt"]]
    late = [row for row in waiting if not row["in_doubt"] and _is_late(row, now)]
    found = _listed(Level.BAD, "parked", parked, names)
    found += _listed(Level.WARN, "in doubt, looked up in Slack before it is repeated", doubtful, names)
    found += _listed(Level.WARN, "waiting", late, names)
    rest = len(waiting) - len(doubtful) - len(late)
    if rest:
        found.append((Level.OK, f"{rest} on the way to Slack, or not due yet."))
    return found or [(Level.OK, "Slack has been told everything.")]


def _everything(transaction: Transaction) -> tuple[list[Row], dict[str, str]]:
    rows: list[Row] = []
    names: dict[str, str] = {}
    for workspace in workspaces.everything(transaction):
        rows += outbox.unfinished(transaction, workspace["team_id"])
        names |= people.names(transaction, workspace["team_id"])
    return rows, names


def _is_late(row: Row, now: float) -> bool:
    """Due for a while; one that waits for its next attempt counts from when it was promised."""
    since = row["created"] if row["error"] else row["not_before"]
    return bool(now - since > LATE_SECONDS)


def _listed(level: Level, how: str, rows: list[Row], names: dict[str, str]) -> Found:
    lines = [(level, f"{_what(row, names)}: {how}, {_since(row)}: {_why(row)}") for row in rows[:SHOWN_MAX]]
    if len(rows) > SHOWN_MAX:
        lines.append((level, f"… and {len(rows) - SHOWN_MAX} more that are {how}."))
    return lines


def _what(row: Row, names: dict[str, str]) -> str:
    place = "the workspace" if row["incident"] == NOBODY else incident_name(row["incident"])
    try:
        effect = effect_adapter.validate_json(row["body"])
    except ValidationError:
        return f"{place}, something that another version promised"
    return f"{place}, {in_words(effect, names)}"


def _since(row: Row) -> str:
    return f"promised {datetime.fromtimestamp(row['created'], UTC):%Y-%m-%d %H:%M} UTC"


def _why(row: Row) -> str:
    return row["error"] or (
        "Slack has not answered yet" if row["state"] == "sending" else "nobody took it up"
    )


def in_words(effect: Effect, names: dict[str, str]) -> str:
    """What the effect does, as the rest of "the bot has yet to …"."""
    match effect:
        case OpenChannel():
            return "open the channel"
        case Invite():
            return f"invite {names.get(effect.person, effect.person)}"
        case Brief():
            return f"tell {names.get(effect.person, effect.person)} what the role {effect.role.value} means"
        case Draw():
            return f"bring the {effect.surface.value} up to date"
        case Pin():
            return f"pin the {effect.surface.value}"
        case Bookmark():
            return f"link to the {effect.surface.value} above the channel"
        case Tell():
            return f"tell the channel: {effect.event.type.replace('_', ' ')}"
        case PostSummary():
            return f"post the summary of {effect.day}"
        case SendPicture() if effect.channel:
            return f"post the week's chart in {effect.channel}"
        case SendPicture():
            return f"send {names.get(effect.person, effect.person)} a picture of the recovery times"
    return effect.type.replace("_", " ")
