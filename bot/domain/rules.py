"""May this happen, and what follows? `decide` answers with events or with a refusal; it does nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from bot.domain.commands import (
    AddNote,
    ChangeSeverity,
    CloseIncident,
    Command,
    CompleteStep,
    ContainFlag,
    DeclareIncident,
    EnterNextPhase,
    LinkChannel,
    LinkSurface,
    ReopenStep,
    RestoreFlag,
    SendReminder,
    SkipStep,
    TakeRole,
)
from bot.domain.events import (
    ChannelOpened,
    Event,
    FlagContained,
    FlagRestored,
    IncidentClosed,
    IncidentDeclared,
    NoteAdded,
    PhaseEntered,
    ReminderSent,
    RoleTaken,
    RunbookChosen,
    SeverityChanged,
    StepDone,
    StepReopened,
    StepSkipped,
    SurfacePosted,
)
from bot.domain.incident import Incident, Item
from bot.domain.reminders import wanted
from bot.domain.vocabulary import (
    NOTE_MAX,
    REASON_MAX,
    TITLE_MAX,
    Phase,
    Refused,
    StepState,
    incident_name,
)


def decide(incident: Incident, command: Command, now: datetime) -> list[Event]:
    """The events that `command` leads to; none when it asks for what is already so. Raises Refused."""
    if isinstance(command, DeclareIncident):
        return _declare(incident, command, now)
    if incident.version == 0:
        raise Refused("There is no {incident}. `/incident list` shows the open ones.", incident=incident.name)
    if isinstance(command, (LinkChannel, LinkSurface)):
        return _link(incident, command, now)
    if isinstance(command, RestoreFlag):
        return _restore(incident, command, now)
    if isinstance(command, SendReminder):
        return _remind(incident, command, now)
    if incident.is_closed:
        raise Refused(
            "{incident} is closed, so nothing was changed. If it is back, declare it anew: "
            "`/incident {severity} {title}`.",
            incident=incident.name,
            severity=incident.severity.value,
            title=incident.title,
        )
    return _lead(incident, command, now)


OpenCommand = (
    ChangeSeverity
    | TakeRole
    | CompleteStep
    | SkipStep
    | ReopenStep
    | EnterNextPhase
    | CloseIncident
    | AddNote
    | ContainFlag
)


def _lead(incident: Incident, command: OpenCommand, now: datetime) -> list[Event]:
    match command:
        case ChangeSeverity():
            return _change_severity(incident, command, now)
        case TakeRole():
            return _take_role(incident, command, now)
        case CompleteStep() | SkipStep() | ReopenStep():
            return _tick(incident, command, now)
        case EnterNextPhase():
            return _enter_next_phase(incident, command, now)
        case CloseIncident():
            return _close(incident, command, now)
        case AddNote():
            text = _written(
                command.text, NOTE_MAX, Refused("The note is empty. Type `/incident note <text>`.")
            )
            return [NoteAdded(at=now, by=command.by, text=text)]
        case ContainFlag():
            return _contain(incident, command, now)
        case _:
            assert_never(command)


def _written(text: str, most: int, when_empty: Refused) -> str:
    """The text without its outer blanks; refuses an empty one and one that is too long to be shown whole."""
    text = text.strip()
    if not text:
        raise when_empty
    if len(text) > most:
        raise Refused(
            "That text has {length} characters and at most {most} fit. Shorten it and send it again.",
            length=len(text),
            most=most,
        )
    return text


def _declare(incident: Incident, command: DeclareIncident, now: datetime) -> list[Event]:
    if incident.version:
        raise Refused("{incident} exists already.", incident=incident.name)
    title = " ".join(command.title.split())
    if not title:
        raise Refused("What is broken? Type a title: `/incident P1 checkout returns 500`.")
    if len(title) > TITLE_MAX:
        raise Refused(
            "The title has {length} characters and at most {most} fit. Shorten it; the rest goes into "
            "`/incident note` once the incident is open.",
            length=len(title),
            most=TITLE_MAX,
        )
    return [
        IncidentDeclared(
            at=now, by=command.by, number=incident.number, title=title, severity=command.severity
        ),
        RunbookChosen.of(command.runbook, at=now, by=command.by),
    ]


def _link(incident: Incident, command: LinkChannel | LinkSurface, now: datetime) -> list[Event]:
    if isinstance(command, LinkChannel):
        if incident.channel == command.channel:
            return []
        return [ChannelOpened(at=now, by=command.by, channel=command.channel, name=command.name)]
    place = incident.surfaces.get(command.surface)
    if place is not None and (place.channel, place.ts) == (command.channel, command.ts):
        return []
    return [
        SurfacePosted(at=now, by=command.by, surface=command.surface, channel=command.channel, ts=command.ts)
    ]


def _change_severity(incident: Incident, command: ChangeSeverity, now: datetime) -> list[Event]:
    if incident.severity is command.severity:
        return []
    return [SeverityChanged(at=now, by=command.by, severity=command.severity, previous=incident.severity)]


def _take_role(incident: Incident, command: TakeRole, now: datetime) -> list[Event]:
    holder = incident.roles.get(command.role)
    if holder == command.by:
        return []
    return [RoleTaken(at=now, by=command.by, role=command.role, person=command.by, previous=holder)]


def _tick(incident: Incident, command: CompleteStep | SkipStep | ReopenStep, now: datetime) -> list[Event]:
    item = incident.item(command.step)
    if item is None:
        raise Refused(
            "{incident} has no step {step!r} any more. The checklist in its channel shows those there are.",
            incident=incident.name,
            step=command.step,
        )
    match command:
        case CompleteStep():
            return _complete(item, command, now)
        case SkipStep():
            return _skip(item, command, now)
        case ReopenStep():
            if item.state is StepState.OPEN:
                return []
            return [StepReopened(at=now, by=command.by, step=item.step.id, text=item.step.text)]


def _complete(item: Item, command: CompleteStep, now: datetime) -> list[Event]:
    if item.state is StepState.DONE:
        return []
    return [StepDone(at=now, by=command.by, step=item.step.id, text=item.step.text)]


def _skip(item: Item, command: SkipStep, now: datetime) -> list[Event]:
    if item.state is StepState.DONE:
        raise Refused("That step is done already, so it was not skipped. Press *Undo* on it first.")
    if item.state is StepState.SKIPPED:
        return []
    reason = _written(
        command.reason, REASON_MAX, Refused("A skipped step needs a reason: say why it can wait.")
    )
    return [StepSkipped(at=now, by=command.by, step=item.step.id, text=item.step.text, reason=reason)]


def _remind(incident: Incident, command: SendReminder, now: datetime) -> list[Event]:
    """A reminder that is no longer wanted, or not yet, is no mistake: nothing happens."""
    due = wanted(incident).get(command.name)
    return [] if due is None or due > now else [ReminderSent(at=now, by=command.by, name=command.name)]


def _gate(incident: Incident) -> None:
    """Refuse to leave a phase whose required steps are open, naming them."""
    blocking = incident.blocking()
    if blocking:
        raise Refused(
            "{phase} is not over. Press *Done* on each of these, or *Skip…* with a reason:\n{steps}",
            phase=incident.phase.value.capitalize(),
            steps="\n".join(f"• {item.step.text}" for item in blocking),
        )


def _enter_next_phase(incident: Incident, command: EnterNextPhase, now: datetime) -> list[Event]:
    if incident.phase is not command.leaving:
        return []
    _gate(incident)
    if incident.phase.next is Phase.CLOSED:
        return [IncidentClosed(at=now, by=command.by)]
    return [PhaseEntered(at=now, by=command.by, phase=incident.phase.next, left=incident.phase)]


def _close(incident: Incident, command: CloseIncident, now: datetime) -> list[Event]:
    if incident.phase.next is not Phase.CLOSED:
        raise Refused(
            "{incident} is in phase {phase}. Go on with *Next phase* on the card; an incident closes from "
            "prevent, so that nobody forgets to make it impossible.",
            incident=incident.name,
            phase=incident.phase.value,
        )
    _gate(incident)
    return [IncidentClosed(at=now, by=command.by)]


def _contain(incident: Incident, command: ContainFlag, now: datetime) -> list[Event]:
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
    reason = _written(
        command.reason,
        REASON_MAX,
        Refused("Say why, for those who read it later: `/flag kill {flag} <reason>`.", flag=flag.key),
    )
    return [
        FlagContained(at=now, by=command.by, flag=flag.key, reason=reason, safe=flag.safe, before=flag.serves)
    ]


def _restore(incident: Incident, command: RestoreFlag, now: datetime) -> list[Event]:
    held = incident.containment(command.flag.key)
    if held is None:
        raise Refused(
            "{incident} does not hold `{flag}`, so there is nothing to undo. `/flag show` lists them.",
            incident=incident.name,
            flag=command.flag.key,
        )
    return [FlagRestored(at=now, by=command.by, flag=held.flag, serves=held.before)]
