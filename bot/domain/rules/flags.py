"""Holding a flag at its safe value, and letting go of it: by whom, until when, and what closing takes."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.away import FlagNotSwitched, FlagSwitching, Switch
from bot.domain.commands import (
    ContainFlag,
    EndContainment,
    ExtendContainment,
    LoseContainment,
    RestoreFlag,
    SettleFlag,
)
from bot.domain.containing import REQUEST_LASTS, REVIEW_AFTER, Policy
from bot.domain.events import (
    ContainmentEnded,
    ContainmentExtended,
    ContainmentLost,
    Event,
    FlagAsked,
    FlagContained,
    FlagRestored,
)
from bot.domain.incident import Containment, FlagRequest, Incident
from bot.domain.rules.words import written
from bot.domain.vocabulary import FIREBREAK, REASON_MAX, Refused

# Whoever works on the bot's machine could change its database; where Slack is down, nobody else can press.
ON_THE_CONSOLE = "command line"

Held = RestoreFlag | ExtendContainment | LoseContainment | EndContainment | SettleFlag


def change_held(incident: Incident, command: Held, now: datetime) -> list[Event]:
    """What may be asked of a closed incident too: what it holds does not end with it."""
    match command:
        case RestoreFlag():
            return _restore(incident, command, now)
        case ExtendContainment():
            return _extend(incident, command, now)
        case LoseContainment():
            return _lose(incident, command, now)
        case EndContainment():
            return _end(incident, command, now)
        case SettleFlag():
            return _settle(incident, command, now)


def contain(incident: Incident, command: ContainFlag, now: datetime) -> list[Event]:
    """Hold it, or ask for the second person where there has to be one."""
    flag = command.flag
    under_way = incident.being_switched(flag.key, flag.environment)
    if under_way is not None and under_way.act is Switch.RESTORE:
        raise _being_switched(under_way)
    if flag.held_by == incident.number or under_way is not None:
        return []
    if flag.held_by is not None:
        raise Refused(
            # by whom, it does not say: a private incident is for nobody else
            "`{flag}` is already held at `{safe}`, so it is contained. By whom: `/flag show {flag}`.",
            flag=flag.key,
            safe=flag.safe,
        )
    if not flag.safe:
        raise Refused(
            "`{flag}` does not say which of its variants is safe, so it was not held. Whoever owns it adds "
            "`safeVariant` to its metadata, or on the bot's machine: `firebreak flag define {flag} --safe …`.",
            flag=flag.key,
        )
    asked = _request(incident, command, now)
    reason = written(
        command.reason or (asked.reason if asked else ""),
        REASON_MAX,
        Refused("Say why, for those who read it later: `/flag kill {flag} <reason>`.", flag=flag.key),
    )
    length = command.review or (timedelta(minutes=asked.minutes) if asked else REVIEW_AFTER)
    alone = _alone(incident, command)
    if not alone and not _may_hold(incident, command, asked):
        alone = ON_THE_CONSOLE if command.console else ""
    if not alone and not _may_hold(incident, command, asked):
        return [_ask(incident, command, reason, length, asked, now)]
    held = FlagContained(
        at=now,
        by=command.by,
        flag=flag.key,
        environment=flag.environment,
        reason=reason,
        safe=flag.safe,
        before=flag.serves,
        review_at=now + length,
        asked_by=asked.by if asked is not None and asked.by != command.by else "",
        alone=alone,
    )
    return [_elsewhere(held, Switch.CONTAIN, command.operation) if command.operation else held]


def undecided(incident: Incident) -> list[Containment]:
    """What it holds without anybody who answers for it: it does not close over these."""
    return [each for each in incident.containments if not each.owner]


def nothing_held(incident: Incident) -> None:
    """Refuse to close over a flag that is held, until somebody says what becomes of it."""
    held = undecided(incident)
    if held:
        raise Refused(
            "{incident} still holds {flags}, so it was not closed. Say what becomes of each: "
            "`/flag undo <flag>` lets go of it, `/flag keep <flag> @owner 7d` keeps it with an owner, and "
            "`/flag permanent <flag> <reason>` leaves it so for good.",
            incident=incident.name,
            flags=", ".join(f"`{each.flag}`" for each in held),
        )


def _request(incident: Incident, command: ContainFlag, now: datetime) -> FlagRequest | None:
    asked = incident.flag_request(command.flag.key, command.flag.environment)
    return asked if asked is not None and now - asked.at <= REQUEST_LASTS else None


def _may_hold(incident: Incident, command: ContainFlag, asked: FlagRequest | None) -> bool:
    flag = command.flag
    if not flag.production:
        return True
    match flag.policy:
        case Policy.OWNER:
            return command.by == flag.owner
        case Policy.SECOND_PERSON:
            other = asked is not None and asked.by != command.by
            return other and incident.answers_here(command.by)
        case Policy.RESPONDERS:
            return incident.answers_here(command.by)


def _ask(
    incident: Incident,
    command: ContainFlag,
    reason: str,
    length: timedelta,
    asked: FlagRequest | None,
    now: datetime,
) -> FlagAsked:
    flag = command.flag
    if asked is not None:
        raise _takes_somebody_else(incident, command, asked)
    return FlagAsked(
        at=now,
        by=command.by,
        flag=flag.key,
        environment=flag.environment,
        reason=reason,
        safe=flag.safe,
        before=flag.serves,
        policy=flag.policy.value,
        owner=flag.owner,
        minutes=int(length.total_seconds()) // 60,
    )


def _takes_somebody_else(incident: Incident, command: ContainFlag, asked: FlagRequest) -> Refused:
    """Who has to press instead."""
    flag = command.flag
    if flag.policy is Policy.OWNER:
        return Refused(
            "`{flag}` is held by its owner alone, {owner}, so nothing was switched. If they are not there, the "
            "lead goes on alone: `/flag override kill {flag} <reason>`.",
            flag=flag.key,
            owner=flag.owner or "?",
        )
    if asked.by == command.by:
        return Refused(
            "You asked for it, so somebody else who takes part presses; nothing was switched. If nobody is there, "
            "the lead goes on alone: `/flag override kill {flag} <reason>`.",
            flag=flag.key,
        )
    return Refused(
        "Somebody who takes part in {incident} presses that, so nothing was switched. "
        "`/incident role responder` makes you one of them.",
        incident=incident.name,
    )


def _alone(incident: Incident, command: ContainFlag | RestoreFlag) -> str:
    """Why whoever leads does not wait for a second person; empty when nobody asks for that."""
    if not command.alone:
        return ""
    if incident.commander != command.by and not command.console:
        raise Refused(
            "Only the lead may go on without a second person, so nothing was switched. `/incident lead` takes "
            "the lead."
        )
    return written(command.alone, REASON_MAX, Refused("Say why, for those who read it later."))


def _restore(incident: Incident, command: RestoreFlag, now: datetime) -> list[Event]:
    flag = command.flag
    held = _held(incident, flag.key, flag.environment)
    under_way = incident.being_switched(flag.key, flag.environment)
    if under_way is not None:
        raise _being_switched(under_way)
    alone = _alone(incident, command)
    if flag.production and not incident.is_closed and held.by == command.by and not alone:
        raise Refused(
            "You held `{flag}`, and this is production: while {incident} is open, somebody else lets go of it, "
            "with *Undo* or `/flag undo {flag}`. If nobody is there, the lead goes on alone: "
            "`/flag override undo {flag} <reason>`.",
            flag=flag.key,
            incident=incident.name,
        )
    moved = flag.held_by != incident.number
    if moved and not command.force:
        raise Refused(
            "`{flag}` is not as we left it, so nothing was switched: it serves {serves}, changed by {who}. To let "
            "go of it all the same: `/flag undo {flag} force`.",
            flag=flag.key,
            serves=flag.serves,
            who=flag.changed_by or "somebody",
        )
    let_go = FlagRestored(
        at=now,
        by=command.by,
        flag=held.flag,
        environment=held.environment,
        serves=flag.serves if moved else held.before,
        alone=alone,
        over=flag.changed_by or "somebody" if moved else "",
    )
    return [_elsewhere(let_go, Switch.RESTORE, command.operation) if command.operation else let_go]


def _elsewhere(then: FlagContained | FlagRestored, act: Switch, operation: str) -> FlagSwitching:
    """It is not so yet: the back-end is asked for it."""
    return FlagSwitching(operation=operation, act=act, **then.model_dump(exclude={"type", "asked_at"}))


def _being_switched(under_way: FlagSwitching) -> Refused:
    return Refused(
        "`{flag}` is being switched at this moment; nothing else was done. The channel is told what came of it.",
        flag=under_way.flag,
    )


def _settle(incident: Incident, command: SettleFlag, now: datetime) -> list[Event]:
    """What was settled before is no news."""
    asked = incident.being_switched(command.flag, command.environment)
    if asked is None or asked.operation != command.operation:
        return []
    said = {"at": now, "by": asked.by, "flag": asked.flag, "environment": asked.environment}
    if not command.done:
        failed = {"operation": asked.operation, "act": asked.act, "why": command.why, "url": command.url}
        return [FlagNotSwitched(**said, **failed)]
    if asked.act is Switch.RESTORE:
        serves = command.serves or asked.serves
        return [FlagRestored(**said, serves=serves, alone=asked.alone, over=asked.over)]
    return [
        FlagContained(
            **said,
            reason=asked.reason,
            safe=asked.safe,
            before=asked.before,
            review_at=asked.review_at,
            asked_by=asked.asked_by,
            alone=asked.alone,
            asked_at=asked.at,
        )
    ]


def _extend(incident: Incident, command: ExtendContainment, now: datetime) -> list[Event]:
    held = _held(incident, command.flag, command.environment)
    review_at = now + command.review
    if held.review_at == review_at and held.owner == command.owner:
        return []
    return [
        ContainmentExtended(
            at=now,
            by=command.by,
            flag=held.flag,
            environment=held.environment,
            review_at=review_at,
            owner=command.owner,
        )
    ]


def _lose(incident: Incident, command: LoseContainment, now: datetime) -> list[Event]:
    """What was let go of meanwhile, or is known to be lost, is no news."""
    flag = command.flag
    held = incident.containment(flag.key, flag.environment)
    if held is None or held.lost or flag.held_by == incident.number:
        return []
    return [
        ContainmentLost(
            at=now,
            by=FIREBREAK,
            flag=held.flag,
            environment=held.environment,
            serves=flag.serves,
            changed_by=flag.changed_by,
        )
    ]


def _end(incident: Incident, command: EndContainment, now: datetime) -> list[Event]:
    held = _held(incident, command.flag, command.environment)
    reason = written(
        command.reason,
        REASON_MAX,
        Refused("Say why, for those who read it later: `/flag permanent {flag} <reason>`.", flag=held.flag),
    )
    owner = command.owner or held.owner or command.by
    return [
        ContainmentEnded(
            at=now, by=command.by, flag=held.flag, environment=held.environment, reason=reason, owner=owner
        )
    ]


def _held(incident: Incident, flag: str, environment: str) -> Containment:
    held = incident.containment(flag, environment)
    if held is None:
        raise Refused(
            "{incident} does not hold `{flag}`, so there is nothing to undo. `/flag show` lists them.",
            incident=incident.name,
            flag=flag,
        )
    return held
