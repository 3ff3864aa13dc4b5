"""The checklist: what may be done to a step."""

from __future__ import annotations

from datetime import datetime

from bot.domain.commands import AddStep, AssignStep, CompleteStep, NoteOnStep, ReopenStep, SkipStep
from bot.domain.events import Event, StepAdded, StepAssigned, StepDone, StepNoted, StepReopened, StepSkipped
from bot.domain.incident import ADDED, Incident, Item
from bot.domain.rules.words import written
from bot.domain.runbook import Step
from bot.domain.vocabulary import REASON_MAX, Refused, StepState

ADDED_MAX = 200  # characters of a step's text, as in a runbook
STEPS_MAX = 40  # in one phase, those added on the fly included: Slack shows 50 blocks a message


Tick = CompleteStep | SkipStep | ReopenStep


def tick(incident: Incident, command: Tick, now: datetime) -> list[Event]:
    item = _item(incident, command.step)
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
    reason = written(
        command.reason, REASON_MAX, Refused("A skipped step needs a reason: say why it can wait.")
    )
    return [StepSkipped(at=now, by=command.by, step=item.step.id, text=item.step.text, reason=reason)]


def annotate(incident: Incident, command: AssignStep | NoteOnStep, now: datetime) -> list[Event]:
    """Ask somebody to do a step, or write something beside it."""
    item = _item(incident, command.step)
    if isinstance(command, NoteOnStep):
        note = written(command.note, REASON_MAX, Refused("The note is empty. Say what you found."))
        return [StepNoted(at=now, by=command.by, step=item.step.id, text=item.step.text, note=note)]
    if item.state is not StepState.OPEN:
        raise Refused("That step is not open any more, so nobody was asked. Press *Undo* on it first.")
    if item.assignee == command.person:
        return []
    return [
        StepAssigned(
            at=now,
            by=command.by,
            step=item.step.id,
            text=item.step.text,
            person=command.person,
            previous=item.assignee,
        )
    ]


def add(incident: Incident, command: AddStep, now: datetime) -> list[Event]:
    """A step that no runbook has. The same words in the same phase are the same step."""
    text = written(
        " ".join(command.text.split()),
        ADDED_MAX,
        Refused("What is to be done? Type `/incident step <text>`."),
    )
    present = incident.items_of(incident.phase)
    if any(item.step.text == text for item in present):
        return []
    if len(present) >= STEPS_MAX:
        raise Refused(
            "Phase {phase} has {count} steps and more do not fit on the screen. Write it into the timeline: "
            "`/incident note <text>`.",
            phase=incident.phase,
            count=len(present),
        )
    taken = {item.step.id for item in incident.items}
    number = next(each for each in range(1, len(taken) + 2) if f"{ADDED}{each}" not in taken)
    return [
        StepAdded(at=now, by=command.by, phase=incident.phase, step=Step(id=f"{ADDED}{number}", text=text))
    ]


def _item(incident: Incident, step: str) -> Item:
    item = incident.item(step)
    if item is None:
        raise Refused(
            "{incident} has no step {step!r} any more. The checklist in its channel shows those there are.",
            incident=incident.name,
            step=step,
        )
    return item
