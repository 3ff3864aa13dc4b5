"""May this happen, and what follows? `decide` answers with events or with a refusal; it does nothing else.

One file a theme; this one says which commands may be asked of which incident, and who answers them.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from bot.domain.commands import (
    AddActionItem,
    AddNote,
    AddStep,
    AskPostmortem,
    AssignRole,
    AssignStep,
    Capture,
    ChangeRunbook,
    ChangeSeverity,
    CloseIncident,
    Command,
    CompleteActionItem,
    CompleteStep,
    ContainFlag,
    CorrectEntry,
    DeclareIncident,
    EnterNextPhase,
    HandOver,
    LinkCanvas,
    LinkChannel,
    LinkSurface,
    MeasureFigure,
    NoteOnStep,
    OverrideGate,
    PointOut,
    PostUpdate,
    ReopenActionItem,
    ReopenStep,
    SendReminder,
    SkipStep,
    SnoozeReminder,
    TakeRole,
)
from bot.domain.events import Event, NoteAdded, SeverityChanged, UpdatePosted
from bot.domain.incident import Incident
from bot.domain.rules import (
    capturing,
    correcting,
    declaring,
    drafting,
    flags,
    gates,
    lifecycle,
    measuring,
    reminding,
    roles,
    steps,
)
from bot.domain.rules.words import written
from bot.domain.vocabulary import NOTE_MAX, UPDATE_MAX, Refused


def decide(incident: Incident, command: Command, now: datetime) -> list[Event]:
    """The events that `command` leads to; none when it asks for what is already so. Raises Refused."""
    if isinstance(command, DeclareIncident):
        return declaring.declare(incident, command, now)
    if incident.version == 0:
        raise Refused("There is no {incident}. `/incident list` shows the open ones.", incident=incident.name)
    if incident.origin is not None:
        raise Refused(
            "{incident} was imported from {source}: it is history, and nothing was changed. If it is back, declare "
            "it anew: `/incident {severity} {title}`.",
            incident=incident.name,
            source=incident.origin.source,
            severity=incident.severity.value,
            title=incident.title,
        )
    if isinstance(command, steps.Tick) and not incident.is_closed:  # first: most of what is asked is a click
        return steps.tick(incident, command, now)
    if isinstance(command, (LinkChannel, LinkSurface)):
        return declaring.link(incident, command, now)
    if isinstance(command, Capture):
        return capturing.capture(incident, command)
    if isinstance(command, CorrectEntry):
        return correcting.correct_entry(incident, command, now)
    if isinstance(command, flags.Held):
        return flags.change_held(incident, command, now)
    if isinstance(command, (SendReminder, SnoozeReminder)):
        return reminding.remind(incident, command, now)
    if isinstance(command, lifecycle.Lifecycle):
        return lifecycle.change(incident, command, now)
    if isinstance(command, (CompleteActionItem, ReopenActionItem)):
        return gates.turn_action_item(incident, command, now)
    if isinstance(command, (AskPostmortem, LinkCanvas)):
        return drafting.draft(incident, command, now)
    if isinstance(command, PointOut):
        return declaring.point_out(incident, command, now)
    if isinstance(command, MeasureFigure):
        return measuring.measure(incident, command, now)
    if incident.is_closed:
        raise Refused(
            "{incident} is closed, so nothing was changed. If it is back, type `/incident reopen <reason>` within "
            "24 hours; later declare it anew: `/incident {severity} {title}`.",
            incident=incident.name,
            severity=incident.severity.value,
            title=incident.title,
        )
    return _lead(incident, command, now)


OpenCommand = (
    ChangeSeverity
    | TakeRole
    | AssignRole
    | HandOver
    | CompleteStep
    | SkipStep
    | ReopenStep
    | AssignStep
    | NoteOnStep
    | AddStep
    | EnterNextPhase
    | CloseIncident
    | OverrideGate
    | AddActionItem
    | ChangeRunbook
    | AddNote
    | PostUpdate
    | ContainFlag
)


def _lead(incident: Incident, command: OpenCommand, now: datetime) -> list[Event]:
    match command:
        case ChangeSeverity():
            return _change_severity(incident, command, now)
        case TakeRole() | AssignRole():
            return roles.assign(incident, command, now)
        case HandOver():
            return roles.hand_over(incident, command, now)
        case CompleteStep() | SkipStep() | ReopenStep():
            return steps.tick(incident, command, now)
        case AssignStep() | NoteOnStep():
            return steps.annotate(incident, command, now)
        case AddStep():
            return steps.add(incident, command, now)
        case EnterNextPhase() | CloseIncident():
            return gates.leave(incident, command, now)
        case OverrideGate():
            return gates.override(incident, command, now)
        case AddActionItem():
            return gates.add_action_item(incident, command, now)
        case ChangeRunbook():
            return declaring.change_runbook(incident, command, now)
        case PostUpdate():
            return _update(command, now)
        case AddNote():
            return _note(incident, command, now)
        case ContainFlag():
            return flags.contain(incident, command, now)
        case _:
            assert_never(command)


def _note(incident: Incident, command: AddNote, now: datetime) -> list[Event]:
    """Written down now; it may have been earlier, but neither before the incident nor in the future."""
    text = written(command.text, NOTE_MAX, Refused("The note is empty. Type `/incident note <text>`."))
    if command.time is None:
        return [NoteAdded(at=now, by=command.by, text=text)]
    correcting.has_been(incident, command.time, now)
    return [NoteAdded(at=command.time, by=command.by, text=text)]


def _change_severity(incident: Incident, command: ChangeSeverity, now: datetime) -> list[Event]:
    if incident.severity is command.severity:
        return []
    return [SeverityChanged(at=now, by=command.by, severity=command.severity, previous=incident.severity)]


def _update(command: PostUpdate, now: datetime) -> list[Event]:
    empty = Refused("What is so? Type `/incident update <text>`, or the command alone for a form.")
    text = written(command.text, UPDATE_MAX, empty)
    doing = written(command.doing, UPDATE_MAX, Refused("What do we do?")) if command.doing.strip() else ""
    return [UpdatePosted(at=now, by=command.by, text=text, doing=doing, next_at=command.next_at)]
