"""Holding a flag at its safe value, and letting go of it."""

from __future__ import annotations

from datetime import datetime

from bot.domain.commands import ContainFlag, RestoreFlag
from bot.domain.events import Event, FlagContained, FlagRestored
from bot.domain.incident import Incident
from bot.domain.rules.words import written
from bot.domain.vocabulary import REASON_MAX, Refused, incident_name


def contain(incident: Incident, command: ContainFlag, now: datetime) -> list[Event]:
    flag = command.flag
    if flag.held_by == incident.number:
        return []
    if flag.held_by is not None:
        raise Refused(
            "`{flag}` is already held at `{safe}` by {holder}, so it is contained. `/flag show` lists them.",
            flag=flag.key,
            safe=flag.safe,
            holder=incident_name(flag.held_by),
        )
    if not flag.safe:
        raise Refused(
            "`{flag}` does not say which of its variants is safe, so it was not held. Whoever owns it adds "
            "`safeVariant` to its metadata, or on the bot's machine: `firebreak flag define {flag} --safe …`.",
            flag=flag.key,
        )
    reason = written(
        command.reason,
        REASON_MAX,
        Refused("Say why, for those who read it later: `/flag kill {flag} <reason>`.", flag=flag.key),
    )
    return [
        FlagContained(
            at=now,
            by=command.by,
            flag=flag.key,
            environment=flag.environment,
            reason=reason,
            safe=flag.safe,
            before=flag.serves,
        )
    ]


def restore(incident: Incident, command: RestoreFlag, now: datetime) -> list[Event]:
    held = incident.containment(command.flag.key, command.flag.environment)
    if held is None:
        raise Refused(
            "{incident} does not hold `{flag}`, so there is nothing to undo. `/flag show` lists them.",
            incident=incident.name,
            flag=command.flag.key,
        )
    return [
        FlagRestored(at=now, by=command.by, flag=held.flag, environment=held.environment, serves=held.before)
    ]
